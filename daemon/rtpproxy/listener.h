/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener.h - sends time-out notifications to one listener: its connection, and a queue of lines
 *
 * No function here blocks. While a listener is not connected, its lines are queued, up to a limit.
 * Control thread only.
 */
#ifndef RTPRELAY_RTPP_LISTENER_H
#define RTPRELAY_RTPP_LISTENER_H

#include <event2/event.h>
#include "base/endpoint.h"
#include "base/str.h"

/* Longest text of a line: with the LF it is what OpenSIPS reads at once. */
#define RTPP_TAG_MAX 254
/* Lines in the queue of one listener; beyond that the oldest are dropped. */
#define RTPP_LINES_MAX 4096

struct rtpp_listener;

/**
 * rtpp_listener_new() - does not connect before the first line
 * @name: for the log; borrowed. If @addr is unset, it is "unix:" and the path
 * Return: NULL, out of memory
 */
struct rtpp_listener *rtpp_listener_new(struct event_base *base, const char *name,
					const struct endpoint *addr);
/* Queued lines are lost. Takes NULL. */
void rtpp_listener_free(struct rtpp_listener *listener);
/*
 * Queues a line. @text: at most RTPP_TAG_MAX bytes, without an end of line.
 * Return: false, a line was lost: this one or the oldest
 */
bool rtpp_listener_tell(struct rtpp_listener *listener, struct str text);
/* Lines that are not sent yet. */
size_t rtpp_listener_waiting(const struct rtpp_listener *listener);

#endif
