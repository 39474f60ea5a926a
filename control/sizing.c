/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sizing.c - what a number of calls needs: ports, descriptors, memory, cores */
#include "sizing.h"

#define PORTS_PER_CALL	 4  /* a pair on each side */
#define SPARE_PERCENT	 20 /* ports at rest after their call, and ports of other programs */
#define OTHER_FILES	 512
#define PACKETS_PER_CALL 100 /* a second */

/* Where a range begins: the default, or lower if that is too high. */
#define PORT_MIN      30000
#define PORT_MIN_LOW  16384
#define PORT_END      65536
#define PORTS_AT_MOST (PORT_END - PORT_MIN_LOW)

/* Measured by tests/bench/run; kernel path: from instructions counted (docs/operations.md). */
#define DAEMON_BYTES	 8500 /* 6,130, and 2 struct quality once media flows */
#define SOCKET_BYTES	 2550
#define USER_PACKET_NS	 12000
#define KERNEL_PACKET_NS 2000

#define BACKLOG_DEFAULT 1000
#define BACKLOG_MS	10 /* of packets, that wait if a core is busy with others */

static uint64_t divide_up(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

struct sizing sizing_of(uint64_t calls, uint64_t addresses)
{
	uint64_t all = divide_up(calls * PORTS_PER_CALL * (100 + SPARE_PERCENT), 100);
	struct sizing s = { .addresses = divide_up(all, PORTS_AT_MOST),
			    .packets = calls * PACKETS_PER_CALL };
	uint64_t used = addresses > s.addresses ? addresses : s.addresses;

	s.ports = divide_up(divide_up(all, used), 2) * 2;
	s.port_min = s.ports <= PORT_END - PORT_MIN ? PORT_MIN : PORT_MIN_LOW;
	s.port_max = s.port_min + s.ports - 1;
	s.descriptors = s.ports * used + OTHER_FILES;
	s.daemon_mib = divide_up(calls * DAEMON_BYTES, 1 << 20);
	s.kernel_mib = divide_up(calls * PORTS_PER_CALL * SOCKET_BYTES, 1 << 20);
	s.user_cores = divide_up(s.packets * USER_PACKET_NS, 100000000);
	s.kernel_cores = divide_up(s.packets * KERNEL_PACKET_NS, 100000000);
	s.backlog = s.packets * BACKLOG_MS / 1000;
	if (s.backlog < BACKLOG_DEFAULT)
		s.backlog = BACKLOG_DEFAULT;
	return s;
}
