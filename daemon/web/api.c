/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * api.c - the data of the page: status, calls, one call as rtprelayctl gets them; the last hour
 *
 * Parameters become members of a request that admin/ answers, so that the page and the control
 * socket have the same requests and the same form of answers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/count.h"
#include "base/json_line.h"
#include "control_proto.h"
#include "stats/stats.h"
#include "web/api.h"

#define JSON_LINES  "application/x-ndjson; charset=utf-8"
#define REQUEST_MAX 16384 /* escapes make a parameter longer */

static const struct web_api_path paths[] = {
	{ "/api/status", CONTROL_VERB_STATUS, { NULL } },
	{ "/api/calls",
	  CONTROL_VERB_CALLS,
	  { CONTROL_FILTER_CALL_ID, CONTROL_FILTER_TAG, CONTROL_FILTER_ADDRESS, CONTROL_FILTER_PATH,
	    CONTROL_FILTER_MIN_AGE, CONTROL_FILTER_MAX_MOS, CONTROL_FILTER_ONE_WAY,
	    CONTROL_FILTER_SKIP, NULL } },
	{ "/api/call", CONTROL_VERB_CALL, { CONTROL_FILTER_CALL_ID, NULL } },
};

const struct web_api_path *web_api_find(struct str path)
{
	for (size_t i = 0; i < COUNT(paths); i++)
		if (str_eq(path, str_of(paths[i].path)))
			return &paths[i];
	return NULL;
}

/* At least 1, at most WEB_API_CALLS. */
static uint64_t limit_of(struct str query)
{
	char text[8];
	int len = http_query_get(query, STR(CONTROL_FILTER_LIMIT), text, sizeof(text));
	uint64_t limit;

	if (len <= 0 || !str_to_u64((struct str){ text, (size_t)len }, WEB_API_CALLS, &limit))
		return WEB_API_CALLS;
	return limit ? limit : 1;
}

static void write_request(const struct web_api_path *path, struct str query, struct json_line *line)
{
	char text[HTTP_TARGET_MAX];

	jsonl_u64(line, "v", CONTROL_PROTO_VERSION);
	jsonl_text(line, "verb", path->verb);
	jsonl_u64(line, CONTROL_FILTER_LIMIT, limit_of(query));
	for (const char *const *name = path->params; *name; name++) {
		int len = http_query_get(query, str_of(*name), text, sizeof(text));

		if (len > 0)
			jsonl_str(line, *name, (struct str){ text, (size_t)len });
	}
}

void web_api_answer(const struct web_api_path *path, struct admin *admin, struct str query,
		    struct http_reply *reply)
{
	char *memory = malloc(REQUEST_MAX);
	struct json_line line;

	reply->type = JSON_LINES;
	reply->status = 500;
	if (!memory)
		return;
	json_line_start(&line, memory, REQUEST_MAX, "request");
	write_request(path, query, &line);
	if (json_line_end(&line) &&
	    !admin_ask(admin, (struct str){ line.buf.data, line.buf.len - 1 }, reply->body))
		reply->status = 200;
	free(memory);
}

/* --- The last hour ---------------------------------------------------------------------------- */

/* A sample is less than 300 bytes. */
#define HISTORY_MAX ((size_t)HISTORY_SAMPLES * 300)

static double per_second(uint64_t now, uint64_t before, int64_t ms)
{
	return now > before && ms > 0 ? (double)(now - before) * 1000 / (double)ms : 0;
}

/* The average over the medias that ended in the interval; no members if none ended. */
static void put_quality(struct json_line *line, const struct history_sample *now,
			const struct history_sample *before)
{
	static const struct {
		const char *key;
		double unit;
	} members[QUALITY_MEASURES] = {
		[QUALITY_MOS] = { "mos", 100 },
		[QUALITY_LOSS] = { "loss-percent", 100 },
		[QUALITY_JITTER] = { "jitter-ms", 1000 },
	};
	uint64_t medias = now->medias - before->medias;

	if (!medias)
		return;
	for (int i = 0; i < QUALITY_MEASURES; i++)
		jsonl_real(line, members[i].key,
			   (double)(now->quality[i] - before->quality[i]) / (double)medias /
				   members[i].unit);
}

static void put_interval(struct json_line *line, const struct history_sample *now,
			 const struct history_sample *before, int64_t now_ms)
{
	int64_t ms = now->at_ms - before->at_ms;

	jsonl_open(line, NULL, '{');
	jsonl_i64(line, "ago", (now_ms - now->at_ms) / 1000);
	jsonl_u64(line, "calls", now->calls);
	jsonl_u64(line, "streams", now->streams);
	jsonl_u64(line, "flows", now->flows);
	jsonl_real(line, "user",
		   per_second(now->packets[PATH_USER], before->packets[PATH_USER], ms));
	jsonl_real(line, "kernel",
		   per_second(now->packets[PATH_KERNEL], before->packets[PATH_KERNEL], ms));
	jsonl_real(line, "drops", per_second(now->drops, before->drops, ms));
	jsonl_real(line, "refused", per_second(now->refused, before->refused, ms));
	put_quality(line, now, before);
	jsonl_close(line, '}');
}

void web_api_history(const struct history *history, struct http_reply *reply)
{
	char *memory = malloc(HISTORY_MAX);
	int64_t now_ms = clock_ms();
	struct json_line line;

	reply->type = JSON_LINES;
	reply->status = 500;
	if (!memory)
		return;
	json_line_start(&line, memory, HISTORY_MAX, "history");
	jsonl_u64(&line, "interval", HISTORY_INTERVAL_S);
	jsonl_open(&line, "samples", '[');
	for (size_t i = 1; i < history->count; i++)
		put_interval(&line, history_at(history, i), history_at(history, i - 1), now_ms);
	jsonl_close(&line, ']');
	if (json_line_end(&line) && !evbuffer_add(reply->body, line.buf.data, line.buf.len))
		reply->status = 200;
	free(memory);
}
