/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtmf_keys.h - the keys that a phone presses, from its packets of telephone-event (RFC 4733)
 *
 * One key is many packets: an update each 20 to 50 ms with the same timestamp and a growing
 * duration, then three with the E bit. Each key is told once: at the first packet with E; if all of
 * these are lost, when another key begins, or when nothing came for DTMF_GAP_MS. Packets that come
 * late or twice change nothing that was told. A key that is held for longer than a duration of 16
 * bits continues in a segment with another timestamp (RFC 4733, section 2.5.1.3), and is one key.
 *
 * Pure: no I/O, no clock, no memory of its own; packets and time are handed in.
 */
#ifndef RTPRELAY_DTMF_KEYS_H
#define RTPRELAY_DTMF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DTMF_EVENTS  17	  /* 0-9, 10 *, 11 #, 12-15 A-D, 16 flash (RFC 2833) */
#define DTMF_GAP_MS  150  /* three updates of 50 ms */
#define DTMF_PAST    4	  /* keys that are remembered, to know their late packets */
#define DTMF_PAST_MS 1000 /* for so long after their last packet */
/* Events that one packet can complete: the key before, whose end was lost, and its own. */
#define DTMF_AT_ONCE 2

/* Reports of one packet that are read; a late copy of so many keys is known (DTMF_PAST). */
#define DTMF_REPORTS DTMF_PAST

/* One report of a packet (RFC 4733, section 2.3), with what its RTP header says. */
struct dtmf_packet {
	uint32_t ssrc, timestamp;
	uint16_t seq, duration; /* units of the clock */
	uint8_t event, volume;	/* 0..255; 0..63: -dBm0 */
	bool end, marker;
};

/* A key that was pressed. */
struct dtmf_event {
	uint32_t duration; /* units of the clock; with @end_lost as far as it was told */
	uint8_t event, volume;
	bool end_lost;
};

/* @heard_ms: of its last packet; @base: duration of its earlier segments */
struct dtmf_key {
	uint32_t ssrc, timestamp, base;
	int64_t heard_ms;
	uint16_t seq, duration;
	uint8_t event, volume;
	bool there;
};

/* All zero: nothing was heard. @next: of @past, the one that is replaced next */
struct dtmf_keys {
	struct dtmf_key open;
	struct dtmf_key past[DTMF_PAST];
	uint8_t next;
};

/**
 * dtmf_read() - the reports in the payload of an RTP packet
 * @header: what the RTP header says
 * @to: keys that follow each other without a pause may be in one packet (RFC 4733): its timestamp
 *	is that of the first, and each other one begins where the one before has ended. What
 *	stands behind a key that has not ended, or has no duration, is no key but bytes that some
 *	phones append.
 * Return: number of reports; 0: it is too short
 */
size_t dtmf_read(const uint8_t *payload, size_t len, const struct dtmf_packet *header,
		 struct dtmf_packet to[DTMF_REPORTS]);

/* Return: number of events that are in @told, DTMF_AT_ONCE at most */
size_t dtmf_hear(struct dtmf_keys *keys, const struct dtmf_packet *packet, int64_t now_ms,
		 struct dtmf_event told[DTMF_AT_ONCE]);

/* When dtmf_expire() is due; -1: no key is pressed */
int64_t dtmf_due_ms(const struct dtmf_keys *keys);

/* Return: true, the packets of a key have ended without E: it is in @told */
bool dtmf_expire(struct dtmf_keys *keys, int64_t now_ms, struct dtmf_event *told);

/* '0'..'9', '*', '#', 'A'..'D', '!' for flash; '?': none of these */
char dtmf_digit(uint8_t event);

#endif
