/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c - a key that was pressed, as one object of JSON */
#include <inttypes.h>
#include <stdio.h>
#include "base/json.h"
#include "dtmf/report.h"

#define END_BYTES 256 /* of what follows the tags */

static void add_text(struct buf *buf, const char *key, struct str text)
{
	buf_char(buf, '"');
	buf_str(buf, str_of(key));
	buf_lit(buf, "\":");
	json_encode_text(text, buf);
	buf_char(buf, ',');
}

static bool fits(const struct buf *buf)
{
	return !buf->overflow && buf->size - buf->len >= END_BYTES;
}

/* One after the other, as long as the end of the object fits behind it. */
static void add_tags(struct buf *buf, const struct dtmf_report *report)
{
	buf_lit(buf, "\"tags\":[");
	for (size_t i = 0; i < report->n_tags; i++) {
		struct buf before = *buf;

		if (i)
			buf_char(buf, ',');
		json_encode_text(report->tags[i], buf);
		if (!fits(buf)) {
			*buf = before;
			break;
		}
	}
	buf_lit(buf, "],");
}

bool dtmf_report_write(const struct dtmf_report *report, struct buf *buf)
{
	char source[ENDPOINT_TEXT], end[END_BYTES];

	buf_char(buf, '{');
	add_text(buf, "callid", report->call_id);
	add_text(buf, "source_tag", report->source_tag);
	add_text(buf, "source_label", report->source_label);
	if (!fits(buf))
		return false;
	add_tags(buf, report);
	snprintf(end, sizeof(end),
		 "\"type\":\"DTMF\",\"timestamp\":%" PRId64
		 ",\"source_ip\":\"%s\",\"event\":%u,\"duration\":%u,\"volume\":%u}",
		 report->at_s, endpoint_print_addr(report->source, source), report->event,
		 report->duration_ms, report->volume);
	buf_str(buf, str_of(end));
	return !buf->overflow;
}
