/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * router_clock.h - has a router lost its mappings? By the epoch of its replies (RFC 6887, section
 * 8.5; RFC 6886, section 3.6)
 *
 * A router counts the seconds since it began to keep mappings. Pure: time is handed in.
 */
#ifndef RTPRELAY_NAT_ROUTER_CLOCK_H
#define RTPRELAY_NAT_ROUTER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* @epoch_s, @at_ms: of the last reply; all zero: there was none */
struct router_clock {
	bool known;
	uint32_t epoch_s;
	int64_t at_ms;
};

/**
 * router_clock_lost() - takes over the epoch of a reply
 *
 * Clocks may differ by 1/16, and by two seconds. A reply that was on the way for long is behind by
 * one second at most.
 * Return: the router has lost its mappings since the last reply
 */
bool router_clock_lost(struct router_clock *clock, uint32_t epoch_s, int64_t now_ms);

#endif
