/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * law.c - samples of G.711 under the other law
 *
 * Both laws have eight segments of 16 steps for each sign (ITU-T G.711, tables 1 and 2); values are
 * in units of 1/65536 of the whole range.
 */
#include <stdlib.h>
#include "record/law.h"

static int value_of_mu(uint8_t byte)
{
	int step = ~byte & 0x0f, segment = ~byte >> 4 & 7;
	int value = ((2 * step + 33) << segment) - 33;

	return 4 * (byte & 0x80 ? value : -value);
}

static int value_of_a(uint8_t byte)
{
	int bits = byte ^ 0x55, step = bits & 0x0f, segment = bits >> 4 & 7;
	int value = segment ? (2 * step + 33) << (segment - 1) : 2 * step + 1;

	return 8 * (bits & 0x80 ? value : -value);
}

static int value_of(enum record_law law, uint8_t byte)
{
	return law == RECORD_LAW_A ? value_of_a(byte) : value_of_mu(byte);
}

/* @sign: the first bit, the same under both laws; it tells apart what is next to zero. */
static uint8_t nearest(enum record_law law, int value, int sign)
{
	int found = sign;

	for (int byte = sign; byte < sign + 128; byte++)
		if (abs(value_of(law, (uint8_t)byte) - value) <
		    abs(value_of(law, (uint8_t)found) - value))
			found = byte;
	return (uint8_t)found;
}

void record_law_table(enum record_law from, uint8_t table[256])
{
	enum record_law to = from == RECORD_LAW_A ? RECORD_LAW_MU : RECORD_LAW_A;

	for (int byte = 0; byte < 256; byte++)
		table[byte] = nearest(to, value_of(from, (uint8_t)byte), byte & 0x80);
}
