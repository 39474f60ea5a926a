/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_stun_answer.c - any bytes as a datagram to the STUN service
 *
 * The first byte selects the site, its rules, the socket and the family of the source; the next two
 * are the source's port. An answer is a well-formed message, that goes to the source's address and
 * a port of a client, from a socket of the site; it echoes the transaction, is no request, and is
 * not longer than the limits of amplification allow. Nothing is read past the end.
 */
#include <stdlib.h>
#include "daemon/nat/stun_answer.h"
#include "daemon/stun/fingerprint.h"
#include "daemon/stun/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static struct endpoint address(bool ip6, unsigned int last, uint16_t port)
{
	struct endpoint ep;

	require(endpoint_parse_addr(ip6 ? STR("2001:db8::") : STR("192.0.2.0"), 0, &ep));
	if (ip6)
		ep.in6.sin6_addr.s6_addr[15] = (uint8_t)last;
	else
		ep.in4.sin_addr.s_addr |= htonl(last);
	endpoint_set_port(&ep, port);
	return ep;
}

static bool is_well_formed(const uint8_t *data, size_t len)
{
	const uint8_t *at = data + STUN_HEADER;
	size_t left = len - STUN_HEADER;
	struct stun_attr attr;

	if (!stun_is_framed(data, len))
		return false;
	while (left) {
		if (!stun_attr_next(&at, &left, &attr))
			return false;
		if (attr.type == STUN_FINGERPRINT &&
		    (left || stun_u32(attr.value) != stun_fingerprint(data, len - 8)))
			return false;
	}
	return true;
}

/* In tenths of the request's size; IPv6 addresses are longer. */
static size_t most(enum stun_verdict verdict, bool ip6)
{
	if (verdict == STUN_ANSWER_DISCOVERY)
		return 34;
	if (verdict == STUN_ANSWER_CLASSIC)
		return 28;
	return ip6 ? 22 : 16;
}

static void check(const struct stun_answer *answer, const struct endpoint *source,
		  const uint8_t *data, const struct stun_site *site)
{
	require(is_well_formed(answer->bytes, answer->len));
	require(!memcmp(answer->bytes + 4, data + 4, 16));
	require(stun_class(stun_u16(answer->bytes)) >= STUN_SUCCESS);
	require(answer->from < site->n);
	require(endpoint_addr_eq(&answer->to, source) && stun_may_answer(&answer->to));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stun_site site = { 0 };
	struct stun_answer answer = { .len = 0 };
	struct stun_rules rules;
	struct endpoint source;
	enum stun_verdict verdict;
	unsigned int in;
	uint8_t *exact;
	bool ip6;

	if (size < 3)
		return 0;
	ip6 = data[0] & 1;
	rules = (struct stun_rules){ data[0] & 2, data[0] & 4, false };
	site.n = data[0] & 8 ? 4 : 2;
	in = (data[0] >> 4 & 3) & (unsigned int)(site.n - 1);
	for (unsigned int i = 0; i < site.n; i++)
		site.bind[i] = site.named[i] = address(ip6, i, 3478);
	source = address(ip6, 7, (uint16_t)(data[1] << 8 | data[2]));
	data += 3;
	size -= 3;
	exact = malloc(size ? size : 1);
	require(exact);
	if (size)
		memcpy(exact, data, size);
	verdict = stun_answer(&site, &rules, in, &source, exact, size, &answer);
	require(verdict < STUN_VERDICTS);
	if (verdict < STUN_ANSWERS) {
		check(&answer, &source, exact, &site);
		require(answer.len * 10 <= size * most(verdict, ip6));
	}
	free(exact);
	return 0;
}
