/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base64.c - bytes as base64 and back
 */
#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool digit(char c, uint32_t *value)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	if (at)
		*value = (uint32_t)(at - alphabet);
	return at;
}

bool base64_read(struct str text, uint8_t *bytes, size_t len)
{
	size_t digits = (len * 8 + 5) / 6, padded = (len + 2) / 3 * 4, done = 0;
	uint32_t bits = 0, value = 0;
	unsigned int n_bits = 0;

	if (text.len != digits && text.len != padded)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (!digit(text.s[i], &value))
			return false;
		bits = bits << 6 | value;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			bytes[done++] = (uint8_t)(bits >> n_bits);
			bits &= (1U << n_bits) - 1;
		}
	}
	for (size_t i = digits; i < text.len; i++)
		if (text.s[i] != '=')
			return false;
	return !bits;
}

void base64_write(struct buf *buf, const uint8_t *bytes, size_t len, bool pad)
{
	unsigned int n_bits = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		n_bits += 8;
		while (n_bits >= 6) {
			n_bits -= 6;
			buf_char(buf, alphabet[bits >> n_bits & 63]);
		}
		bits &= (1U << n_bits) - 1;
	}
	if (n_bits)
		buf_char(buf, alphabet[bits << (6 - n_bits) & 63]);
	for (size_t i = len; pad && i % 3; i++)
		buf_char(buf, '=');
}
