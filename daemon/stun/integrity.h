/* SPDX-License-Identifier: GPL-2.0-or-later */
/* integrity.h - the attribute MESSAGE-INTEGRITY: HMAC-SHA1 of what precedes it (RFC 8489, 14.5) */
#ifndef RTPRELAY_STUN_INTEGRITY_H
#define RTPRELAY_STUN_INTEGRITY_H

#include "base/buf.h"
#include "stun/wire.h"

#define STUN_INTEGRITY 20 /* bytes of the value */

/* Appends it, and sets the length of the message, which ends with it. */
void stun_put_integrity(struct buf *out, struct str password);
/**
 * stun_integrity_fits() - is @attr, a MESSAGE-INTEGRITY of the message, right?
 * In constant time: how much of a forged value is right cannot be measured.
 */
bool stun_integrity_fits(const uint8_t *data, const struct stun_attr *attr, struct str password);

#endif
