/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener.h - who hears of time-outs: lines over a connection that is kept, and those that wait for it
 *
 * Nothing here ever waits: a listener that is away finds the lines of its time when it is back, up to a limit.
 * Control thread only.
 */
#ifndef RTPRELAY_RTPP_LISTENER_H
#define RTPRELAY_RTPP_LISTENER_H

#include <event2/event.h>
#include "base/endpoint.h"
#include "base/str.h"

/* Longest text of a line: with its end what OpenSIPS reads at once. */
#define RTPP_TAG_MAX 254
/* Lines that wait for one listener; the oldest make way. */
#define RTPP_LINES_MAX 4096

struct rtpp_listener;

/**
 * rtpp_listener_new() - connects to nobody before there is a line
 * @name: for the log; borrowed. Behind "unix:" it is the path, if @addr is unset
 * Return: NULL, out of memory
 */
struct rtpp_listener *rtpp_listener_new(struct event_base *base, const char *name,
					const struct endpoint *addr);
/* Lines that wait are lost. Takes NULL. */
void rtpp_listener_free(struct rtpp_listener *listener);
/* @text: at most RTPP_TAG_MAX bytes, and no end of line in them. False: a line was lost, this one or the oldest */
bool rtpp_listener_tell(struct rtpp_listener *listener, struct str text);
/* Lines that have not left yet. */
size_t rtpp_listener_waiting(const struct rtpp_listener *listener);

#endif
