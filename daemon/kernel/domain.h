/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domain.h - what this process's sockets are bound to, so that the kernel's flows are bound alike
 */
#ifndef RTPRELAY_KMOD_DOMAIN_H
#define RTPRELAY_KMOD_DOMAIN_H

#include <stdint.h>

/**
 * struct flow_domain - of each UDP socket of the daemon; 0: is not bound, has no mark, is root's
 * @device: index of a device or VRF (as by "ip vrf exec")
 * @mark: SO_MARK
 * @uid: whose it is, for "ip rule uidrange"
 */
struct flow_domain {
	uint32_t device, mark, uid;
};

/* Of a socket that this process opens now; all 0 if none can be opened. */
void flow_domain_read(struct flow_domain *domain);

#endif
