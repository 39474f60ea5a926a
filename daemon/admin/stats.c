/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.c - every counter there is, with unit and help
 *
 * Names are those of include/counter_names.h, with what they are of in front: "daemon.", "user.", "kernel.", "drop.".
 */
#include <assert.h>
#include "admin/answer.h"
#include "base/clock.h"
#include "report/report.h"

static void send_counter(struct admin_peer *peer, const char *of, const struct counter_name *name,
			 uint64_t value)
{
	struct json_line *line = admin_line(peer, "counter");

	jsonl_text(line, "of", of);
	jsonl_text(line, "name", name->name);
	jsonl_u64(line, "value", value);
	jsonl_text(line, "unit", name->unit);
	jsonl_text(line, "help", name->help);
	admin_send(peer);
	peer->job.count++;
}

/* Lists of counters whose values stand in a struct. */
struct counter_row {
	size_t offset;
	struct counter_name name;
};

#define DAEMON_ROW(id, name, unit, help) { offsetof(struct stats, id), { name, unit, help } },
#define TOTAL_ROW(id, name, unit, help)	 { offsetof(struct relayed, id), { name, unit, help } },
#define KERNEL_ROW(id, name, unit, help) { (id), { name, unit, help } },
#define ONE(id, name, unit, help)	 +1

static_assert(KERNEL_COUNTERS(ONE) == RTPRELAY_C_MAX - RTPRELAY_C_PAD, "a counter has no name");

static void send_rows(struct admin_peer *peer, const char *of, const struct counter_row *rows,
		      size_t n, const void *values)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		memcpy(&value, (const char *)values + rows[i].offset, sizeof(value));
		send_counter(peer, of, &rows[i].name, value);
	}
}

static void send_report(struct admin_peer *peer, const struct daemon_report *report)
{
	static const struct counter_row own[] = { DAEMON_COUNTERS(DAEMON_ROW) };
	static const struct counter_row totals[] = { TOTAL_COUNTERS(TOTAL_ROW) };

	send_rows(peer, "daemon", own, sizeof(own) / sizeof(*own), &report->stats);
	send_rows(peer, "user", totals, sizeof(totals) / sizeof(*totals),
		  &report->relayed[PATH_USER]);
	for (int i = 0; i < DROP_COUNT; i++)
		send_counter(peer, "drop", &stream_drop_names[i], report->drops[i]);
}

static void send_kernel(struct admin_peer *peer)
{
	static const struct counter_row rows[] = { KERNEL_COUNTERS(KERNEL_ROW) };
	uint64_t counters[RTPRELAY_C_MAX + 1];

	kmod_totals(peer->conf->calls->conf.kmod, counters);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		send_counter(peer, "kernel", &rows[i].name, counters[rows[i].offset]);
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	const struct call_table *calls = peer->conf->calls;
	const struct daemon_report *report =
		daemon_report_make(peer->arena, calls, calls->conf.stats, clock_ms());

	(void)request;
	if (!report) {
		admin_error(peer, CONTROL_ERROR_MEMORY, "out of memory");
		return false;
	}
	send_report(peer, report);
	if (calls->conf.kmod)
		send_kernel(peer);
	admin_end(peer, peer->job.count);
	return false;
}

const struct admin_verb admin_verb_stats = { .name = CONTROL_VERB_STATS, .begin = begin };
