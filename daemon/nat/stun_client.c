/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stun_client.c - asks a STUN server for the address that it sees: request and reply */
#include <errno.h>
#include "nat/stun_client.h"

void stun_client_request(uint8_t request[STUN_HEADER], const uint8_t transaction[STUN_TRANSACTION])
{
	static const uint8_t header[] = { 0, STUN_BINDING, 0, 0, 0x21, 0x12, 0xa4, 0x42 };

	memcpy(request, header, sizeof(header));
	memcpy(request + sizeof(header), transaction, STUN_TRANSACTION);
}

void stun_client_change(uint8_t request[STUN_CHANGE_LEN],
			const uint8_t transaction[STUN_TRANSACTION], enum stun_change change)
{
	const uint8_t attr[] = { 0, STUN_CHANGE_REQUEST, 0, 4, 0, 0, 0, (uint8_t)change };

	stun_client_request(request, transaction);
	request[3] = sizeof(attr);
	memcpy(request + STUN_HEADER, attr, sizeof(attr));
}

/* @mask: combined with port and address: cookie and transaction id for XOR-, else zeros */
static bool read_address(const struct stun_attr *attr, const uint8_t mask[16], int family,
			 struct endpoint *seen)
{
	size_t size = family == AF_INET ? 4 : 16;
	uint8_t *addr =
		family == AF_INET ? (uint8_t *)&seen->in4.sin_addr : seen->in6.sin6_addr.s6_addr;

	if (attr->size != 4 + size || attr->value[1] != (family == AF_INET ? 1 : 2))
		return false;
	*seen = (struct endpoint){ .sa = { .sa_family = (sa_family_t)family } };
	endpoint_set_port(seen, (uint16_t)(stun_u16(attr->value + 2) ^ stun_u16(mask)));
	for (size_t i = 0; i < size; i++)
		addr[i] = attr->value[4 + i] ^ mask[i];
	return true;
}

/*
 * XOR-MAPPED-ADDRESS is the better one: some routers write their own idea of the address into
 * MAPPED-ADDRESS.
 */
static int read_attributes(const uint8_t *at, size_t len, const uint8_t *cookie, int family,
			   struct endpoint *seen)
{
	static const uint8_t zeros[16];
	struct endpoint plain = { 0 };
	struct stun_attr attr;

	while (len) {
		if (!stun_attr_next(&at, &len, &attr))
			return -EPROTO;
		if (attr.type == STUN_XOR_MAPPED_ADDRESS &&
		    read_address(&attr, cookie, family, seen))
			return 0;
		if (attr.type == STUN_MAPPED_ADDRESS && !read_address(&attr, zeros, family, &plain))
			plain = (struct endpoint){ 0 };
	}
	*seen = plain;
	return endpoint_is_set(&plain) ? 0 : -EPROTO;
}

/* 0: it is a reply to @request, of success; else as stun_client_read() */
static int read_header(const uint8_t *data, size_t len, const uint8_t request[STUN_HEADER])
{
	unsigned int type;

	if (!stun_is_framed(data, len) || memcmp(data + 4, request + 4, STUN_HEADER - 4) != 0)
		return -EAGAIN;
	type = stun_u16(data);
	if (stun_method(type) != STUN_BINDING || stun_class(type) < STUN_SUCCESS)
		return -EAGAIN;
	return stun_class(type) == STUN_ERROR ? -EACCES : 0;
}

int stun_client_other(const uint8_t *data, size_t len, const uint8_t request[STUN_HEADER],
		      int family, struct endpoint *other)
{
	static const uint8_t zeros[16];
	int error = read_header(data, len, request);
	struct stun_attr attr;
	const uint8_t *at = data + STUN_HEADER;

	if (error)
		return error;
	for (len -= STUN_HEADER; len;) {
		if (!stun_attr_next(&at, &len, &attr))
			return -EPROTO;
		if (attr.type == STUN_OTHER_ADDRESS && read_address(&attr, zeros, family, other))
			return 0;
	}
	return -ENOENT;
}

int stun_client_read(const uint8_t *data, size_t len, const uint8_t request[STUN_HEADER],
		     int family, struct endpoint *seen)
{
	int error = read_header(data, len, request);

	if (error)
		return error;
	return read_attributes(data + STUN_HEADER, len - STUN_HEADER, data + 4, family, seen);
}
