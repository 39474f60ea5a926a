/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_ifaddrs.h - interfaces of a test in place of those of the host */
#ifndef RTPRELAY_FAKE_IFADDRS_H
#define RTPRELAY_FAKE_IFADDRS_H

#include <ifaddrs.h>

/* What getifaddrs() returns in the whole program; NULL: those of the host. */
extern struct ifaddrs *fake_ifaddrs;

#endif
