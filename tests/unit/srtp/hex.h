/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hex.h - bytes from their digits, for vectors of RFCs */
#ifndef RTPRELAY_TEST_SRTP_HEX_H
#define RTPRELAY_TEST_SRTP_HEX_H

#include <stddef.h>
#include <stdint.h>
#include "tests/unit/test.h"

static inline unsigned int hex_digit(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Blanks between the digits are skipped. Return: the number of bytes */
static inline size_t hex_bytes(const char *text, uint8_t *bytes, size_t size)
{
	size_t digits = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		CU_ASSERT_TRUE_FATAL(digits / 2 < size);
		bytes[digits / 2] =
			(uint8_t)((digits % 2 ? bytes[digits / 2] << 4 : 0) | hex_digit(*text));
		digits++;
	}
	return digits / 2;
}

#endif
