// SPDX-License-Identifier: GPL-2.0-only
/*
 * user.c - which namespaces may have flows, and how many those of a user may have
 *
 * Any user can create a user namespace and network namespaces in it, where he has CAP_NET_ADMIN,
 * and as many of them as he likes. So flows are counted by user, over all namespaces of his.
 */
#include <linux/cred.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include "user.h"

static bool userns;
module_param(userns, bool, 0644);
MODULE_PARM_DESC(userns, "allow flows in network namespaces of user namespaces (default: no)");

static unsigned int userns_flows = 10000;
module_param(userns_flows, uint, 0644);
MODULE_PARM_DESC(userns_flows, "flows of one user in such namespaces (default: 10000)");

/* By uid: the number of flows. Users without flows have no entry. */
static DEFINE_XARRAY_FLAGS(rtpr_user_flows, XA_FLAGS_ACCOUNT);
static DEFINE_MUTEX(rtpr_user_lock);

static bool rtpr_user_is_initial(const struct net *net)
{
	return net->user_ns == &init_user_ns;
}

/*
 * Inside of a user namespace of his, a user may have many other uids: he is who created the
 * outermost one.
 */
static unsigned long rtpr_user_of(const struct net *net)
{
	const struct user_namespace *ns = net->user_ns;

	while (ns->parent && ns->parent != &init_user_ns)
		ns = ns->parent;
	return __kuid_val(ns->owner);
}

int rtpr_user_allowed(const struct net *net, struct netlink_ext_ack *extack)
{
	if (rtpr_user_is_initial(net) || READ_ONCE(userns))
		return 0;
	NL_SET_ERR_MSG(extack, "this network namespace belongs to a user namespace: flows in it "
			       "need the module parameter userns=1");
	return -EPERM;
}

static unsigned long rtpr_user_count(unsigned long user)
{
	void *entry = xa_load(&rtpr_user_flows, user);

	return entry ? xa_to_value(entry) : 0;
}

int rtpr_user_charge(const struct net *net)
{
	unsigned long user, count;
	int err = -EDQUOT;

	if (rtpr_user_is_initial(net))
		return 0;
	user = rtpr_user_of(net);
	mutex_lock(&rtpr_user_lock);
	count = rtpr_user_count(user);
	if (count < READ_ONCE(userns_flows))
		err = xa_err(xa_store(&rtpr_user_flows, user, xa_mk_value(count + 1), GFP_KERNEL));
	mutex_unlock(&rtpr_user_lock);
	return err;
}

void rtpr_user_uncharge(const struct net *net, unsigned int flows)
{
	unsigned long user, count;

	if (!flows || rtpr_user_is_initial(net))
		return;
	user = rtpr_user_of(net);
	mutex_lock(&rtpr_user_lock);
	count = rtpr_user_count(user) - flows;
	if (count)
		xa_store(&rtpr_user_flows, user, xa_mk_value(count), GFP_KERNEL); /* is there */
	else
		xa_erase(&rtpr_user_flows, user);
	mutex_unlock(&rtpr_user_lock);
}
