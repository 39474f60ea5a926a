// SPDX-License-Identifier: GPL-2.0-only
/*
 * nl.c - the generic netlink family: commands, required privileges, answers
 *
 * The contract is include/rtprelay_nl.h. The answer is allocated before anything is changed: a
 * command is executed and answered, or fails and changes nothing.
 */
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "counter.h"
#include "flow.h"
#include "net.h"
#include "nl.h"
#include "nl_family.h"
#include "nl_flow.h"
#include "state.h"
#include "tap.h"

/* Room for a flow with all 128 clocks and the last RTCP. */
#define RTPR_ANSWER_SIZE 4096

/* Return: an answer to the command with its header in place; NULL: no memory */
static struct sk_buff *rtpr_answer_new(const struct genl_info *info, void **head)
{
	struct sk_buff *msg = genlmsg_new(RTPR_ANSWER_SIZE, GFP_KERNEL);

	if (!msg)
		return NULL;
	*head = genlmsg_put(msg, info->snd_portid, info->snd_seq, &rtpr_genl_family, 0,
			    info->genlhdr->cmd);
	if (!*head) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* Sends or frees @msg. @err: of writing its attributes. */
static int rtpr_answer_send(struct sk_buff *msg, void *head, struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, head);
	return genlmsg_reply(msg, info);
}

static int rtpr_cmd_info(struct sk_buff *skb, struct genl_info *info)
{
	const u32 features = RTPRELAY_FEATURE_RTP | RTPRELAY_FEATURE_EVENTS |
			     RTPRELAY_FEATURE_FAMILY | RTPRELAY_FEATURE_TAP;
	struct rtpr_net *rn = rtpr_net(genl_info_net(info));
	u64 sums[RTPRELAY_C_MAX + 1];
	struct sk_buff *msg;
	void *head;
	int err;

	msg = rtpr_answer_new(info, &head);
	if (!msg)
		return -ENOMEM;
	rtpr_totals_sum(rn->totals, sums);
	err = nla_put_u32(msg, RTPRELAY_A_FEATURES, features) ||
	      nla_put_u32(msg, RTPRELAY_A_LIMIT, READ_ONCE(rn->limit)) ||
	      nla_put_u32(msg, RTPRELAY_A_FLOWS, READ_ONCE(rn->count)) ||
	      rtpr_put_counters(msg, sums);
	return rtpr_answer_send(msg, head, info, err ? -EMSGSIZE : 0);
}

static int rtpr_cmd_set(struct sk_buff *skb, struct genl_info *info)
{
	struct rtpr_net *rn = rtpr_net(genl_info_net(info));

	if (!info->attrs[RTPRELAY_A_LIMIT]) {
		NL_SET_ERR_MSG(info->extack, "RTPRELAY_A_LIMIT is missing");
		return -EINVAL;
	}
	mutex_lock(&rn->lock);
	WRITE_ONCE(rn->limit, nla_get_u32(info->attrs[RTPRELAY_A_LIMIT]));
	mutex_unlock(&rn->lock);
	return 0;
}

/* Do the command's flags allow to create a flow, or to replace @old? */
static int rtpr_add_allowed(struct rtpr_net *rn, const struct rtpr_flow *old,
			    const struct genl_info *info)
{
	u16 flags = info->nlhdr->nlmsg_flags;
	bool create = (flags & NLM_F_CREATE) || !(flags & NLM_F_REPLACE);
	bool replace = (flags & (NLM_F_CREATE | NLM_F_REPLACE)) && !(flags & NLM_F_EXCL);

	if (old && !replace) {
		NL_SET_ERR_MSG(info->extack, "another flow has this local endpoint");
		return -EEXIST;
	}
	if (!old && !create) {
		NL_SET_ERR_MSG(info->extack, "no flow has this local endpoint");
		return -ENOENT;
	}
	if (!old && rn->count >= rn->limit) {
		NL_SET_ERR_MSG(info->extack, "the limit of flows of this namespace is reached");
		return -ENOSPC;
	}
	return 0;
}

/* Under rtpr_net.lock. @answer: gets the final state of @old; NULL: not requested. */
static int rtpr_replace(struct rtpr_flow *old, struct rtpr_flow *new, struct sk_buff *answer)
{
	struct rtpr_flow_state last;
	int err;

	if (answer && rtpr_put_conf(answer, &old->conf))
		return -EMSGSIZE;
	err = rtpr_flow_replace(old, new, &last);
	if (!err && answer)
		err = rtpr_put_state(answer, &last, true);
	return err;
}

/* Owns @new on success. Return: 1, a flow was replaced; 0, none was; -errno */
static int rtpr_add(struct rtpr_net *rn, struct rtpr_flow *new, const struct genl_info *info,
		    struct sk_buff *answer)
{
	struct rtpr_flow *old;
	int err;

	mutex_lock(&rn->lock);
	old = rtpr_flow_find_locked(rn, &new->conf.local);
	err = rtpr_add_allowed(rn, old, info);
	if (!err)
		err = rtpr_net_hook(rn);
	if (!err)
		err = old ? rtpr_replace(old, new, answer) : rtpr_flow_insert(new);
	mutex_unlock(&rn->lock);
	return err ? err : !!old;
}

static int rtpr_cmd_flow_add(struct sk_buff *skb, struct genl_info *info)
{
	struct rtpr_net *rn = rtpr_net(genl_info_net(info));
	struct sk_buff *answer = NULL;
	struct rtpr_flow_conf conf;
	struct rtpr_flow *flow;
	void *head;
	int err;

	err = rtpr_get_conf(info->attrs, &conf, info->extack);
	if (err)
		return err;
	if (conf.flags & RTPRELAY_FLOW_TAP) {
		err = rtpr_tap_open(rn);
		if (err) {
			NL_SET_ERR_MSG(info->extack, "cannot create the device rtprelay0");
			return err;
		}
	}
	flow = rtpr_flow_new(rn, &conf);
	if (!flow)
		return -ENOMEM;
	if (!(conf.flags & RTPRELAY_FLOW_CARRY)) {
		answer = rtpr_answer_new(info, &head);
		if (!answer) {
			rtpr_flow_free(flow);
			return -ENOMEM;
		}
	}
	err = rtpr_add(rn, flow, info, answer);
	if (err < 0)
		rtpr_flow_free(flow);
	if (err == 1 && answer)
		return rtpr_answer_send(answer, head, info, 0);
	nlmsg_free(answer);
	return err < 0 ? err : 0;
}

static struct rtpr_flow *rtpr_named_flow(struct rtpr_net *rn, const struct rtpr_endpoint *local,
					 struct netlink_ext_ack *extack)
{
	struct rtpr_flow *flow = rtpr_flow_find_locked(rn, local);

	if (!flow)
		NL_SET_ERR_MSG(extack, "no flow has this local endpoint");
	return flow;
}

/* Under rtpr_net.lock. */
static int rtpr_del(struct rtpr_flow *flow, struct sk_buff *answer)
{
	struct rtpr_flow_state last;

	if (rtpr_put_conf(answer, &flow->conf))
		return -EMSGSIZE;
	rtpr_flow_remove(flow, &last);
	return rtpr_put_state(answer, &last, true);
}

static int rtpr_get(struct rtpr_flow *flow, struct sk_buff *answer)
{
	struct rtpr_flow_state state;

	rtpr_flow_read(flow, &state);
	return rtpr_put_conf(answer, &flow->conf) || rtpr_put_state(answer, &state, true)
		       ? -EMSGSIZE
		       : 0;
}

/* RTPRELAY_CMD_FLOW_DEL and _FLOW_GET: find one flow, run the command, answer with its state. */
static int rtpr_cmd_flow_one(struct genl_info *info,
			     int (*run)(struct rtpr_flow *flow, struct sk_buff *answer))
{
	struct rtpr_net *rn = rtpr_net(genl_info_net(info));
	struct rtpr_endpoint local;
	struct rtpr_flow *flow;
	struct sk_buff *answer;
	void *head;
	int err;

	err = rtpr_get_local(info->attrs, &local, info->extack);
	if (err)
		return err;
	answer = rtpr_answer_new(info, &head);
	if (!answer)
		return -ENOMEM;
	mutex_lock(&rn->lock);
	flow = rtpr_named_flow(rn, &local, info->extack);
	err = flow ? run(flow, answer) : -ENOENT;
	mutex_unlock(&rn->lock);
	return rtpr_answer_send(answer, head, info, err);
}

static int rtpr_cmd_flow_del(struct sk_buff *skb, struct genl_info *info)
{
	return rtpr_cmd_flow_one(info, rtpr_del);
}

static int rtpr_cmd_flow_get(struct sk_buff *skb, struct genl_info *info)
{
	return rtpr_cmd_flow_one(info, rtpr_get);
}

static int rtpr_dump_start(struct netlink_callback *cb)
{
	if (rtpr_dump_attrs(cb)[RTPRELAY_A_LOCAL]) {
		NL_SET_ERR_MSG(cb->extack, "RTPRELAY_A_LOCAL is not allowed in a dump");
		return -EINVAL;
	}
	return 0;
}

static int rtpr_dump_flow(struct sk_buff *msg, struct netlink_callback *cb, struct rtpr_flow *flow)
{
	struct rtpr_flow_state state;
	void *head;

	head = genlmsg_put(msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &rtpr_genl_family,
			   NLM_F_MULTI, RTPRELAY_CMD_FLOW_GET);
	if (!head)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, head);
	rtpr_flow_read(flow, &state);
	if (rtpr_put_conf(msg, &flow->conf) || rtpr_put_state(msg, &state, false)) {
		genlmsg_cancel(msg, head);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	return 0;
}

/*
 * Continues after the id it stopped at; ids do not change, whatever is added or removed meanwhile.
 */
static int rtpr_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct rtpr_net *rn = rtpr_net(sock_net(msg->sk));
	struct rtpr_flow *flow;
	unsigned long id;

	rcu_read_lock();
	cb->seq = READ_ONCE(rn->generation);
	xa_for_each_start(&rn->ids, id, flow, cb->args[0])
	{
		if (rtpr_dump_flow(msg, cb, flow))
			break;
		cb->args[0] = id + 1;
	}
	rcu_read_unlock();
	return msg->len;
}

static const struct nla_policy rtpr_policy_set[RTPRELAY_A_LIMIT + 1] = {
	[RTPRELAY_A_LIMIT] = { .type = NLA_U32 },
};

/* No attributes. */
static const struct nla_policy rtpr_policy_info[RTPRELAY_A_PAD + 1] = {};

static const struct genl_ops rtpr_ops[] = {
	{
		.cmd = RTPRELAY_CMD_INFO,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = rtpr_cmd_info,
		.policy = rtpr_policy_info,
		.maxattr = ARRAY_SIZE(rtpr_policy_info) - 1,
	},
	{
		.cmd = RTPRELAY_CMD_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = rtpr_cmd_set,
		.policy = rtpr_policy_set,
		.maxattr = ARRAY_SIZE(rtpr_policy_set) - 1,
	},
	{
		.cmd = RTPRELAY_CMD_FLOW_ADD,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = rtpr_cmd_flow_add,
		.policy = rtpr_policy_flow,
		.maxattr = ARRAY_SIZE(rtpr_policy_flow) - 1,
	},
	{
		.cmd = RTPRELAY_CMD_FLOW_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = rtpr_cmd_flow_del,
		.policy = rtpr_policy_local,
		.maxattr = ARRAY_SIZE(rtpr_policy_local) - 1,
	},
	{
		.cmd = RTPRELAY_CMD_FLOW_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = rtpr_cmd_flow_get,
		.start = rtpr_dump_start,
		.dumpit = rtpr_dump,
		.policy = rtpr_policy_local,
		.maxattr = ARRAY_SIZE(rtpr_policy_local) - 1,
	},
};

static const struct genl_multicast_group rtpr_groups[] = {
	[RTPR_GROUP_EVENT] = { .name = RTPRELAY_GROUP_EVENT, RTPR_MCAST_FLAGS },
};

struct genl_family rtpr_genl_family __ro_after_init = { .name = RTPRELAY_FAMILY,
							.version = RTPRELAY_NL_VERSION,
							.maxattr = RTPRELAY_A_MAX,
							.netnsok = true,
							.parallel_ops = true,
							.module = THIS_MODULE,
							.ops = rtpr_ops,
							.n_ops = ARRAY_SIZE(rtpr_ops),
							.mcgrps = rtpr_groups,
							.n_mcgrps = ARRAY_SIZE(rtpr_groups),
							RTPR_GENL_RESV_START };

int __init rtpr_nl_init(void)
{
	return genl_register_family(&rtpr_genl_family);
}

void rtpr_nl_fini(void)
{
	genl_unregister_family(&rtpr_genl_family);
}
