/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_stun_client.c - any bytes as the reply to a request for the relay's own address
 *
 * The transaction id of the first 20 bytes is the one that was sent. Nothing may be read past the
 * end; an address that is read has the family of the socket.
 */
#include <stdlib.h>
#include "daemon/nat/stun_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void read_as(const uint8_t *data, size_t size, int family)
{
	uint8_t request[STUN_HEADER] = { 0 };
	struct endpoint seen = { 0 };

	if (size >= STUN_HEADER)
		stun_client_request(request, data + STUN_HEADER - STUN_TRANSACTION);
	if (!stun_client_read(data, size, request, family, &seen))
		require(seen.sa.sa_family == family);
	if (!stun_client_other(data, size, request, family, &seen))
		require(seen.sa.sa_family == family);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	require(exact);
	if (size)
		memcpy(exact, data, size);
	read_as(exact, size, AF_INET);
	read_as(exact, size, AF_INET6);
	free(exact);
	return 0;
}
