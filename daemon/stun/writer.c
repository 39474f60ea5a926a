/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.c - writes STUN messages into a buf: header, attributes, length, FINGERPRINT
 */
#include "stun/fingerprint.h"
#include "stun/writer.h"

void stun_put_u16(struct buf *out, unsigned int value)
{
	uint8_t bytes[] = { (uint8_t)(value >> 8), (uint8_t)value };

	buf_add(out, bytes, sizeof(bytes));
}

void stun_put_u32(struct buf *out, uint32_t value)
{
	stun_put_u16(out, value >> 16);
	stun_put_u16(out, value & 0xffff);
}

void stun_put_attr_header(struct buf *out, enum stun_attr_type type, size_t size)
{
	stun_put_u16(out, type);
	stun_put_u16(out, (unsigned int)size);
}

void stun_put_header(struct buf *out, enum stun_class class, const uint8_t *id)
{
	stun_put_u16(out, STUN_BINDING | (class & 2 ? 0x100 : 0) | (class & 1 ? 0x10 : 0));
	stun_put_u16(out, 0);
	buf_add(out, id, STUN_HEADER - 4);
}

void stun_put_length(struct buf *out, size_t more)
{
	size_t len = out->len + more - STUN_HEADER;

	if (out->overflow || out->len < STUN_HEADER)
		return;
	out->data[2] = (char)(len >> 8);
	out->data[3] = (char)len;
}

void stun_put_address(struct buf *out, enum stun_attr_type type, const struct endpoint *ep,
		      const uint8_t *mask)
{
	bool ip4 = ep->sa.sa_family == AF_INET;
	const uint8_t *addr = ip4 ? (const uint8_t *)&ep->in4.sin_addr : ep->in6.sin6_addr.s6_addr;
	size_t size = ip4 ? 4 : 16;

	stun_put_attr_header(out, type, 4 + size);
	stun_put_u16(out, ip4 ? 1 : 2);
	stun_put_u16(out, endpoint_port(ep) ^ stun_u16(mask));
	for (size_t i = 0; i < size; i++)
		buf_char(out, (char)(addr[i] ^ mask[i]));
}

void stun_put_fingerprint(struct buf *out)
{
	uint32_t value;

	stun_put_length(out, STUN_FINGERPRINT_LEN);
	value = stun_fingerprint((const uint8_t *)out->data, out->len);
	stun_put_attr_header(out, STUN_FINGERPRINT, 4);
	stun_put_u32(out, value);
}
