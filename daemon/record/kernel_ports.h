/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_ports.h - whose packets those of rtprelay0 are, by the endpoint that they were sent to
 *
 * The recorder's thread owns it. The control thread fills it by letters: all local endpoints of
 * tapped medias.
 */
#ifndef RTPRELAY_RECORD_KERNEL_PORTS_H
#define RTPRELAY_RECORD_KERNEL_PORTS_H

#include "base/endpoint.h"

/*
 * @tap: number of the tap, never 0. @media, @side, @rtcp: as in struct record_packet. @out, @to: as
 * in struct tap_packet. @rtp: RTP comes there, and perhaps RTCP too. @leaves_us: clock_us() when
 * the endpoint is nobody's any more; 0: it stays
 */
struct kernel_port {
	struct endpoint out, to;
	uint32_t tap;
	uint8_t media, side;
	bool rtcp, rtp;
	int64_t leaves_us;
};

struct kernel_ports;

struct kernel_ports *kernel_ports_new(void);	    /* NULL: out of memory */
void kernel_ports_free(struct kernel_ports *ports); /* takes NULL */

/* Packets to @local are of @port from now on. 0; -ENOMEM */
int kernel_ports_set(struct kernel_ports *ports, const struct endpoint *local,
		     const struct kernel_port *port);
/*
 * No longer, if they are of @tap: an endpoint that another tap has got meanwhile stays with that.
 */
void kernel_ports_drop(struct kernel_ports *ports, const struct endpoint *local, uint32_t tap);
/* NULL: not tapped. Valid until the next kernel_ports_set() or _drop(). */
const struct kernel_port *kernel_ports_find(const struct kernel_ports *ports,
					    const struct endpoint *local);

#endif
