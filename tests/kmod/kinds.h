/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kinds.h - packets, and what becomes of them in flows of each kind: the same for the module and
 * for the BPF program
 */
#ifndef RTPRELAY_TEST_KINDS_H
#define RTPRELAY_TEST_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtprelay_nl.h"

#define BYTES(b) b, sizeof(b) - 1

struct kind_case {
	const char *name;
	const char *bytes;
	size_t len;
	/* For each kind of flow: 'f' forwarded, otherwise the counter. */
	uint8_t expect[RTPRELAY_KIND_MAX + 1];
};

#define RTP_BYTES  "\x80\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02payload!"
#define RTCP_BYTES "\x81\xc8\x00\x06SSRCNNNNNNNNTTTTPPPPOOOO"
#define STUN_BYTES "\x00\x01\x00\x00\x21\x12\xa4\x42transaction!"
#define DTLS_BYTES "\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05hello"

static const struct kind_case kinds[] = {
	{ "RTP", BYTES(RTP_BYTES), { 0, 'f', RTPRELAY_C_PASS_KIND, 'f', 'f' } },
	{ "RTCP", BYTES(RTCP_BYTES), { 0, RTPRELAY_C_PASS_KIND, 'f', 'f', 'f' } },
	{ "STUN",
	  BYTES(STUN_BYTES),
	  { 0, RTPRELAY_C_PASS_STUN, RTPRELAY_C_PASS_STUN, RTPRELAY_C_PASS_STUN, 'f' } },
	{ "DTLS",
	  BYTES(DTLS_BYTES),
	  { 0, RTPRELAY_C_PASS_DTLS, RTPRELAY_C_PASS_DTLS, RTPRELAY_C_PASS_DTLS, 'f' } },
	{ "T.38",
	  BYTES("\x00\x07\x03\x06\xc0\x80\x00\x00\x00"),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
	{ "keepalive",
	  BYTES("\r\n"),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
	{ "empty",
	  BYTES(""),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
	{ "short RTP",
	  BYTES("\x80\x00\x00\x01"),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
	{ "RTP that announces an extension but has none",
	  BYTES("\x90\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02\xbe\xde\x00\x09"),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
	{ "RTP without payload",
	  BYTES("\x80\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02"),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
	{ "version 1",
	  BYTES("\x40\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02payload!"),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
};

#define FEEDBACK      "\x81\xce\x00\x06" ZEROS12 ZEROS12
#define FEEDBACK_FOUR FEEDBACK FEEDBACK FEEDBACK FEEDBACK
#define ZEROS12	      "\0\0\0\0\0\0\0\0\0\0\0\0"

/* Of types that were not negotiated, RTCP is what has its form: 72, 73 and 78 are not. */
#define FORMS_NEGOTIATED (~(UINT32_C(1) << 8 | UINT32_C(1) << 9 | UINT32_C(1) << 14))

struct form_case {
	const char *bytes;
	size_t len;
	bool rtcp;
};

static const struct form_case forms[] = {
	{ BYTES("\x80\xc8\x00\x06" ZEROS12 ZEROS12), true },
	{ BYTES("\x80\xc8\x00\x05" ZEROS12 ZEROS12), false },
	{ BYTES("\x80\xc9\x00\x01" ZEROS12), true },  /* the rest may be encrypted */
	{ BYTES("\x80\xd0\x00\x03" ZEROS12), false }, /* fits, but is negotiated */
	{ BYTES("\x80\xd0\x12\x34" ZEROS12), false },
	{ BYTES(FEEDBACK), true },
	{ BYTES(FEEDBACK_FOUR FEEDBACK_FOUR FEEDBACK_FOUR), true },
	{ BYTES(FEEDBACK_FOUR FEEDBACK_FOUR FEEDBACK_FOUR "\0\0\0\0"), false },
};

#endif
