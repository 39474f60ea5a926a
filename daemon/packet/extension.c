/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * extension.c - elements in the header extension of an RTP packet (RFC 8285)
 */
#include "packet/extension.h"

#define HAS_EXTENSION  0x10
#define PROFILE_ONE    0xbede
#define PROFILE_TWO    0x1000 /* its last four bits are anything */
#define ONE_STOPS_HERE 15     /* RFC 8285, 4.2 */

/* Bytes before the header extension: the fixed header and CSRCs. */
static size_t fixed_len(const uint8_t *p)
{
	return 12 + 4 * (size_t)(p[0] & 0x0f);
}

/* The next element behind padding. Return: 0: there is none, or it reaches too far */
static uint8_t next_of_one(const uint8_t **at, const uint8_t *end, struct str *value)
{
	const uint8_t *p = *at;
	uint8_t id;

	while (p < end && !*p)
		p++;
	if (p == end)
		return 0;
	id = *p >> 4;
	value->len = (*p & 15U) + 1;
	value->s = (const char *)p + 1;
	if (id == ONE_STOPS_HERE || value->len > (size_t)(end - p) - 1)
		return 0;
	*at = p + 1 + value->len;
	return id;
}

static uint8_t next_of_two(const uint8_t **at, const uint8_t *end, struct str *value)
{
	const uint8_t *p = *at;

	while (p < end && !*p)
		p++;
	if (end - p < 2)
		return 0;
	value->len = p[1];
	value->s = (const char *)p + 2;
	if (value->len > (size_t)(end - p) - 2)
		return 0;
	*at = p + 2 + value->len;
	return *p;
}

bool extension_find(const uint8_t *p, const struct rtp_wire *w, uint8_t id, struct str *value)
{
	const uint8_t *at = p + fixed_len(p), *end = p + w->header_len;
	uint8_t found;
	unsigned int profile;

	if (!(p[0] & HAS_EXTENSION))
		return false;
	profile = rtp_wire_u16(at);
	at += 4;
	if (profile != PROFILE_ONE && (profile & 0xfff0) != PROFILE_TWO)
		return false;
	do
		found = (profile == PROFILE_ONE ? next_of_one : next_of_two)(&at, end, value);
	while (found && found != id);
	return found;
}

size_t extension_remove(uint8_t *p, size_t len, struct rtp_wire *w)
{
	size_t fixed = fixed_len(p), gone = w->header_len - fixed;

	if (!(p[0] & HAS_EXTENSION))
		return len;
	memmove(p + fixed, p + w->header_len, len - w->header_len);
	p[0] &= (uint8_t)~HAS_EXTENSION;
	w->header_len = (uint32_t)fixed;
	return len - gone;
}
