/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copies.c - who gets copies of a call's media: subscriptions, their m= lines and ports
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>
#include <utlist.h>
#include "base/clock.h"
#include "base/log.h"
#include "call/copies.h"
#include "call/media_path.h"
#include "call/dialog.h"
#include "call/media_sdes.h"
#include "call/tapped.h"
#include "firewall/nft.h"
#include "packet/bridge.h"
#include "packet/pool.h"
#include "port/iface.h"

bool copies_can(const struct media *media)
{
	bool passes = media->flags & (MEDIA_DTLS | MEDIA_SDES) && !media_sdes_ends(media->sdes);

	return bridge_conf(media->bridge)->kind == BRIDGE_RTP && !passes;
}

static void add_counts(struct copy_counts *sum, const struct copy_counts *counts)
{
	sum->packets += counts->packets;
	sum->bytes += counts->bytes;
	sum->errors += counts->errors;
	sum->unwanted += counts->unwanted;
	sum->heard += counts->heard;
	sum->heard_rtcp += counts->heard_rtcp;
}

/* Takes the reference of @copy. */
static void set_copy(struct subscriber *subscriber, struct copy *copy)
{
	const struct call_table_conf *conf = &subscriber->call->table->conf;
	struct copy *before = subscriber->copy;

	subscriber->copy = copy;
	if ((before || copy) && conf->copies)
		conf->copies(conf->copies_arg, subscriber);
	copy_put(before);
}

/* --- Subscribers ------------------------------------------------------------------------------ */

struct subscriber *subscriber_find(const struct call *call, struct str tag)
{
	struct subscriber *subscriber;

	DL_FOREACH(call->subscribers, subscriber)
		if (str_eq(subscriber->tag, tag))
			return subscriber;
	return NULL;
}

struct subscriber *subscriber_classic(const struct call *call)
{
	struct subscriber *subscriber;

	DL_FOREACH(call->subscribers, subscriber)
		if (subscriber->classic)
			return subscriber;
	return NULL;
}

size_t subscriber_count(const struct call *call)
{
	const struct subscriber *subscriber;
	size_t n = 0;

	DL_COUNT(call->subscribers, subscriber, n);
	return n;
}

struct subscriber *subscriber_new(struct call *call, struct str tag)
{
	struct subscriber *subscriber = calloc(1, sizeof(*subscriber));

	if (!subscriber)
		return NULL;
	subscriber->call = call;
	subscriber->line = calloc(COPY_LINES, sizeof(*subscriber->line));
	if (!subscriber->line || text_set(&subscriber->tag, tag) ||
	    getrandom(&subscriber->sdp_id, sizeof(subscriber->sdp_id), 0) !=
		    sizeof(subscriber->sdp_id)) {
		subscriber_free(subscriber);
		return NULL;
	}
	subscriber->sdp_id >>= 2; /* some parsers take it for a signed number */
	return subscriber;
}

void subscriber_link(struct subscriber *subscriber)
{
	struct copies_totals *totals = subscriber->call->table->copies;

	DL_APPEND(subscriber->call->subscribers, subscriber);
	totals->subscribers++;
	subscriber->id = ++totals->made;
}

static bool is_linked(const struct subscriber *subscriber)
{
	return subscriber->prev;
}

void subscriber_free(struct subscriber *subscriber)
{
	struct copies_totals *totals;
	struct copy_counts counts;

	if (!subscriber)
		return;
	totals = subscriber->call->table->copies;
	for (size_t i = 0; i < subscriber->n; i++) {
		subscriber_line_close(subscriber, &subscriber->line[i]);
		subscriber_line_counts(&subscriber->line[i], &counts);
		add_counts(&totals->counts, &counts);
	}
	set_copy(subscriber, NULL);
	if (is_linked(subscriber)) {
		DL_DELETE(subscriber->call->subscribers, subscriber);
		totals->subscribers--;
	}
	text_free(&subscriber->tag);
	text_free(&subscriber->label);
	free(subscriber->line);
	free(subscriber);
}

/* --- Lines ------------------------------------------------------------------------------------ */

struct subscriber_line *subscriber_line_of(const struct subscriber *subscriber,
					   const struct dialog *dialog, unsigned int index,
					   enum side side)
{
	for (size_t i = 0; i < subscriber->n; i++) {
		struct subscriber_line *line = &subscriber->line[i];

		if (line->dialog == dialog && line->index == index && line->side == side)
			return line;
	}
	return NULL;
}

struct subscriber_line *subscriber_line_add(struct subscriber *subscriber, struct dialog *dialog,
					    unsigned int index, enum side side)
{
	struct subscriber_line *line = &subscriber->line[subscriber->n];

	if (subscriber->n == COPY_LINES)
		return NULL;
	*line = (struct subscriber_line){ .dialog = dialog,
					  .index = (uint8_t)index,
					  .side = side,
					  .label = (uint32_t)subscriber->n };
	subscriber->n++;
	return line;
}

static struct endpoint bound_at(const struct iface_addr *local, uint16_t port, int comp)
{
	struct endpoint ep = local->bind;

	endpoint_set_port(&ep, (uint16_t)(port + comp));
	return ep;
}

static void close_pinholes(struct nft *nft, const struct iface_addr *local, uint16_t port)
{
	for (int comp = 0; comp < 2; comp++) {
		struct endpoint ep = bound_at(local, port, comp);

		nft_close_port(nft, &ep);
	}
}

/* Both or none. 0; -ENOMEM */
static int open_pinholes(struct nft *nft, const struct iface_addr *local, uint16_t port)
{
	int error = 0;

	for (int comp = 0; comp < 2 && !error; comp++) {
		struct endpoint ep = bound_at(local, port, comp);

		error = nft_open_port(nft, &ep);
	}
	if (error)
		close_pinholes(nft, local, port);
	return error;
}

int subscriber_line_open(struct subscriber *subscriber, struct subscriber_line *line,
			 struct iface_addr *local, uint16_t port, int64_t now_ms)
{
	struct nft *nft = subscriber->call->table->conf.nft;
	struct port_pair pair;
	int error;

	if (line->sockets)
		return 0;
	error = port ? port_pool_take_exact(local->pool, port, 2, now_ms, &pair)
		     : port_pool_take(local->pool, 2, now_ms, &pair);
	if (error)
		return error;
	error = open_pinholes(nft, local, pair.port);
	line->sockets = error ? NULL : copy_port_new(pair.fd, NULL);
	if (line->sockets) {
		line->local = local;
		line->port = pair.port;
		subscriber->call->table->copies->lines++;
		return 0;
	}
	if (!error)
		close_pinholes(nft, local, pair.port);
	for (int comp = 0; comp < 2; comp++)
		close(pair.fd[comp]);
	port_pool_give(local->pool, pair.port, false, now_ms);
	return -ENOMEM;
}

void subscriber_line_replace(struct subscriber_line *line, struct copy_port *sockets)
{
	struct copy_counts counts;

	copy_port_counts(line->sockets, &counts);
	add_counts(&line->ended, &counts);
	copy_port_put(line->sockets);
	line->sockets = sockets;
}

/* The line wants the packets of @media, of none if it is NULL. 0; as tapped_hold() */
static int tap_line(struct subscriber_line *line, struct media *media)
{
	struct media *before = line->tapped;
	int error;

	if (before == media)
		return 0;
	error = media ? tapped_hold(media) : 0;
	if (error)
		return error;
	if (before) {
		tapped_release(before);
		media_path_follow(before);
	}
	line->tapped = media;
	return 0;
}

/*
 * The recorder's thread may send for some milliseconds more, and closes the sockets: the ports rest
 * like others that have carried packets.
 */
void subscriber_line_close(struct subscriber *subscriber, struct subscriber_line *line)
{
	line->accepted = line->needs_key = false;
	tap_line(line, NULL);
	subscriber_line_forget_keys(line);
	if (!line->sockets)
		return;
	subscriber_line_replace(line, NULL);
	close_pinholes(subscriber->call->table->conf.nft, line->local, line->port);
	port_pool_give(line->local->pool, line->port, true, clock_ms());
	line->port = 0;
	subscriber->call->table->copies->lines--;
}

struct media *subscriber_line_media(const struct subscriber_line *line)
{
	struct media *media = line->dialog ? dialog_media(line->dialog, line->index) : NULL;

	return media && copies_can(media) ? media : NULL;
}

bool subscriber_line_sends(const struct subscriber *subscriber, const struct subscriber_line *line)
{
	return line->wanted && line->accepted && line->sockets && !subscriber->inactive &&
	       subscriber_line_media(line);
}

void subscriber_line_counts(const struct subscriber_line *line, struct copy_counts *counts)
{
	struct copy_counts now;

	*counts = line->ended;
	if (!line->sockets)
		return;
	copy_port_counts(line->sockets, &now);
	add_counts(counts, &now);
}

struct endpoint subscriber_line_address(const struct subscriber_line *line, enum component comp)
{
	struct endpoint ep = line->local->advertised;

	endpoint_set_port(&ep, port_pool_outside(line->local->pool,
						 (uint16_t)(line->port + (comp == COMP_RTCP))));
	return ep;
}

/* --- What is sent ----------------------------------------------------------------------------- */

void copies_send(void *arg, struct subscriber *subscriber)
{
	if (!subscriber->sink && subscriber->copy)
		subscriber->sink = copy_sink_new();
	if (!subscriber->sink) {
		log_call(LOG_LEVEL_ERR, subscriber->call->id,
			 "copies: out of memory: what is sent is as before");
		return;
	}
	copy_sink_set(arg, subscriber->sink, subscriber->copy);
	if (!subscriber->copy)
		subscriber->sink = NULL; /* the recorder's thread frees it */
}

/* Holds the medias of the lines that send. *fresh: bit i: line i has not held one before */
static int tap_lines(struct subscriber *subscriber, uint32_t *fresh)
{
	static_assert(COPY_LINES <= 32, "a bit for each line");
	int error = 0;

	*fresh = 0;
	for (size_t i = 0; i < subscriber->n && !error; i++) {
		struct subscriber_line *line = &subscriber->line[i];
		bool before = line->tapped;

		if (subscriber_line_sends(subscriber, line))
			error = tap_line(line, subscriber_line_media(line));
		if (line->tapped && !before)
			*fresh |= UINT32_C(1) << i;
	}
	return error;
}

static void untap_lines(struct subscriber *subscriber, uint32_t lines)
{
	for (size_t i = 0; i < subscriber->n; i++)
		if (lines >> i & 1)
			tap_line(&subscriber->line[i], NULL);
}

/* *copy: NULL: nothing is sent. 0; -ENOMEM */
static int make_copy(const struct subscriber *subscriber, struct copy **copy)
{
	struct copy_line lines[COPY_LINES];
	size_t n = 0;

	for (size_t i = 0; i < subscriber->n; i++) {
		const struct subscriber_line *line = &subscriber->line[i];

		if (!subscriber_line_sends(subscriber, line))
			continue;
		lines[n++] = (struct copy_line){ .tap = line->tapped->tap,
						 .side = (uint8_t)line->side,
						 .port = line->sockets,
						 .to = { line->to[COMP_RTP], line->to[COMP_RTCP] },
						 .pts = { line->pts[0], line->pts[1] } };
	}
	*copy = n ? copy_new(lines, n) : NULL;
	return n && !*copy ? -ENOMEM : 0;
}

int subscriber_apply(struct subscriber *subscriber)
{
	struct copy *copy = NULL;
	uint32_t fresh;
	int error = tap_lines(subscriber, &fresh) ?: make_copy(subscriber, &copy);

	if (error) {
		untap_lines(subscriber, fresh);
		return error;
	}
	set_copy(subscriber, copy);
	for (size_t i = 0; i < subscriber->n; i++)
		if (!subscriber_line_sends(subscriber, &subscriber->line[i]))
			tap_line(&subscriber->line[i], NULL);
	return 0;
}

void copies_apply(struct call *call)
{
	struct subscriber *subscriber;

	DL_FOREACH(call->subscribers, subscriber)
		subscriber_apply(subscriber);
}

void copies_media_ends(struct call *call, const struct media *media)
{
	struct subscriber *subscriber;

	DL_FOREACH(call->subscribers, subscriber)
		for (size_t i = 0; i < subscriber->n; i++)
			if (subscriber->line[i].tapped == media) {
				tapped_release(subscriber->line[i].tapped);
				subscriber->line[i].tapped = NULL;
			}
}

void copies_forget(struct call *call, const struct dialog *dialog)
{
	struct subscriber *subscriber;

	DL_FOREACH(call->subscribers, subscriber) {
		bool changed = false;

		for (size_t i = 0; i < subscriber->n; i++) {
			struct subscriber_line *line = &subscriber->line[i];

			if (line->dialog != dialog)
				continue;
			subscriber_line_close(subscriber, line);
			line->dialog = NULL;
			changed = true;
		}
		if (changed)
			subscriber_apply(subscriber);
	}
}

void copies_free(struct call *call)
{
	struct subscriber *subscriber, *next;

	DL_FOREACH_SAFE(call->subscribers, subscriber, next)
		subscriber_free(subscriber);
}

const char *copies_why_not(const struct call *call, const struct iface_addr *local,
			   const struct endpoint *to, int64_t now_ms)
{
	const struct call_table_conf *conf = &call->table->conf;

	if (to->sa.sa_family != local->bind.sa.sa_family)
		return "not of the address family of the ports";
	if (!endpoint_port(to) || endpoint_is_any(to))
		return "not an address and a port";
	if (iface_owns(conf->ifaces, to) || iface_holds(conf->ifaces, to, now_ms))
		return "a port of the relay";
	return deny_why(worker_pool_denied(conf->workers), &local->bind, to);
}
