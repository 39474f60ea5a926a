/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - finds the end of an NG message in the bytes of a connection
 *
 * Over TCP a message is the same text as in a datagram: cookie, blank, a dictionary in bencode or
 * an object in JSON. Nothing follows it: where it ends is known from its brackets and lengths
 * alone.
 */
#ifndef RTPRELAY_NG_FRAME_H
#define RTPRELAY_NG_FRAME_H

#include "gate/protocol.h"

/*
 * A frame function of struct control_protocol. Line ends and NUL before a message are not part of
 * it. Looks at each byte once, also if they arrive one by one; the message may still be malformed
 * within its brackets, which its decoder finds.
 */
int ng_frame(struct control_frame *frame, struct str bytes);

#endif
