/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolve.h - converts text of the configuration to addresses to listen on or connect to
 *
 * May wait for DNS: call it only at start or when the configuration is read.
 */
#ifndef RTPRELAY_RESOLVE_H
#define RTPRELAY_RESOLVE_H

#include "base/endpoint.h"

/**
 * endpoint_resolve() - the addresses of "HOST:PORT", "[V6]:PORT" or "PORT"
 * @text: PORT means the unspecified address of both families
 * Return: their number, at most @room; -EINVAL: none
 */
int endpoint_resolve(const char *text, struct endpoint *addrs, size_t room);
/* "udp:192.0.2.1:2223" to "192.0.2.1:2223"; the text itself if it has no prefix; NULL: a path */
const char *endpoint_unprefixed(const char *text);

#endif
