/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netlink.c - receives netlink datagrams from the kernel only; asks it once */
#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include "base/netlink.h"

#define ANSWER_BYTES 32768

ssize_t netlink_receive(int fd, void *data, size_t size)
{
	struct sockaddr_nl from = { .nl_pid = 0 };
	struct iovec iov = { data, size };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};
	ssize_t len;

	do {
		len = recvmsg(fd, &msg, MSG_DONTWAIT);
	} while ((len < 0 && errno == EINTR) || (len >= 0 && from.nl_pid));
	if (len < 0)
		return -errno;
	return msg.msg_flags & MSG_TRUNC ? -ENOBUFS : len;
}

static int receive_answer(struct mnl_socket *socket, const struct nlmsghdr *request, mnl_cb_t take,
			  void *arg)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	int more;

	do {
		ssize_t len = mnl_socket_recvfrom(socket, answer, sizeof(answer));

		if (len < 0)
			return -errno;
		more = mnl_cb_run(answer, (size_t)len, request->nlmsg_seq,
				  mnl_socket_get_portid(socket), take, arg);
	} while (more > MNL_CB_STOP && (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP);
	return more < 0 ? -errno : 0;
}

int netlink_ask(int bus, struct nlmsghdr *request, mnl_cb_t take, void *arg)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int error = 0;

	if (!socket)
		return -errno;
	request->nlmsg_seq = 1;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		error = -errno;
	if (!error)
		error = receive_answer(socket, request, take, arg);
	mnl_socket_close(socket);
	return error;
}
