/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap_reader.h - is the device that shows the packets of tapped flows open in the recorder?
 *
 * Flows are tapped only while it is, so that no packet of a recorded call is missed: until then new
 * media is relayed by the daemon, which copies the packets itself, and media that is in the kernel
 * stays there, and is recorded from then on. Control thread only.
 */
#ifndef RTPRELAY_CALL_TAP_READER_H
#define RTPRELAY_CALL_TAP_READER_H

#include "call/flow_plan.h"
#include "call/tree.h"

/* The kernel path could not show packets, or the device could not be opened: so long. */
#define TAP_READER_RETRY_MS 10000

/*
 * The media has a tap: has the device made and opened, if it is not open. Return: for the plan of
 * its flows
 */
enum flow_tap tap_reader_want(struct call_table *table, int64_t now_ms);

/**
 * tap_reader_told() - the recorder has opened the device, failed to do so, or it is gone
 * @why: not open: the reason in words, else NULL
 * Called by call_tap_told() (call/news.h), after which the flows of tapped medias follow.
 */
void tap_reader_told(struct call_table *table, bool open, const char *why, int64_t now_ms);

/* The kernel path has changed: what failed is tried again when a media needs it. */
void tap_reader_retry(struct call_table *table);

#endif
