/* SPDX-License-Identifier: GPL-2.0-or-later */
/* claim.h - one daemon for each address and port of media in a network namespace */
#ifndef RTPRELAY_CLAIM_H
#define RTPRELAY_CLAIM_H

#include "base/addr_ports.h"

/* All zero: none. */
struct claims {
	struct claim *claim;
	size_t count;
};

/**
 * claims_take() - claims addresses with their ports until claims_give()
 *
 * Two daemons that share ports would work for a while: each takes the pairs that are free. But each
 * removes the kernel's flows and firewall rules of the other. A claim is an abstract Unix socket:
 * it ends with its process, and holds in one network namespace.
 * @other: receives the address, and the ports of it, that another daemon has claimed; @pid its
 * process
 * Return: 0; -EADDRINUSE, another daemon has claimed some of the ports; other -errno
 */
int claims_take(struct claims *claims, const struct addr_ports *ranges, size_t n,
		struct addr_ports *other, long *pid);
/*
 * One more, unless it is claimed already, after claims_take(). The same result; after a failure the
 * others stay claimed.
 */
int claims_add(struct claims *claims, const struct addr_ports *range, struct addr_ports *other,
	       long *pid);
/* Gives up those that are not among @ranges. */
void claims_keep(struct claims *claims, const struct addr_ports *ranges, size_t n);
void claims_give(struct claims *claims);

#endif
