/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy.c - copies of a call's packets to another recorder
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "record/copy.h"
#include "srtp/sdes_media.h"

/* What one call of sendmmsg() sends, at most, and what waits for it. */
#define BATCH_PACKETS 64
#define BATCH_BYTES   (BATCH_PACKETS * 512)
/* Packets of one port that are read at a time; the rest waits, or the system drops it. */
#define LISTEN_PACKETS 64

/*
 * @srtp: the recorder's thread alone uses it, once a copy with this port was handed over
 * @lock: of @used, which is a copy of its indexes for other threads; @due: it is a newer one
 */
struct copy_port {
	unsigned int refs;
	int fd[2];
	struct srtp *srtp;
	struct srtp_master master;
	pthread_mutex_t lock;
	bool due;
	struct srtp_indexes used;
	struct copy_counts counts;
};

struct copy {
	unsigned int refs;
	size_t n;
	struct copy_line line[];
};

struct copy_waiting {
	struct copy_port *port; /* a reference, since its copy may end before the packet is sent */
	struct endpoint to;
	uint8_t comp;
	size_t at, len;
};

struct copy_batch {
	size_t n, used;
	struct copy_waiting waiting[BATCH_PACKETS];
	uint8_t bytes[BATCH_BYTES];
};

static void count(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* --- Ports and lines -------------------------------------------------------------------------- */

struct copy_port *copy_port_new(const int fd[2], const struct srtp_master *master)
{
	struct copy_port *port = calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	port->refs = 1;
	pthread_mutex_init(&port->lock, NULL); /* a default one never fails here */
	memcpy(port->fd, fd, sizeof(port->fd));
	if (!master)
		return port;
	port->master = *master;
	port->srtp = srtp_new(master, SRTP_SEND);
	if (port->srtp)
		return port;
	explicit_bzero(&port->master, sizeof(port->master));
	free(port);
	return NULL;
}

struct copy_port *copy_port_again(const struct copy_port *port, const struct srtp_master *master)
{
	int fd[2] = { fcntl(port->fd[0], F_DUPFD_CLOEXEC, 0),
		      fcntl(port->fd[1], F_DUPFD_CLOEXEC, 0) };
	struct copy_port *again = fd[0] < 0 || fd[1] < 0 ? NULL : copy_port_new(fd, master);

	for (int comp = 0; comp < 2 && !again; comp++)
		if (fd[comp] >= 0)
			close(fd[comp]);
	return again;
}

bool copy_port_has(const struct copy_port *port, const struct srtp_master *master)
{
	if (!master || !port->srtp)
		return !master && !port->srtp;
	return srtp_master_eq(&port->master, master);
}

static struct copy_port *copy_port_get(struct copy_port *port)
{
	__atomic_fetch_add(&port->refs, 1, __ATOMIC_RELAXED);
	return port;
}

void copy_port_put(struct copy_port *port)
{
	if (!port || __atomic_sub_fetch(&port->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (int comp = 0; comp < 2; comp++)
		if (port->fd[comp] >= 0)
			close(port->fd[comp]);
	srtp_free(port->srtp);
	explicit_bzero(&port->master, sizeof(port->master));
	pthread_mutex_destroy(&port->lock);
	free(port);
}

int copy_port_resume(struct copy_port *port, const struct srtp_indexes *indexes, int64_t now_ms)
{
	struct srtp_indexes from = *indexes;
	struct srtp *srtp;
	int error;

	if (!port->srtp)
		return -EINVAL;
	if (!from.rtcp_sent)
		from.rtcp_sent = 1;
	error = srtp_resume(&port->master, SRTP_SEND, &from, now_ms, &srtp);
	if (error)
		return error;
	srtp_free(port->srtp);
	port->srtp = srtp;
	port->used = from;
	return 0;
}

bool copy_port_due(const struct copy_port *port)
{
	return __atomic_load_n(&port->due, __ATOMIC_RELAXED);
}

void copy_port_indexes(struct copy_port *port, struct srtp_indexes *indexes)
{
	pthread_mutex_lock(&port->lock);
	__atomic_store_n(&port->due, false, __ATOMIC_RELAXED);
	*indexes = port->used;
	pthread_mutex_unlock(&port->lock);
}

void copy_port_counts(const struct copy_port *port, struct copy_counts *counts)
{
	const uint64_t *from = (const uint64_t *)&port->counts;
	uint64_t *to = (uint64_t *)counts;

	for (size_t i = 0; i < sizeof(*counts) / sizeof(*to); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

struct copy *copy_new(const struct copy_line *lines, size_t n)
{
	struct copy *copy = n <= COPY_LINES ? calloc(1, sizeof(*copy) + n * sizeof(*lines)) : NULL;

	if (!copy)
		return NULL;
	copy->refs = 1;
	copy->n = n;
	for (size_t i = 0; i < n; i++) {
		copy->line[i] = lines[i];
		copy_port_get(lines[i].port);
	}
	return copy;
}

struct copy *copy_get(struct copy *copy)
{
	__atomic_fetch_add(&copy->refs, 1, __ATOMIC_RELAXED);
	return copy;
}

void copy_put(struct copy *copy)
{
	if (!copy || __atomic_sub_fetch(&copy->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = 0; i < copy->n; i++)
		copy_port_put(copy->line[i].port);
	free(copy);
}

uint32_t copy_tap(const struct copy *copy, size_t index)
{
	return index < copy->n ? copy->line[index].tap : 0;
}

/* --- Packets ---------------------------------------------------------------------------------- */

struct copy_batch *copy_batch_new(void)
{
	return calloc(1, sizeof(struct copy_batch));
}

static void empty(struct copy_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		copy_port_put(batch->waiting[i].port);
	batch->n = batch->used = 0;
}

void copy_batch_free(struct copy_batch *batch)
{
	if (!batch)
		return;
	empty(batch);
	free(batch);
}

static bool is_wanted(const struct copy_line *line, const struct copy_packet *packet)
{
	unsigned int type;

	if (packet->rtcp)
		return true;
	if (packet->len < 2)
		return false;
	type = packet->data[1] & 0x7f;
	return line->pts[type / 64] >> type % 64 & 1;
}

static void note_indexes(struct copy_port *port)
{
	if (!srtp_due(port->srtp))
		return;
	pthread_mutex_lock(&port->lock);
	srtp_indexes(port->srtp, &port->used);
	__atomic_store_n(&port->due, true, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&port->lock);
}

/* False: it cannot be sealed. */
static bool seal(struct copy_port *port, const struct copy_packet *packet, uint8_t *data,
		 size_t *len, int64_t now_ms)
{
	struct srtp_packet sealed = { .data = data,
				      .len = packet->len,
				      .size = packet->len + SRTP_GROWTH };
	enum srtp_verdict verdict;

	memcpy(data, packet->data, packet->len);
	if (!port->srtp) {
		*len = packet->len;
		return true;
	}
	verdict = packet->rtcp ? rtcp_protect(port->srtp, &sealed, now_ms)
			       : rtp_protect(port->srtp, &sealed, now_ms);
	*len = sealed.len;
	note_indexes(port);
	return verdict == SRTP_OK;
}

static void queue(struct copy_batch *batch, const struct copy_line *line,
		  const struct copy_packet *packet, int64_t now_ms)
{
	struct copy_waiting *waiting;

	if (batch->n == BATCH_PACKETS || BATCH_BYTES - batch->used < packet->len + SRTP_GROWTH)
		copy_flush(batch);
	waiting = &batch->waiting[batch->n];
	if (!seal(line->port, packet, batch->bytes + batch->used, &waiting->len, now_ms)) {
		count(&line->port->counts.errors, 1);
		return;
	}
	waiting->port = copy_port_get(line->port);
	waiting->comp = packet->rtcp;
	waiting->to = line->to[packet->rtcp];
	waiting->at = batch->used;
	batch->used += waiting->len;
	batch->n++;
}

void copy_take(struct copy *copy, struct copy_batch *batch, const struct copy_packet *packet,
	       int64_t now_ms)
{
	for (size_t i = 0; i < copy->n; i++) {
		const struct copy_line *line = &copy->line[i];

		if (line->tap != packet->tap || line->side != packet->side ||
		    !endpoint_port(&line->to[packet->rtcp]))
			continue;
		if (!is_wanted(line, packet))
			count(&line->port->counts.unwanted, 1);
		else if (packet->len > COPY_BYTES)
			count(&line->port->counts.errors, 1);
		else
			queue(batch, line, packet, now_ms);
	}
}

static void count_sent(struct copy_port *port, const struct mmsghdr *message, int sent)
{
	uint64_t bytes = 0;

	for (int i = 0; i < sent; i++)
		bytes += message[i].msg_len;
	count(&port->counts.packets, (uint64_t)sent);
	count(&port->counts.bytes, bytes);
}

/* A packet that cannot be sent is counted, and those behind it are tried. */
static void send_all(struct copy_port *port, int comp, struct mmsghdr *message, unsigned int n)
{
	for (unsigned int at = 0; at < n;) {
		int sent = sendmmsg(port->fd[comp], message + at, n - at, MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0) {
			count(&port->counts.errors, 1);
			at++;
			continue;
		}
		count_sent(port, message + at, sent);
		at += (unsigned int)sent;
	}
}

/* Those that leave from the same socket as the one at @first, in their order. */
static void send_socket(struct copy_batch *batch, size_t first, bool *done)
{
	struct copy_port *port = batch->waiting[first].port;
	struct mmsghdr message[BATCH_PACKETS];
	struct iovec piece[BATCH_PACKETS];
	int comp = batch->waiting[first].comp;
	unsigned int n = 0;

	for (size_t i = first; i < batch->n; i++) {
		struct copy_waiting *waiting = &batch->waiting[i];

		if (waiting->port != port || waiting->comp != comp)
			continue;
		done[i] = true;
		piece[n] = (struct iovec){ batch->bytes + waiting->at, waiting->len };
		message[n] = (struct mmsghdr){
			.msg_hdr = { .msg_name = &waiting->to.sa,
				     .msg_namelen = endpoint_len(&waiting->to),
				     .msg_iov = &piece[n],
				     .msg_iovlen = 1 },
		};
		n++;
	}
	send_all(port, comp, message, n);
}

void copy_flush(struct copy_batch *batch)
{
	bool done[BATCH_PACKETS] = { false };

	for (size_t i = 0; i < batch->n; i++)
		if (!done[i])
			send_socket(batch, i, done);
	empty(batch);
}

static void listen_at(struct copy_port *port, int comp)
{
	uint8_t byte;

	for (int i = 0; i < LISTEN_PACKETS; i++) {
		if (recv(port->fd[comp], &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) < 0) {
			if (errno == EAGAIN || errno == EBADF)
				return;
			continue; /* an error that ICMP reported; it is read only once */
		}
		count(&port->counts.heard, 1);
		if (comp)
			count(&port->counts.heard_rtcp, 1);
	}
}

void copy_listen(const struct copy *copy)
{
	for (size_t i = 0; i < copy->n; i++)
		for (int comp = 0; comp < 2; comp++)
			listen_at(copy->line[i].port, comp);
}
