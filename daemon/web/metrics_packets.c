/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics_packets.c - packets in the daemon: by path, refused and dropped; the NATs of phones;
 * SRTP, DTLS, ICE
 */
#include "packet/latch_names.h"
#include "web/metrics_table.h"

/* --- Packets ---------------------------------------------------------------------------------- */

static void streams(struct view *view)
{
	size_t all = view->report->streams, kernel = view->report->flows;

	put_one(view, "path", str_of(path_names[PATH_USER]), all > kernel ? all - kernel : 0);
	put_one(view, "path", str_of(path_names[PATH_KERNEL]), kernel);
}

static void mediastreams(struct view *view)
{
	const size_t *medias = view->report->media_by_path;

	put_one(view, "type", STR("userspace"), medias[PATH_USER]);
	put_one(view, "type", STR("kernel"), medias[PATH_KERNEL]);
	put_one(view, "type", STR("mixed"), medias[PATH_MIXED]);
}

static void by_path(struct view *view, size_t member)
{
	static const struct str types[] = { { "userspace", 9 }, { "kernel", 6 } };

	for (size_t i = 0; i < COUNT(types); i++) {
		const struct relayed *relayed = &view->report->relayed[i];
		const uint64_t values[] = { relayed->packets, relayed->bytes, relayed->errors };

		put_one(view, "type", types[i], values[member]);
	}
}

static void packets(struct view *view)
{
	by_path(view, 0);
}

static void bytes(struct view *view)
{
	by_path(view, 1);
}

static void packet_errors(struct view *view)
{
	by_path(view, 2);
}

static void drops(struct view *view)
{
	for (size_t i = 0; i < DROP_COUNT; i++)
		put_one(view, "reason", str_of(stream_drop_names[i].name), view->report->drops[i]);
}

static void prompt_packets(struct view *view)
{
	put(view, view->report->user.prompt_packets);
}

/* --- Phones and their addresses --------------------------------------------------------------- */

static void latched(struct view *view)
{
	put(view, view->report->user.latched);
}

static void phones(struct view *view)
{
	put(view, view->report->nat.phones);
}

static void phones_behind_nat(struct view *view)
{
	const struct nat_seen *nat = &view->report->nat;

	put_one(view, "seen", STR("any"), nat->behind);
	put_one(view, "seen", STR("address"), nat->address);
	put_one(view, "seen", STR("port"), nat->port);
	put_one(view, "seen", STR("symmetric"), nat->symmetric);
}

static void rebinds(struct view *view)
{
	put(view, view->report->user.rebinds);
}

static void keepalives(struct view *view)
{
	const struct worker_totals *user = &view->report->user;

	put_one(view, "kind", STR("sent"), user->keepalives_out);
	put_one(view, "kind", STR("saved"), user->keepalives_saved);
	put_one(view, "kind", STR("received"), user->keepalives_in);
}

static void media_denied(struct view *view)
{
	put(view, view->report->user.denied);
}

static void refused(struct view *view)
{
	for (size_t i = 0; i < LATCH_RANKS; i++)
		put_one(view, "source", str_of(latch_rank_names[i]), view->report->user.refused[i]);
}

/* --- SRTP, DTLS and ICE ----------------------------------------------------------------------- */

static void srtp_replaced(struct view *view)
{
	put(view, view->report->stats.srtp_replaced);
}

static void srtp_restarts(struct view *view)
{
	put(view, view->report->stats.srtp_restarts);
}

static void dtls_handshakes(struct view *view)
{
	put(view, view->report->stats.dtls_handshakes);
}

static void dtls_mismatched(struct view *view)
{
	put(view, view->report->stats.dtls_mismatched);
}

static void dtls_failed(struct view *view)
{
	put(view, view->report->stats.dtls_failed);
}

static void dtls_malformed(struct view *view)
{
	put(view, view->report->stats.dtls_malformed);
}

static void ice_ends(struct view *view)
{
	const struct stats *stats = &view->report->stats;

	put_one(view, "result", STR("completed"), stats->ice_completed);
	put_one(view, "result", STR("failed"), stats->ice_failed);
	put_one(view, "result", STR("consent_ended"), stats->ice_lost);
}

static void ice_forged(struct view *view)
{
	put(view, view->report->stats.ice_forged);
}

static void stun_lost(struct view *view)
{
	put(view, view->report->user.stun_lost);
}

/* --- The table -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct metric rows[] = {
	{ "srtp_replaced_ssrcs_total", METRIC_COUNTER, "SSRCs of SRTP that gave way to others under the same key.", srtp_replaced },
	{ "srtp_restarted_streams_total", METRIC_COUNTER,
	  "Streams to be encrypted whose sequence numbers went back: dropped until they are new.", srtp_restarts },
	{ "ice_results_total", METRIC_COUNTER, "Sides of medias for which ICE has ended, by result.", ice_ends },
	{ "ice_forged_packets_total", METRIC_COUNTER, "STUN for ICE that is not authentic: not answered.", ice_forged },
	{ "ice_lost_packets_total", METRIC_COUNTER, "STUN for ICE that was not looked at: too many at once, or of one port.", stun_lost },
	{ "prompt_packets_total", METRIC_COUNTER, "Packets of prompts that were sent.", prompt_packets },
	{ "dtls_handshakes_total", METRIC_COUNTER, "Handshakes of DTLS-SRTP that gave keys.", dtls_handshakes },
	{ "dtls_mismatched_handshakes_total", METRIC_COUNTER,
	  "Handshakes with another certificate than a=fingerprint names: no media.", dtls_mismatched },
	{ "dtls_failed_handshakes_total", METRIC_COUNTER, "Handshakes of DTLS-SRTP that failed three times.", dtls_failed },
	{ "dtls_malformed_datagrams_total", METRIC_COUNTER,
	  "Datagrams of DTLS dropped before OpenSSL: damaged, or alerts without encryption.", dtls_malformed },
	{ "mediastreams", METRIC_GAUGE, "Medias of all calls now, by the path of their packets.", mediastreams },
	{ "streams", METRIC_GAUGE, "Streams (RTP or RTCP of one side of a media), by the path of arriving packets.", streams },
	{ "packets_total", METRIC_COUNTER, "Packets forwarded, by path.", packets },
	{ "bytes_total", METRIC_COUNTER, "UDP payload forwarded, by path.", bytes },
	{ "packet_errors_total", METRIC_COUNTER, "Packets that could not be sent, by path.", packet_errors },
	{ "dropped_packets_total", METRIC_COUNTER, "Packets received and not forwarded, by reason (rtprelayctl stats --all).", drops },
	{ "latched_total", METRIC_COUNTER, "Times that a stream latched to a source, the first one or another.", latched },
	{ "phones", METRIC_GAUGE, "Parties of calls now whose media was heard, without those that use ICE.", phones },
	{ "phones_behind_nat", METRIC_GAUGE, "Of them, those behind a NAT; address, port: media comes from another one than the SDP says; "
	  "symmetric: the ports of one phone were changed by different amounts.", phones_behind_nat },
	{ "nat_rebinds_total", METRIC_COUNTER, "Times that a phone went on at another port or address without signalling: another NAT binding.", rebinds },
	{ "keepalives_total", METRIC_COUNTER, "Keep-alives of NAT bindings: sent to phones; saved: a silent phone was heard again "
	  "where they were sent to; received from phones.", keepalives },
	{ "media_denied_total", METRIC_COUNTER, "Times that an address was refused as destination of a stream (media-deny).", media_denied },
	{ "latch_refused_total", METRIC_COUNTER, "Packets refused by latching in the daemon, by rank of their source: unknown, "
	  "near, address (of SDP or SIP), exact (address and port of SDP).", refused },
};
/* clang-format on */

const struct metric_table metrics_packets = { rows, COUNT(rows) };
