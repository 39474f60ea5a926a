/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_stream.c - one media stream of a phone: sends a tone, checks what it receives
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "rtp_stream.h"

#define RTCP_PORT_AFTER 1
#define BUFFER_BYTES	(256 * 1024)

static socklen_t addr_len(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					  : sizeof(struct sockaddr_in6);
}

/* IPv4 and IPv6 have the port at the same place. */
static in_port_t *addr_port(struct sockaddr_storage *addr)
{
	return &((struct sockaddr_in *)addr)->sin_port;
}

static int socket_open(const struct sockaddr_storage *local)
{
	int fd = socket(local->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int size = BUFFER_BYTES, err;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)local, addr_len(local)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int rtp_stream_open(struct rtp_stream *s)
{
	struct sockaddr_storage rtcp = s->local;
	int err;

	s->fd[1] = -1;
	s->fd[0] = socket_open(&s->local);
	if (s->fd[0] < 0)
		return s->fd[0];
	if (s->mux)
		return 0;
	*addr_port(&rtcp) = htons((uint16_t)(ntohs(*addr_port(&rtcp)) + RTCP_PORT_AFTER));
	s->fd[1] = socket_open(&rtcp);
	if (s->fd[1] < 0) {
		err = s->fd[1];
		rtp_stream_close(s);
		return err;
	}
	return 0;
}

void rtp_stream_close(struct rtp_stream *s)
{
	for (int i = 0; i < 2; i++) {
		if (s->fd[i] >= 0)
			close(s->fd[i]);
		s->fd[i] = -1;
	}
}

static bool send_to(int fd, const void *data, size_t len, const struct sockaddr_storage *to)
{
	return sendto(fd, data, len, 0, (const struct sockaddr *)to, addr_len(to)) == (ssize_t)len;
}

static void rtcp_send(struct rtp_stream *s)
{
	uint8_t packet[RTCP_PACKET];
	size_t len = rtcp_mark_write(packet, s->who, s->sent);

	if (send_to(s->fd[1] >= 0 ? s->fd[1] : s->fd[0], packet, len, &s->peer.rtcp))
		s->rtcp_sent++;
}

void rtp_stream_send(struct rtp_stream *s, bool rtcp, int64_t now_us)
{
	uint32_t now_ms = (uint32_t)(now_us / 1000);
	uint8_t packet[RTP_PACKET];

	if (s->muted || !s->peer.rtp.ss_family || s->fd[0] < 0)
		return;
	/* A side that is on hold continues to send RTCP (RFC 3264, section 5.1). */
	if (rtcp && !s->fax)
		rtcp_send(s);
	if (!s->peer.listens || (s->every > 1 && s->frames++ % s->every))
		return;
	tone_write(s->tone_hz, s->sent, packet + RTP_HEADER, RTP_FRAME - RTP_MARK);
	if (s->fax)
		fax_mark_write(packet, (struct rtp_mark){ s->who, s->sent, now_ms });
	else
		rtp_mark_write(packet, s->payload_type,
			       (struct rtp_mark){ s->who, s->sent, now_ms });
	if (!s->since_ms)
		s->since_ms = now_ms;
	if (s->losing || send_to(s->fd[0], packet, sizeof(packet), &s->peer.rtp))
		s->sent++;
}

void rtp_stream_press(struct rtp_stream *s, uint8_t event)
{
	uint8_t packet[RTP_PACKET], first[RTP_HEADER] = { 0 };

	for (unsigned int i = 0; i < 6; i++) {
		uint16_t duration = (uint16_t)(i < 3 ? 160 * (i + 1) : 480);

		rtp_mark_write(packet, 101 | (i ? 0 : 0x80),
			       (struct rtp_mark){ s->who, s->sent, 0 });
		if (!i)
			memcpy(first, packet, RTP_HEADER);
		memcpy(packet + 4, first + 4, 4); /* all have the first one's timestamp */
		memcpy(packet + RTP_HEADER,
		       (uint8_t[]){ event, i < 3 ? 10 : 0x80 | 10, (uint8_t)(duration >> 8),
				    (uint8_t)duration },
		       4);
		if (send_to(s->fd[0], packet, RTP_HEADER + 4, &s->peer.rtp))
			s->sent++;
	}
}

static struct rtp_friend *friend_find(struct rtp_stream *s, uint32_t who)
{
	for (unsigned int i = 0; i < s->friend_count; i++) {
		if (s->friends[i].who == who)
			return &s->friends[i];
	}
	return NULL;
}

/* RFC 3550, A.8. */
static void friend_jitter(struct rtp_friend *f, uint32_t count, int64_t now_us)
{
	int64_t transit = now_us * TONE_RATE / 1000000 - (int64_t)count * RTP_FRAME;
	int64_t change = transit - f->transit;

	f->transit = transit;
	if (f->heard > 1)
		f->jitter += ((double)(change < 0 ? -change : change) - f->jitter) / 16;
}

static void friend_hear(struct rtp_friend *f, uint32_t count, int64_t now_us)
{
	if (!f->heard++) {
		f->first = count;
		f->next = count;
	}
	if (count >= f->next) {
		uint32_t ahead = count + 1 - f->next;

		f->recent = ahead < 64 ? f->recent << ahead | 1 : 1;
		f->next = count + 1;
	} else {
		uint32_t behind = f->next - 1 - count;

		if (behind < 64 && f->recent >> behind & 1)
			f->dup++;
		else
			f->late++;
		if (behind < 64)
			f->recent |= (uint64_t)1 << behind;
		if (count < f->first)
			f->first = count;
	}
	friend_jitter(f, count, now_us);
}

static void ssrc_note(struct rtp_stream *s, uint32_t who)
{
	for (unsigned int i = 0; i < s->ssrc_count; i++) {
		if (s->ssrcs[i] == who)
			return;
	}
	if (s->ssrc_count < STREAM_SSRCS)
		s->ssrcs[s->ssrc_count++] = who;
}

static void rtcp_hear(struct rtp_stream *s, const uint8_t *packet, size_t len)
{
	uint32_t who;

	if (rtcp_mark_read(packet, len, &who) && friend_find(s, who))
		s->rtcp_heard++;
	else if (rtcp_mark_read(packet, len, &who) && who == MARK_ATTACKER)
		s->rtcp_attack++;
	else
		s->rtcp_foreign++;
}

static bool mark_read(const struct rtp_stream *s, const uint8_t *packet, size_t len,
		      struct rtp_mark *mark)
{
	uint8_t payload_type;

	if (s->fax)
		return fax_mark_read(packet, len, mark);
	return rtp_mark_read(packet, len, &payload_type, mark) &&
	       payload_type == (s->payload_type & 0x7f);
}

static void rtp_hear(struct rtp_stream *s, const uint8_t *packet, size_t len, int64_t now_us)
{
	struct rtp_mark mark;
	struct rtp_friend *f;

	if (!mark_read(s, packet, len, &mark)) {
		s->unmarked++;
		return;
	}
	ssrc_note(s, mark.who);
	tone_hear(&s->ear, mark.count, packet + RTP_HEADER, RTP_FRAME - RTP_MARK);
	f = friend_find(s, mark.who);
	if (f) {
		if (!f->heard)
			f->start_ms = s->since_ms ? (int32_t)(mark.sent_ms - s->since_ms) : 0;
		friend_hear(f, mark.count, now_us);
		s->heard_us = now_us;
	} else if (mark.who == MARK_ATTACKER) {
		s->attack++;
	} else {
		s->foreign++;
	}
}

/* An empty datagram, or a STUN indication: no phone makes anything of it. */
static bool is_keepalive(const uint8_t *packet, size_t len)
{
	return !len || (len == 20 && !packet[0] && packet[1] == 0x11);
}

void rtp_stream_receive(struct rtp_stream *s, int which, int64_t now_us)
{
	uint8_t packet[2048];
	ssize_t len;

	while (s->fd[which] >= 0 && (len = recv(s->fd[which], packet, sizeof(packet), 0)) >= 0) {
		bool rtcp = (which == 1 || s->mux) && rtcp_is(packet, (size_t)len);

		if (is_keepalive(packet, (size_t)len))
			s->kept += which == 0;
		else if (rtcp && (which == 1 || s->mux))
			rtcp_hear(s, packet, (size_t)len);
		else if (!rtcp && which == 0)
			rtp_hear(s, packet, (size_t)len, now_us);
		else
			s->unmarked++; /* RTP at the RTCP port, or the other way round */
	}
}

void rtp_stream_reset(struct rtp_stream *s)
{
	for (unsigned int i = 0; i < s->friend_count; i++) {
		struct rtp_friend *f = &s->friends[i];

		*f = (struct rtp_friend){
			.who = f->who, .base = f->next, .first = f->next, .next = f->next
		};
	}
	s->ear = (struct tone_ear){ .frames = 0 };
	s->attack = s->foreign = s->unmarked = s->kept = 0;
	s->rtcp_heard = s->rtcp_attack = s->rtcp_foreign = 0;
	s->ssrc_count = 0;
	s->since_ms = 0;
}

static int64_t heard_sum(const struct rtp_stream *s)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < s->friend_count; i++)
		sum += s->friends[i].heard;
	return (int64_t)sum;
}

static int64_t lost_sum(const struct rtp_stream *s)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < s->friend_count; i++)
		sum += s->friends[i].next - s->friends[i].first -
		       (s->friends[i].heard - s->friends[i].dup);
	return (int64_t)sum;
}

static int64_t friends_heard(const struct rtp_stream *s)
{
	int64_t count = 0;

	for (unsigned int i = 0; i < s->friend_count; i++)
		count += s->friends[i].heard > 0;
	return count;
}

#define VALUE(name, expression)                                                                    \
	static int64_t value_##name(const struct rtp_stream *s, int64_t now_us)                    \
	{                                                                                          \
		(void)now_us;                                                                      \
		return (int64_t)(expression);                                                      \
	}
VALUE(sent, s->sent)
VALUE(heard, heard_sum(s))
VALUE(tone, tone_name(&s->ear))
VALUE(lost, lost_sum(s))
VALUE(first, s->friends[0].first - s->friends[0].base)
VALUE(start_ms, s->friends[0].start_ms)
VALUE(next, s->friends[0].next)
VALUE(dup, s->friends[0].dup)
VALUE(late, s->friends[0].late)
VALUE(jitter_us, s->friends[0].jitter * 1000000 / TONE_RATE)
VALUE(mux, s->peer.mux)
VALUE(quiet_ms, (now_us - s->heard_us) / 1000)
VALUE(friends, friends_heard(s))
VALUE(ssrcs, s->ssrc_count)
VALUE(foreign, s->foreign)
VALUE(unmarked, s->unmarked)
VALUE(attack, s->attack)
VALUE(kept, s->kept)
VALUE(rtcp_sent, s->rtcp_sent)
VALUE(rtcp_heard, s->rtcp_heard)
VALUE(rtcp_foreign, s->rtcp_foreign)
VALUE(rtcp_attack, s->rtcp_attack)

/* With several friends, the values from "first" to "jitter_us" are those of the first friend. */
static const struct {
	const char *name;
	int64_t (*value)(const struct rtp_stream *s, int64_t now_us);
} values[] = {
	{ "sent", value_sent },
	{ "heard", value_heard },
	{ "tone", value_tone },
	{ "lost", value_lost },
	{ "first", value_first },
	{ "start_ms", value_start_ms },
	{ "next", value_next },
	{ "dup", value_dup },
	{ "late", value_late },
	{ "jitter_us", value_jitter_us },
	{ "mux", value_mux },
	{ "quiet_ms", value_quiet_ms },
	{ "friends", value_friends },
	{ "ssrcs", value_ssrcs },
	{ "foreign", value_foreign },
	{ "unmarked", value_unmarked },
	{ "attack", value_attack },
	{ "kept", value_kept },
	{ "rtcp_sent", value_rtcp_sent },
	{ "rtcp_heard", value_rtcp_heard },
	{ "rtcp_foreign", value_rtcp_foreign },
	{ "rtcp_attack", value_rtcp_attack },
};

bool rtp_stream_value(const struct rtp_stream *s, const char *name, int64_t now_us, int64_t *value)
{
	for (size_t i = 0; i < COUNT(values); i++) {
		if (!strcmp(values[i].name, name)) {
			*value = values[i].value(s, now_us);
			return true;
		}
	}
	return false;
}

void rtp_stream_report(const struct rtp_stream *s, int64_t now_us, FILE *out)
{
	fprintf(out, "name=%s state=%s", s->name, s->state);
	for (size_t i = 0; i < COUNT(values); i++)
		fprintf(out, " %s=%" PRId64, values[i].name, values[i].value(s, now_us));
	fputc('\n', out);
}
