/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place.h - at which sample of a recording an RTP packet of one side belongs
 *
 * Within one SSRC the RTP timestamp decides, so that jitter leaves no trace and gaps keep their
 * length. The first packet stands where it arrived; so does the first of another SSRC, and one
 * whose timestamp has moved away from the time of arrival by more than RECORD_REORDER: the phone
 * has begun another stream, or its clock drifts. Pure. A sample is 125 us: 8000 Hz, G.711.
 */
#ifndef RTPRELAY_RECORD_PLACE_H
#define RTPRELAY_RECORD_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#define RECORD_RATE 8000
/* 200 ms: packets that come later than this are not in the WAV file. */
#define RECORD_REORDER (RECORD_RATE / 5)
/* So many late packets in a row are no stragglers: their timestamps count from there on. */
#define RECORD_LATE_MAX 3

/* All zero: nothing was heard yet. */
struct record_place {
	bool anchored;
	uint8_t late;		  /* packets in a row */
	uint32_t ssrc, timestamp; /* of the newest packet */
	int64_t sample;		  /* where it was placed */
};

/**
 * record_place() - the place of a packet's first sample
 * @arrived: sample of its time of arrival
 * @marker: the first of a talkspurt (RFC 3551, section 4.1)
 * Return: false: it came too late, and belongs nowhere
 */
bool record_place(struct record_place *place, int64_t arrived, uint32_t ssrc, uint32_t timestamp,
		  bool marker, int64_t *sample);

#endif
