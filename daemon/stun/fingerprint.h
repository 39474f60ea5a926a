/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fingerprint.h - the value of the attribute FINGERPRINT (RFC 8489, section 14.7) */
#ifndef RTPRELAY_STUN_FINGERPRINT_H
#define RTPRELAY_STUN_FINGERPRINT_H

#include "stun/wire.h"

/* @data: the message up to the attribute; the length in its header includes the attribute */
uint32_t stun_fingerprint(const uint8_t *data, size_t len);
/* Is @attr, a FINGERPRINT of the message, right, and the last attribute? */
bool stun_fingerprint_fits(const uint8_t *data, size_t len, const struct stun_attr *attr);

#endif
