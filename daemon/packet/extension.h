/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * extension.h - elements in the header extension of an RTP packet (RFC 8285)
 *
 * Pure. The bytes are not trusted: nothing beyond the header extension is read.
 */
#ifndef RTPRELAY_EXTENSION_H
#define RTPRELAY_EXTENSION_H

#include "base/str.h"
#include "rtp_wire.h"

/* Numbers of elements, as a=extmap gives them: of the form with two bytes. 0 is padding. */
#define EXTENSION_ID_MAX 255

/**
 * extension_find() - the first element with this number, in the form with one byte or with two
 * @p, @w: a packet of RTP, as rtp_wire_parse() has read it
 * @id: 1..EXTENSION_ID_MAX
 * @value: gets a slice of the packet
 * Return: false: there is none. So for elements that reach beyond the header extension.
 */
bool extension_find(const uint8_t *p, const struct rtp_wire *w, uint8_t id, struct str *value);

/**
 * extension_remove() - takes the whole header extension out of the packet
 * @p, @len, @w: as above; @w is changed with the packet
 * Return: the new length
 */
size_t extension_remove(uint8_t *p, size_t len, struct rtp_wire *w);

#endif
