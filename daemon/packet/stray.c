/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stray.c - the socket of a media thread for packets that no connected socket of its streams takes
 *
 * One socket serves both address families: the addresses of IPv4 arrive IPv4-mapped, and are
 * written as IPv4 here, as everywhere else.
 */
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include "packet/stray.h"

#define BATCH	     32
#define PACKET_BYTES 65536 /* no UDP packet is larger */
#define PORTS	     65536
/* The endpoint it was sent to, TOS and TTL. */
#define CONTROL (CMSG_SPACE(sizeof(struct sockaddr_in6)) + 2 * CMSG_SPACE(sizeof(int)))

struct stray {
	int fd;
	const struct steer *steer;
	struct stream **streams; /* [address][port] */
	uint32_t missed;
	uint8_t *memory;
	struct stray_packet packet[BATCH];
	struct endpoint source[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr in[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL];
};

static void prepare(struct stray *stray)
{
	for (size_t i = 0; i < BATCH; i++) {
		stray->iov[i].iov_base = stray->memory + i * PACKET_BYTES;
		stray->iov[i].iov_len = PACKET_BYTES;
		stray->in[i].msg_hdr.msg_name = &stray->source[i];
		stray->in[i].msg_hdr.msg_iov = &stray->iov[i];
		stray->in[i].msg_hdr.msg_iovlen = 1;
		stray->in[i].msg_hdr.msg_control = stray->control[i];
	}
}

struct stray *stray_open(struct steer *steer, unsigned int thread)
{
	struct stray *stray = calloc(1, sizeof(*stray));

	if (!stray)
		return NULL;
	stray->steer = steer;
	stray->streams = calloc(steer_addresses(steer) * PORTS, sizeof(struct stream *));
	stray->memory = malloc((size_t)BATCH * PACKET_BYTES);
	stray->fd = steer_fd(steer, thread);
	if (stray->streams && stray->memory) {
		prepare(stray);
		return stray;
	}
	stray_close(stray);
	return NULL;
}

void stray_close(struct stray *stray)
{
	if (!stray)
		return;
	free(stray->streams);
	free(stray->memory);
	free(stray);
}

int stray_fd(const struct stray *stray)
{
	return stray->fd;
}

static void set_stream(struct stray *stray, const struct endpoint *local, struct stream *s)
{
	ssize_t at = stray ? steer_at(stray->steer, local) : -1;

	if (at >= 0)
		stray->streams[at] = s;
}

void stray_add(struct stray *stray, struct stream *s)
{
	set_stream(stray, &s->local, s);
}

void stray_remove(struct stray *stray, const struct stream *s)
{
	set_stream(stray, &s->local, NULL);
}

/* --- Packets ---------------------------------------------------------------------------------- */

static void unmap(struct endpoint *ep)
{
	struct endpoint in4 = { .in4 = { .sin_family = AF_INET, .sin_port = ep->in6.sin6_port } };

	if (ep->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&ep->in6.sin6_addr))
		return;
	in4.in4.sin_addr.s_addr = ep->in6.sin6_addr.s6_addr32[3];
	*ep = in4;
}

static void read_address(const struct cmsghdr *c, struct endpoint *local)
{
	size_t len = c->cmsg_len - CMSG_LEN(0);

	memcpy(local, CMSG_DATA(c), len < sizeof(*local) ? len : sizeof(*local));
}

/* @local stays unset if the kernel does not tell it. */
static void read_control(struct msghdr *msg, struct packet *packet, struct endpoint *local)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		bool v4 = c->cmsg_level == IPPROTO_IP, v6 = c->cmsg_level == IPPROTO_IPV6;
		int value = 0;

		if ((v4 && c->cmsg_type == IP_ORIGDSTADDR) ||
		    (v6 && c->cmsg_type == IPV6_ORIGDSTADDR)) {
			read_address(c, local);
			continue;
		}
		if (v4 && c->cmsg_type == IP_TOS) {
			packet->tos = *CMSG_DATA(c);
			continue;
		}
		memcpy(&value, CMSG_DATA(c), sizeof(value));
		if (v6 && c->cmsg_type == IPV6_TCLASS)
			packet->tos = value;
		else if ((v4 && c->cmsg_type == IP_TTL) || (v6 && c->cmsg_type == IPV6_HOPLIMIT))
			packet->ttl = value;
	}
}

/* False: no stream of this thread has that port any more. */
static bool read_packet(struct stray *stray, unsigned int i, struct stray_packet *to)
{
	struct endpoint local = { 0 };
	ssize_t at;

	to->packet = (struct packet){ .data = stray->iov[i].iov_base,
				      .len = stray->in[i].msg_len,
				      .size = PACKET_BYTES,
				      .source = &stray->source[i],
				      .tos = -1 };
	read_control(&stray->in[i].msg_hdr, &to->packet, &local);
	unmap(&stray->source[i]);
	at = steer_at(stray->steer, &local);
	to->stream = at < 0 ? NULL : stray->streams[at];
	if (!to->stream)
		return false;
	/* As from the stream's own socket. */
	if (!to->stream->recv_tos)
		to->packet.tos = -1;
	if (!to->stream->recv_ttl)
		to->packet.ttl = 0;
	return true;
}

unsigned int stray_receive(struct stray *stray, struct stray_packet **packets)
{
	unsigned int found = 0;
	int n;

	for (unsigned int i = 0; i < BATCH; i++) {
		stray->in[i].msg_hdr.msg_namelen = sizeof(struct endpoint);
		stray->in[i].msg_hdr.msg_controllen = CONTROL;
	}
	n = recvmmsg(stray->fd, stray->in, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		found += read_packet(stray, (unsigned int)i, &stray->packet[found]);
	*packets = stray->packet;
	return found;
}

uint32_t stray_missed(struct stray *stray)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 }, before = stray->missed;
	socklen_t len = sizeof(info);

	if (getsockopt(stray->fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return 0; /* Linux before 4.12 */
	stray->missed = info[SK_MEMINFO_DROPS];
	return stray->missed - before;
}
