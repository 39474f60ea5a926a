/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hep.c - a report as a message of HEP version 3, the protocol of Homer and other servers */
#include "homer/hep.h"

#define HEAD_LEN  6 /* "HEP3", length of the message */
#define CHUNK_LEN 6 /* vendor, type, length of the chunk with these */

/* Types of chunks of vendor 0, as in the specification's table. */
enum chunk {
	CHUNK_FAMILY = 0x0001,
	CHUNK_PROTOCOL = 0x0002,
	CHUNK_SOURCE_IP4 = 0x0003,
	CHUNK_LOCAL_IP4 = 0x0004,
	CHUNK_SOURCE_IP6 = 0x0005,
	CHUNK_LOCAL_IP6 = 0x0006,
	CHUNK_SOURCE_PORT = 0x0007,
	CHUNK_LOCAL_PORT = 0x0008,
	CHUNK_SECONDS = 0x0009,
	CHUNK_MICROSECONDS = 0x000a,
	CHUNK_TYPE = 0x000b,
	CHUNK_AGENT = 0x000c,
	CHUNK_PASSWORD = 0x000e,
	CHUNK_PAYLOAD = 0x000f,
	CHUNK_CORRELATION = 0x0011,
};

/* The protocol's own numbers of families; not those of the system where it runs. */
#define FAMILY_IP4 2
#define FAMILY_IP6 10

static void put_u16(struct buf *out, size_t value)
{
	buf_char(out, (char)(value >> 8));
	buf_char(out, (char)value);
}

static void put_chunk(struct buf *out, enum chunk type, const void *value, size_t len)
{
	if (len > UINT16_MAX - CHUNK_LEN) {
		out->overflow = true;
		return;
	}
	put_u16(out, 0);
	put_u16(out, type);
	put_u16(out, CHUNK_LEN + len);
	buf_add(out, value, len);
}

static void put_chunk_u8(struct buf *out, enum chunk type, uint8_t value)
{
	put_chunk(out, type, &value, 1);
}

static void put_chunk_u32(struct buf *out, enum chunk type, uint32_t value)
{
	const uint32_t wire = htonl(value);

	put_chunk(out, type, &wire, sizeof(wire));
}

static void put_port(struct buf *out, enum chunk type, const struct endpoint *ep)
{
	const uint16_t wire = htons(endpoint_port(ep));

	put_chunk(out, type, &wire, sizeof(wire));
}

static void put_addresses(struct buf *out, const struct endpoint *source,
			  const struct endpoint *local)
{
	bool ip6 = local->sa.sa_family == AF_INET6;
	struct endpoint none = { 0 };

	none.sa.sa_family = local->sa.sa_family;
	if (source->sa.sa_family != local->sa.sa_family)
		source = &none;
	put_chunk_u8(out, CHUNK_FAMILY, ip6 ? FAMILY_IP6 : FAMILY_IP4);
	put_chunk_u8(out, CHUNK_PROTOCOL, IPPROTO_UDP);
	if (ip6) {
		put_chunk(out, CHUNK_SOURCE_IP6, &source->in6.sin6_addr, sizeof(struct in6_addr));
		put_chunk(out, CHUNK_LOCAL_IP6, &local->in6.sin6_addr, sizeof(struct in6_addr));
	} else {
		put_chunk(out, CHUNK_SOURCE_IP4, &source->in4.sin_addr, sizeof(struct in_addr));
		put_chunk(out, CHUNK_LOCAL_IP4, &local->in4.sin_addr, sizeof(struct in_addr));
	}
	put_port(out, CHUNK_SOURCE_PORT, source);
	put_port(out, CHUNK_LOCAL_PORT, local);
}

static void put_text(struct buf *out, enum chunk type, struct str text)
{
	if (text.len)
		put_chunk(out, type, text.s, text.len);
}

bool hep_encode(const struct hep_message *message, struct buf *out)
{
	buf_lit(out, "HEP3");
	put_u16(out, 0); /* the length, when it is known */
	put_addresses(out, message->source, message->local);
	put_chunk_u32(out, CHUNK_SECONDS, (uint32_t)(message->at_us / 1000000));
	put_chunk_u32(out, CHUNK_MICROSECONDS, (uint32_t)(message->at_us % 1000000));
	put_chunk_u8(out, CHUNK_TYPE, (uint8_t)message->type);
	put_chunk_u32(out, CHUNK_AGENT, message->agent);
	put_text(out, CHUNK_PASSWORD, message->password);
	put_text(out, CHUNK_CORRELATION, message->correlation);
	put_text(out, CHUNK_PAYLOAD, message->payload);
	if (out->overflow || out->len > UINT16_MAX)
		return false;
	out->data[HEAD_LEN - 2] = (char)(out->len >> 8);
	out->data[HEAD_LEN - 1] = (char)out->len;
	return true;
}
