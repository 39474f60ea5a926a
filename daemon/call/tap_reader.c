/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap_reader.c - is the device that shows the packets of tapped flows open in the recorder? */
#include <errno.h>
#include "base/log.h"
#include "call/tap_reader.h"
#include "kernel/backend.h"
#include "kernel/kmod.h"

static void failed(struct tap_reader *reader, const char *why, int64_t now_ms)
{
	reader->state = TAP_READER_FAILED;
	reader->failed_ms = now_ms;
	if (!reader->is_told)
		log_warn("recording: %s cannot be read (%s): recorded media is relayed by the "
			 "daemon until it can; the daemon needs CAP_NET_RAW, and the device must "
			 "be up",
			 RTPRELAY_TAP_DEVICE, why);
	reader->is_told = true;
}

static void open_device(struct call_table *table, int64_t now_ms)
{
	struct tap_reader *reader = &table->tap_reader;
	char why[KERNEL_WHY];
	int error = kmod_make_tap(table->conf.kmod, why);

	if (error == -EOPNOTSUPP)
		return; /* the path has none: that is its reason */
	if (error) {
		failed(reader, why, now_ms);
		return;
	}
	reader->state = TAP_READER_OPENING;
	table->conf.tap_open(table->conf.tap_arg);
}

enum flow_tap tap_reader_want(struct call_table *table, int64_t now_ms)
{
	struct tap_reader *reader = &table->tap_reader;

	if (!table->conf.tap_open)
		return FLOW_TAP_NONE;
	if (reader->state == TAP_READER_FAILED && now_ms - reader->failed_ms >= TAP_READER_RETRY_MS)
		reader->state = TAP_READER_CLOSED;
	if (reader->state == TAP_READER_CLOSED)
		open_device(table, now_ms);
	if (reader->state == TAP_READER_OPENING)
		return FLOW_TAP_SOON;
	return reader->state == TAP_READER_OPEN ? FLOW_TAP_OPEN : FLOW_TAP_NONE;
}

void tap_reader_told(struct call_table *table, bool open, const char *why, int64_t now_ms)
{
	struct tap_reader *reader = &table->tap_reader;

	if (open) {
		reader->state = TAP_READER_OPEN;
		reader->is_told = false;
	} else if (reader->state == TAP_READER_OPEN) {
		reader->state = TAP_READER_CLOSED; /* it was there: it may come back at once */
	} else {
		failed(reader, why, now_ms);
	}
}

void tap_reader_retry(struct call_table *table)
{
	if (table->tap_reader.state == TAP_READER_FAILED)
		table->tap_reader.state = TAP_READER_CLOSED;
}
