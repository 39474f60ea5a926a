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
#include "expiry.h"
#include "flow.h"
#include "hooks.h"
#include "net.h"
#include "nl.h"
#include "nl_family.h"
#include "nl_flow.h"
#include "state.h"
#include "tap.h"
#include "user.h"

/**
 * struct rtpr_answer - the answer to a command
 * @msg:  NULL: there is none
 * @head: of @msg
 */
struct rtpr_answer {
	struct sk_buff *msg;
	void *head;
};

/* @size: of the attributes, at most. Return: 0; -ENOMEM */
static int rtpr_answer_new(struct rtpr_answer *answer, const struct genl_info *info, size_t size)
{
	answer->msg = genlmsg_new(size, GFP_KERNEL);
	if (!answer->msg)
		return -ENOMEM;
	answer->head = genlmsg_put(answer->msg, info->snd_portid, info->snd_seq, &rtpr_genl_family,
				   0, info->genlhdr->cmd);
	if (answer->head)
		return 0;
	nlmsg_free(answer->msg);
	answer->msg = NULL;
	return -ENOMEM;
}

/* The same, with the settings of @flow; rtpr_put_state() has room in it and cannot fail. */
static int rtpr_answer_flow(struct rtpr_answer *answer, const struct genl_info *info,
			    const struct rtpr_flow *flow)
{
	size_t state = rtpr_state_size();
	int err = rtpr_answer_new(answer, info, rtpr_conf_size(&flow->conf) + state);

	if (err)
		return err;
	if (!rtpr_put_conf(answer->msg, &flow->conf) && skb_tailroom(answer->msg) >= state)
		return 0;
	nlmsg_free(answer->msg);
	answer->msg = NULL;
	return -EMSGSIZE;
}

static void rtpr_answer_state(struct rtpr_answer *answer, const struct rtpr_flow_state *state)
{
	WARN_ON_ONCE(rtpr_put_state(answer->msg, state, true));
}

static int rtpr_answer_send(struct rtpr_answer *answer, struct genl_info *info)
{
	genlmsg_end(answer->msg, answer->head);
	return genlmsg_reply(answer->msg, info);
}

static int rtpr_cmd_info(struct sk_buff *skb, struct genl_info *info)
{
	const u32 features = RTPRELAY_FEATURE_RTP | RTPRELAY_FEATURE_EVENTS |
			     RTPRELAY_FEATURE_FAMILY | RTPRELAY_FEATURE_TAP |
			     RTPRELAY_FEATURE_NO_MUX | RTPRELAY_FEATURE_EXPIRE |
			     RTPRELAY_FEATURE_DEVICE;
	struct rtpr_net *rn = rtpr_net(genl_info_net(info));
	u64 sums[RTPRELAY_C_MAX + 1];
	struct rtpr_answer answer;
	int err;

	err = rtpr_user_allowed(rn->net, info->extack);
	if (!err)
		err = rtpr_answer_new(&answer, info,
				      4 * nla_total_size(sizeof(u32)) + rtpr_state_size());
	if (err)
		return err;
	rtpr_totals_sum(rn->totals, sums);
	if (nla_put_u32(answer.msg, RTPRELAY_A_FEATURES, features) ||
	    nla_put_u32(answer.msg, RTPRELAY_A_LIMIT, READ_ONCE(rn->limit)) ||
	    nla_put_u32(answer.msg, RTPRELAY_A_FLOWS, READ_ONCE(rn->count)) ||
	    nla_put_u32(answer.msg, RTPRELAY_A_EXPIRE, READ_ONCE(rn->expire_s)) ||
	    rtpr_put_counters(answer.msg, sums)) {
		nlmsg_free(answer.msg);
		return -EMSGSIZE;
	}
	return rtpr_answer_send(&answer, info);
}

static int rtpr_cmd_set(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *limit = info->attrs[RTPRELAY_A_LIMIT];
	const struct nlattr *expire = info->attrs[RTPRELAY_A_EXPIRE];
	struct rtpr_net *rn = rtpr_net(genl_info_net(info));
	int err = rtpr_user_allowed(rn->net, info->extack);

	if (err)
		return err;
	if (!limit && !expire) {
		NL_SET_ERR_MSG(info->extack, "RTPRELAY_A_LIMIT or RTPRELAY_A_EXPIRE is missing");
		return -EINVAL;
	}
	mutex_lock(&rn->lock);
	if (limit)
		WRITE_ONCE(rn->limit, nla_get_u32(limit));
	if (expire) {
		WRITE_ONCE(rn->expire_s, nla_get_u32(expire));
		rtpr_expiry_start(rn);
	}
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

/*
 * Under rtpr_net.lock. What can fail comes before the replacement: after it, the caller must not
 * free @new any more.
 */
static int rtpr_replace(struct rtpr_flow *old, struct rtpr_flow *new, const struct genl_info *info,
			struct rtpr_answer *answer)
{
	bool with_answer = !(new->conf.flags &RTPRELAY_FLOW_CARRY);
	struct rtpr_flow_state last;
	int err = 0;

	if (with_answer)
		err = rtpr_answer_flow(answer, info, old);
	if (!err)
		err = rtpr_flow_replace(old, new, &last);
	if (!err && with_answer)
		rtpr_answer_state(answer, &last);
	return err;
}

/* Owns @new on success. @answer: gets the final state of a replaced flow. Return: 0 or -errno */
static int rtpr_add(struct rtpr_net *rn, struct rtpr_flow *new, const struct genl_info *info,
		    struct rtpr_answer *answer)
{
	struct rtpr_flow *old;
	int err;

	mutex_lock(&rn->lock);
	old = rtpr_flow_find_locked(rn, &new->conf.local);
	err = rtpr_add_allowed(rn, old, info);
	if (!err)
		err = rtpr_hooks_open(rn);
	if (!err)
		err = old ? rtpr_replace(old, new, info, answer) : rtpr_flow_insert(new);
	if (!err && !old && rn->count == 1)
		rtpr_expiry_start(rn);
	rtpr_hooks_close_unused(rn); /* there was no flow, and there still is none */
	if (err == -EDQUOT)
		NL_SET_ERR_MSG(info->extack, "the limit of flows of this user is reached: module "
					     "parameter userns_flows");
	mutex_unlock(&rn->lock);
	return err;
}

static int rtpr_cmd_flow_add(struct sk_buff *skb, struct genl_info *info)
{
	struct rtpr_net *rn = rtpr_net(genl_info_net(info));
	struct rtpr_answer answer = {};
	struct rtpr_flow_conf conf;
	struct rtpr_flow *flow;
	int err;

	err = rtpr_user_allowed(rn->net, info->extack);
	if (!err)
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
	err = rtpr_add(rn, flow, info, &answer);
	if (err) {
		nlmsg_free(answer.msg);
		rtpr_flow_free(flow);
		return err;
	}
	return answer.msg ? rtpr_answer_send(&answer, info) : 0;
}

static struct rtpr_flow *rtpr_named_flow(struct rtpr_net *rn, const struct rtpr_endpoint *local,
					 struct netlink_ext_ack *extack)
{
	struct rtpr_flow *flow = rtpr_flow_find_locked(rn, local);

	if (!flow)
		NL_SET_ERR_MSG(extack, "no flow has this local endpoint");
	return flow;
}

/*
 * RTPRELAY_CMD_FLOW_DEL and _FLOW_GET: find one flow, run the command, answer with the state that
 * it got.
 */
static int rtpr_cmd_flow_one(struct genl_info *info,
			     void (*run)(struct rtpr_flow *flow, struct rtpr_flow_state *state))
{
	struct rtpr_net *rn = rtpr_net(genl_info_net(info));
	struct rtpr_flow_state state;
	struct rtpr_endpoint local;
	struct rtpr_answer answer;
	struct rtpr_flow *flow;
	int err;

	err = rtpr_get_local(info->attrs, &local, info->extack);
	if (err)
		return err;
	mutex_lock(&rn->lock);
	flow = rtpr_named_flow(rn, &local, info->extack);
	err = flow ? rtpr_answer_flow(&answer, info, flow) : -ENOENT;
	if (!err)
		run(flow, &state);
	rtpr_hooks_close_unused(rn);
	mutex_unlock(&rn->lock);
	if (err)
		return err;
	rtpr_answer_state(&answer, &state);
	return rtpr_answer_send(&answer, info);
}

static int rtpr_cmd_flow_del(struct sk_buff *skb, struct genl_info *info)
{
	return rtpr_cmd_flow_one(info, rtpr_flow_remove);
}

static int rtpr_cmd_flow_get(struct sk_buff *skb, struct genl_info *info)
{
	return rtpr_cmd_flow_one(info, rtpr_flow_read);
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

/* Not const: required by 5.10 to 6.6. */
static struct netlink_range_validation rtpr_expire_range = {
	.max = RTPRELAY_EXPIRE_MAX,
};

static const struct nla_policy rtpr_policy_set[RTPRELAY_A_EXPIRE + 1] = {
	[RTPRELAY_A_LIMIT] = { .type = NLA_U32 },
	[RTPRELAY_A_EXPIRE] = NLA_POLICY_FULL_RANGE(NLA_U32, &rtpr_expire_range),
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
