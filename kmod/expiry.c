// SPDX-License-Identifier: GPL-2.0-only
/*
 * expiry.c - removes idle flows of a daemon that does not come back
 *
 * A daemon that is started again takes over the flows that its predecessor left; so flows outlive
 * the daemon. If nobody has listened to the events of the namespace for long, nobody will take them
 * over: flows that are idle for that time are removed, since the next owner of such a port would
 * lose packets to them.
 */
#include <linux/workqueue.h>
#include <net/genetlink.h>

#include "expiry.h"
#include "flow.h"
#include "hooks.h"
#include "nl_family.h"
#include "state.h"

/* Flows that are looked at before others may take the lock. */
#define RTPR_EXPIRY_CHUNK 256

/* Under rtpr_net.lock. A time is exceeded by a quarter at most, and by a minute at most. */
static unsigned long rtpr_expiry_period(const struct rtpr_net *rn)
{
	return clamp_t(unsigned long, HZ / 4 * rn->expire_s, HZ / 4, 60 * HZ);
}

static bool rtpr_expiry_listened(struct rtpr_net *rn)
{
	return genl_has_listeners(&rtpr_genl_family, rn->net, RTPR_GROUP_EVENT);
}

static bool rtpr_flow_expired(const struct rtpr_flow *flow, unsigned long expire)
{
	return READ_ONCE(flow->silent) &&
	       time_after_eq(jiffies, READ_ONCE(flow->last_seen) + expire);
}

/* Under rtpr_net.lock. @next: the number to begin with, and then to go on with. Return: more? */
static bool rtpr_expiry_chunk(struct rtpr_net *rn, unsigned long *next)
{
	unsigned long expire = rn->expire_s * HZ;
	struct rtpr_flow_state last;
	struct rtpr_flow *flow;
	unsigned long id;
	int n = 0;

	xa_for_each_start(&rn->ids, id, flow, *next)
	{
		if (n++ == RTPR_EXPIRY_CHUNK) {
			*next = id;
			return true;
		}
		if (rtpr_flow_expired(flow, expire))
			rtpr_flow_remove(flow, &last);
	}
	return false;
}

/* Under rtpr_net.lock: a listener, or another time, that came meanwhile must count. */
static bool rtpr_expiry_due(struct rtpr_net *rn)
{
	lockdep_assert_held(&rn->lock);
	if (rtpr_expiry_listened(rn))
		rn->listened = jiffies;
	return rn->expire_s && time_after_eq(jiffies, rn->listened + rn->expire_s * HZ);
}

static void rtpr_expiry_work(struct work_struct *work)
{
	struct rtpr_net *rn = container_of(to_delayed_work(work), struct rtpr_net, expiry);
	unsigned long next = 0;
	bool more;

	do {
		cond_resched();
		mutex_lock(&rn->lock);
		more = rtpr_expiry_due(rn) && rtpr_expiry_chunk(rn, &next);
		rtpr_hooks_close_unused(rn);
		if (!more && rn->count && rn->expire_s)
			schedule_delayed_work(&rn->expiry, rtpr_expiry_period(rn));
		mutex_unlock(&rn->lock);
	} while (more);
}

void rtpr_expiry_init(struct rtpr_net *rn)
{
	INIT_DELAYED_WORK(&rn->expiry, rtpr_expiry_work);
	rn->expire_s = RTPRELAY_EXPIRE_DEFAULT;
}

void rtpr_expiry_fini(struct rtpr_net *rn)
{
	cancel_delayed_work_sync(&rn->expiry);
}

void rtpr_expiry_start(struct rtpr_net *rn)
{
	lockdep_assert_held(&rn->lock);
	rn->listened = jiffies;
	if (rn->count && rn->expire_s)
		mod_delayed_work(system_wq, &rn->expiry, rtpr_expiry_period(rn));
}
