/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link_vrf.h - the VRF that a device belongs to */
#ifndef RTPRELAY_KERNEL_LINK_VRF_H
#define RTPRELAY_KERNEL_LINK_VRF_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/* @vrf: gets its name, IF_NAMESIZE bytes. False: it belongs to none, or that could not be read */
bool link_vrf(uint32_t index, char *vrf);

#endif
