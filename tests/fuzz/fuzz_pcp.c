/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_pcp.c - any bytes as a router's reply, of PCP and of NAT-PMP
 *
 * The nonce and the port of the bytes are those that were sent. Nothing may be read past the end.
 */
#include <stdlib.h>
#include "daemon/nat/pcp.h"
#include "daemon/nat/router_clock.h"

#define AT_NONCE 24
#define AT_PORT	 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void read_map(const uint8_t *data, size_t size)
{
	struct pcp_map map = { .lifetime_s = 120 };
	int result;

	if (size >= PCP_MAP_LEN) {
		memcpy(map.nonce, data + AT_NONCE, PCP_NONCE);
		map.port = (uint16_t)(data[AT_PORT] << 8 | data[AT_PORT + 1]);
	}
	result = pcp_map_read(data, size, &map);
	require(endpoint_is_set(&map.external) == !result);
	require(pcp_result_text(result));
}

static void read_natpmp_map(const uint8_t *data, size_t size)
{
	struct pcp_map map = { .lifetime_s = 120 };
	int result;

	if (size >= 10)
		map.port = (uint16_t)(data[8] << 8 | data[9]);
	result = natpmp_map_read(data, size, &map);
	require(endpoint_is_set(&map.external) == !result);
	require(natpmp_result_text(result));
}

/* Epochs are any numbers; a clock takes them in any order. */
static void read_epochs(const uint8_t *data, size_t size)
{
	struct router_clock clock = { 0 };
	uint32_t epoch_s = 0;

	if (!pcp_ask_read(data, size, &epoch_s))
		require(!router_clock_lost(&clock, epoch_s, 0));
	if (!natpmp_epoch_read(data, size, &epoch_s))
		router_clock_lost(&clock, epoch_s, INT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);
	struct endpoint address = { 0 };
	int result;

	require(exact);
	if (size)
		memcpy(exact, data, size);
	read_map(exact, size);
	read_natpmp_map(exact, size);
	read_epochs(exact, size);
	result = natpmp_address_read(exact, size, &address);
	require(endpoint_is_set(&address) == !result);
	require(natpmp_result_text(result));
	free(exact);
	return 0;
}
