/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl.c - uses rtprelay's netlink family from a network namespace, for tests
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nl.h"
#include "world.h"

#define BUF_SIZE 65536

static int attr_u32_cb(const struct nlmsghdr *nlh, void *arg);

struct nlmsghdr *nl_begin(struct nl *nl, void *buf, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = nl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = ++nl->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = RTPRELAY_NL_VERSION;
	return nlh;
}

/* The text in an error's extended acknowledgement. */
static void read_error(struct nl *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*err);
	const struct nlattr *attr;

	nl->error[0] = 0;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&err->msg);
	mnl_attr_for_each(attr, nlh, skip) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(nl->error, sizeof(nl->error), "%s", mnl_attr_get_str(attr));
	}
}

/* One message of an answer. Return: 1: more follow; 0: the end; -errno */
static int read_one(struct nl *nl, const struct nlmsghdr *nlh, mnl_cb_t cb, void *arg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == NLMSG_ERROR) {
		read_error(nl, nlh);
		return err->error;
	}
	if (nlh->nlmsg_type == NLMSG_DONE)
		return *(const int *)mnl_nlmsg_get_payload(nlh);
	if (cb)
		cb(nlh, arg);
	return 1;
}

int nl_read(struct nl *nl, uint32_t seq, mnl_cb_t cb, void *arg)
{
	char buf[BUF_SIZE];

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
		int len = (int)n, ret;

		if (n < 0)
			return -errno;
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != seq)
				continue;
			ret = read_one(nl, nlh, cb, arg);
			if (ret != 1)
				return ret;
		}
	}
}

int nl_talk(struct nl *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *arg)
{
	nl->error[0] = 0;
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	return nl_read(nl, nlh->nlmsg_seq, cb, arg);
}

static void read_groups(struct nl *nl, const struct nlattr *groups)
{
	const struct nlattr *group, *attr;

	mnl_attr_for_each_nested(group, groups) {
		const char *name = NULL;
		uint32_t id = 0;

		mnl_attr_for_each_nested(attr, group) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
				name = mnl_attr_get_str(attr);
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
				id = mnl_attr_get_u32(attr);
		}
		if (name && !strcmp(name, RTPRELAY_GROUP_EVENT))
			nl->group = id;
	}
}

static int attr_u32_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct nl *nl = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			nl->family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			read_groups(nl, attr);
	}
	return MNL_CB_OK;
}

bool nl_open(struct nl *nl, const char *netns)
{
	int one = 1, size = 8 << 20;
	char buf[1024];
	struct nlmsghdr *nlh;

	memset(nl, 0, sizeof(*nl));
	if (netns)
		world_enter(netns);
	nl->sock = mnl_socket_open(NETLINK_GENERIC);
	if (netns)
		world_leave();
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return false;
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	nl->family = GENL_ID_CTRL;
	nlh = nl_begin(nl, buf, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, RTPRELAY_FAMILY);
	if (nl_talk(nl, nlh, attr_u32_cb, nl) < 0) {
		nl_close(nl);
		return false;
	}
	return true;
}

void nl_close(struct nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

void nl_put_endpoint(struct nlmsghdr *nlh, uint16_t attr, const char *text)
{
	struct sockaddr_storage ss = world_addr(text);
	struct nlattr *nest = mnl_attr_nest_start(nlh, attr);

	if (ss.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&ss;

		mnl_attr_put(nlh, RTPRELAY_EP_IPV6, sizeof(in6->sin6_addr), &in6->sin6_addr);
		mnl_attr_put_u16(nlh, RTPRELAY_EP_PORT, in6->sin6_port);
	} else {
		const struct sockaddr_in *in = (const struct sockaddr_in *)&ss;

		mnl_attr_put_u32(nlh, RTPRELAY_EP_IPV4, in->sin_addr.s_addr);
		mnl_attr_put_u16(nlh, RTPRELAY_EP_PORT, in->sin_port);
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_clocks(struct nlmsghdr *nlh, const struct nl_clock *clock)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, RTPRELAY_A_CLOCKS);

	for (; clock->rate; clock++) {
		struct nlattr *entry = mnl_attr_nest_start(nlh, RTPRELAY_CLOCK_ENTRY);

		mnl_attr_put_u8(nlh, RTPRELAY_CLOCK_PT, clock->pt);
		mnl_attr_put_u32(nlh, RTPRELAY_CLOCK_RATE, clock->rate);
		mnl_attr_nest_end(nlh, entry);
	}
	mnl_attr_nest_end(nlh, nest);
}

void nl_put_flow(struct nlmsghdr *nlh, const struct nl_flow *flow)
{
	if (flow->local)
		nl_put_endpoint(nlh, RTPRELAY_A_LOCAL, flow->local);
	if (flow->src)
		nl_put_endpoint(nlh, RTPRELAY_A_SRC, flow->src);
	if (flow->out)
		nl_put_endpoint(nlh, RTPRELAY_A_OUT, flow->out);
	if (flow->dst)
		nl_put_endpoint(nlh, RTPRELAY_A_DST, flow->dst);
	if (flow->kind)
		mnl_attr_put_u8(nlh, RTPRELAY_A_KIND, flow->kind);
	if (flow->dscp)
		mnl_attr_put_u8(nlh, RTPRELAY_A_DSCP, flow->dscp - 1);
	if (flow->flags)
		mnl_attr_put_u32(nlh, RTPRELAY_A_FLAGS, flow->flags);
	if (flow->idle)
		mnl_attr_put_u32(nlh, RTPRELAY_A_IDLE, flow->idle);
	if (flow->no_mux)
		mnl_attr_put_u32(nlh, RTPRELAY_A_NO_MUX, *flow->no_mux);
	if (flow->iif)
		mnl_attr_put_u32(nlh, RTPRELAY_A_IIF, flow->iif);
	if (flow->oif)
		mnl_attr_put_u32(nlh, RTPRELAY_A_OIF, flow->oif);
	if (flow->mark)
		mnl_attr_put_u32(nlh, RTPRELAY_A_MARK, flow->mark);
	if (flow->uid)
		mnl_attr_put_u32(nlh, RTPRELAY_A_UID, flow->uid);
	if (flow->pt_set)
		mnl_attr_put(nlh, RTPRELAY_A_PT_SET, 16, flow->pt_set);
	if (flow->clocks)
		put_clocks(nlh, flow->clocks);
	if (flow->cookie)
		mnl_attr_put(nlh, RTPRELAY_A_COOKIE, strlen(flow->cookie), flow->cookie);
}

static void endpoint_text(char text[64], const struct nlattr *nest)
{
	char addr[INET6_ADDRSTRLEN] = "?";
	const struct nlattr *attr;
	bool ipv6 = false;
	unsigned int port = 0;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == RTPRELAY_EP_PORT)
			port = ntohs(mnl_attr_get_u16(attr));
		else
			inet_ntop(mnl_attr_get_payload_len(attr) == 16 ? AF_INET6 : AF_INET,
				  mnl_attr_get_payload(attr), addr, sizeof(addr));
		if (mnl_attr_get_type(attr) == RTPRELAY_EP_IPV6)
			ipv6 = true;
	}
	snprintf(text, 64, ipv6 ? "[%s]:%u" : "%s:%u", addr, port);
}

static void read_rtp(struct nl_state *s, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr);

		/* A flow of kind opaque has a number alone. */
		s->has_rtp |= type == RTPRELAY_RTP_SSRC;
		s->has_number |= type == RTPRELAY_RTP_SEQ;
		if (type > RTPRELAY_RTP_MAX)
			continue;
		s->rtp[type] =
			type == RTPRELAY_RTP_PT ? mnl_attr_get_u8(attr) : mnl_attr_get_u32(attr);
		s->has_clock |= type == RTPRELAY_RTP_CLOCK;
	}
}

static void read_clock(struct nl_state *s, const struct nlattr *entry)
{
	const struct nlattr *attr;
	uint32_t rate = 0;
	unsigned int pt = 128;

	mnl_attr_for_each_nested(attr, entry) {
		if (mnl_attr_get_type(attr) == RTPRELAY_CLOCK_PT)
			pt = mnl_attr_get_u8(attr);
		if (mnl_attr_get_type(attr) == RTPRELAY_CLOCK_RATE)
			rate = mnl_attr_get_u32(attr);
	}
	if (pt < 128)
		s->clocks[pt] = rate;
}

static void read_counters(struct nl_state *s, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type > RTPRELAY_C_PAD && type <= RTPRELAY_C_MAX)
			s->counters[type] = mnl_attr_get_u64(attr);
	}
}

static void read_bytes(void *to, size_t size, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(to, mnl_attr_get_payload(attr), len < size ? len : size);
}

static void read_attr(struct nl_state *s, const struct nlattr *attr)
{
	const struct nlattr *entry;

	switch (mnl_attr_get_type(attr)) {
	case RTPRELAY_A_FEATURES:
		s->features = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_LIMIT:
		s->limit = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_FLOWS:
		s->flows = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_EXPIRE:
		s->expire = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_IIF:
		s->iif = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_OIF:
		s->oif = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_MARK:
		s->mark = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_UID:
		s->uid = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_COUNTERS:
		read_counters(s, attr);
		break;
	case RTPRELAY_A_LOCAL:
		endpoint_text(s->local, attr);
		break;
	case RTPRELAY_A_SRC:
		endpoint_text(s->src, attr);
		break;
	case RTPRELAY_A_OUT:
		endpoint_text(s->out, attr);
		break;
	case RTPRELAY_A_DST:
		endpoint_text(s->dst, attr);
		break;
	case RTPRELAY_A_KIND:
		s->kind = mnl_attr_get_u8(attr);
		break;
	case RTPRELAY_A_FLAGS:
		s->flags = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_DSCP:
		s->dscp = (uint8_t)(mnl_attr_get_u8(attr) + 1);
		break;
	case RTPRELAY_A_IDLE:
		s->idle = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_NO_MUX:
		s->has_no_mux = true;
		s->no_mux = mnl_attr_get_u32(attr);
		break;
	case RTPRELAY_A_PT_SET:
		s->has_pt_set = true;
		read_bytes(s->pt_set, sizeof(s->pt_set), attr);
		break;
	case RTPRELAY_A_CLOCKS:
		mnl_attr_for_each_nested(entry, attr)
			read_clock(s, entry);
		break;
	case RTPRELAY_A_COOKIE:
		read_bytes(s->cookie, RTPRELAY_COOKIE_MAX, attr);
		break;
	case RTPRELAY_A_LAST_SEEN:
		s->heard = true;
		s->last_seen_ms = mnl_attr_get_u64(attr);
		break;
	case RTPRELAY_A_SILENT:
		s->silent = true;
		break;
	case RTPRELAY_A_RTP:
		read_rtp(s, attr);
		break;
	case RTPRELAY_A_RTCP:
		s->rtcp_len = mnl_attr_get_payload_len(attr);
		read_bytes(s->rtcp, sizeof(s->rtcp), attr);
		break;
	case RTPRELAY_A_RTCP_AGE:
		s->rtcp_age_us = mnl_attr_get_u64(attr);
		break;
	case RTPRELAY_A_REFUSED:
		s->refused = mnl_attr_get_u32(attr);
		break;
	}
}

int nl_state_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct nl_state *state = arg;
	const struct nlattr *attr;

	if (!state)
		return MNL_CB_OK;
	memset(state, 0, sizeof(*state));
	state->event = genl->cmd;
	state->interrupted = nlh->nlmsg_flags & NLM_F_DUMP_INTR;
	mnl_attr_for_each(attr, nlh, sizeof(*genl)) {
		read_attr(state, attr);
	}
	return MNL_CB_OK;
}

int nl_info(struct nl *nl, struct nl_state *state)
{
	char buf[1024];

	return nl_talk(nl, nl_begin(nl, buf, RTPRELAY_CMD_INFO, 0), nl_state_cb, state);
}

int nl_limit(struct nl *nl, uint32_t limit)
{
	char buf[1024];
	struct nlmsghdr *nlh = nl_begin(nl, buf, RTPRELAY_CMD_SET, 0);

	mnl_attr_put_u32(nlh, RTPRELAY_A_LIMIT, limit);
	return nl_talk(nl, nlh, NULL, NULL);
}

int nl_expire(struct nl *nl, uint32_t seconds)
{
	char buf[1024];
	struct nlmsghdr *nlh = nl_begin(nl, buf, RTPRELAY_CMD_SET, 0);

	mnl_attr_put_u32(nlh, RTPRELAY_A_EXPIRE, seconds);
	return nl_talk(nl, nlh, NULL, NULL);
}

int nl_add(struct nl *nl, const struct nl_flow *flow, uint16_t flags, struct nl_state *replaced)
{
	char buf[8192];
	struct nlmsghdr *nlh = nl_begin(nl, buf, RTPRELAY_CMD_FLOW_ADD, flags);

	if (replaced)
		memset(replaced, 0, sizeof(*replaced));
	nl_put_flow(nlh, flow);
	return nl_talk(nl, nlh, nl_state_cb, replaced);
}

static int one(struct nl *nl, uint8_t cmd, const char *local, struct nl_state *state)
{
	char buf[1024];
	struct nlmsghdr *nlh = nl_begin(nl, buf, cmd, 0);

	nl_put_endpoint(nlh, RTPRELAY_A_LOCAL, local);
	return nl_talk(nl, nlh, nl_state_cb, state);
}

int nl_del(struct nl *nl, const char *local, struct nl_state *state)
{
	return one(nl, RTPRELAY_CMD_FLOW_DEL, local, state);
}

int nl_get(struct nl *nl, const char *local, struct nl_state *state)
{
	return one(nl, RTPRELAY_CMD_FLOW_GET, local, state);
}

struct dump {
	void (*each)(const struct nl_state *state, void *arg);
	void *arg;
};

static int dump_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct dump *dump = arg;
	struct nl_state state;

	nl_state_cb(nlh, &state);
	dump->each(&state, dump->arg);
	return MNL_CB_OK;
}

int nl_dump(struct nl *nl, void (*each)(const struct nl_state *state, void *arg), void *arg)
{
	struct dump dump = { each, arg };
	char buf[1024];

	return nl_talk(nl, nl_begin(nl, buf, RTPRELAY_CMD_FLOW_GET, NLM_F_DUMP), dump_cb, &dump);
}

bool nl_listen(struct nl *nl)
{
	return !mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &nl->group,
				      sizeof(nl->group));
}

bool nl_event(struct nl *nl, struct nl_state *event, int ms)
{
	struct pollfd pfd = { .fd = mnl_socket_get_fd(nl->sock), .events = POLLIN };
	char buf[8192];
	ssize_t n;

	if (poll(&pfd, 1, ms) != 1)
		return false;
	n = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
	if (n < (ssize_t)sizeof(struct nlmsghdr))
		return false;
	nl_state_cb((const struct nlmsghdr *)buf, event);
	return true;
}
