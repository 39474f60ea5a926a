/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sizing.h - what a number of calls needs: ports, descriptors, memory, cores
 *
 * A call is one audio line between two phones, with RTP and RTCP, 50 packets a second from each
 * side. docs/operations.md, "Sizing", has the same figures, and says which are measured.
 */
#ifndef RTPRELAY_SIZING_H
#define RTPRELAY_SIZING_H

#include <stdint.h>

#define SIZING_CALLS_MAX 1000000

/**
 * struct sizing - computed for a number of calls
 * @addresses: at least so many are needed; @ports: on each of them, @port_min to @port_max
 * @descriptors: for all ports of all addresses, and the rest of the daemon
 * @packets: received a second, on all ports
 * @daemon_mib, @kernel_mib: memory of the daemon; of the kernel, for its sockets
 * @cores: tenths of a core that forwarding takes on the user path, and on the kernel path
 * @backlog: net.core.netdev_max_backlog
 */
struct sizing {
	uint64_t addresses, ports, port_min, port_max, descriptors, packets;
	uint64_t daemon_mib, kernel_mib, user_cores, kernel_cores, backlog;
};

/* @calls: 1 to SIZING_CALLS_MAX; @addresses: that the relay has, 0: unknown */
struct sizing sizing_of(uint64_t calls, uint64_t addresses);

#endif
