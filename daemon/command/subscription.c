/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subscription.c - the SDP of a subscription: what a recorder is offered, and what it answers
 *
 * RFC 7866: an m= line for each media of each party, sendonly, with a=label (RFC 4574). The relay
 * only sends, so it offers neither ICE nor a=rtcp-mux.
 */
#include <errno.h>
#include <sys/random.h>
#include <stdlib.h>
#include "call/dialog.h"
#include "call/media.h"
#include "call/media_codecs.h"
#include "command/subscription.h"
#include "packet/bridge.h"
#include "port/iface.h"
#include "srtp/sdes_media.h"

/* Bytes of an m= line beside the codecs and the keys. */
#define LINE_ROOM 512

static struct str transport_of(const struct request *request, const struct subscriber_line *line)
{
	struct str asked = request->transport_protocol;

	if (str_eq(asked, STR("RTP/AVPF")) || str_eq(asked, STR("RTP/SAVP")) ||
	    str_eq(asked, STR("RTP/SAVPF")))
		return asked;
	if (line->needs_key) /* also if DTLS was asked for */
		return STR("RTP/SAVP");
	return STR("RTP/AVP");
}

static void write_address(struct buf *out, const char *before, const struct endpoint *ep)
{
	char text[ENDPOINT_TEXT];

	buf_str(out, str_of(before));
	buf_str(out, ep->sa.sa_family == AF_INET6 ? STR("IN IP6 ") : STR("IN IP4 "));
	buf_str(out, str_of(endpoint_print_addr(ep, text)));
	buf_lit(out, "\r\n");
}

/* As the recorder has to expect it; of a line without ports, that of any other. */
static struct endpoint address_of(const struct request *request,
				  const struct subscriber *subscriber)
{
	struct endpoint none = { .in4 = { .sin_family = AF_INET } };

	if (endpoint_is_set(&request->media_address))
		return request->media_address;
	for (size_t i = 0; i < subscriber->n; i++)
		if (subscriber->line[i].sockets)
			return subscriber->line[i].local->advertised;
	return none;
}

static void write_session(struct buf *out, const struct subscriber *subscriber,
			  const struct endpoint *address)
{
	buf_lit(out, "v=0\r\no=- ");
	buf_u64(out, subscriber->sdp_id);
	buf_char(out, ' ');
	buf_u64(out, subscriber->sdp_version);
	write_address(out, " ", address);
	buf_lit(out, "s=-\r\n");
	write_address(out, "c=", address);
	buf_lit(out, "t=0 0\r\n");
}

static void write_label(struct buf *out, const struct subscriber *subscriber,
			const struct subscriber_line *line)
{
	if (!subscriber->siprec)
		return;
	buf_lit(out, "a=label:");
	buf_u64(out, line->label);
	buf_lit(out, "\r\n");
}

static void write_none(struct buf *out, const struct subscriber *subscriber,
		       const struct subscriber_line *line)
{
	buf_lit(out, "m=");
	buf_str(out, line->type[0] ? str_of(line->type) : STR("audio"));
	buf_lit(out, " 0 RTP/AVP 0\r\na=inactive\r\n");
	write_label(out, subscriber, line);
}

static void write_formats(struct buf *out, struct str codecs)
{
	struct media_codec codec;

	while (media_codecs_next(&codecs, &codec)) {
		buf_char(out, ' ');
		buf_u64(out, codec.pt);
	}
	buf_lit(out, "\r\n");
}

static void write_keys(struct buf *out, struct str lines)
{
	while (lines.len) {
		buf_lit(out, "a=crypto:");
		buf_str(out, str_split(&lines, '\n'));
		buf_lit(out, "\r\n");
	}
}

/* Does the party send now, and the other one receive? */
static bool is_sending(const struct media *media, enum side side)
{
	return !(media->direction[side] & SDP_RECVONLY) &&
	       !(media->direction[!side] & SDP_SENDONLY);
}

static void write_line(struct buf *out, const struct request *request,
		       const struct subscriber *subscriber, const struct subscriber_line *line,
		       const struct endpoint *session, struct str codecs)
{
	struct endpoint rtp = subscriber_line_address(line, COMP_RTP);
	struct endpoint rtcp = subscriber_line_address(line, COMP_RTCP);
	const struct media *media = subscriber_line_media(line);

	buf_lit(out, "m=");
	buf_str(out, str_of(line->type));
	buf_char(out, ' ');
	buf_u64(out, endpoint_port(&rtp));
	buf_char(out, ' ');
	buf_str(out, transport_of(request, line));
	write_formats(out, codecs);
	if (!endpoint_is_set(&request->media_address) && !endpoint_addr_eq(&rtp, session))
		write_address(out, "c=", &rtp);
	buf_str(out, codecs);
	if (subscriber->inactive || !is_sending(media, line->side))
		buf_lit(out, "a=inactive\r\n");
	else
		buf_lit(out, "a=sendonly\r\n");
	buf_lit(out, "a=rtcp:");
	buf_u64(out, endpoint_port(&rtcp));
	buf_lit(out, "\r\n");
	write_label(out, subscriber, line);
	write_keys(out, line->crypto);
}

static size_t room_of(const struct subscriber *subscriber)
{
	size_t room = LINE_ROOM;

	for (size_t i = 0; i < subscriber->n; i++)
		room += LINE_ROOM + 2 * MEDIA_CODECS_TEXT + 2 * subscriber->line[i].crypto.len;
	return room;
}

int subscription_write(struct command_env *env, const struct request *request,
		       struct subscriber *subscriber, struct str *text)
{
	struct endpoint session = address_of(request, subscriber);
	size_t room = room_of(subscriber);
	struct buf out = BUF_INIT(arena_alloc(env->arena, room), room);

	if (!out.data)
		return -ENOMEM;
	write_session(&out, subscriber, &session);
	for (size_t i = 0; i < subscriber->n; i++) {
		struct subscriber_line *line = &subscriber->line[i];
		const struct media *media = line->sockets ? subscriber_line_media(line) : NULL;
		char memory[MEDIA_CODECS_TEXT];
		struct buf codecs = BUF_INIT(memory, sizeof(memory));
		uint64_t pts[2];

		if (media)
			media_codecs_sent(media, line->side, &codecs, pts);
		if (codecs.len)
			write_line(&out, request, subscriber, line, &session,
				   (struct str){ memory, codecs.len });
		else
			write_none(&out, subscriber, line);
	}
	if (out.overflow)
		return -ENOMEM;
	*text = (struct str){ out.data, out.len };
	return 0;
}

/* --- Keys ------------------------------------------------------------------------------------- */

static void fill_random(void *arg, uint8_t *bytes, size_t len)
{
	(void)arg;
	if (getentropy(bytes, len))
		abort(); /* Linux before 3.17; known keys would be worse */
}

int subscription_make_keys(const struct request *request, struct subscriber_line *line)
{
	struct sdes_lines lines = { 0 };
	char text[SDES_LINES_TEXT];
	struct buf buf = BUF_INIT(text, sizeof(text));
	int error;

	if (line->crypto.len)
		return 0;
	sdes_offer(&request->sdes, NULL, NULL, fill_random, NULL, &lines);
	sdes_lines_write(&buf, &lines);
	error = text_set(&line->crypto, (struct str){ text, buf.len });
	explicit_bzero(text, sizeof(text));
	sdes_wipe(&lines);
	return error;
}

/* The line of ours whose key the recorder has taken. 0; -ENOENT, none; -ENOMEM */
static int find_key(struct command_env *env, const struct subscriber_line *line,
		    const struct sdp *sdp, const struct sdp_media *m, struct str *key)
{
	struct sdes_lines ours = { 0 }, theirs = { 0 }, one = { 0 };
	struct buf buf = BUF_INIT(arena_alloc(env->arena, SDES_TEXT), SDES_TEXT);
	const struct sdes_line *taken;
	struct str value;
	size_t at = 0;
	int error = -ENOENT;

	if (!buf.data)
		return -ENOMEM;
	while (sdp_next_crypto(sdp, m, &at, &value))
		sdes_add(&theirs, value);
	if (sdes_lines_read(line->crypto, &ours) && theirs.n) {
		taken = sdes_answered(&ours, &theirs.line[0]);
		if (taken) {
			one.n = 1;
			one.line[0] = *taken;
			sdes_lines_write(&buf, &one);
			*key = (struct str){ buf.data, buf.len };
			error = 0;
		}
	}
	sdes_wipe(&ours);
	sdes_wipe(&theirs);
	sdes_wipe(&one);
	return error;
}

/* --- Answer ----------------------------------------------------------------------------------- */

/* The types that the recorder was offered, and takes under the same number and name. */
static void common_types(const struct subscriber_line *line, const struct sdp_media *m,
			 uint64_t pts[2])
{
	const struct media *media = subscriber_line_media(line);
	char memory[MEDIA_CODECS_TEXT];
	struct buf codecs = BUF_INIT(memory, sizeof(memory));
	struct media_codec codec;
	uint64_t sent[2];
	struct str rest;

	pts[0] = pts[1] = 0;
	if (!media)
		return;
	media_codecs_sent(media, line->side, &codecs, sent);
	rest = (struct str){ memory, codecs.len };
	while (media_codecs_next(&rest, &codec)) {
		struct str name = codec.name;

		name = str_split(&name, '/');
		for (size_t i = 0; i < m->n_codecs; i++)
			if (m->codecs[i].pt == codec.pt && str_eq_nocase(m->codecs[i].name, name))
				pts[codec.pt / 64] |= UINT64_C(1) << codec.pt % 64;
	}
}

static bool receives(const struct sdp_media *m)
{
	return m->port && !m->held && !(m->direction & SDP_SENDONLY);
}

static const char *read_keys(struct command_env *env, const struct subscriber_line *line,
			     const struct sdp *sdp, const struct sdp_media *m,
			     struct subscription_answer *answer)
{
	int error;

	if (!line->crypto.len)
		return m->transport == SDP_RTP ? NULL : "SRTP was not offered";
	error = find_key(env, line, sdp, m, &answer->key);
	if (!error)
		return NULL;
	if (error == -ENOMEM)
		return "out of memory";
	if (m->transport == SDP_RTP && !m->sdes && !line->needs_key)
		return NULL;
	return "no a=crypto of the offer was taken";
}

const char *subscription_read(struct command_env *env, const struct subscriber *subscriber,
			      const struct subscriber_line *line, const struct sdp *sdp,
			      const struct sdp_media *m, struct subscription_answer *answer)
{
	const char *why;

	*answer = (struct subscription_answer){ .accepted = false };
	if (!m || !line->sockets || !line->wanted || !receives(m))
		return NULL;
	if (!sdp_is_rtp(m->transport) || m->transport == SDP_DTLS)
		return "neither RTP nor SRTP with a=crypto";
	if (!endpoint_is_set(&m->rtp))
		return "no IP address in c=";
	why = copies_why_not(subscriber->call, line->local, &m->rtp, env->now_ms);
	answer->to[COMP_RTP] = m->rtp;
	answer->to[COMP_RTCP] = m->rtcp_mux ? m->rtp : m->rtcp;
	if (!why && endpoint_is_set(&answer->to[COMP_RTCP]))
		why = copies_why_not(subscriber->call, line->local, &answer->to[COMP_RTCP],
				     env->now_ms);
	if (!why)
		why = read_keys(env, line, sdp, m, answer);
	if (why)
		return why;
	common_types(line, m, answer->pts);
	answer->accepted = answer->pts[0] | answer->pts[1];
	return NULL;
}
