/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * talk.c - two netlink sockets to nf_tables: for transactions, and for changes by others
 *
 * The kernel executes a transaction before send() returns, so nothing waits: errors can be read at
 * once, and no answer means success.
 */
#include <errno.h>
#include <unistd.h>
#include "base/count.h"
#include "firewall/talk.h" /* first: <netinet/in.h> and <linux/in.h> agree in this order only */
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/object.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include "base/netlink.h"

#define NEWS_BUFFER    (1024 * 1024)
#define ANSWERS_BUFFER (256 * 1024)

/* @force needs CAP_NET_ADMIN; @plain is limited by the system's maximum. */
static void set_buffer(int fd, int force, int plain, int size)
{
	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

static int open_socket(int *fd)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	const int on = 1;

	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (*fd < 0 || bind(*fd, (const struct sockaddr *)&any, sizeof(any)))
		return -errno;
	setsockopt(*fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

/*
 * Notifications of the daemon's own changes are not needed, and so many of them could displace
 * others: a socket filter drops those caused by the transaction socket.
 */
static int ignore_own(const struct nft_talk *talk)
{
	struct sockaddr_nl own = { 0 };
	socklen_t len = sizeof(own);

	if (getsockname(talk->fd, (struct sockaddr *)&own, &len))
		return -errno;
	{
		/* BPF loads convert from network byte order; nlmsg_pid is in host order. */
		struct sock_filter code[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(own.nl_pid), 0, 1),
			BPF_STMT(BPF_RET | BPF_K, 0),
			BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		};
		struct sock_fprog filter = { COUNT(code), code };

		if (setsockopt(talk->news_fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			       sizeof(filter)))
			return -errno;
	}
	return 0;
}

static int join_news(const struct nft_talk *talk)
{
	const int group = NFNLGRP_NFTABLES;
	int error = ignore_own(talk);

	set_buffer(talk->news_fd, SO_RCVBUFFORCE, SO_RCVBUF, NEWS_BUFFER);
	if (!error &&
	    setsockopt(talk->news_fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		error = -errno;
	return error;
}

int nft_talk_open(struct nft_talk *talk)
{
	int error;

	*talk = (struct nft_talk){ -1, -1 };
	error = open_socket(&talk->fd);
	if (!error)
		error = open_socket(&talk->news_fd);
	if (!error)
		error = join_news(talk);
	if (!error)
		set_buffer(talk->fd, SO_RCVBUFFORCE, SO_RCVBUF, ANSWERS_BUFFER);
	else
		nft_talk_close(talk);
	return error;
}

void nft_talk_close(struct nft_talk *talk)
{
	if (talk->fd >= 0)
		close(talk->fd);
	if (talk->news_fd >= 0)
		close(talk->news_fd);
	*talk = (struct nft_talk){ -1, -1 };
}

static int first_error(const void *data, ssize_t len)
{
	const struct nlmsghdr *nlh = data;
	int left = (int)len;

	for (; netlink_message_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		const struct nlmsgerr *answer = mnl_nlmsg_get_payload(nlh);

		if (nlh->nlmsg_type == NLMSG_ERROR &&
		    mnl_nlmsg_get_payload_len(nlh) >= sizeof(*answer) && answer->error)
			return answer->error;
	}
	return 0;
}

int nft_talk_send(const struct nft_talk *talk, const struct nft_batch *batch)
{
	char answer[8192];
	int error = 0, result;
	ssize_t len;

	if (batch->failed)
		return -ENOMEM;
	/* A transaction must be sent in one datagram. */
	set_buffer(talk->fd, SO_SNDBUFFORCE, SO_SNDBUF, (int)batch->len + 65536);
	if (send(talk->fd, batch->data, batch->len, 0) < 0)
		return -errno;
	while ((len = netlink_receive(talk->fd, answer, sizeof(answer))) != -EAGAIN) {
		result = len < 0 ? (int)len : first_error(answer, len);
		error = error ? error : result;
		if (len < 0 && len != -ENOBUFS)
			break;
	}
	return error;
}

bool nft_talk_has_table(const struct nft_talk *talk)
{
	char buf[1024] = { 0 };
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETTABLE, NFPROTO_INET, 0, 0);
	ssize_t len;

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, NFT_TABLE);
	if (send(talk->fd, nlh, nlh->nlmsg_len, 0) < 0)
		return false;
	len = netlink_receive(talk->fd, buf, sizeof(buf));
	return len > 0 && netlink_message_ok(nlh, (int)len) && nlh->nlmsg_type != NLMSG_ERROR;
}

static bool ask_banned(const struct nft_talk *talk)
{
	char buf[1024] = { 0 };
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETOBJ, NFPROTO_INET, 0, 0);

	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, NFT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_OBJ_NAME, NFT_BANNED);
	mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	return send(talk->fd, nlh, nlh->nlmsg_len, 0) >= 0;
}

int nft_talk_banned(const struct nft_talk *talk, uint64_t *packets)
{
	char answer[8192];
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)answer;
	struct nftnl_obj *obj;
	ssize_t len;
	int error = 0;

	if (!ask_banned(talk))
		return -errno;
	len = netlink_receive(talk->fd, answer, sizeof(answer));
	if (len < 0)
		return (int)len;
	if (!netlink_message_ok(nlh, (int)len) || nlh->nlmsg_type == NLMSG_ERROR)
		return -ENOENT;
	obj = nftnl_obj_alloc();
	if (!obj || nftnl_obj_nlmsg_parse(nlh, obj) < 0)
		error = -ENOMEM;
	else
		*packets = nftnl_obj_get_u64(obj, NFTNL_OBJ_CTR_PKTS);
	if (obj)
		nftnl_obj_free(obj);
	return error;
}

/* In all these messages attribute 1 is the name of the table. */
static bool names_our_table(const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*head) || head->nfgen_family != NFPROTO_INET)
		return false;
	mnl_attr_for_each(attr, nlh, sizeof(*head))
		if (mnl_attr_get_type(attr) == NFTA_TABLE_NAME)
			return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 &&
			       !strcmp(mnl_attr_get_str(attr), NFT_TABLE);
	return false;
}

/* Addresses of banned sets may go: the daemon's own bans hold without them. */
static bool removes(const struct nlmsghdr *nlh)
{
	if (NFNL_SUBSYS_ID(nlh->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return false;
	switch (NFNL_MSG_TYPE(nlh->nlmsg_type)) {
	case NFT_MSG_DELTABLE:
	case NFT_MSG_DELCHAIN:
	case NFT_MSG_DELRULE:
	case NFT_MSG_DELSET:
		return names_our_table(nlh);
	case NFT_MSG_DELSETELEM:
		return names_our_table(nlh) && !nft_is_of_banned(nlh);
	default:
		return false;
	}
}

/* Elements that come and go, of our sets of banned addresses */
static bool tells_banned(const struct nlmsghdr *nlh)
{
	uint8_t type = NFNL_MSG_TYPE(nlh->nlmsg_type);

	return NFNL_SUBSYS_ID(nlh->nlmsg_type) == NFNL_SUBSYS_NFTABLES &&
	       (type == NFT_MSG_NEWSETELEM || type == NFT_MSG_DELSETELEM) && nft_is_of_banned(nlh);
}

static bool take_news(const void *data, ssize_t len, nft_banned_fn *fn, void *arg)
{
	const struct nlmsghdr *nlh = data;
	bool removed = false;
	int left = (int)len;

	for (; netlink_message_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		removed = removed || removes(nlh);
		if (tells_banned(nlh))
			nft_banned_read(nlh, fn, arg);
	}
	return removed;
}

enum nft_news nft_talk_news(const struct nft_talk *talk, nft_banned_fn *fn, void *arg)
{
	enum nft_news news = NFT_NEWS_NONE;
	char data[16384];
	ssize_t len;

	while ((len = netlink_receive(talk->news_fd, data, sizeof(data))) != -EAGAIN) {
		if (len < 0) {
			news = NFT_NEWS_LOST;
			if (len != -ENOBUFS)
				break;
		} else if (take_news(data, len, fn, arg) && news == NFT_NEWS_NONE) {
			news = NFT_NEWS_REMOVED;
		}
	}
	return news;
}

/* --- What is in the sets of banned addresses -------------------------------------------------- */

static bool ask_set(const struct nft_talk *talk, const char *set)
{
	char buf[1024] = { 0 };
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETSETELEM, NFPROTO_INET, NLM_F_DUMP, 0);

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
	return send(talk->fd, nlh, nlh->nlmsg_len, 0) >= 0;
}

/* One part of the answer. 0: more follow; 1: it was the last one; -errno */
static int take_part(const void *data, ssize_t len, nft_banned_fn *fn, void *arg)
{
	const struct nlmsghdr *nlh = data;
	int left = (int)len;

	for (; netlink_message_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_type == NLMSG_DONE)
			return 1;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return first_error(nlh, nlh->nlmsg_len);
		if (tells_banned(nlh))
			nft_banned_read(nlh, fn, arg);
	}
	return 0;
}

static int read_set(const struct nft_talk *talk, const char *set, nft_banned_fn *fn, void *arg)
{
	char data[32768]; /* the kernel's parts are not longer */
	ssize_t len;
	int result = 0;

	if (!ask_set(talk, set))
		return -errno;
	while (!result) {
		len = netlink_receive(talk->fd, data, sizeof(data));
		result = len < 0 ? (int)len : take_part(data, len, fn, arg);
	}
	return result == 1 ? 0 : result;
}

int nft_talk_read_banned(const struct nft_talk *talk, nft_banned_fn *fn, void *arg)
{
	int error = read_set(talk, NFT_BANNED "4", fn, arg);

	return error ? error : read_set(talk, NFT_BANNED "6", fn, arg);
}
