/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy.c - C and N of the classic protocol, as far as they mean copies to another recorder
 *
 * OpenSIPS writes the SDP of the recording session itself and names each destination. All copies of
 * a call are one subscriber, which has no tag that NG could name.
 */
#include <stdio.h>
#include "base/log.h"
#include "call/copies.h"
#include "call/table.h"
#include "packet/bridge.h"
#include "port/iface.h"
#include "rtpproxy/copy.h"

bool rtpp_is_copy(struct str target)
{
	return target.len >= 4 && str_eq_nocase((struct str){ target.s, 4 }, STR("udp:"));
}

static bool read_target(struct str target, struct endpoint to[2])
{
	str_split(&target, ':');
	if (!endpoint_parse(target, -1, &to[COMP_RTP]))
		return false;
	to[COMP_RTCP] = to[COMP_RTP];
	endpoint_set_port(&to[COMP_RTCP], (uint16_t)(endpoint_port(&to[COMP_RTP]) + 1));
	return endpoint_port(&to[COMP_RTP]) && endpoint_port(&to[COMP_RTCP]);
}

/* The interface that the party's own ports are at, or one of the family of @to. */
static struct iface_addr *find_local(const struct call *call, const struct media *media,
				     enum side whose, const struct endpoint *to)
{
	struct iface_addr *local = media->local[whose];
	bool known;

	if (local->bind.sa.sa_family == to->sa.sa_family)
		return local;
	return iface_pick(call->table->conf.ifaces, local->name, to->sa.sa_family, &known);
}

static void print_port(const struct subscriber_line *line, struct buf *out)
{
	struct endpoint at = subscriber_line_address(line, COMP_RTP);
	char text[ENDPOINT_TEXT];

	buf_u64(out, endpoint_port(&at));
	buf_char(out, ' ');
	buf_str(out, str_of(endpoint_print_addr(&at, text)));
}

/* Each payload type is wanted: nobody has named codecs. */
static void fill_line(struct subscriber_line *line, const struct media *media,
		      const struct endpoint to[2])
{
	snprintf(line->type, sizeof(line->type), "%s", media->type[0] ? media->type : "audio");
	memcpy(line->to, to, sizeof(line->to));
	line->pts[0] = line->pts[1] = UINT64_MAX;
	line->wanted = line->accepted = true;
}

/* False: nothing has changed but a line without ports. */
static bool start_line(const struct rtpp_command *c, struct subscriber *subscriber,
		       const struct media *media, enum side whose, const struct endpoint to[2])
{
	struct call *call = subscriber->call;
	struct subscriber_line *line =
		subscriber_line_of(subscriber, media->dialog, media->index, whose);
	struct iface_addr *local = find_local(call, media, whose, &to[COMP_RTP]);
	const char *why = local ? NULL : "no interface of its address family";

	for (int comp = 0; comp < 2 && !why; comp++)
		why = copies_why_not(call, local, &to[comp], c->env->now_ms);
	if (why) {
		log_call(LOG_LEVEL_INFO, call->id, "copies refused: destination: %s", why);
		return false;
	}
	if (!line)
		line = subscriber_line_add(subscriber, media->dialog, media->index, whose);
	if (!line || subscriber_line_open(subscriber, line, local, 0, c->env->now_ms))
		return false;
	fill_line(line, media, to);
	if (!subscriber_apply(subscriber))
		return true;
	subscriber_line_close(subscriber, line);
	return false;
}

static bool has_ports(const struct subscriber *subscriber)
{
	for (size_t i = 0; i < subscriber->n; i++)
		if (subscriber->line[i].sockets)
			return true;
	return false;
}

static struct subscriber *find_or_make(struct call *call)
{
	struct subscriber *subscriber = subscriber_classic(call);

	if (subscriber || subscriber_count(call) == CALL_SUBSCRIBERS)
		return subscriber;
	subscriber = subscriber_new(call, STR_NONE);
	if (!subscriber)
		return NULL;
	subscriber->classic = true;
	subscriber_link(subscriber);
	return subscriber;
}

enum rtpp_error rtpp_copy_start(const struct rtpp_command *c, const struct media *media,
				enum side whose, struct buf *out)
{
	struct call *call = media->dialog->call;
	struct subscriber_line *line;
	struct subscriber *subscriber;
	struct endpoint to[2];

	if (!call->table->conf.copies || !copies_can(media) || !read_target(c->arg[1], to))
		return RTPP_E_COPY;
	subscriber = find_or_make(call);
	if (!subscriber)
		return RTPP_E_COPY;
	line = subscriber_line_of(subscriber, media->dialog, media->index, whose);
	if (!(line && line->sockets) && !start_line(c, subscriber, media, whose, to)) {
		if (!has_ports(subscriber))
			subscriber_free(subscriber);
		return RTPP_E_COPY;
	}
	call_touch(call);
	line = subscriber_line_of(subscriber, media->dialog, media->index, whose);
	if (rtpp_has_letter(c->letters, 'P'))
		print_port(line, out);
	else
		buf_char(out, '0');
	return RTPP_OK;
}

bool rtpp_copy_stop(struct call *call, const struct dialog *dialog, const struct media *media,
		    enum side whose, bool both)
{
	struct subscriber *subscriber = subscriber_classic(call);
	bool ended = false;

	if (!subscriber)
		return false;
	for (size_t i = 0; i < subscriber->n; i++) {
		struct subscriber_line *line = &subscriber->line[i];

		if (line->dialog != dialog || (media && line->index != media->index) ||
		    (!both && line->side != whose))
			continue;
		ended |= line->sockets != NULL;
		line->wanted = false;
		subscriber_line_close(subscriber, line);
	}
	if (has_ports(subscriber))
		subscriber_apply(subscriber);
	else
		subscriber_free(subscriber);
	call_touch(call);
	return ended;
}
