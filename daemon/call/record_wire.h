/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_wire.h - values to bytes and back: one function for each type does both directions
 *
 * Input is not trusted: each length is checked against the bytes that are left. Invalid input, or
 * missing room or memory, sets @failed; after that all functions do nothing, and the caller checks
 * @failed at the end.
 */
#ifndef RTPRELAY_JOURNAL_WIRE_H
#define RTPRELAY_JOURNAL_WIRE_H

#include <endian.h>
#include "base/arena.h"
#include "base/endpoint.h"

/* @arena: memory for the decoded values; NULL: encode */
struct wire {
	uint8_t *at, *end;
	struct arena *arena;
	bool failed;
};

static inline bool wire_reads(const struct wire *w)
{
	return w->arena;
}

static inline size_t wire_left(const struct wire *w)
{
	return (size_t)(w->end - w->at);
}

/* The next @len bytes; NULL: fewer are left. */
static inline uint8_t *wire_take(struct wire *w, size_t len)
{
	uint8_t *here = w->at;

	if (w->failed || len > wire_left(w)) {
		w->failed = true;
		return NULL;
	}
	w->at += len;
	return here;
}

static inline void wire_bytes(struct wire *w, void *data, size_t len)
{
	uint8_t *here = wire_take(w, len);

	if (!here || !len)
		return;
	if (wire_reads(w))
		memcpy(data, here, len);
	else
		memcpy(here, data, len);
}

static inline void wire_u64(struct wire *w, uint64_t *value)
{
	uint64_t le = htole64(*value);

	wire_bytes(w, &le, sizeof(le));
	*value = le64toh(le);
}

static inline void wire_i64(struct wire *w, int64_t *value)
{
	uint64_t bits = (uint64_t)*value;

	wire_u64(w, &bits);
	*value = (int64_t)bits;
}

static inline void wire_u32(struct wire *w, uint32_t *value)
{
	uint32_t le = htole32(*value);

	wire_bytes(w, &le, sizeof(le));
	*value = le32toh(le);
}

static inline void wire_u16(struct wire *w, uint16_t *value)
{
	uint16_t le = htole16(*value);

	wire_bytes(w, &le, sizeof(le));
	*value = le16toh(le);
}

static inline void wire_i16(struct wire *w, int16_t *value)
{
	uint16_t bits = (uint16_t)*value;

	wire_u16(w, &bits);
	*value = (int16_t)bits;
}

/* 0..@max */
static inline void wire_u8(struct wire *w, uint8_t *value, uint8_t max)
{
	wire_bytes(w, value, 1);
	if (wire_reads(w) && *value > max) {
		w->failed = true;
		*value = 0;
	}
}

static inline void wire_bool(struct wire *w, bool *value)
{
	uint8_t byte = *value;

	wire_u8(w, &byte, 1);
	*value = byte;
}

static inline void wire_str(struct wire *w, struct str *text)
{
	uint16_t len = (uint16_t)text->len;
	uint8_t *here;

	if (!wire_reads(w) && text->len > UINT16_MAX)
		w->failed = true;
	wire_u16(w, &len);
	if (!wire_reads(w)) {
		here = wire_take(w, len);
		if (here && len)
			memcpy(here, text->s, len);
		return;
	}
	here = wire_take(w, len);
	*text = here ? arena_str(w->arena, (struct str){ (const char *)here, len }) : STR_NONE;
	w->failed = w->failed || !text->s;
	if (!text->len)
		*text = STR_NONE;
}

/**
 * wire_array() - the number of items; when decoding, also allocates zeroed memory for them
 * @max: a larger number is an error
 */
static inline void wire_array(struct wire *w, size_t *count, void *array, size_t item, size_t max)
{
	uint32_t n = (uint32_t)*count;
	void *made;

	wire_u32(w, &n);
	*count = n;
	/* Each item takes at least one byte. */
	w->failed = w->failed || n > max || n > wire_left(w);
	if (w->failed) {
		*count = 0;
		return;
	}
	if (!wire_reads(w))
		return;
	made = n ? arena_zalloc(w->arena, n * item) : NULL;
	memcpy(array, &made, sizeof(made));
	if (n && !made) {
		w->failed = true;
		*count = 0;
	}
}

/* IPv4, IPv6 with scope, or unset; no other members of a sockaddr. */
static inline void wire_endpoint(struct wire *w, struct endpoint *ep)
{
	uint8_t family = ep->sa.sa_family == AF_INET ? 4 : ep->sa.sa_family == AF_INET6 ? 6 : 0;
	uint16_t port = endpoint_port(ep);

	wire_u8(w, &family, 6);
	if (wire_reads(w))
		memset(ep, 0, sizeof(*ep));
	if (w->failed || !family)
		return;
	if (family == 4) {
		ep->in4.sin_family = AF_INET;
		wire_bytes(w, &ep->in4.sin_addr, sizeof(ep->in4.sin_addr));
	} else if (family == 6) {
		ep->in6.sin6_family = AF_INET6;
		wire_bytes(w, &ep->in6.sin6_addr, sizeof(ep->in6.sin6_addr));
		wire_u32(w, &ep->in6.sin6_scope_id);
	} else {
		w->failed = true;
		return;
	}
	wire_u16(w, &port);
	endpoint_set_port(ep, port);
}

/* An address of an interface, where ports were taken. */
struct place_record {
	struct str iface;
	struct endpoint bind; /* port 0 */
};

static inline void wire_place(struct wire *w, struct place_record *place)
{
	wire_str(w, &place->iface);
	wire_endpoint(w, &place->bind);
	w->failed = w->failed || !endpoint_is_set(&place->bind);
}

#endif
