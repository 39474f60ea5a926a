/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stats.c - the verb stats: every counter (report/counters.c), one line each */
#include "admin/answer.h"
#include "report/counters.h"

static void send_counter(void *arg, const char *of, const char *proxy,
			 const struct counter_name *name, uint64_t value)
{
	struct admin_peer *peer = arg;
	struct json_line *line = admin_line(peer, "counter");

	jsonl_text(line, "of", of);
	if (proxy)
		jsonl_text(line, "proxy", proxy);
	jsonl_text(line, "name", name->name);
	jsonl_u64(line, "value", value);
	jsonl_text(line, "unit", name->unit);
	jsonl_text(line, "help", name->help);
	admin_send(peer);
	peer->job.count++;
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	const struct daemon_report *report = admin_report(peer);

	(void)request;
	if (!report)
		return false;
	report_counters(report, send_counter, peer);
	admin_end(peer, peer->job.count);
	return false;
}

const struct admin_verb admin_verb_stats = { .name = CONTROL_VERB_STATS, .begin = begin };
