/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "base/netlink.h"
#include "kernel/link_vrf.h"

struct look {
	uint32_t master;
	bool vrf;
};

static bool is_slave_of_vrf(const struct nlattr *info)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info)
		if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return !strcmp(mnl_attr_get_str(attr), "vrf");
	return false;
}

static int look_at(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	struct look *look = data;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ifinfomsg))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attr) == IFLA_MASTER && mnl_attr_get_payload_len(attr) == 4)
			look->master = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			look->vrf = is_slave_of_vrf(attr);
	}
	return MNL_CB_STOP;
}

bool link_vrf(uint32_t index, char *vrf)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	struct look look = { .master = 0 };

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	info->ifi_index = (int)index;
	if (netlink_ask(NETLINK_ROUTE, nlh, look_at, &look))
		return false;
	if (look.vrf && !if_indextoname(look.master, vrf))
		snprintf(vrf, IF_NAMESIZE, "?");
	return look.vrf;
}
