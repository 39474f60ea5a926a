/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_kernel_packet.c - any bytes as a packet of rtprelay0
 *
 * Nothing may be read past the end; the payload is within the packet.
 */
#include <stdlib.h>
#include "daemon/record/kernel_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);
	struct kernel_packet packet;

	require(exact);
	if (size)
		memcpy(exact, data, size);
	if (kernel_packet_read(exact, size, &packet)) {
		require(packet.data >= exact + 28 && packet.data <= exact + size);
		require(packet.len <= size - (size_t)(packet.data - exact));
		require(packet.len + packet.cut <= 65535 - 8);
		require(packet.from.sa.sa_family == packet.to.sa.sa_family);
		require(packet.to.sa.sa_family == AF_INET || packet.to.sa.sa_family == AF_INET6);
	}
	free(exact);
	return 0;
}
