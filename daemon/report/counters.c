/* SPDX-License-Identifier: GPL-2.0-or-later */
/* counters.c - all counters of the daemon, with name, unit and help (checked to be complete) */
#include <assert.h>
#include <stdio.h>
#include "base/count.h"
#include "report/counters.h"

/* --- Is it complete? -------------------------------------------------------------------------- */

#define ONE(id, name, unit, help) +1
#define BYTES(list)		  (sizeof(uint64_t) * (size_t)(list(ONE)))
#define SIZE(type, member)	  sizeof(((type *)NULL)->member)

static_assert(sizeof(struct stats) ==
		      BYTES(DAEMON_COUNTERS) + SIZE(struct stats, started_ms) +
			      SIZE(struct stats, unheard) + SIZE(struct stats, rebinds) +
			      SIZE(struct stats, quality) + SIZE(struct stats, medias) +
			      SIZE(struct stats, sample) + SIZE(struct stats, load) +
			      SIZE(struct stats, proxy) + SIZE(struct stats, n_proxies) +
			      SIZE(struct stats, stranger) + SIZE(struct stats, n_strangers),
	      "a counter of struct stats has no row in DAEMON_COUNTERS");
static_assert(SIZE(struct stats, medias) == BYTES(MEDIA_COUNTERS),
	      "a counter of struct stats.medias has no row in MEDIA_COUNTERS");
static_assert(sizeof(struct quality_totals) ==
		      BYTES(QUALITY_COUNTERS) + SIZE(struct quality_totals, bucket),
	      "a counter of struct quality_totals has no row in QUALITY_COUNTERS");
static_assert(sizeof(struct worker_totals) ==
		      BYTES(TOTAL_COUNTERS) + BYTES(REFUSED_COUNTERS) + BYTES(STREAM_DROP_COUNTERS),
	      "a counter of struct worker_totals has no row in TOTAL_COUNTERS");
static_assert(BYTES(REFUSED_COUNTERS) == SIZE(struct worker_totals, refused),
	      "a rank has no row in REFUSED_COUNTERS");
static_assert(BYTES(STREAM_DROP_COUNTERS) == SIZE(struct worker_totals, drops),
	      "a reason to drop has no row in STREAM_DROP_COUNTERS");
static_assert(KERNEL_COUNTERS(ONE) == RTPRELAY_C_MAX - RTPRELAY_C_PAD,
	      "a counter of the module has no row in KERNEL_COUNTERS");
static_assert(sizeof(struct journal_counters) == BYTES(JOURNAL_COUNTERS),
	      "a counter of the journal has no row in JOURNAL_COUNTERS");
static_assert(sizeof(struct firewall_counters) == BYTES(FIREWALL_COUNTERS),
	      "a counter of the firewall has no row in FIREWALL_COUNTERS");
static_assert(sizeof(struct stun_counters) == BYTES(STUN_COUNTERS),
	      "a counter of the STUN service has no row in STUN_COUNTERS");
static_assert(sizeof(struct external_counters) == BYTES(EXTERNAL_COUNTERS),
	      "a counter of external addresses has no row in EXTERNAL_COUNTERS");
static_assert(sizeof(struct portmap_counters) == BYTES(PORTMAP_COUNTERS),
	      "a counter of port mappings has no row in PORTMAP_COUNTERS");
static_assert(sizeof(struct proxy_stats) ==
		      offsetof(struct proxy_stats, count) + SIZE(struct proxy_stats, count) +
			      SIZE(struct proxy_stats, duration_us) +
			      SIZE(struct proxy_stats, logged) + BYTES(PROXY_COUNTERS),
	      "a counter of struct proxy_stats has no row in PROXY_COUNTERS");

/* --- The tables ------------------------------------------------------------------------------- */

/* @offset: in struct daemon_report, of an uint64_t */
struct row {
	size_t offset;
	const char *of;
	struct counter_name name;
};

#define ROW(member, of, name, unit, help)                                                          \
	{ offsetof(struct daemon_report, member), (of), { (name), (unit), (help) } },
#define DAEMON(id, name, unit, help)   ROW(stats.id, "daemon", name, unit, help)
#define MEDIA(id, name, unit, help)    ROW(stats.medias.id, "media", name, unit, help)
#define QUALITY(id, name, unit, help)  ROW(stats.quality.id, "quality", name, unit, help)
#define USER(id, name, unit, help)     ROW(user.id, "user", name, unit, help)
#define REFUSED(id, name, unit, help)  ROW(user.refused[id], "refused", name, unit, help)
#define DROP(id, name, unit, help)     ROW(drops[id], "drop", name, unit, help)
#define KERNEL(id, name, unit, help)   ROW(kernel[id], "kernel", name, unit, help)
#define JOURNAL(id, name, unit, help)  ROW(journal.id, "journal", name, unit, help)
#define FIREWALL(id, name, unit, help) ROW(firewall.id, "firewall", name, unit, help)
#define STUN(id, name, unit, help)     ROW(stun.id, "stun", name, unit, help)
#define EXTERNAL(id, name, unit, help) ROW(external.id, "external", name, unit, help)
#define PORTMAP(id, name, unit, help)  ROW(portmap.id, "portmap", name, unit, help)

/* clang-format off */
static const struct row rows[] = {
	DAEMON_COUNTERS(DAEMON)
	MEDIA_COUNTERS(MEDIA)
	QUALITY_COUNTERS(QUALITY)
	TOTAL_COUNTERS(USER)
	REFUSED_COUNTERS(REFUSED)
	STREAM_DROP_COUNTERS(DROP)
	KERNEL_COUNTERS(KERNEL)
	JOURNAL_COUNTERS(JOURNAL)
	FIREWALL_COUNTERS(FIREWALL)
	STUN_COUNTERS(STUN)
	EXTERNAL_COUNTERS(EXTERNAL)
	PORTMAP_COUNTERS(PORTMAP)
};
/* clang-format on */

static uint64_t value_at(const void *from, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)from + offset, sizeof(value));
	return value;
}

/* --- Buckets ---------------------------------------------------------------------------------- */

static const char *const measures[QUALITY_MEASURES] = {
	[QUALITY_MOS] = "mos",
	[QUALITY_LOSS] = "loss",
	[QUALITY_JITTER] = "jitter",
};

static void report_buckets(const struct quality_totals *totals, counter_fn *fn, void *arg)
{
	for (size_t m = 0; m < QUALITY_MEASURES; m++) {
		for (size_t i = 0; i <= QUALITY_BOUNDS; i++) {
			const char *bound = quality_scales[m].text[i < QUALITY_BOUNDS ? i : i - 1];
			const char *what = i < QUALITY_BOUNDS ? "to" : "above";
			char name[32];
			const struct counter_name counter = {
				name, "sides",
				i < QUALITY_BOUNDS
					? "whose average was above the previous bound, up to this"
					: "whose average was above this bound"
			};

			snprintf(name, sizeof(name), "%s_%s_%s", measures[m], what, bound);
			fn(arg, "quality", NULL, &counter, totals->bucket[m][i]);
		}
	}
}

/* --- Proxies ---------------------------------------------------------------------------------- */

#define PROXY(id, name, unit, help)                                                                \
	{ offsetof(struct proxy_stats, id), "proxy", { (name), (unit), (help) } },
#define VERB_COUNTED(id, name) { (name), "commands", "executed for this proxy" },
#define VERB_TIME(id, name)    { name "_time", "microseconds", "spent on these commands" },

static void report_proxy(const struct proxy_stats *proxy, counter_fn *fn, void *arg)
{
	static const struct counter_name counts[] = { VERBS(VERB_COUNTED, "_") };
	static const struct counter_name times[] = { VERBS(VERB_TIME, "_") };
	static const struct row others[] = { PROXY_COUNTERS(PROXY) };
	char text[ENDPOINT_TEXT];
	const char *name =
		endpoint_is_set(&proxy->addr) ? endpoint_print_addr(&proxy->addr, text) : "others";

	for (size_t i = 0; i < VERB_COUNT; i++) {
		fn(arg, "proxy", name, &counts[i], proxy->count[i]);
		fn(arg, "proxy", name, &times[i], proxy->duration_us[i]);
	}
	for (size_t i = 0; i < COUNT(others); i++)
		fn(arg, others[i].of, name, &others[i].name, value_at(proxy, others[i].offset));
}

void report_counters(const struct daemon_report *report, counter_fn *fn, void *arg)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		fn(arg, rows[i].of, NULL, &rows[i].name, value_at(report, rows[i].offset));
	report_buckets(&report->stats.quality, fn, arg);
	for (size_t i = 0; i < report->stats.n_proxies; i++)
		report_proxy(&report->stats.proxy[i], fn, arg);
}
