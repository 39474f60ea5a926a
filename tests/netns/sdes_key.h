/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sdes_key.h - a context of libsrtp2 from the inline key of an a=crypto line (RFC 4568) */
#ifndef RTPRELAY_TESTS_NETNS_SDES_KEY_H
#define RTPRELAY_TESTS_NETNS_SDES_KEY_H

#include <srtp2/srtp.h>
#include <stdbool.h>

/*
 * @text: key and salt of AES_CM_128_HMAC_SHA1_80 in base64, 40 characters; @sends: of packets that
 * are sent. Ends the program if it is none.
 */
srtp_t sdes_key_srtp(const char *text, bool sends);

#endif
