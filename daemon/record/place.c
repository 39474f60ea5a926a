/* SPDX-License-Identifier: GPL-2.0-or-later */
/* place.c - at which sample of a recording an RTP packet of one side belongs */
#include "record/place.h"

static bool anchor(struct record_place *place, int64_t arrived, uint32_t ssrc, uint32_t timestamp,
		   int64_t *sample)
{
	*place = (struct record_place){ true, 0, ssrc, timestamp, arrived };
	*sample = arrived;
	return true;
}

bool record_place(struct record_place *place, int64_t arrived, uint32_t ssrc, uint32_t timestamp,
		  bool marker, int64_t *sample)
{
	int32_t step = (int32_t)(timestamp - place->timestamp);
	int64_t at = place->sample + step;

	if (!place->anchored || place->ssrc != ssrc || at - arrived > RECORD_REORDER)
		return anchor(place, arrived, ssrc, timestamp, sample);
	if (arrived - at > RECORD_REORDER) {
		if (marker || ++place->late >= RECORD_LATE_MAX)
			return anchor(place, arrived, ssrc, timestamp, sample);
		return false;
	}
	place->late = 0;
	if (step > 0) {
		place->timestamp = timestamp;
		place->sample = at;
	}
	*sample = at;
	return true;
}
