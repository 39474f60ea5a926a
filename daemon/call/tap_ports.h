/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap_ports.h - tells the recorder at which endpoints the kernel forwards packets of tapped medias
 *
 * rtprelay0 shows packets without saying whose they are. Control thread only.
 */
#ifndef RTPRELAY_CALL_TAP_PORTS_H
#define RTPRELAY_CALL_TAP_PORTS_H

#include "call/tree.h"

/* The media has a tap, or got other addresses, and its flows will show its packets. */
void tap_ports_follow(struct media *media);
/* It has no tap any more. */
void tap_ports_forget(struct media *media);

#endif
