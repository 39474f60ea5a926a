/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/netlink.h"
#include "bpf/filters.h"

#define MESSAGE_BYTES 256

/* What a dump looks for, and what it has found. */
struct look {
	uint32_t handle, priority;
	const char *name;
	enum filter_owner owner;
	bool any;
};

static bool is_ours(const struct nlattr *options, const char *name)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, options)
		if (mnl_attr_get_type(attr) == TCA_BPF_NAME &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return !strncmp(mnl_attr_get_str(attr), name, strlen(name));
	return false;
}

/* A filter without a handle is the head of its priority: it has none of its own. */
static int look_at(const struct nlmsghdr *nlh, void *data)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct look *look = data;

	if (nlh->nlmsg_type != RTM_NEWTFILTER || mnl_nlmsg_get_payload_len(nlh) < sizeof(*tc))
		return MNL_CB_OK;
	look->any = true;
	if (tc->tcm_handle != look->handle || TC_H_MAJ(tc->tcm_info) >> 16 != look->priority)
		return MNL_CB_OK;
	look->owner = FILTER_FOREIGN;
	mnl_attr_for_each(attr, nlh, sizeof(*tc))
		if (mnl_attr_get_type(attr) == TCA_OPTIONS && is_ours(attr, look->name))
			look->owner = FILTER_OURS;
	return MNL_CB_OK;
}

/* A message about filters of a device, at @memory of MESSAGE_BYTES. */
static struct nlmsghdr *put_message(void *memory, uint16_t type, uint16_t flags, int ifindex,
				    uint32_t parent)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(memory);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(nlh, sizeof(*tc));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = parent;
	return nlh;
}

static int dump(int ifindex, uint32_t parent, struct look *look)
{
	_Alignas(struct nlmsghdr) char memory[MESSAGE_BYTES];

	return netlink_ask(NETLINK_ROUTE,
			   put_message(memory, RTM_GETTFILTER, NLM_F_DUMP, ifindex, parent),
			   look_at, look);
}

int filter_remove(int ifindex, uint32_t handle, uint32_t priority)
{
	_Alignas(struct nlmsghdr) char memory[MESSAGE_BYTES];
	struct nlmsghdr *nlh = put_message(memory, RTM_DELTFILTER, NLM_F_ACK, ifindex,
					   TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS));
	struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	int error;

	tc->tcm_handle = handle;
	tc->tcm_info = TC_H_MAKE(priority << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	error = netlink_ask(NETLINK_ROUTE, nlh, NULL, NULL);
	return error == -ENOENT || error == -ENODEV ? 0 : error;
}

enum filter_owner filter_owner_at(int ifindex, uint32_t handle, uint32_t priority, const char *name)
{
	struct look look = { .handle = handle, .priority = priority, .name = name };

	dump(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), &look);
	return look.owner;
}

bool filters_none(int ifindex)
{
	struct look look = { .name = "" };

	return !dump(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), &look) &&
	       !dump(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), &look) && !look.any;
}
