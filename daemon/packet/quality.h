/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quality.h - how good the media from one side is: interval by interval, and over the call
 *
 * Pure arithmetic: counts, RTCP and time are passed in. The receiver's RTCP reports what it lost.
 * The round trip between the relay and a phone is the time from the sender report of its peer, as
 * it passed, to the phone's reception report on it. The score uses what the relay counted or what
 * the receiver reported, whichever is worse.
 */
#ifndef RTPRELAY_QUALITY_H
#define RTPRELAY_QUALITY_H

#include "base/str.h"
#include "rtcp_wire.h"

#define QUALITY_INTERVAL_MS 5000
#define QUALITY_ENTRIES	    32 /* of the progression; when it is full, pairs are merged */
#define QUALITY_REPORTS	    4  /* last sender reports, to match reports of the receiver with */

/* An interval, or an average of several. MOS is conversational, 1.0 to 4.5. */
struct quality_sample {
	int64_t at_ms;	 /* its end, clock_ms() */
	uint32_t rtt_us; /* between both phones: sum of the legs that are known */
	uint32_t leg_us; /* between the relay and the receiver; 0: not known */
	uint32_t jitter_us;
	uint16_t loss;	   /* hundredths of a percent */
	uint16_t mos_x100; /* 100..450 */
};

struct quality_sums {
	uint64_t rtt_us, leg_us, jitter_us, loss, mos_x100;
};

/* What RTCP of the receiver reports. */
struct quality_far {
	bool known;
	uint8_t fraction; /* lost since its last report, of 256 */
	uint32_t lost;	  /* since the beginning */
	uint32_t jitter_us;
	int64_t at_ms; /* when it arrived or was reported by the kernel */
};

/* The last RTCP from one side, and what its reports say. */
struct rtcp_seen {
	int64_t at_ms;		/* clock_ms(); 0: none yet */
	uint8_t type;		/* of the first packet in it: 200 SR, 201 RR, and so on */
	struct quality_far far; /* what it reports of the media from the other side */
	uint32_t rtt_us;	/* between the relay and this side; 0: not known */
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
 * @version: sequence count, for owners that share it between threads
 * @start_ms: of the open interval; 0: none is open
 * @ssrc, @expected, @lost: the counts at its start
 * @codec: the last that was not QUALITY_CODEC_NONE
 * @fractions, @reports: sum and number of the receiver's fractions lost during it
 * @rtcp_at_ms, @rtcp_type: of the last RTCP from this side
 * @sent: ring of sender reports that passed
 * @last: the receiver's last report
 * @sum: each sample times the packets expected in it; @weight: sum of these
 * @open, @open_samples: sums and number of samples for the next entry; @group: how many form one
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
	struct quality_sample lowest, highest, latest;
	uint32_t entries;
	struct quality_sample entry[QUALITY_ENTRIES];
};

/* A copy for reports; all samples are valid only if @samples is not 0. @latest: the last one */
struct quality_summary {
	uint32_t samples;
	struct quality_sample average, lowest, highest, latest;
	struct quality_far far;
	uint32_t leg_us;	 /* last measurement; 0: not known */
	unsigned int interval_s; /* between entries */
	unsigned int entries;
	struct quality_sample entry[QUALITY_ENTRIES];
};

#define QUALITY_CODEC_NONE 255 /* tones and comfort noise, between packets of the codec */

/* By its name in SDP; numbers never change. 0: not in the table, rated as G.711. */
uint8_t quality_codec(struct str name);
/* By its payload type of RFC 3551. */
uint8_t quality_static_codec(uint8_t pt);

/**
 * quality_mos() - MOS by the E-model (ITU-T G.107), default values for what a relay cannot know
 * @delay_ms: from mouth to ear
 * Return: 1.0 to 4.5
 */
double quality_mos(uint8_t codec, double loss_percent, double delay_ms);

/* RTCP of the side that sends the media passed; @type: of its first packet; @at_ms: clock_ms() */
void quality_rtcp(struct quality *q, uint8_t type, int64_t at_ms);
/* A sender report of that side passed. */
void quality_sent(struct quality *q, uint32_t time, int64_t at_us);
/**
 * quality_report() - the receiver's report on this media
 * @clock: Hz of the media; 0: not known, then jitter is 0
 * @at_us: when it arrived; 0: not known, then no round trip is measured
 * A repeated report is ignored.
 */
void quality_report(struct quality *q, const struct rtcp_report *report, uint32_t clock,
		    int64_t at_us, int64_t now_ms);
/* Is it time to close the open interval? Opens one if none is open. */
bool quality_due(struct quality *q, const struct quality_counts *counts, int64_t now_ms);
/**
 * quality_close() - end the open interval and begin the next one
 * @other_leg_us: the round trip between the relay and the sender; 0: not known
 * An interval in which no packet was expected gives no sample.
 */
void quality_close(struct quality *q, const struct quality_counts *counts, uint32_t other_leg_us,
		   int64_t now_ms);
/* For a report: closes the open interval if it has enough packets, or if there is no other. */
void quality_finish(struct quality *q, const struct quality_counts *counts, uint32_t other_leg_us,
		    int64_t now_ms);
/* Combines what the daemon and the kernel measured of one media; one of them may be empty. */
void quality_summarize(struct quality_summary *summary, const struct quality *a,
		       const struct quality *b);

#endif
