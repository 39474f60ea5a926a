/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quality.h - how good the media from one side is: interval by interval, and over the call
 *
 * Pure arithmetic: what was counted, RTCP and time are handed in. What a receiver loses shows in RTCP that
 * comes from the other side; a round trip can be measured from here to each phone, by when its peer's sender
 * report passed and its own report on that came back. A media is judged by what the relay sees and what the
 * receiver tells, whichever is worse.
 */
#ifndef RTPRELAY_QUALITY_H
#define RTPRELAY_QUALITY_H

#include "base/str.h"
#include "rtcp_wire.h"

#define QUALITY_INTERVAL_MS 5000
#define QUALITY_ENTRIES	    32 /* of the progression; when they are used up, each second one goes */
#define QUALITY_REPORTS	    4  /* sender reports that a receiver's report may still be on */

/* An interval, or an average of several. MOS is that of listening and talking, 1.0 to 4.5. */
struct quality_sample {
	int64_t at_ms;	 /* its end, clock_ms() */
	uint32_t rtt_us; /* between both phones, as far as known: the sum of both legs */
	uint32_t leg_us; /* between the relay and the receiver; 0: not known */
	uint32_t jitter_us;
	uint16_t loss;	   /* hundredths of a percent */
	uint16_t mos_x100; /* 100..450 */
};

struct quality_sums {
	uint64_t rtt_us, leg_us, jitter_us, loss, mos_x100;
};

/* What RTCP of the receiver says. */
struct quality_far {
	bool known;
	uint8_t fraction; /* lost since its last report, of 256 */
	uint32_t lost;	  /* since the beginning */
	uint32_t jitter_us;
	int64_t at_ms; /* when it came, or was told of */
};

/* The last RTCP from one side, and what is known of that side by its reports. */
struct rtcp_seen {
	int64_t at_ms;		/* clock_ms(); 0: there was none yet */
	uint8_t type;		/* of the first packet in it: 200 SR, 201 RR, and so on */
	struct quality_far far; /* what it hears of the other side */
	uint32_t rtt_us;	/* between the relay and it; 0: not known */
};

/* What was counted of a stream since its beginning; see rtp_stats.h. */
struct quality_counts {
	uint32_t ssrc;
	uint64_t expected, lost;
	uint32_t jitter_us;
	uint8_t codec; /* of the last packet: quality_codec(), quality_static_codec() */
};

/**
 * struct quality - of the media from one side; all zero: nothing yet
 * @version: for those who share it between threads
 * @start_ms: of the open interval; 0: there is none
 * @ssrc, @expected, @lost: the counts at its start
 * @codec: the last that was not QUALITY_CODEC_NONE
 * @fractions, @reports: sum and number of fractions that the receiver told of during it
 * @rtcp_at_ms, @rtcp_type: of the last RTCP from this side
 * @sent: sender reports that passed, a ring
 * @last: the receiver's last report
 * @sum: each sample times the packets expected in it; @weight: sum of these
 * @open, @open_samples: sums of those that are to be the next entry; @group: how many make one
 */
struct quality {
	uint32_t version;
	uint32_t ssrc;
	int64_t start_ms;
	uint64_t expected, lost;
	uint64_t fractions;
	uint32_t reports;
	uint8_t codec;
	struct {
		uint32_t time; /* rtcp_sr_time() */
		bool known;
		int64_t at_us;
	} sent[QUALITY_REPORTS];
	unsigned int next_sent;
	int64_t rtcp_at_ms;
	uint32_t rtcp_type;
	struct rtcp_report last;
	struct quality_far far;
	uint32_t leg_us;
	uint32_t samples;
	struct quality_sums sum, open;
	uint64_t weight;
	uint32_t open_samples, group;
	struct quality_sample lowest, highest;
	uint32_t entries;
	struct quality_sample entry[QUALITY_ENTRIES];
};

/* A copy for reports; @lowest, @highest and @entry are of use only when there are @samples. */
struct quality_summary {
	uint32_t samples;
	struct quality_sample average, lowest, highest;
	struct quality_far far;
	uint32_t leg_us;	 /* as measured last; 0: not known */
	unsigned int interval_s; /* between entries */
	unsigned int entries;
	struct quality_sample entry[QUALITY_ENTRIES];
};

#define QUALITY_CODEC_NONE 255 /* tones and comfort noise, between packets of the codec in use */

/* By its name in SDP; the number stays the same for ever. 0: none that is in the tables, and is judged as G.711. */
uint8_t quality_codec(struct str name);
/* By a payload type of RFC 3551. */
uint8_t quality_static_codec(uint8_t pt);

/**
 * quality_mos() - the E-model (ITU-T G.107) with its default values, for what a relay can know
 * @delay_ms: from mouth to ear
 * Return: 1.0 to 4.5
 */
double quality_mos(uint8_t codec, double loss_percent, double delay_ms);

/* RTCP of the side that the media comes from has passed; @type: of the first packet in it. @at_ms: clock_ms() */
void quality_rtcp(struct quality *q, uint8_t type, int64_t at_ms);
/* A sender report of that side has passed. */
void quality_sent(struct quality *q, uint32_t time, int64_t at_us);
/**
 * quality_report() - the receiver's report on this media
 * @clock: Hz of the media; 0: not known, its jitter neither
 * @at_us: when it came; 0: not known, no round trip
 * The same report again says nothing.
 */
void quality_report(struct quality *q, const struct rtcp_report *report, uint32_t clock,
		    int64_t at_us, int64_t now_ms);
/* Is it time to close the open interval? Opens one, if there is none. */
bool quality_due(struct quality *q, const struct quality_counts *counts, int64_t now_ms);
/**
 * quality_close() - the open interval ends, and the next one begins
 * @other_leg_us: the round trip between the relay and the sender; 0: not known
 * An interval without any packet expected is no sample.
 */
void quality_close(struct quality *q, const struct quality_counts *counts, uint32_t other_leg_us,
		   int64_t now_ms);
/* For a report: the open interval counts too, if it is long enough to say something, or all there is. */
void quality_finish(struct quality *q, const struct quality_counts *counts, uint32_t other_leg_us,
		    int64_t now_ms);
/* Both halves of a call whose media was heard partly here, partly by the kernel; one may be empty. */
void quality_summarize(struct quality_summary *summary, const struct quality *a,
		       const struct quality *b);

#endif
