/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.c - copies the current state of a call for one reply
 *
 * Follows the tree: call, dialogs, parties, medias, streams.
 */
#include <time.h>
#include <utlist.h>
#include "call/media.h"
#include "call/recorded.h"
#include "call/media_bundle.h"
#include "call/media_ice.h"
#include "call/media_path.h"
#include "call/media_dtls.h"
#include "call/media_sdes.h"
#include "call/media_quality.h"
#include "packet/bridge.h"
#include "report/report.h"

/* Empty texts need no memory; sets *failed when out of memory. */
static struct str copy(struct arena *arena, struct str text, bool *failed)
{
	struct str out;

	if (!text.len)
		return STR("");
	out = arena_str(arena, text);
	*failed |= !out.s;
	return out;
}

static void report_dtls(struct arena *arena, const struct media *media, enum side side,
			struct media_report *report, bool *failed)
{
	const struct dtls_side *dtls = media_dtls_side(media, side);
	char text[DTLS_FINGERPRINT_TEXT];
	struct buf buf = BUF_INIT(text, sizeof(text));

	if (!dtls)
		return;
	report->dtls_state = dtls_state_name((enum dtls_state)dtls->port[COMP_RTP].state);
	report->dtls_active = dtls->terms.active;
	report->dtls_ms = dtls->port[COMP_RTP].took_ms;
	if (dtls->terms.n)
		dtls_fingerprint_write(&buf, &dtls->terms.peer[0]);
	report->dtls_peer = copy(arena, (struct str){ text, buf.len }, failed);
}

static void report_media(struct arena *arena, const struct media *media, enum side side,
			 int64_t now_ms, struct media_report *report, bool *failed)
{
	uint32_t flags = bridge_conf(media->bridge)->side[side].flags;
	enum sdp_direction direction = media->direction[side];
	struct media_ice_report ice;

	report->index = media->index + 1U;
	report->type = copy(arena, str_of(media->type), failed);
	report->protocol = copy(arena, str_of(media->protocol[side]), failed);
	report->codec = copy(arena, str_of(media->codec), failed);
	report->mux = flags & SIDE_MUX;
	report->asymmetric = flags & SIDE_ASYMMETRIC;
	report->blocked = flags & SIDE_BLOCK;
	report->silenced = flags & SIDE_SILENCE;
	report->send = direction == SDP_SENDRECV || direction == SDP_SENDONLY;
	report->recv = direction == SDP_SENDRECV || direction == SDP_RECVONLY;
	report->unidirectional = media->flags & MEDIA_UNIDIRECTIONAL;
	report->ends_srtp = media_sdes_ends(media->sdes);
	report->dtls = report->ends_srtp ? media_dtls_ends(media, side) : media->flags & MEDIA_DTLS;
	report->sdes = report->ends_srtp ? media->sdes->secure[side] && !report->dtls
					 : media->flags & MEDIA_SDES;
	if (report->ends_srtp)
		report_dtls(arena, media, side, report, failed);
	if (report->ends_srtp && media->sdes->secure[side]) {
		const struct media_sdes *at = media_carrier(media, side)->sdes;
		const struct srtp_suite *suite = at ? media_sdes_suite(at, side) : NULL;

		report->suite = suite ? suite->name : NULL;
		report->offered_srtp = media->sdes->text[side][SDES_THEIRS].len;
	}
	report->ice = media_ice_report(media, side, &ice);
	report->ice_controlling = report->ice && ice.controlling;
	report->ice_state = ice.state;
	report->opaque = bridge_conf(media->bridge)->kind != BRIDGE_RTP;
	for (int comp = 0; comp < 2; comp++) {
		if (!bridge_has(media->bridge, side, comp))
			continue;
		media_report(media, side, comp, &report->stream[comp]);
		report->advertised[comp] = media_advertised(media_carrier(media, side), side, comp);
		report->n_streams++;
	}
	media_quality(media, side, now_ms, &report->quality);
	media_rtcp(media, side, now_ms, &report->rtcp);
}

static void add_totals(struct call_report *call, const struct media_report *media)
{
	const struct stream_report *rtp = &media->stream[COMP_RTP];
	const struct stream_report *rtcp = &media->stream[COMP_RTCP];

	call->rtp_packets += rtp->packets_in;
	call->rtp_bytes += rtp->bytes_in;
	call->rtp_errors += rtp->errors_out;
	call->rtcp_packets += rtcp->packets_in;
	call->rtcp_bytes += rtcp->bytes_in;
	call->rtcp_errors += rtcp->errors_out;
}

static bool report_party(struct arena *arena, const struct dialog *dialog, enum side side,
			 struct call_report *call, struct party_report *report)
{
	const struct party *party = &dialog->party[side];
	bool failed = false;

	report->tag = copy(arena, party->tag, &failed);
	report->via_branch = copy(arena, dialog->via_branch, &failed);
	report->label = copy(arena, party->label, &failed);
	report->answered = dialog->answered;
	report->unrecorded = dialog->unrecorded;
	report->created_s = dialog->created_s;
	report->media = arena_zalloc(arena, (dialog->n_media + 1) * sizeof(*report->media));
	report->aliases = arena_zalloc(arena, (party->n_aliases + 1U) * sizeof(*report->aliases));
	if (!report->media || !report->aliases)
		return false;
	for (size_t i = 0; i < party->n_aliases; i++)
		report->aliases[report->n_aliases++] = copy(arena, party->aliases[i], &failed);
	for (size_t i = 0; i < dialog->n_media; i++) {
		struct media_report *media = &report->media[report->n_media];

		if (!dialog->media[i])
			continue;
		report_media(arena, dialog->media[i], side, call->now_ms, media, &failed);
		add_totals(call, media);
		report->n_media++;
	}
	return !failed;
}

/* Reads the kernel's counters once, so that both sides report the same numbers. */
static void refresh(const struct call *call)
{
	struct media *medias[REFRESH_MEDIAS];
	const struct dialog *dialog;
	size_t n = 0;

	DL_FOREACH(call->dialogs, dialog) {
		for (size_t i = 0; i < dialog->n_media; i++) {
			if (!dialog->media[i])
				continue;
			medias[n++] = dialog->media[i];
			if (n == REFRESH_MEDIAS)
				media_path_refresh(medias, n), n = 0;
		}
	}
	media_path_refresh(medias, n);
}

static bool report_call(struct arena *arena, const struct call *call, int64_t now_ms,
			struct call_report *report)
{
	bool failed = false;
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	report->call_id = copy(arena, call->id, &failed);
	report->recording = recorded_path(call);
	report->recorded = recorded_runs(call);
	report->metadata = copy(arena, call->metadata, &failed);
	report->created_s = call->created_us / 1000000;
	report->created_us = call->created_us % 1000000;
	report->last_signal_s = call->last_signal_s;
	report->now_ms = now_ms;
	report->wall_minus_mono_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000 - now_ms;
	return !failed;
}

const struct call_report *call_report_make(struct arena *arena, const struct call *call,
					   int64_t now_ms)
{
	struct call_report *report = arena_zalloc(arena, sizeof(*report));
	const struct dialog *dialog;
	unsigned int n = 0, at = 0;

	if (!report || !report_call(arena, call, now_ms, report))
		return NULL;
	refresh(call);
	DL_COUNT(call->dialogs, dialog, n);
	report->n_parties = 2 * (size_t)n;
	report->party = arena_zalloc(arena, report->n_parties * sizeof(*report->party));
	if (!report->party)
		return NULL;
	DL_FOREACH(call->dialogs, dialog) {
		for (int side = 0; side < 2; side++, at++) {
			if (!report_party(arena, dialog, side, report, &report->party[at]))
				return NULL;
			report->party[at].peer = at ^ 1;
		}
	}
	return report;
}
