/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.h - writes STUN messages into a buf: header, attributes, length, FINGERPRINT
 *
 * What does not fit sets buf.overflow; check it once, at the end.
 */
#ifndef RTPRELAY_STUN_WRITER_H
#define RTPRELAY_STUN_WRITER_H

#include "base/buf.h"
#include "base/endpoint.h"
#include "stun/wire.h"

#define STUN_FINGERPRINT_LEN 8 /* with its header */

void stun_put_u16(struct buf *out, unsigned int value);
void stun_put_u32(struct buf *out, uint32_t value);
void stun_put_attr_header(struct buf *out, enum stun_attr_type type, size_t size);

/**
 * stun_put_header() - the header of a message of the method Binding; its length is 0
 * @id: cookie and transaction id, 16 bytes
 */
void stun_put_header(struct buf *out, enum stun_class class, const uint8_t *id);
/* The length in the header: what is written, and @more bytes. */
void stun_put_length(struct buf *out, size_t more);

/**
 * stun_put_address() - an attribute with a transport address
 * @mask: combined with port and address, 16 bytes: cookie and transaction id for XOR-, else zeros
 */
void stun_put_address(struct buf *out, enum stun_attr_type type, const struct endpoint *ep,
		      const uint8_t *mask);
/* The attribute FINGERPRINT, and the length of the message, which ends with it. */
void stun_put_fingerprint(struct buf *out);

#endif
