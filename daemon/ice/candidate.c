/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * candidate.c - a candidate: an address where a component can perhaps be reached
 */
#include <stdio.h>
#include "base/count.h"
#include "base/siphash.h"
#include "ice/candidate.h"

static const char *const type_names[] = {
	[ICE_HOST] = "host", [ICE_PRFLX] = "prflx", [ICE_SRFLX] = "srflx", [ICE_RELAY] = "relay"
};

/* --- Reading --------------------------------------------------------------------------------- */

/* The next word, as if a blank were as good as several. */
static struct str next_word(struct str *rest)
{
	struct str word;

	do
		word = str_split(rest, ' ');
	while (!word.len && rest->len);
	return word;
}

/* Where a phone can be: a port of an address that a host may have. */
static bool is_reachable(const struct endpoint *address)
{
	enum endpoint_kind kind = endpoint_kind(address);

	return endpoint_port(address) && (kind == ENDPOINT_HOST || kind == ENDPOINT_LOOPBACK);
}

static bool read_type(struct str name, enum ice_type *type)
{
	for (size_t i = 0; i < COUNT(type_names); i++) {
		*type = (enum ice_type)i;
		if (str_eq_nocase(name, str_of(type_names[i])))
			return true;
	}
	return false;
}

/* Extensions behind the type are not needed, nor is the related address. */
enum ice_fault ice_candidate_read(struct str value, struct ice_candidate *candidate)
{
	struct str component, transport, priority, address, port, typ, type;
	uint64_t number, rank, port_number;

	*candidate = (struct ice_candidate){ .foundation = next_word(&value) };
	component = next_word(&value);
	transport = next_word(&value);
	priority = next_word(&value);
	address = next_word(&value);
	port = next_word(&value);
	typ = next_word(&value);
	type = next_word(&value);
	if (candidate->foundation.len > ICE_FOUNDATION_MAX || !str_eq_nocase(typ, STR("typ")) ||
	    !str_to_u64(component, 99999, &number) || !number ||
	    !str_to_u64(priority, UINT32_MAX, &rank) ||
	    !str_to_u64(port, UINT16_MAX, &port_number) || !type.len)
		return ICE_MALFORMED;
	if (!str_eq_nocase(transport, STR("UDP")))
		return ICE_NOT_UDP;
	if (number > ICE_COMPONENTS)
		return ICE_NO_COMPONENT;
	if (!read_type(type, &candidate->type))
		return ICE_NO_TYPE;
	if (!endpoint_parse_addr(address, 0, &candidate->address))
		return memchr(address.s, ':', address.len) ? ICE_NO_HOST : ICE_NAMED;
	endpoint_set_port(&candidate->address, (uint16_t)port_number);
	if (!is_reachable(&candidate->address))
		return ICE_NO_HOST;
	candidate->component = (uint8_t)number;
	candidate->priority = (uint32_t)rank;
	return ICE_OK;
}

/* --- Writing --------------------------------------------------------------------------------- */

static void add_address(struct buf *buf, const struct endpoint *address, const char *between)
{
	char text[ENDPOINT_TEXT];

	buf_str(buf, str_of(endpoint_print_addr(address, text)));
	buf_str(buf, str_of(between));
	buf_u64(buf, endpoint_port(address));
}

void ice_candidate_write(struct buf *buf, const struct ice_candidate *candidate)
{
	buf_str(buf, candidate->foundation);
	buf_char(buf, ' ');
	buf_u64(buf, candidate->component);
	buf_lit(buf, " UDP ");
	buf_u64(buf, candidate->priority);
	buf_char(buf, ' ');
	add_address(buf, &candidate->address, " ");
	buf_lit(buf, " typ ");
	buf_str(buf, str_of(type_names[candidate->type]));
	if (candidate->type != ICE_HOST) {
		buf_lit(buf, " raddr ");
		add_address(buf, &candidate->address, " rport ");
	}
}

/* --- Numbers --------------------------------------------------------------------------------- */

uint32_t ice_priority(enum ice_type type, uint16_t preference, unsigned int component)
{
	static const uint32_t types[] = {
		[ICE_HOST] = 126, [ICE_PRFLX] = 110, [ICE_SRFLX] = 100, [ICE_RELAY] = 0
	};

	return types[type] << 24 | (uint32_t)preference << 8 | (256 - component);
}

uint64_t ice_pair_priority(uint32_t controlling, uint32_t controlled)
{
	uint64_t less = controlling < controlled ? controlling : controlled;
	uint64_t more = controlling < controlled ? controlled : controlling;

	return (less << 32) + 2 * more + (controlling > controlled);
}

void ice_foundation(const struct endpoint *address, enum ice_type type, char text[ICE_FOUNDATION])
{
	struct siphash_key key = { { 0x666f756e646174, (uint64_t)type } };
	bool ip4 = address->sa.sa_family == AF_INET;
	const void *bytes =
		ip4 ? (const void *)&address->in4.sin_addr : (const void *)&address->in6.sin6_addr;
	struct str addr = { bytes, ip4 ? 4 : 16 };

	snprintf(text, ICE_FOUNDATION, "%08x", (unsigned int)siphash(&key, addr));
}
