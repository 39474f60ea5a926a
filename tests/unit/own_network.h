/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own_network.h - for tests that change the network: does it belong to the unit tests alone? */
#ifndef RTPRELAY_OWN_NETWORK_H
#define RTPRELAY_OWN_NETWORK_H

#include <stdbool.h>

/* Only the loopback interface is up, as in the network namespace that main.c makes. */
bool in_own_network(void);

#endif
