/* SPDX-License-Identifier: GPL-2.0-or-later */
/* claim.h - one daemon for each address and port of media in a network namespace */
#ifndef RTPRELAY_CLAIM_H
#define RTPRELAY_CLAIM_H

#include "base/endpoint.h"

/* All zero: none. */
struct claims {
	int *fd;
	size_t count;
};

struct claim_range {
	uint16_t port_min, port_max;
};

/**
 * claims_take() - claims the ports @range of each address until claims_give()
 *
 * Two daemons that share ports would work for a while: each takes the pairs that are free. But each
 * removes the kernel's flows and firewall rules of the other. A claim is an abstract Unix socket:
 * it ends with its process, and holds in one network namespace.
 * @other: receives the index of the address that another daemon has claimed, @pid its process and
 * @range its ports
 * Return: 0; -EADDRINUSE, another daemon has claimed some of the ports; other -errno
 */
int claims_take(struct claims *claims, const struct endpoint *addrs, size_t n,
		struct claim_range *range, size_t *other, long *pid);
void claims_give(struct claims *claims);

#endif
