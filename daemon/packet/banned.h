/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * banned.h - sources whose packets are dropped, whatever they are
 *
 * A set never changes after banned_new(), so that any thread may ask it. It is counted; another one
 * takes its place when an address is added or removed.
 */
#ifndef RTPRELAY_BANNED_H
#define RTPRELAY_BANNED_H

#include "base/endpoint.h"

struct banned;

/* @addr: ports are ignored. The caller has one reference. NULL: out of memory. */
struct banned *banned_new(const struct endpoint *addr, size_t n);
/* Both take NULL; any thread. */
struct banned *banned_get(struct banned *banned);
void banned_put(struct banned *banned);

/* NULL has no address; else the time grows with the logarithm of their number. */
bool banned_has(const struct banned *banned, const struct endpoint *source);

#endif
