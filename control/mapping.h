/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapping.h - prints what a router forwards to the relay */
#ifndef RTPRELAY_MAPPING_H
#define RTPRELAY_MAPPING_H

#include <jansson.h>

/* What the router forwards to an address of the relay, or why not; nothing if it need not. */
void mapping_print(const json_t *iface);

#endif
