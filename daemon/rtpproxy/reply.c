/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reply.c - the numbers in the answers to Q, I and G, by the names of the classic protocol
 *
 * A session there is a media here. Counters of features that the relay does not have (players,
 * repacketizers) are 0. Quality has additional names (mos, ...), which are answered only on
 * request.
 */
#include <inttypes.h>
#include <stdio.h>
#include "base/count.h"
#include "call/call.h"
#include "call/media_path.h"
#include "call/media_quality.h"
#include "report/report.h"
#include "rtpproxy/reply.h"

void rtpp_reply_endpoint(const struct endpoint *ep, struct buf *out)
{
	char text[ENDPOINT_TEXT];

	buf_u64(out, endpoint_port(ep));
	buf_char(out, ' ');
	buf_str(out, str_of(endpoint_print_addr(ep, text)));
	if (ep->sa.sa_family == AF_INET6)
		buf_lit(out, " 6");
}

/* " name=value" or " value"; the blank is left out at the beginning of an answer. */
static void put_name(struct buf *out, size_t begin, bool verbose, const char *name)
{
	if (out->len > begin)
		buf_char(out, ' ');
	if (!verbose)
		return;
	buf_str(out, str_of(name));
	buf_char(out, '=');
}

static void put_decimal(struct buf *out, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%f", value);
	buf_str(out, str_of(text));
}

/* --- Q ---------------------------------------------------------------------------------------- */

/* Of one media; "from" is the party that the command names. */
struct query {
	uint64_t ttl_s, in_from, in_to, relayed, dropped;
	uint64_t expected, received, duplicate, lost, malformed;
	double mos, mos_lowest, mos_highest, loss_percent, jitter_ms, rtt_ms;
};

#define NUMBER(member)	offsetof(struct query, member), false
#define DECIMAL(member) offsetof(struct query, member), true

static const struct {
	const char *name;
	size_t offset;
	bool decimal; /* a double, not an uint64_t */
} query_names[] = {
	{ "ttl", NUMBER(ttl_s) },
	{ "npkts_ina", NUMBER(in_from) },
	{ "npkts_ino", NUMBER(in_to) },
	{ "nrelayed", NUMBER(relayed) },
	{ "ndropped", NUMBER(dropped) },
	{ "rtpa_nsent", NUMBER(expected) },
	{ "rtpa_nrcvd", NUMBER(received) },
	{ "rtpa_ndups", NUMBER(duplicate) },
	{ "rtpa_nlost", NUMBER(lost) },
	{ "rtpa_perrs", NUMBER(malformed) },
	{ "mos", DECIMAL(mos) },
	{ "mos_lowest", DECIMAL(mos_lowest) },
	{ "mos_highest", DECIMAL(mos_highest) },
	{ "loss_percent", DECIMAL(loss_percent) },
	{ "jitter_ms", DECIMAL(jitter_ms) },
	{ "rtt_ms", DECIMAL(rtt_ms) },
};

/* A Q without names is answered with the first five, in this order. */
#define USUAL_NAMES 5

static uint64_t sum_drops(const struct stream_report *report)
{
	uint64_t sum = 0;

	for (int i = 0; i < DROP_COUNT; i++)
		sum += report->drops[i];
	return sum;
}

static void fill_query(const struct rtpp_command *c, struct media *media, enum side whose,
		       struct query *q)
{
	struct stream_report from, to;

	media_path_refresh(&media, 1);
	media_report(media, whose, COMP_RTP, &from);
	media_report(media, whose == SIDE_A ? SIDE_B : SIDE_A, COMP_RTP, &to);
	*q = (struct query){
		.ttl_s = (uint64_t)(call_left_ms(media->dialog, c->env->now_ms) + 999) / 1000,
		.in_from = from.packets_in,
		.in_to = to.packets_in,
		.relayed = from.packets_out + to.packets_out,
		.dropped = sum_drops(&from) + sum_drops(&to),
		.expected = from.expected,
		.received = from.expected - from.lost,
		.duplicate = from.duplicate,
		.lost = from.lost,
		.malformed = from.drops[DROP_MALFORMED],
	};
}

/* Of the media that the party sends. */
static void fill_quality(const struct rtpp_command *c, const struct media *media, enum side whose,
			 struct query *q)
{
	struct quality_summary summary;

	media_quality(media, whose, c->env->now_ms, &summary);
	if (!summary.samples)
		return;
	q->mos = summary.average.mos_x100 / 100.0;
	q->mos_lowest = summary.lowest.mos_x100 / 100.0;
	q->mos_highest = summary.highest.mos_x100 / 100.0;
	q->loss_percent = summary.average.loss / 100.0;
	q->jitter_ms = summary.average.jitter_us / 1000.0;
	q->rtt_ms = summary.average.rtt_us / 1000.0;
}

static bool put_query(struct buf *out, size_t begin, bool verbose, const struct query *q,
		      struct str name)
{
	for (size_t i = 0; i < COUNT(query_names); i++) {
		const void *value = (const char *)q + query_names[i].offset;

		if (!str_eq_nocase(name, str_of(query_names[i].name)))
			continue;
		put_name(out, begin, verbose, query_names[i].name);
		if (query_names[i].decimal)
			put_decimal(out, *(const double *)value);
		else
			buf_u64(out, *(const uint64_t *)value);
		return true;
	}
	return false;
}

enum rtpp_error rtpp_query_reply(const struct rtpp_command *c, struct media *media, enum side whose,
				 const struct str *names, size_t n_names, struct buf *out)
{
	bool verbose = rtpp_has_letter(c->letters, 'V');
	size_t begin = out->len;
	struct query q;

	fill_query(c, media, whose, &q);
	if (n_names)
		fill_quality(c, media, whose, &q);
	for (size_t i = 0; i < USUAL_NAMES && !n_names; i++)
		put_query(out, begin, verbose, &q, str_of(query_names[i].name));
	for (size_t i = 0; i < n_names; i++)
		if (!put_query(out, begin, verbose, &q, names[i]))
			return RTPP_E_QUERY_NAME;
	return RTPP_OK;
}

/* --- I ---------------------------------------------------------------------------------------- */

static uint64_t sum_relayed(const struct daemon_report *report)
{
	return report->relayed[PATH_USER].packets + report->relayed[PATH_KERNEL].packets;
}

static uint64_t sum_discarded(const struct daemon_report *report)
{
	uint64_t sum = 0;

	for (int i = 0; i < DROP_COUNT; i++)
		sum += report->drops[i];
	return sum;
}

/* I[B][L] */
enum rtpp_error rtpp_info(const struct rtpp_command *c, struct buf *out)
{
	const struct daemon_report *report;
	char text[256];

	if (!rtpp_only_letters(c->letters, "BL"))
		return RTPP_E_INFO;
	report = daemon_report_make(c->env->arena, c->env->calls, c->env->stats, c->env->now_ms);
	if (!report)
		return RTPP_E_MEMORY;
	snprintf(text, sizeof(text),
		 "sessions created: %" PRIu64 "\nactive sessions: %zu\nactive streams: %zu\n"
		 "packets received: %" PRIu64 "\npackets transmitted: %" PRIu64,
		 report->stats.medias.made, report->media, report->streams,
		 sum_relayed(report) + sum_discarded(report), sum_relayed(report));
	buf_str(out, str_of(text));
	if (rtpp_has_letter(c->letters, 'L'))
		buf_lit(out, "\naverage load: 0.000000");
	return RTPP_OK;
}

/* --- G ---------------------------------------------------------------------------------------- */

#define OF(member) offsetof(struct daemon_report, stats.member)
#define NOTHING	   ((size_t)-1)
#define RECEIVED   ((size_t)-2)
#define RELAYED	   ((size_t)-3)
#define DISCARDED  ((size_t)-4)
#define SECONDS	   ((size_t)-5)
#define PER_SECOND ((size_t)-6)
#define COMMANDS   ((size_t)-7)
#define MOS	   ((size_t)-8)
#define LOSS	   ((size_t)-9)
#define JITTER	   ((size_t)-10)

static const struct {
	const char *name;
	size_t offset; /* in struct daemon_report, of an uint64_t; or one of the above */
} stats_names[] = {
	{ "nsess_created", OF(medias.made) },
	{ "nsess_destroyed", OF(medias.ended) },
	{ "nsess_timeout", OF(medias.timed_out) },
	{ "nsess_complete", OF(medias.complete) },
	{ "nsess_nortp", OF(medias.no_rtp) },
	{ "nsess_owrtp", OF(medias.one_way_rtp) },
	{ "nsess_nortcp", OF(medias.no_rtcp) },
	{ "nsess_owrtcp", OF(medias.one_way_rtcp) },
	{ "nplrs_created", NOTHING },
	{ "nplrs_destroyed", NOTHING },
	{ "npkts_rcvd", RECEIVED },
	{ "npkts_played", NOTHING },
	{ "npkts_relayed", RELAYED },
	{ "npkts_resizer_in", NOTHING },
	{ "npkts_resizer_out", NOTHING },
	{ "npkts_resizer_discard", NOTHING },
	{ "npkts_discard", DISCARDED },
	{ "total_duration", SECONDS },
	{ "ncmds_rcvd", OF(requests) },
	{ "ncmds_rcvd_ndups", OF(replayed) },
	{ "ncmds_succd", OF(rtpp_done) },
	{ "ncmds_errs", OF(rtpp_refused) },
	{ "ncmds_repld", COMMANDS },
	{ "rtpa_nsent", OF(medias.expected) },
	{ "rtpa_nrcvd", OF(medias.received) },
	{ "rtpa_ndups", OF(medias.duplicate) },
	{ "rtpa_nlost", OF(medias.lost) },
	{ "rtpa_perrs", OF(medias.malformed) },
	{ "pps_in", PER_SECOND },
	{ "mos", MOS },
	{ "loss_percent", LOSS },
	{ "jitter_ms", JITTER },
};

/* Mean of the averages of all sides of ended medias that had enough packets for a figure. */
static double average(const struct quality_totals *totals, enum quality_measure measure,
		      double unit)
{
	return totals->count ? (double)totals->sum[measure] / (double)totals->count / unit : 0;
}

static void put_stat(struct buf *out, const struct daemon_report *report, size_t offset)
{
	const struct stats *stats = &report->stats;

	switch (offset) {
	case NOTHING:
		buf_char(out, '0');
		break;
	case RECEIVED:
		buf_u64(out, sum_relayed(report) + sum_discarded(report));
		break;
	case RELAYED:
		buf_u64(out, sum_relayed(report));
		break;
	case DISCARDED:
		buf_u64(out, sum_discarded(report));
		break;
	case SECONDS:
		put_decimal(out, (double)stats->duration_ms / 1000);
		break;
	case PER_SECOND:
		put_decimal(out, (double)(stats->sample.rate[PATH_USER].packets +
					  stats->sample.rate[PATH_KERNEL].packets));
		break;
	case COMMANDS:
		buf_u64(out, stats->rtpp_done + stats->rtpp_refused);
		break;
	case MOS:
		put_decimal(out, average(&stats->quality, QUALITY_MOS, 100));
		break;
	case LOSS:
		put_decimal(out, average(&stats->quality, QUALITY_LOSS, 100));
		break;
	case JITTER:
		put_decimal(out, average(&stats->quality, QUALITY_JITTER, 1000));
		break;
	default:
		buf_u64(out, *(const uint64_t *)(const void *)((const char *)report + offset));
	}
}

/* G[V] NAME... */
enum rtpp_error rtpp_stats(const struct rtpp_command *c, struct buf *out)
{
	bool verbose = rtpp_has_letter(c->letters, 'V');
	size_t begin = out->len, known = COUNT(stats_names);
	const struct daemon_report *report;

	if (!rtpp_only_letters(c->letters, "V"))
		return RTPP_E_STATS;
	report = daemon_report_make(c->env->arena, c->env->calls, c->env->stats, c->env->now_ms);
	if (!report)
		return RTPP_E_MEMORY;
	for (size_t i = 0; i < c->n_args; i++) {
		size_t at = 0;

		while (at < known && !str_eq_nocase(c->arg[i], str_of(stats_names[at].name)))
			at++;
		if (at == known)
			return RTPP_E_STATS_NAME;
		put_name(out, begin, verbose, stats_names[at].name);
		put_stat(out, report, stats_names[at].offset);
	}
	return RTPP_OK;
}
