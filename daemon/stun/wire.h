/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - STUN on the wire: numbers of RFC 8489, 3489 and 5780, header, and walk of the attributes
 */
#ifndef RTPRELAY_STUN_WIRE_H
#define RTPRELAY_STUN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUN_HEADER	    20
#define STUN_TRANSACTION    12 /* bytes of a transaction id; without cookie it has 16 */
#define STUN_COOKIE	    0x2112a442
#define STUN_BINDING	    1 /* the method */
#define STUN_ATTR_HEADER    4
#define STUN_FINGERPRINT_OF 0x5354554e /* is combined with the CRC-32 */

/* The two bits of the class. */
enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

/* Attributes below 0x8000 must be understood by the receiver. */
enum stun_attr_type {
	STUN_MAPPED_ADDRESS = 0x0001,
	STUN_RESPONSE_ADDRESS = 0x0002, /* these of RFC 3489 only */
	STUN_CHANGE_REQUEST = 0x0003,
	STUN_SOURCE_ADDRESS = 0x0004,
	STUN_CHANGED_ADDRESS = 0x0005,
	STUN_USERNAME = 0x0006,
	STUN_MESSAGE_INTEGRITY = 0x0008,
	STUN_ERROR_CODE = 0x0009,
	STUN_UNKNOWN_ATTRIBUTES = 0x000a,
	STUN_REFLECTED_FROM = 0x000b,
	STUN_REALM = 0x0014,
	STUN_NONCE = 0x0015,
	STUN_MESSAGE_INTEGRITY_SHA256 = 0x001c,
	STUN_PASSWORD_ALGORITHM = 0x001d,
	STUN_USERHASH = 0x001e,
	STUN_XOR_MAPPED_ADDRESS = 0x0020,
	STUN_PRIORITY = 0x0024, /* RFC 8445 */
	STUN_USE_CANDIDATE = 0x0025,
	STUN_PADDING = 0x0026, /* RFC 5780 */
	STUN_RESPONSE_PORT = 0x0027,
	STUN_OPTIONAL = 0x8000, /* this and above may be ignored */
	STUN_FINGERPRINT = 0x8028,
	STUN_ICE_CONTROLLED = 0x8029,
	STUN_ICE_CONTROLLING = 0x802a,
	STUN_RESPONSE_ORIGIN = 0x802b,
	STUN_OTHER_ADDRESS = 0x802c,
};

static inline unsigned int stun_u16(const uint8_t *at)
{
	return (unsigned int)(at[0] << 8 | at[1]);
}

static inline uint32_t stun_u32(const uint8_t *at)
{
	return (uint32_t)stun_u16(at) << 16 | stun_u16(at + 2);
}

/* The type has the bits M11..M7 C1 M6..M4 C0 M3..M0 (RFC 8489, section 5). */
static inline unsigned int stun_method(unsigned int type)
{
	return (type & 0x3e00) >> 2 | (type & 0xe0) >> 1 | (type & 0xf);
}

static inline enum stun_class stun_class(unsigned int type)
{
	return (enum stun_class)((type & 0x100) >> 7 | (type & 0x10) >> 4);
}

/* Is it a header, of RFC 8489 or 3489, of a message that is the whole datagram? */
static inline bool stun_is_framed(const uint8_t *data, size_t len)
{
	return len >= STUN_HEADER && data[0] <= 0x3f && len % 4 == 0 &&
	       stun_u16(data + 2) == len - STUN_HEADER;
}

static inline bool stun_has_cookie(const uint8_t *data)
{
	return stun_u32(data + 4) == STUN_COOKIE;
}

struct stun_attr {
	unsigned int type;
	size_t size; /* of the value, without padding */
	const uint8_t *value;
};

/**
 * stun_attr_next() - reads the attribute at *at, and moves *at behind it
 * @len: bytes from *at to the end; 0: none is left, do not call
 * Return: false: it is longer than the message
 */
static inline bool stun_attr_next(const uint8_t **at, size_t *len, struct stun_attr *attr)
{
	size_t padded;

	if (*len < STUN_ATTR_HEADER)
		return false;
	*attr = (struct stun_attr){ stun_u16(*at), stun_u16(*at + 2), *at + STUN_ATTR_HEADER };
	padded = (attr->size + 3) & ~(size_t)3;
	if (padded > *len - STUN_ATTR_HEADER)
		return false;
	*at += STUN_ATTR_HEADER + padded;
	*len -= STUN_ATTR_HEADER + padded;
	return true;
}

#endif
