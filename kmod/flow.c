// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow.c - flows and their table: create, insert, find under RCU, replace, remove; the idle timer
 *
 * Each flow has a timer that is armed for the time at which the flow becomes idle if no packet
 * comes. If packets came before it fires, it is armed again for the new time. So the packet path
 * does not touch timers, and no code walks through all flows.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/inet_ecn.h>

#include "compat.h"
#include "flow.h"
#include "nl_event.h"
#include "port.h"
#include "state.h"
#include "user.h"
#include "xmit.h"

static u32 rtpr_flow_hash_key(const void *key, u32 len, u32 seed)
{
	return rtpr_endpoint_hash(key, seed);
}

static const struct rhashtable_params rtpr_flow_params =
	RTPR_FLOW_PARAMS(rtpr_flow_hash_key, rtpr_flow_compare);

int rtpr_flows_init(struct rtpr_net *rn)
{
	xa_init_flags(&rn->ids, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	return rhashtable_init(&rn->flows, &rtpr_flow_params);
}

struct rtpr_flow *rtpr_flow_find_locked(struct rtpr_net *rn, const struct rtpr_endpoint *local)
{
	lockdep_assert_held(&rn->lock);
	return rhashtable_lookup_fast(&rn->flows, local, rtpr_flow_params);
}

/* Softirq. Sends the IDLE event, once; or arms the timer again. */
static void rtpr_flow_expire(struct timer_list *timer)
{
	struct rtpr_flow *flow = timer_container_of(flow, timer, timer);
	unsigned long due = flow->conf.idle_s * HZ;
	bool idle = false;

	spin_lock(&flow->lock);
	if (!flow->dead) {
		idle = time_after_eq(jiffies, flow->last_seen + due);
		if (idle)
			flow->silent = true;
		else
			mod_timer(&flow->timer, flow->last_seen + due);
	}
	spin_unlock(&flow->lock);
	if (idle)
		rtpr_event_flow(flow, RTPRELAY_EVENT_IDLE);
}

/* If any source is admitted, the packet path adds the source itself. */
static void rtpr_flow_gains(struct rtpr_flow *flow)
{
	const struct rtpr_flow_conf *conf = &flow->conf;
	u32 from = rtpr_endpoint_sum(&conf->local), from_port = (__force u16)conf->local.port;

	if (conf->src.family != AF_UNSPEC) {
		from += rtpr_endpoint_sum(&conf->src);
		from_port += (__force u16)conf->src.port;
	}
	flow->gain_addr = csum_wire_gain(from, (u32)rtpr_endpoint_sum(&conf->out) +
						       rtpr_endpoint_sum(&conf->dst));
	flow->gain_port = csum_wire_gain(from_port, (u32)(__force u16)conf->out.port +
							    (__force u16)conf->dst.port);
}

/* Computes in advance what the packet path needs for each packet. */
static void rtpr_flow_prepare(struct rtpr_flow *flow)
{
	const struct rtpr_flow_conf *conf = &flow->conf;
	const int header = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	bool set_dscp = conf->dscp != RTPR_DSCP_KEEP;
	int i;

	flow->grows = header * ((conf->out.family == AF_INET6) - (conf->local.family == AF_INET6));
	flow->headroom = max_t(int, flow->grows, 0);
	flow->tos_keep = set_dscp ? INET_ECN_MASK : 0xff;
	flow->tos_set = set_dscp ? conf->dscp << 2 : 0;
	for (i = 0; i <= RTPR_CLOCKS; i++)
		flow->clock_mult[i] = div_u64((u64)conf->clock[i] << 32, NSEC_PER_SEC);
	rtpr_flow_gains(flow);
}

struct rtpr_flow *rtpr_flow_new(struct rtpr_net *rn, const struct rtpr_flow_conf *conf)
{
	struct rtpr_flow *flow = kzalloc(sizeof(*flow), GFP_KERNEL_ACCOUNT);

	if (!flow)
		return NULL;
	if (conf->kind == RTPRELAY_KIND_RTCP || conf->kind == RTPRELAY_KIND_MUX) {
		flow->rtcp = kzalloc(sizeof(*flow->rtcp), GFP_KERNEL_ACCOUNT);
		if (!flow->rtcp) {
			kfree(flow);
			return NULL;
		}
	}
	flow->conf = *conf;
	flow->rn = rn;
	rtpr_flow_prepare(flow);
	spin_lock_init(&flow->lock);
	flow->last_seen = jiffies;
	flow->refused_next = jiffies;
	flow->rebound_next = jiffies;
	flow->guess_next = jiffies;
	timer_setup(&flow->timer, rtpr_flow_expire, 0);
	return flow;
}

static void rtpr_flow_destroy(struct rtpr_flow *flow)
{
	rtpr_route_end(flow);
	kfree(flow->rtcp);
	kfree(flow);
}

static void rtpr_flow_destroy_rcu(struct rcu_head *rcu)
{
	rtpr_flow_destroy(container_of(rcu, struct rtpr_flow, rcu));
}

void rtpr_flow_free(struct rtpr_flow *flow)
{
	if (flow)
		call_rcu(&flow->rcu, rtpr_flow_destroy_rcu);
}

static void rtpr_flow_copy_state(const struct rtpr_flow *flow, struct rtpr_flow_state *state)
{
	int i;

	lockdep_assert_held(&flow->lock);
	state->silent = flow->silent;
	state->heard = flow->heard;
	state->last_seen_ms = jiffies_to_msecs(jiffies - flow->last_seen);
	for (i = 0; i <= RTPRELAY_C_MAX; i++)
		state->counters[i] = atomic64_read(&flow->left[i]) & ~RTPR_LEFT_FINAL;
	state->counters[RTPRELAY_C_PACKETS] = flow->packets;
	state->counters[RTPRELAY_C_BYTES] = flow->bytes;
	state->rtp = flow->rtp;
	state->numbered = flow->numbered;
	state->number = flow->number;
	state->rtcp.len = 0;
	if (flow->rtcp)
		state->rtcp = *flow->rtcp;
}

void rtpr_flow_read(struct rtpr_flow *flow, struct rtpr_flow_state *state)
{
	spin_lock_bh(&flow->lock);
	rtpr_flow_copy_state(flow, state);
	spin_unlock_bh(&flow->lock);
}

/*
 * The flow is not in the table any more. A packet that found it before is counted in @state, or is
 * handled by the flow's successor.
 */
static void rtpr_flow_finish(struct rtpr_flow *flow, struct rtpr_flow_state *state)
{
	int i;

	lockdep_assert_held(&flow->lock);
	flow->dead = true;
	rtpr_flow_copy_state(flow, state);
	for (i = RTPRELAY_C_BYTES + 1; i <= RTPRELAY_C_MAX; i++)
		state->counters[i] = atomic64_fetch_or(RTPR_LEFT_FINAL, &flow->left[i]);
}

/* Copies the state that RTPRELAY_FLOW_CARRY keeps. @new is not in the table yet. */
static void rtpr_flow_carry(struct rtpr_flow *new, const struct rtpr_flow *old)
{
	lockdep_assert_held(&old->lock);
	new->silent = old->silent;
	new->heard = old->heard;
	new->last_seen = old->last_seen;
	new->packets = old->packets;
	new->bytes = old->bytes;
	new->rtp = old->rtp;
	new->numbered = old->numbered;
	new->number = old->number;
	new->rtp.transit_known = false; /* the sender or the path may have changed */
	atomic_set(&new->refused, atomic_read(&old->refused));
	new->refused_next = READ_ONCE(old->refused_next);
	new->rebound_next = READ_ONCE(old->rebound_next);
	atomic_set(&new->guesses, atomic_read(&old->guesses));
	new->guess_next = READ_ONCE(old->guess_next);
	if (new->rtcp && old->rtcp)
		*new->rtcp = *old->rtcp;
}

/* The rest of it, when @old has counted its last packet; @new may be counting already. */
static void rtpr_flow_carry_left(struct rtpr_flow *new, const struct rtpr_flow_state *last)
{
	int i;

	for (i = RTPRELAY_C_BYTES + 1; i <= RTPRELAY_C_MAX; i++)
		atomic64_add(last->counters[i], &new->left[i]);
}

static void rtpr_flow_arm(struct rtpr_flow *flow)
{
	spin_lock_bh(&flow->lock);
	if (!flow->silent)
		mod_timer(&flow->timer, flow->last_seen + flow->conf.idle_s * HZ);
	spin_unlock_bh(&flow->lock);
}

/* The flow is unlinked and dead: neither a packet nor the timer can arm the timer again. */
static void rtpr_flow_free_later(struct rtpr_flow *flow)
{
	rtpr_timer_end(&flow->timer);
	rtpr_flow_free(flow);
}

/*
 * Reserves the number first and publishes the flow under it last: a dump or a device's end finds
 * flows by number, and may use each that it finds until a grace period is over.
 */
int rtpr_flow_insert(struct rtpr_flow *flow)
{
	struct rtpr_net *rn = flow->rn;
	int err;

	lockdep_assert_held(&rn->lock);
	err = rtpr_user_charge(rn->net);
	if (err)
		return err;
	err = rtpr_port_add(rn, flow->conf.local.port);
	if (err)
		goto err_user;
	err = xa_alloc_cyclic(&rn->ids, &flow->id, NULL, xa_limit_31b, &rn->last_id, GFP_KERNEL);
	if (err < 0)
		goto err_port;
	err = rhashtable_insert_fast(&rn->flows, &flow->node, rtpr_flow_params);
	if (err)
		goto err_id;
	xa_store(&rn->ids, flow->id, flow, GFP_KERNEL); /* its place is reserved: needs no memory */
	rn->count++;
	rn->generation++;
	rtpr_flow_arm(flow);
	return 0;

err_id:
	xa_erase(&rn->ids, flow->id);
err_port:
	rtpr_port_del(rn, flow->conf.local.port);
err_user:
	rtpr_user_uncharge(rn->net, 1);
	return err;
}

int rtpr_flow_replace(struct rtpr_flow *old, struct rtpr_flow *new, struct rtpr_flow_state *last)
{
	bool carry = (new->conf.flags &RTPRELAY_FLOW_CARRY) != 0;
	struct rtpr_net *rn = old->rn;
	int err;

	lockdep_assert_held(&rn->lock);
	new->id = old->id;
	spin_lock_bh(&old->lock);
	if (carry)
		rtpr_flow_carry(new, old);
	err = rhashtable_replace_fast(&rn->flows, &old->node, &new->node, rtpr_flow_params);
	if (!err)
		rtpr_flow_finish(old, last);
	spin_unlock_bh(&old->lock);
	if (err)
		return err;
	if (carry)
		rtpr_flow_carry_left(new, last);
	xa_store(&rn->ids, new->id, new, GFP_KERNEL); /* replaces an entry: needs no memory */
	rn->generation++;
	rtpr_flow_arm(new);
	rtpr_flow_free_later(old);
	return 0;
}

void rtpr_flow_remove(struct rtpr_flow *flow, struct rtpr_flow_state *last)
{
	struct rtpr_net *rn = flow->rn;

	lockdep_assert_held(&rn->lock);
	rhashtable_remove_fast(&rn->flows, &flow->node, rtpr_flow_params);
	xa_erase(&rn->ids, flow->id);
	rtpr_port_del(rn, flow->conf.local.port);
	rn->count--;
	rtpr_user_uncharge(rn->net, 1);
	rn->generation++;
	spin_lock_bh(&flow->lock);
	rtpr_flow_finish(flow, last);
	spin_unlock_bh(&flow->lock);
	rtpr_flow_free_later(flow);
}

static void rtpr_flow_end(void *ptr, void *unused)
{
	struct rtpr_flow *flow = ptr;

	spin_lock_bh(&flow->lock);
	flow->dead = true;
	spin_unlock_bh(&flow->lock);
	rtpr_timer_end(&flow->timer);
	rtpr_flow_destroy(flow);
}

/*
 * Frees directly, not in RCU callbacks: the routes must be released before the namespace frees the
 * counters that IPv6 and IPsec routes use when they are freed, which it does next.
 */
void rtpr_flows_fini(struct rtpr_net *rn)
{
	if (rn->ports)
		rcu_barrier(); /* flows removed just before have routes, too */
	rhashtable_free_and_destroy(&rn->flows, rtpr_flow_end, NULL);
	rtpr_user_uncharge(rn->net, rn->count);
	xa_destroy(&rn->ids);
}
