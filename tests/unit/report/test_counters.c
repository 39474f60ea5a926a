/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_counters.c - every counter of a report is shown, once, with a name of its own, unit and help
 */
#include "daemon/base/count.h"
#include "daemon/report/counters.h"
#include "tests/unit/test.h"

/* Each counter of a report gets a number of its own, from here. */
#define FIRST  1000001U
#define LENGTH 512

struct shown {
	unsigned int times[LENGTH]; /* by number */
	char names[LENGTH][96];
	size_t n;
	unsigned int wrong; /* no unit, no help, a repeated name, or an unknown number */
};

static void show(void *arg, const char *of, const char *proxy, const struct counter_name *name,
		 uint64_t value)
{
	struct shown *shown = arg;
	char full[96];

	snprintf(full, sizeof(full), "%s.%s.%s", of, proxy ? proxy : "", name->name);
	for (size_t i = 0; i < shown->n; i++)
		shown->wrong += !strcmp(shown->names[i], full);
	shown->wrong += !*name->name || !*name->unit || !*name->help || shown->n == LENGTH;
	if (shown->n < LENGTH)
		strcpy(shown->names[shown->n++], full);
	if (value >= FIRST && value < FIRST + LENGTH)
		shown->times[value - FIRST]++;
	else
		shown->wrong++;
}

/* All counters from @begin to @end; there is nothing else between them. */
static unsigned int number(void *begin, const void *end, unsigned int next)
{
	for (uint64_t *at = begin; (const void *)at < end; at++)
		*at = FIRST + next++;
	return next;
}

#define NUMBER(object, next) number(&(object), &(object) + 1, next)

static unsigned int fill(struct daemon_report *report)
{
	struct stats *stats = &report->stats;
	unsigned int next = number(&stats->calls_made, &stats->sample, 0);

	next = number(&report->user.packets, report->user.drops, next);
	next = NUMBER(report->user.keepalives_in, next);
	next = NUMBER(report->user.keepalives_out, next);
	next = NUMBER(report->user.keepalives_saved, next);
	next = NUMBER(report->user.rebinds, next);
	next = NUMBER(report->user.latched, next);
	next = NUMBER(report->user.denied, next);
	next = NUMBER(report->user.rtcp_lost, next);
	next = NUMBER(report->user.stun_lost, next);
	next = NUMBER(report->user.dtmf_lost, next);
	next = NUMBER(report->user.prompt_packets, next);
	next = NUMBER(report->user.refused, next);
	next = NUMBER(report->drops, next);
	next = number(&report->kernel[RTPRELAY_C_PAD + 1], report->kernel + RTPRELAY_C_MAX + 1,
		      next);
	next = NUMBER(report->journal, next);
	next = NUMBER(report->firewall, next);
	next = NUMBER(report->stun, next);
	next = NUMBER(report->external, next);
	next = NUMBER(report->portmap, next);
	stats->n_proxies = 2; /* the second: proxies without a row of their own */
	CU_ASSERT_TRUE(endpoint_parse_addr(STR("192.0.2.1"), 0, &stats->proxy[0].addr));
	for (size_t i = 0; i < stats->n_proxies; i++) {
		next = NUMBER(stats->proxy[i].count, next);
		next = NUMBER(stats->proxy[i].duration_us, next);
		next = NUMBER(stats->proxy[i].errors, next);
	}
	return next;
}

static bool has(const struct shown *shown, const char *name)
{
	for (size_t i = 0; i < shown->n; i++)
		if (!strcmp(shown->names[i], name))
			return true;
	fprintf(stderr, "not shown: %s\n", name);
	return false;
}

static void test_every_counter_is_shown_once(void)
{
	static const char *const names[] = {
		"daemon..calls_made",	  "daemon..rtpproxy_done",
		"daemon..cdr_lost",	  "media..one_way_rtp",
		"quality..mos_to_2.58",	  "quality..loss_above_0.2",
		"user..latched",	  "refused..address",
		"drop..banned",		  "drop..prompt",
		"user..prompt_packets",	  "daemon..prompts_refused",
		"kernel..pass_route",	  "journal..write_errors",
		"firewall..repairs",	  "stun..limited_total",
		"proxy.others.offer",	  "external..double_nat",
		"portmap..moved",	  "external..changes",
		"proxy.192.0.2.1.errors", "proxy.192.0.2.1.block_media_time",
		"user..nat_rebinds",	  "stun..tcp_ended",
	};
	static struct daemon_report report;
	static struct shown shown;
	unsigned int count = fill(&report);

	CU_ASSERT_FATAL(count < LENGTH);
	report_counters(&report, show, &shown);
	CU_ASSERT_EQUAL(shown.wrong, 0);
	CU_ASSERT_EQUAL(shown.n, count);
	for (unsigned int i = 0; i < count; i++)
		CU_ASSERT_EQUAL(shown.times[i], 1);
	for (size_t i = 0; i < COUNT(names); i++)
		CU_ASSERT(has(&shown, names[i]));
}

TEST_SUITE(counters, { "every counter is shown once", test_every_counter_is_shown_once });
