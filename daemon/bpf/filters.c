/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <time.h>

#include "bpf/filters.h"

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

static int receive(struct mnl_socket *socket, uint32_t seq, struct look *look)
{
	char buf[32768];
	int more = MNL_CB_OK;
	ssize_t len;

	while (more > MNL_CB_STOP) {
		len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		more = mnl_cb_run(buf, (size_t)len, seq, mnl_socket_get_portid(socket), look_at,
				  look);
	}
	return more < 0 ? -errno : 0;
}

static int dump(int ifindex, uint32_t parent, struct look *look)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tc;
	int error = 0;

	if (!socket)
		return -errno;
	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = 1;
	tc = mnl_nlmsg_put_extra_header(nlh, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = parent;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		error = -errno;
	if (!error)
		error = receive(socket, nlh->nlmsg_seq, look);
	mnl_socket_close(socket);
	return error;
}

static int acknowledged(struct mnl_socket *socket, uint32_t seq)
{
	char buf[4096];
	ssize_t len = mnl_socket_recvfrom(socket, buf, sizeof(buf));

	if (len < 0)
		return -errno;
	return mnl_cb_run(buf, (size_t)len, seq, mnl_socket_get_portid(socket), NULL, NULL) < 0
		       ? -errno
		       : 0;
}

int filter_remove(int ifindex, uint32_t handle, uint32_t priority)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tc;
	int error = 0;

	if (!socket)
		return -errno;
	nlh->nlmsg_type = RTM_DELTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	tc = mnl_nlmsg_put_extra_header(nlh, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
	tc->tcm_handle = handle;
	tc->tcm_info = TC_H_MAKE(priority << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		error = -errno;
	if (!error)
		error = acknowledged(socket, nlh->nlmsg_seq);
	mnl_socket_close(socket);
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
