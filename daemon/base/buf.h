/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buf.h - writes text into memory of the caller, never past its end
 *
 * An item that does not fit is left out as a whole and sets @overflow; check it once, at the end.
 */
#ifndef RTPRELAY_BUF_H
#define RTPRELAY_BUF_H

#include "base/str.h"

struct buf {
	char *data;
	size_t len;
	size_t size;
	bool overflow;
};

#define BUF_INIT(memory, bytes) ((struct buf){ .data = (memory), .size = (bytes) })

static inline void buf_add(struct buf *buf, const void *bytes, size_t len)
{
	if (buf->overflow || len > buf->size - buf->len) {
		buf->overflow = true;
		return;
	}
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
}

static inline void buf_str(struct buf *buf, struct str text)
{
	buf_add(buf, text.s, text.len);
}

#define buf_lit(buf, literal) buf_add((buf), (literal), sizeof(literal) - 1)

static inline void buf_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

static inline void buf_u64(struct buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_add(buf, digits + at, sizeof(digits) - at);
}

#endif
