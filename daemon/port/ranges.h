/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ranges.h - the ports for media, and which interfaces have them, as text for a log line */
#ifndef RTPRELAY_IFACE_RANGES_H
#define RTPRELAY_IFACE_RANGES_H

#include "port/iface.h"

/*
 * "30000-40000"; if there are several ranges, each with its interfaces: "30000-30999 (pub, lan),
 * 40000-40999 (priv)". The names of a range are left out if they do not fit; "..." stands for
 * ranges that do not fit. "none": there is no address. @size: at least 32. Returns @text.
 */
const char *iface_ranges_print(const struct iface_table *table, char *text, size_t size);

#endif
