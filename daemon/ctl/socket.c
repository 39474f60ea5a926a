/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket.c - a UDP socket that answers from the local address that the request was sent to
 *
 * A proxy that sent its request to 192.0.2.1 drops an answer from 192.0.2.2. By default the kernel
 * chooses the source address by the route.
 */
#include <errno.h>
#include <unistd.h>
#include "ctl/socket.h"

/* For a burst of requests. Only with CAP_NET_ADMIN this may exceed net.core.rmem_max. */
#define RECEIVE_BUFFER (4 << 20)

static int set_options(int fd, int family)
{
	int on = 1, size = RECEIVE_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return -1;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

int ctl_socket_open(const struct endpoint *addr)
{
	int family = addr->sa.sa_family, error;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (!set_options(fd, family) && !bind(fd, &addr->sa, endpoint_len(addr)))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

/*
 * The source of the answer is the local address of the request. The interface stays 0 (except for
 * IPv6 link-local addresses), so that the route may use another one.
 */
static void set_source(const struct msghdr *request, struct msghdr *answer)
{
	struct msghdr copy = *request; /* CMSG_NXTHDR() needs a pointer without const */

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c; c = CMSG_NXTHDR(&copy, c)) {
		struct cmsghdr *out = answer->msg_control;
		struct in6_pktinfo v6;
		struct in_pktinfo v4;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof(v4));
			v4.ipi_ifindex = 0;
			*out = (struct cmsghdr){ CMSG_LEN(sizeof(v4)), IPPROTO_IP, IP_PKTINFO };
			memcpy(CMSG_DATA(out), &v4, sizeof(v4));
			answer->msg_controllen = CMSG_SPACE(sizeof(v4));
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof(v6));
			if (IN6_IS_ADDR_MULTICAST(&v6.ipi6_addr))
				continue;
			if (!IN6_IS_ADDR_LINKLOCAL(&v6.ipi6_addr))
				v6.ipi6_ifindex = 0;
			*out = (struct cmsghdr){ CMSG_LEN(sizeof(v6)), IPPROTO_IPV6, IPV6_PKTINFO };
			memcpy(CMSG_DATA(out), &v6, sizeof(v6));
			answer->msg_controllen = CMSG_SPACE(sizeof(v6));
		}
	}
}

void ctl_socket_address(const struct msghdr *request, struct str reply, struct msghdr *answer)
{
	answer->msg_name = request->msg_name;
	answer->msg_namelen = request->msg_namelen;
	answer->msg_iovlen = 1;
	answer->msg_iov->iov_base = (void *)(uintptr_t)reply.s;
	answer->msg_iov->iov_len = reply.len;
	answer->msg_controllen = 0;
	set_source(request, answer);
}

unsigned int ctl_socket_send(int fd, struct mmsghdr *answers, unsigned int count)
{
	unsigned int done = 0, sent = 0;

	while (done < count) {
		int n = sendmmsg(fd, answers + done, count - done, MSG_DONTWAIT);

		if (n > 0)
			sent += (unsigned int)n;
		done += n > 0 ? (unsigned int)n : 1; /* skip an answer that cannot be sent */
	}
	return sent;
}
