/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/netlink.h"
#include "bpf/clsact.h"
#include "bpf/filters.h"

#define MESSAGE_BYTES 256

static int ask(uint16_t type, uint16_t flags, int ifindex)
{
	_Alignas(struct nlmsghdr) char memory[MESSAGE_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(memory);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(nlh, sizeof(*tc));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = TC_H_CLSACT;
	tc->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	mnl_attr_put_strz(nlh, TCA_KIND, "clsact");
	return netlink_ask(NETLINK_ROUTE, nlh, NULL, NULL);
}

int clsacts_add(struct clsacts *clsacts, int ifindex)
{
	int *more = realloc(clsacts->ifindex, (clsacts->n + 1) * sizeof(*more));
	int error;

	if (!more)
		return -ENOMEM;
	clsacts->ifindex = more;
	error = ask(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, ifindex);
	if (!error)
		more[clsacts->n++] = ifindex;
	return error == -EEXIST ? 0 : error;
}

void clsacts_end(struct clsacts *clsacts, bool remove)
{
	for (size_t i = 0; i < clsacts->n && remove; i++)
		if (filters_none(clsacts->ifindex[i]))
			ask(RTM_DELQDISC, 0, clsacts->ifindex[i]);
	free(clsacts->ifindex);
	*clsacts = (struct clsacts){ 0 };
}
