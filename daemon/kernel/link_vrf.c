/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
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

static void ask(struct mnl_socket *socket, uint32_t index, struct look *look)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	ssize_t len;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = 1;
	info->ifi_index = (int)index;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return;
	len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
	if (len > 0)
		mnl_cb_run(buf, (size_t)len, 1, mnl_socket_get_portid(socket), look_at, look);
}

bool link_vrf(uint32_t index, char *vrf)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct look look = { .master = 0 };

	if (!socket)
		return false;
	ask(socket, index, &look);
	mnl_socket_close(socket);
	if (look.vrf && !if_indextoname(look.master, vrf))
		snprintf(vrf, IF_NAMESIZE, "?");
	return look.vrf;
}
