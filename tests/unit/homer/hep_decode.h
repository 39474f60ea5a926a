/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hep_decode.h - reads a HEP message by the table of chunks in the specification of HEP 3
 *
 * Written from that table alone: it shares no number with daemon/homer/hep.c.
 */
#ifndef RTPRELAY_HEP_DECODE_H
#define RTPRELAY_HEP_DECODE_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/test.h"

struct hep_decoded {
	bool valid;
	unsigned int chunks;
	uint32_t number[0x12]; /* of chunks with a number, by type */
	char text[0x12][8192]; /* addresses as text, and octet strings; "": no such chunk */
};

enum hep_form { HEP_U8 = 1, HEP_U16 = 2, HEP_U32 = 4, HEP_IP6 = 16, HEP_IP4 = 100, HEP_OCTETS };

static inline uint32_t hep_number(const uint8_t *p, size_t len)
{
	uint32_t value = 0;

	while (len--)
		value = value << 8 | *p++;
	return value;
}

static inline bool hep_chunk(struct hep_decoded *out, unsigned int type, const uint8_t *p,
			     size_t len)
{
	static const enum hep_form forms[0x12] = {
		[0x01] = HEP_U8,     /* IP protocol family */
		[0x02] = HEP_U8,     /* IP protocol */
		[0x03] = HEP_IP4,    /* source */
		[0x04] = HEP_IP4,    /* destination */
		[0x05] = HEP_IP6,    /* source */
		[0x06] = HEP_IP6,    /* destination */
		[0x07] = HEP_U16,    /* source port */
		[0x08] = HEP_U16,    /* destination port */
		[0x09] = HEP_U32,    /* seconds */
		[0x0a] = HEP_U32,    /* microseconds */
		[0x0b] = HEP_U8,     /* protocol type */
		[0x0c] = HEP_U32,    /* capture agent */
		[0x0d] = HEP_U16,    /* keep alive */
		[0x0e] = HEP_OCTETS, /* authenticate key */
		[0x0f] = HEP_OCTETS, /* payload */
		[0x10] = HEP_OCTETS, /* compressed payload */
		[0x11] = HEP_OCTETS, /* correlation id */
	};
	enum hep_form form = type < 0x12 ? forms[type] : 0;

	if (!form || *out->text[type])
		return false; /* not in the table, or twice */
	if (form == HEP_IP4 || form == HEP_IP6) {
		bool ip4 = form == HEP_IP4;

		return len == (ip4 ? 4 : 16) && inet_ntop(ip4 ? AF_INET : AF_INET6, p,
							  out->text[type], sizeof(out->text[0]));
	}
	if (form == HEP_OCTETS) {
		snprintf(out->text[type], sizeof(out->text[0]), "%.*s", (int)len, (const char *)p);
		return len > 0;
	}
	out->number[type] = hep_number(p, len);
	snprintf(out->text[type], sizeof(out->text[0]), "%u", out->number[type]);
	return len == (size_t)form;
}

static inline void hep_decode(struct hep_decoded *out, const uint8_t *p, size_t len)
{
	size_t at = 6;

	memset(out, 0, sizeof(*out));
	if (len < 6 || memcmp(p, "HEP3", 4) || hep_number(p + 4, 2) != len)
		return;
	while (len - at >= 6) {
		size_t chunk = hep_number(p + at + 4, 2);

		if (hep_number(p + at, 2) != 0 || chunk < 6 || chunk > len - at ||
		    !hep_chunk(out, hep_number(p + at + 2, 2), p + at + 6, chunk - 6))
			return;
		out->chunks++;
		at += chunk;
	}
	out->valid = at == len;
}

#endif
