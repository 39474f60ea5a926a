/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quality.c - computes MOS from loss, jitter and delay, for intervals and for a whole call */
#include "base/count.h"
#include "packet/quality.h"

/*
 * ITU-T G.113 (11/2007), appendix I. Ie, equipment impairment without loss: table I.3. Bpl,
 * robustness against random loss: table I.4, which has only five rows, marked I.4 here. All with
 * packet loss concealment, which every phone has. For others, Bpl is that of the nearest of the
 * five, named in the row.
 *
 * Codecs that are not in the tables are rated as G.711: loss, jitter and delay count, the codec's
 * own impairment does not. These are iLBC, Speex and SILK; and G.722, AMR-WB, EVS and Opus, whose
 * values (G.113, appendix IV) are for the wideband E-model (G.107.1) with its scale up to 129: on
 * the narrowband scale, whose maximum is 93.2, they are as good as G.711.
 *
 * The journal stores row numbers on disk: new rows are added at the end.
 */
static const struct codec {
	const char *name; /* in a=rtpmap */
	uint8_t pt;	  /* of RFC 3551; 255: none */
	double ie, bpl;
} codecs[] = {
	{ "", 255, 0, 25.1 },	     /* not known: as G.711 */
	{ "PCMU", 0, 0, 25.1 },	     /* G.711; I.4, with G.711 appendix I */
	{ "PCMA", 8, 0, 25.1 },	     /* the same */
	{ "G729", 18, 11, 19.0 },    /* G.729-A with VAD; I.4 */
	{ "G723", 4, 15, 16.1 },     /* G.723.1 at 6.3 kbit/s with VAD; I.4. 5.3 kbit/s: Ie 19 */
	{ "GSM", 3, 20, 10.0 },	     /* GSM-FR; Bpl of GSM-EFR */
	{ "GSM-EFR", 255, 5, 10.0 }, /* I.4 */
	{ "AMR", 255, 5, 10.0 },     /* its highest mode, which is GSM-EFR */
	{ "G728", 15, 7, 25.1 },     /* at 16 kbit/s; Bpl of G.711 */
	{ "G726-40", 255, 2, 25.1 }, /* Bpl of G.711, also in those that follow */
	{ "G726-32", 2, 7, 25.1 },   /* also G.721 */
	{ "G726-24", 255, 25, 25.1 },
	{ "G726-16", 255, 50, 25.1 },
	{ "AAL2-G726-40", 255, 2, 25.1 }, /* the same four with their bits in another order */
	{ "AAL2-G726-32", 255, 7, 25.1 },
	{ "AAL2-G726-24", 255, 25, 25.1 },
	{ "AAL2-G726-16", 255, 50, 25.1 },
	{ "GSM-HR-08", 255, 23, 10.0 }, /* GSM-HR; Bpl of GSM-EFR */
	{ "EVRC", 255, 6, 10.0 },	/* IS-127; Bpl of GSM-EFR */
};
#define CODECS COUNT(codecs)

#define PT_COMFORT_NOISE 13
#define R_DEFAULT	 93.2 /* G.107, table 3: all other parameters at their default values */
#define LOSS_MAX	 10000
#define JITTER_MAX_US	 5000000 /* more is an error of the receiver */
#define RTT_MAX_US	 60000000
#define PACKET_MS	 20 /* age of its first sample when a packet is sent */
#define FEW_PACKETS	 25 /* fewer are not significant */

uint8_t quality_codec(struct str name)
{
	if (str_eq_nocase(name, STR("telephone-event")) || str_eq_nocase(name, STR("CN")))
		return QUALITY_CODEC_NONE;
	for (size_t i = 1; i < CODECS; i++)
		if (str_eq_nocase(name, str_of(codecs[i].name)))
			return (uint8_t)i;
	return 0;
}

uint8_t quality_static_codec(uint8_t pt)
{
	if (pt == PT_COMFORT_NOISE)
		return QUALITY_CODEC_NONE;
	for (size_t i = 1; i < CODECS; i++)
		if (codecs[i].pt == pt)
			return (uint8_t)i;
	return 0;
}

double quality_mos(uint8_t codec, double loss_percent, double delay_ms)
{
	const struct codec *c = &codecs[codec < CODECS ? codec : 0];
	/* Piecewise linear approximation of Idd in G.107 without echo; steeper above 177.3 ms. */
	double delay = 0.024 * delay_ms + (delay_ms > 177.3 ? 0.11 * (delay_ms - 177.3) : 0);
	/* G.107, 3.5: loss is assumed to be random. */
	double equipment = c->ie + (95 - c->ie) * loss_percent / (loss_percent + c->bpl);
	double r = R_DEFAULT - delay - equipment;

	/* G.107, annex B */
	if (r <= 0)
		return 1.0;
	r = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
	return r < 1.0 ? 1.0 : r;
}

void quality_rtcp(struct quality *q, uint8_t type, int64_t at_ms)
{
	q->rtcp_type = type;
	q->rtcp_at_ms = at_ms;
}

void quality_sent(struct quality *q, uint32_t time, int64_t at_us)
{
	/* The kernel's last one is passed in each time the kernel is queried. */
	for (unsigned int i = 0; i < QUALITY_REPORTS; i++)
		if (q->sent[i].known && q->sent[i].time == time)
			return;
	q->sent[q->next_sent].time = time;
	q->sent[q->next_sent].at_us = at_us;
	q->sent[q->next_sent].known = true;
	q->next_sent = (q->next_sent + 1) % QUALITY_REPORTS;
}

static void measure_leg(struct quality *q, const struct rtcp_report *report, int64_t at_us)
{
	int64_t held_us = (int64_t)((uint64_t)report->dlsr * 1000000 >> 16);

	for (unsigned int i = 0; i < QUALITY_REPORTS; i++) {
		int64_t trip_us = at_us - q->sent[i].at_us - held_us;

		if (!q->sent[i].known || q->sent[i].time != report->lsr)
			continue;
		if (trip_us >= 0 && trip_us <= RTT_MAX_US)
			q->leg_us = trip_us ? (uint32_t)trip_us : 1;
		return;
	}
}

static bool is_same(const struct rtcp_report *a, const struct rtcp_report *b)
{
	return a->ssrc == b->ssrc && a->highest == b->highest && a->jitter == b->jitter &&
	       a->lsr == b->lsr && a->dlsr == b->dlsr && a->lost == b->lost &&
	       a->fraction == b->fraction;
}

void quality_report(struct quality *q, const struct rtcp_report *report, uint32_t clock,
		    int64_t at_us, int64_t now_ms)
{
	uint64_t jitter_us = clock ? (uint64_t)report->jitter * 1000000 / clock : 0;

	if (q->far.known && is_same(&q->last, report))
		return;
	q->last = *report;
	q->far.known = true;
	q->far.at_ms = at_us ? at_us / 1000 : now_ms;
	q->far.fraction = report->fraction;
	q->far.lost = report->lost > 0 ? (uint32_t)report->lost : 0;
	q->far.jitter_us = jitter_us <= JITTER_MAX_US ? (uint32_t)jitter_us : 0;
	q->fractions += report->fraction;
	q->reports++;
	if (report->lsr && at_us)
		measure_leg(q, report, at_us);
}

static void open_interval(struct quality *q, const struct quality_counts *counts, int64_t now_ms)
{
	q->start_ms = now_ms;
	q->ssrc = counts->ssrc;
	q->expected = counts->expected;
	q->lost = counts->lost;
	q->fractions = q->reports = 0;
}

bool quality_due(struct quality *q, const struct quality_counts *counts, int64_t now_ms)
{
	if (q->start_ms)
		return now_ms - q->start_ms >= QUALITY_INTERVAL_MS;
	/* What was counted before the first call belongs to the first interval. */
	open_interval(q, counts, now_ms);
	q->expected = q->lost = 0;
	return false;
}

/* --- Samples ---------------------------------------------------------------------------------- */

/* The counts of another SSRC begin at 0. */
static uint64_t expected_now(const struct quality *q, const struct quality_counts *counts)
{
	bool same = counts->ssrc == q->ssrc && counts->expected >= q->expected;

	return counts->expected - (same ? q->expected : 0);
}

/* @expected: not 0 */
static uint16_t measure_loss(const struct quality *q, const struct quality_counts *counts,
			     uint64_t expected)
{
	uint64_t before = expected < counts->expected ? q->lost : 0;
	/* A late packet reduces the count: an earlier interval counted it as lost. */
	uint64_t lost = counts->lost > before ? counts->lost - before : 0;
	uint64_t far = q->reports ? q->fractions * LOSS_MAX / q->reports / 256 : 0;

	lost = lost < expected ? lost * LOSS_MAX / expected : LOSS_MAX;
	return (uint16_t)(lost > far ? lost : far);
}

static void add_sums(struct quality_sums *sum, const struct quality_sample *s, uint64_t times)
{
	sum->rtt_us += s->rtt_us * times;
	sum->leg_us += s->leg_us * times;
	sum->jitter_us += s->jitter_us * times;
	sum->loss += s->loss * times;
	sum->mos_x100 += s->mos_x100 * times;
}

static struct quality_sample average(const struct quality_sums *sum, uint64_t times, int64_t at_ms)
{
	return (struct quality_sample){
		.at_ms = at_ms,
		.rtt_us = (uint32_t)(sum->rtt_us / times),
		.leg_us = (uint32_t)(sum->leg_us / times),
		.jitter_us = (uint32_t)(sum->jitter_us / times),
		.loss = (uint16_t)(sum->loss / times),
		.mos_x100 = (uint16_t)(sum->mos_x100 / times),
	};
}

static struct quality_sample mean_of(const struct quality_sample *a, const struct quality_sample *b)
{
	return (struct quality_sample){
		.at_ms = b->at_ms,
		.rtt_us = (uint32_t)(((uint64_t)a->rtt_us + b->rtt_us) / 2),
		.leg_us = (uint32_t)(((uint64_t)a->leg_us + b->leg_us) / 2),
		.jitter_us = (uint32_t)(((uint64_t)a->jitter_us + b->jitter_us) / 2),
		.loss = (uint16_t)((a->loss + b->loss) / 2),
		.mos_x100 = (uint16_t)((a->mos_x100 + b->mos_x100) / 2),
	};
}

static unsigned int halve(struct quality_sample *entry, unsigned int n)
{
	for (unsigned int i = 0; i < n / 2; i++)
		entry[i] = mean_of(&entry[2 * i], &entry[2 * i + 1]);
	if (n % 2)
		entry[n / 2] = entry[n - 1];
	return (n + 1) / 2;
}

static void add_entry(struct quality *q, int64_t at_ms)
{
	uint32_t n = q->open_samples;

	if (q->entries == QUALITY_ENTRIES) {
		q->entries = halve(q->entry, q->entries);
		q->group *= 2;
		if (n < q->group)
			return;
	}
	q->entry[q->entries++] = average(&q->open, n, at_ms);
	memset(&q->open, 0, sizeof(q->open));
	q->open_samples = 0;
}

static void add_sample(struct quality *q, const struct quality_sample *s, uint64_t packets)
{
	if (!q->samples || s->mos_x100 < q->lowest.mos_x100)
		q->lowest = *s;
	if (!q->samples || s->mos_x100 > q->highest.mos_x100)
		q->highest = *s;
	q->latest = *s;
	if (!q->group)
		q->group = 1;
	add_sums(&q->sum, s, packets);
	add_sums(&q->open, s, 1);
	q->weight += packets;
	q->samples++;
	if (++q->open_samples >= q->group)
		add_entry(q, s->at_ms);
}

void quality_close(struct quality *q, const struct quality_counts *counts, uint32_t other_leg_us,
		   int64_t now_ms)
{
	struct quality_sample s = { .at_ms = now_ms, .leg_us = q->leg_us };
	uint64_t expected = expected_now(q, counts);
	double delay_ms;

	if (expected) {
		s.loss = measure_loss(q, counts, expected);
		s.rtt_us = q->leg_us + other_leg_us;
		s.jitter_us = counts->jitter_us;
		if (q->reports && q->far.jitter_us > s.jitter_us)
			s.jitter_us = q->far.jitter_us;
		if (counts->codec != QUALITY_CODEC_NONE)
			q->codec = counts->codec;
		/* Assumption: the receiver's jitter buffer is twice the jitter. */
		delay_ms = s.rtt_us / 2000.0 + 2 * s.jitter_us / 1000.0 + PACKET_MS;
		s.mos_x100 =
			(uint16_t)(quality_mos(q->codec, s.loss / 100.0, delay_ms) * 100 + 0.5);
		add_sample(q, &s, expected);
	}
	open_interval(q, counts, now_ms);
}

void quality_finish(struct quality *q, const struct quality_counts *counts, uint32_t other_leg_us,
		    int64_t now_ms)
{
	if (!q->samples || expected_now(q, counts) >= FEW_PACKETS)
		quality_close(q, counts, other_leg_us, now_ms);
}

/* --- Summaries -------------------------------------------------------------------------------- */

static void merge_extremes(struct quality_summary *s, const struct quality *q)
{
	if (!q->samples)
		return;
	if (!s->samples || q->lowest.mos_x100 < s->lowest.mos_x100)
		s->lowest = q->lowest;
	if (!s->samples || q->highest.mos_x100 > s->highest.mos_x100)
		s->highest = q->highest;
	if (!s->samples || q->latest.at_ms > s->latest.at_ms)
		s->latest = q->latest;
	s->samples += q->samples;
}

/* Sorted by time. If there are too many, pairs are merged. */
static void merge_entries(struct quality_summary *s, const struct quality *a,
			  const struct quality *b)
{
	struct quality_sample all[2 * QUALITY_ENTRIES];
	uint32_t i = 0, j = 0, group = a->group > b->group ? a->group : b->group;
	unsigned int n = 0;

	while (i < a->entries || j < b->entries) {
		bool from_a = j == b->entries ||
			      (i < a->entries && a->entry[i].at_ms <= b->entry[j].at_ms);

		all[n++] = from_a ? a->entry[i++] : b->entry[j++];
	}
	if (n > QUALITY_ENTRIES) {
		n = halve(all, n);
		group *= 2;
	}
	if (n)
		memcpy(s->entry, all, n * sizeof(*all));
	s->entries = n;
	s->interval_s = group * (QUALITY_INTERVAL_MS / 1000);
	/* With many flows the kernel is queried less often: use the real distance. */
	if (n > 1)
		s->interval_s = (unsigned int)((all[n - 1].at_ms - all[0].at_ms) / 1000 / (n - 1));
}

void quality_summarize(struct quality_summary *s, const struct quality *a, const struct quality *b)
{
	static const struct quality nothing;
	const struct quality *latest = b->far.at_ms > a->far.at_ms ? b : a;
	struct quality_sums sum;

	memset(s, 0, sizeof(*s));
	s->far = latest->far;
	s->leg_us = latest->leg_us;
	/* A few packets before the kernel took over are not significant beside the kernel's. */
	if (a->weight < FEW_PACKETS && b->weight >= FEW_PACKETS)
		a = &nothing;
	if (b->weight < FEW_PACKETS && a->weight >= FEW_PACKETS)
		b = &nothing;
	if (!a->samples && !b->samples)
		return;
	merge_extremes(s, a);
	merge_extremes(s, b);
	sum = a->sum;
	sum.rtt_us += b->sum.rtt_us;
	sum.leg_us += b->sum.leg_us;
	sum.jitter_us += b->sum.jitter_us;
	sum.loss += b->sum.loss;
	sum.mos_x100 += b->sum.mos_x100;
	s->average = average(&sum, a->weight + b->weight, 0);
	merge_entries(s, a, b);
}
