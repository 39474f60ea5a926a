/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restore_media.c - a media of a record is opened again: ports, keys, ICE, latching */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "call/dialog.h"
#include "call/ice_run.h"
#include "call/media.h"
#include "call/media_dtls.h"
#include "call/media_ice.h"
#include "call/media_sdes.h"
#include "call/restore_media.h"
#include "packet/bridge.h"
#include "port/iface.h"

static void seed_stream(const struct restore *r, const struct stream_record *record, bool mux,
			struct stream_seed *seed)
{
	struct latch_record *latch = &seed->latch;

	*latch = record->latch;
	latch->heard_ms = past(r, record->latch.heard_ms);
	latch->opened_ms = past(r, record->latch.opened_ms);
	latch->window_end_ms = awaited(r, record->latch.window_end_ms);
	latch->pending_end_ms = awaited(r, record->latch.pending_end_ms);
	latch->final_end_ms = awaited(r, record->latch.final_end_ms);
	/* It may have come while nobody was here to note it. */
	latch->rtcp_ms = record->latch.rtcp_ms || mux ? r->now.mono_ms : 0;
	seed->last_in_ms = past(r, record->last_in_ms);
}

struct iface_addr *restore_place(const struct restore *r, const struct place_record *place)
{
	return iface_find(r->table->conf.ifaces, place->iface, &place->bind);
}

static bool is_of_family(const struct endpoint *ep, const struct iface_addr *local)
{
	return !endpoint_is_set(ep) || ep->sa.sa_family == local->bind.sa.sa_family;
}

/* All addresses of a side must have the family of its socket. */
static bool is_plausible(const struct media_record *record, struct iface_addr *const local[2])
{
	for (int i = 0; i < 4; i++) {
		int side = i >> 1, comp = i & 1;
		const struct latch_record *latch = &record->stream[side][comp].latch;

		if (!is_of_family(&latch->source, local[side]) ||
		    !is_of_family(&latch->replaced, local[side]) ||
		    !is_of_family(&record->conf.side[side].sdp[comp], local[side]) ||
		    !is_of_family(&record->conf.side[side].sip, local[side]))
			return false;
	}
	return true;
}

static void log_lost(const struct restore *r, const struct media_record *record,
		     const struct media_open *open, int error)
{
	char a[ENDPOINT_TEXT], b[ENDPOINT_TEXT];
	struct endpoint ep[2];

	for (int side = 0; side < 2; side++) {
		ep[side] = open->local[side]->bind;
		endpoint_set_port(&ep[side], record->port[side]);
	}
	log_call(LOG_LEVEL_WARNING, r->record->id,
		 "ended: not restored after the restart: media %u: ports %s, %s: %s",
		 open->index + 1, endpoint_print(&ep[SIDE_A], a), endpoint_print(&ep[SIDE_B], b),
		 error == -ERANGE ? "not among the ports of the interface" : strerror(-error));
}

static void copy_cut(char *to, size_t size, struct str text)
{
	snprintf(to, size, STR_FMT, STR_ARG(text));
}

static void describe(struct media *media, const struct media_record *record)
{
	media->flags = record->flags;
	media->holds = record->holds;
	media->answers = record->answers;
	copy_cut(media->type, sizeof(media->type), record->type);
	copy_cut(media->codec, sizeof(media->codec), record->codec);
	for (int side = 0; side < 2; side++) {
		media->direction[side] = record->direction[side];
		media->listener[side] = record->listener[side];
		copy_cut(media->protocol[side], sizeof(media->protocol[side]),
			 record->protocol[side]);
	}
}

static int restore_notice(struct media *media, const struct media_record *record)
{
	struct str tag = record->notice_tag;
	struct notice *notice;

	if (!record->has_notice)
		return 0;
	notice = calloc(1, sizeof(*notice) + tag.len);
	if (!notice)
		return -ENOMEM;
	notice->target = record->notice_target;
	notice->source = record->notice_source;
	if (tag.len)
		memcpy(notice->text, tag.s, tag.len);
	notice->tag = (struct str){ notice->text, tag.len };
	media->notice = notice;
	return 0;
}

static int restore_sdes(const struct restore *r, struct media *media,
			const struct sdes_record *record)
{
	if (!record)
		return 0;
	media->sdes = media_sdes_copy(NULL);
	if (!media->sdes)
		return -ENOMEM;
	memcpy(media->sdes->secure, record->secure, sizeof(record->secure));
	memcpy(media->sdes->optional, record->optional, sizeof(record->optional));
	memcpy(media->sdes->dtls, record->dtls, sizeof(record->dtls));
	for (int i = 0; i < 2 * SDES_KINDS; i++) {
		int side = i / SDES_KINDS, kind = i % SDES_KINDS;

		if (media_sdes_set_text(media->sdes, side, kind, record->text[side][kind]))
			return -ENOMEM;
	}
	return media_sdes_resume(media->sdes, media->bridge, record->indexes, r->now.mono_ms);
}

/* The bridge is to hear and to send from the start, so that its flows in the kernel stay. */
static int seed_ice(const struct restore *r, const struct media_record *record,
		    struct iface_addr *const local[2], struct media_seed *seed,
		    struct media_ice **ice)
{
	int error;

	if (!record->ice)
		return 0;
	error = media_ice_restore(r->table, record->ice, local, record->port, ice);
	for (int i = 0; i < 4 && !error; i++) {
		const struct media_ice_side *side = &(*ice)->side[i >> 1];
		struct stream_seed *stream = &seed->stream[i >> 1][i & 1];

		/* A media without a port for RTCP has no ICE. */
		if (!side->agent || (i & 1 && record->conf.kind != BRIDGE_RTP))
			continue;
		stream->ice = media_ice_stream(side, i & 1);
		error = stream->ice ? 0 : -ENOMEM;
	}
	return error;
}

static void unseed_ice(struct media_seed *seed, struct media_ice *ice)
{
	for (int i = 0; i < 4; i++)
		free(seed->stream[i >> 1][i & 1].ice);
	media_ice_free(ice);
}

/* With keys no handshake is necessary; without, it begins again. */
static int restore_dtls(struct media *media, enum side side, const struct dtls_record *record)
{
	bool keys = media->sdes->text[side][SDES_HEARD].len;
	int error = media_dtls_open(media, side);
	struct dtls_side *dtls;

	if (error)
		return error;
	dtls = &media->dtls->side[side];
	dtls->setup = record->setup;
	dtls->wish = record->wish;
	dtls->hash = record->hash;
	dtls->tls_id = record->tls_id;
	dtls->terms.active = record->active;
	dtls->terms.n = record->n;
	memcpy(dtls->terms.peer, record->peer, sizeof(dtls->terms.peer));
	dtls->port[COMP_RTP].took_ms = record->took_ms;
	if (keys)
		dtls->port[COMP_RTP].state = DTLS_CONNECTED;
	return record->agreed ? media_dtls_agree(media, side, keys) : 0;
}

/* The media whose port it uses may not be there yet. */
static bool is_carried(const struct media *media, int side)
{
	uint8_t carrier = media->bundle ? media->bundle->side[side].carrier : 0;

	return carrier && carrier != media->index + 1U;
}

static int restore_handshakes(struct media *media, const struct sdes_record *record)
{
	int error = 0;

	for (int side = 0; side < 2 && !error && record && media->table->conf.dtls; side++)
		if (record->dtls[side] && !is_carried(media, side))
			error = restore_dtls(media, side, &record->handshake[side]);
	return error;
}

static int restore_bundle(struct media *media, const struct media_bundle *record)
{
	if (!record)
		return 0;
	media->bundle = malloc(sizeof(*record));
	if (!media->bundle)
		return -ENOMEM;
	*media->bundle = *record;
	return 0;
}

int restore_media(struct restore *r, struct dialog *dialog, size_t index,
		  const struct media_record *record)
{
	struct media_seed seed = { .port = { record->port[SIDE_A], record->port[SIDE_B] } };
	struct media_open open = { .dialog = dialog, .index = (unsigned int)index, .seed = &seed };
	struct media_ice *ice = NULL;
	int error;

	for (int side = 0; side < 2; side++) {
		open.local[side] = restore_place(r, &record->place[side]);
		if (!open.local[side])
			return -EADDRNOTAVAIL;
		for (int comp = 0; comp < 2; comp++)
			seed_stream(r, &record->stream[side][comp],
				    record->conf.side[side].flags & SIDE_MUX,
				    &seed.stream[side][comp]);
	}
	if (!is_plausible(record, open.local))
		return -EBADMSG;
	for (size_t i = 0; i < index && !open.sibling; i++)
		if (dialog->media[i])
			open.sibling = dialog->media[i]->bridge;
	error = seed_ice(r, record, open.local, &seed, &ice);
	if (!error)
		dialog->media[index] = media_open(&open, &record->conf, r->now.mono_ms, &error);
	if (!dialog->media[index]) {
		unseed_ice(&seed, ice);
		log_lost(r, record, &open, error);
		return error;
	}
	if (ice)
		ice_run_commit(dialog->media[index], ice);
	describe(dialog->media[index], record);
	error = restore_notice(dialog->media[index], record);
	for (int side = 0; side < 2 && !error; side++)
		error = text_set(&dialog->media[index]->dtmf[side], record->dtmf[side])
				?: text_set(&dialog->media[index]->codecs[side],
					    record->codecs[side]);
	if (!error)
		error = restore_bundle(dialog->media[index], record->bundle);
	if (!error)
		error = restore_sdes(r, dialog->media[index], record->sdes);
	return error ? error : restore_handshakes(dialog->media[index], record->sdes);
}
