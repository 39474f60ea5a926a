/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolve.h - texts of the configuration to addresses to listen at or to connect to
 *
 * May wait for DNS: at start and when the configuration is read, never while packets or commands wait.
 */
#ifndef RTPRELAY_RESOLVE_H
#define RTPRELAY_RESOLVE_H

#include "base/endpoint.h"

/**
 * endpoint_resolve() - the addresses that "HOST:PORT", "[V6]:PORT" or "PORT" (all addresses, both families) mean
 * Return: how many, at most @room; -EINVAL: none
 */
int endpoint_resolve(const char *text, struct endpoint *addrs, size_t room);

#endif
