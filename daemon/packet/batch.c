/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * batch.c - receives and sends packets: recvmmsg and sendmmsg, or recvfrom and sendto for one
 *
 * Nearly all packets of a call arrive one at a time: recvfrom and sendto cost less for these. An
 * error of one packet is counted and does not affect the next.
 */
#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include "packet/batch.h"
#include "packet/bundle.h"
#include "packet/remote.h"
#include "packet/stream.h"

#define BATCH	     32
#define PACKET_BYTES 65536 /* no UDP packet is larger */
/* Not a multiple of 4096: else the headers of all packets would share the same cache sets. */
#define STRIDE	(PACKET_BYTES + 5 * 64)
#define CONTROL (2 * CMSG_SPACE(sizeof(int))) /* TOS and TTL */

struct batch {
	uint8_t *memory;
	struct packet packet[BATCH];
	struct endpoint source[BATCH];
	struct iovec in_iov[BATCH], out_iov[BATCH];
	struct mmsghdr in[BATCH], out[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL];
	unsigned int queued; /* of @out_iov; all from @from, of the media of @stream, by @by */
	struct stream *from, *stream, *by;
};

struct batch *batch_new(void)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->memory = malloc((size_t)BATCH * STRIDE);
	if (!batch->memory) {
		free(batch);
		return NULL;
	}
	for (size_t i = 0; i < BATCH; i++) {
		batch->packet[i].data = batch->memory + i * STRIDE;
		batch->packet[i].size = STRIDE;
		batch->packet[i].source = &batch->source[i];
		batch->in_iov[i].iov_base = batch->packet[i].data;
		batch->in_iov[i].iov_len = PACKET_BYTES;
		batch->in[i].msg_hdr.msg_name = &batch->source[i];
		batch->in[i].msg_hdr.msg_iov = &batch->in_iov[i];
		batch->in[i].msg_hdr.msg_iovlen = 1;
		batch->out[i].msg_hdr.msg_iov = &batch->out_iov[i];
		batch->out[i].msg_hdr.msg_iovlen = 1;
	}
	return batch;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	free(batch->memory);
	free(batch);
}

static void read_control(struct msghdr *msg, struct packet *packet)
{
	packet->tos = -1;
	packet->ttl = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		bool v4 = c->cmsg_level == IPPROTO_IP, v6 = c->cmsg_level == IPPROTO_IPV6;
		int value;

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

static bool wants_control(const struct stream *stream)
{
	return stream->recv_tos || stream->recv_ttl;
}

static int receive_many(struct batch *batch, struct stream *stream, unsigned int max)
{
	int n;

	for (unsigned int i = 0; i < max; i++) {
		struct msghdr *msg = &batch->in[i].msg_hdr;

		msg->msg_namelen = sizeof(struct endpoint);
		msg->msg_control = wants_control(stream) ? batch->control[i] : NULL;
		msg->msg_controllen = wants_control(stream) ? CONTROL : 0;
	}
	n = recvmmsg(stream->fd, batch->in, max, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		batch->packet[i].len = batch->in[i].msg_len;
		read_control(&batch->in[i].msg_hdr, &batch->packet[i]);
	}
	return n;
}

static int receive_one(struct batch *batch, const struct stream *stream)
{
	socklen_t source_len = sizeof(struct endpoint);
	ssize_t len = recvfrom(stream->fd, batch->packet[0].data, PACKET_BYTES, MSG_DONTWAIT,
			       &batch->source[0].sa, &source_len);

	if (len < 0)
		return -1;
	batch->packet[0].len = (size_t)len;
	batch->packet[0].tos = -1;
	batch->packet[0].ttl = 0;
	return 1;
}

unsigned int batch_receive(struct batch *batch, struct stream *stream, bool many,
			   struct packet **packets)
{
	/* A pending ICMP error makes the first call fail, and is cleared by that. */
	for (int attempt = 0; attempt < 2; attempt++) {
		int n = many || wants_control(stream)
				? receive_many(batch, stream, many ? BATCH : 1)
				: receive_one(batch, stream);

		if (n >= 0) {
			*packets = batch->packet;
			return (unsigned int)n;
		}
		if (errno == EAGAIN)
			break;
	}
	return 0;
}

/*
 * Not SO_RXQ_OVFL, which costs a control message with each packet.
 */
uint32_t batch_missed(const struct stream *stream)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(stream->fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return stream->missed; /* Linux before 4.12 */
	return info[SK_MEMINFO_DROPS];
}

static enum stream_drop drop_of(int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		return DROP_SEND_QUEUE;
	case EMSGSIZE:
		return DROP_TOO_LARGE;
	default:
		return DROP_UNREACHABLE;
	}
}

/* Return: 0 or the error. A pending ICMP error of an earlier packet makes one call fail. */
static int send_one(const struct stream *by, const struct iovec *packet)
{
	const struct sockaddr *to = by->connected ? NULL : &by->to.sa;
	socklen_t to_len = by->connected ? 0 : endpoint_len(&by->to);
	int error = 0;

	for (int attempt = 0; attempt < 2; attempt++) {
		if (sendto(by->fd, packet->iov_base, packet->iov_len, MSG_DONTWAIT, to, to_len) >=
		    0)
			return 0;
		error = errno;
		if (drop_of(error) != DROP_UNREACHABLE)
			break;
	}
	return error;
}

static void send_counted(struct batch *batch, unsigned int index)
{
	const struct iovec *packet = &batch->out_iov[index];
	int error = send_one(batch->by, packet);

	if (error)
		stream_lost(batch->from, batch->stream, drop_of(error));
	else
		stream_sent(batch->stream, packet->iov_len);
}

static void send_many(struct batch *batch)
{
	struct stream *by = batch->by;
	unsigned int done = 0;

	for (unsigned int i = 0; i < batch->queued; i++) {
		batch->out[i].msg_hdr.msg_name = by->connected ? NULL : &by->to;
		batch->out[i].msg_hdr.msg_namelen = by->connected ? 0 : endpoint_len(&by->to);
	}
	while (done < batch->queued) {
		int n = sendmmsg(by->fd, batch->out + done, batch->queued - done, MSG_DONTWAIT);

		for (int i = 0; i < n; i++)
			stream_sent(batch->stream, batch->out_iov[done++].iov_len);
		if (done <
		    batch->queued) /* it stopped at one that cannot be sent: count it, continue */
			send_counted(batch, done++);
	}
}

void batch_flush(struct batch *batch)
{
	if (batch->queued == 1)
		send_counted(batch, 0);
	else if (batch->queued)
		send_many(batch);
	batch->queued = 0;
}

void batch_send(struct batch *batch, struct stream *from, struct stream *out,
		const struct packet *packet)
{
	bool keep_tos = out->bridge->conf.side[out->side].tos < 0;
	int ttl = packet->ttl > 1 ? packet->ttl - 1 : 0;
	struct stream *by = bundle_carrier(out);
	struct iovec *iov;

	if (batch->queued && (out != batch->stream || ttl != by->ttl_now ||
			      (keep_tos && packet->tos >= 0 && packet->tos != by->tos_now)))
		batch_flush(batch);
	if (keep_tos)
		stream_set_tos(by, packet->tos);
	stream_set_ttl(by, ttl);
	batch->from = from;
	batch->stream = out;
	batch->by = by;
	iov = &batch->out_iov[batch->queued++];
	iov->iov_base = packet->data;
	iov->iov_len = packet->len;
}
