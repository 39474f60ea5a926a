/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fingerprint.c - CRC-32 (ITU V.42, polynomial 0x04c11db7 with the bits reversed) of a message */
#include "stun/fingerprint.h"

/* Half a byte at a time: the messages are short. */
static uint32_t crc32_of(const uint8_t *data, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc = crc >> 4 ^ table[(crc ^ data[i]) & 0xf];
		crc = crc >> 4 ^ table[(crc ^ data[i] >> 4) & 0xf];
	}
	return ~crc;
}

uint32_t stun_fingerprint(const uint8_t *data, size_t len)
{
	return crc32_of(data, len) ^ STUN_FINGERPRINT_OF;
}

bool stun_fingerprint_fits(const uint8_t *data, size_t len, const struct stun_attr *attr)
{
	const uint8_t *end = attr->value + attr->size;

	return attr->size == 4 && end == data + len &&
	       stun_u32(attr->value) ==
		       stun_fingerprint(data, (size_t)(attr->value - STUN_ATTR_HEADER - data));
}
