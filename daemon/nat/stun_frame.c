/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stun_frame.c - messages of STUN in a stream of bytes: TCP (RFC 8489, section 6.2.2) */
#include <errno.h>
#include <string.h>
#include "nat/stun_frame.h"
#include "stun/wire.h"

/* Without the cookie it is another protocol: nothing tells where the next message would begin. */
int stun_frame_size(const struct stun_frame *frame)
{
	size_t size;

	if (frame->len && frame->bytes[0] & 0xc0)
		return -EPROTO;
	if (frame->len < STUN_HEADER)
		return 0;
	size = STUN_HEADER + (size_t)stun_u16(frame->bytes + 2);
	if (!stun_has_cookie(frame->bytes) || size % 4 || size > STUN_FRAME_MAX)
		return -EPROTO;
	return frame->len < size ? 0 : (int)size;
}

void stun_frame_drop(struct stun_frame *frame, size_t size)
{
	frame->len -= size;
	memmove(frame->bytes, frame->bytes + size, frame->len);
}
