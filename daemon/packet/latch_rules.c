/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latch_rules.c - the rules of latching, row by row; the first row that fits decides
 *
 * tests/unit/packet/test_latch_model.c holds them against a second writing of the same rules. What
 * an operator sees of a change is told in docs/latching.md.
 */
#include "packet/latch_rules.h"

/* Phases. */
#define WAIT	 (1 << PHASE_WAIT)
#define OPEN	 (1 << PHASE_OPEN)
#define REOPENED (1 << PHASE_REOPENED)
#define MOVED	 (1 << PHASE_MOVED)
#define PENDING	 (1 << PHASE_PENDING)
#define LOCKED	 (1 << PHASE_LOCKED)
#define HEARS	 (OPEN | REOPENED | MOVED | PENDING | LOCKED)
#define ALWAYS	 (WAIT | HEARS)

/* Classes. */
#define STRANGER  (1 << CLASS_STRANGER)
#define NEIGHBOUR (1 << CLASS_NEIGHBOUR)
#define FOLLOWER  (1 << CLASS_FOLLOWER)
#define SIBLING	  (1 << CLASS_SIBLING)
#define ADDR	  (1 << CLASS_ADDR)
#define EXACT	  (1 << CLASS_EXACT)
#define NEAR	  (NEIGHBOUR | FOLLOWER | SIBLING)
#define ANY	  (STRANGER | NEAR | ADDR | EXACT)
#define ON_TRIAL  (NEIGHBOUR | FOLLOWER)
#define TRUSTED	  (SIBLING | ADDR | EXACT)
#define ELSEWHERE (ANY & ~EXACT)

/* Facts. */
#define YIELDS	 (FACT_SEQUENCED | FACT_UNSEQUENCED)
#define SDP_ONLY (FACT_ASYMMETRIC | FACT_STRICT_SOURCE)
#define OUTTALKS (FACT_SEQUENCED | FACT_PEER | FACT_BRIEF)

/* clang-format off */

/* However long the silence: a muted phone's place is the attacker's best chance. */
const struct latch_rule latch_usable_rules[] = {
	{ ALWAYS, ELSEWHERE,    OUTCOME_NO,  SDP_ONLY,    FACT_HANDOVER },
	{ ALWAYS, ANY,          OUTCOME_YES, FACT_FIRST,  0 },
	{ ALWAYS, ADDR | EXACT, OUTCOME_YES, 0,           0 },
	{ ALWAYS, ANY,          OUTCOME_NO,  FACT_STRICT, 0 },
	{ ALWAYS, NEAR,         OUTCOME_YES, 0,           0 },
	/* It sends from an address that nobody told: that is what the flag says. */
	{ ALWAYS, STRANGER,     OUTCOME_YES, FACT_ASYMMETRIC, 0 },
	{ ALWAYS, STRANGER,     OUTCOME_YES, 0,           FACT_KNOWN },
	/*
	 * SIP, SDP and media of a VPN may have three addresses. But a phone with a public address,
	 * hidden by a proxy in front, cannot be told from an attacker.
	 */
	{ ALWAYS, STRANGER,     OUTCOME_YES, FACT_ALL_PRIVATE, 0 },
	{ ALWAYS, ANY,          OUTCOME_NO,  0,           0 },
};

const struct latch_rule latch_newcomer_rules[] = {
	/* Only what the stream carries teaches it anything. */
	{ WAIT,            ANY,   OUTCOME_NO_CANDIDATE, 0,                         FACT_CANDIDATE },
	{ HEARS,           ANY,   OUTCOME_REFUSE,       0,                         FACT_CANDIDATE },
	{ ALWAYS,          ANY,   OUTCOME_REFUSE,       FACT_FOREIGN,              0 },
	/* Late packets from where a phone was before it moved must not take the stream back. */
	{ HEARS,           ANY,   OUTCOME_REFUSE,       FACT_REPLACED,             0 },
	{ LOCKED,          ANY,   OUTCOME_REFUSE,       FACT_STRICT_SOURCE,        FACT_HANDOVER },
	{ HEARS,      ELSEWHERE,  OUTCOME_REFUSE,       SDP_ONLY,                  FACT_HANDOVER },
	{ HEARS,           ANY,   OUTCOME_TAKE,         FACT_REBOUND,              0 },
	{ HEARS,           ANY,   OUTCOME_SOON,         FACT_SAME_HOST | FACT_GOES_ON, FACT_USABLE },
	{ ALWAYS,          ANY,   OUTCOME_REFUSE,       0,                         FACT_USABLE },
	/* From here on: sources that could have been the first. */
	{ WAIT,            ANY,   OUTCOME_PROVE,        0,                         0 },
	{ HEARS,           ANY,   OUTCOME_PROVE,        FACT_HANDOVER,             0 },
	/* A phone that was heard where its SDP said will be there again. */
	{ MOVED | PENDING, STRANGER, OUTCOME_REFUSE,    FACT_ASYMMETRIC | FACT_WAS_EXACT | FACT_KNOWN, 0 },
	{ MOVED,           ANY,   OUTCOME_PROVE,        0,                         0 },
	{ OPEN | REOPENED, ANY,   OUTCOME_PROVE,        FACT_HIGHER,               0 },
	{ REOPENED,        ANY,   OUTCOME_PROVE,        FACT_SAME | FACT_SILENT,   0 },
	/* An offer that may never be answered must not leave the stream open. */
	{ PENDING,         ANY,   OUTCOME_PROVE,        FACT_SAME | FACT_SILENT,   0 },
	{ PENDING,         ANY,   OUTCOME_PROVE,        FACT_HIGHER | FACT_SILENT, 0 },
	{ PENDING,         ANY,   OUTCOME_PROVE,        FACT_SAME | FACT_GOES_ON,  0 },
	{ PENDING,         ANY,   OUTCOME_PROVE,        FACT_HIGHER | FACT_GOES_ON, 0 },
	/* What has no sequence numbers keeps no place from media that has. */
	{ HEARS,           ANY,   OUTCOME_PROVE,        YIELDS | FACT_SAME,        0 },
	/* RTCP that came before the first RTP, maybe of somebody behind the same NAT. */
	{ HEARS,           ANY,   OUTCOME_PROVE,        FACT_FITTER | FACT_SAME,   0 },
	{ LOCKED,          EXACT, OUTCOME_PROVE,        FACT_HIGHER | FACT_SILENT, 0 },
	{ LOCKED | PENDING, EXACT, OUTCOME_PROVE,       FACT_HIGHER | FACT_ASYMMETRIC, 0 },
	/* A gateway may go from its announcement to the call at another port, with another SSRC. */
	{ HEARS, TRUSTED, OUTCOME_PATIENCE, FACT_SAME_HOST | FACT_FINAL | FACT_PAUSED, FACT_STRICT },
	{ HEARS, TRUSTED, OUTCOME_PATIENCE, FACT_SAME_HOST | FACT_GATEWAY | FACT_GONE, FACT_STRICT },
	/*
	 * One packet, or a few in a burst, must not keep a phone of the same rank out. But who is
	 * heard keeps the place, and only one who talks gets it.
	 */
	{ OPEN | REOPENED | PENDING, ANY & ~NEIGHBOUR, OUTCOME_PATIENCE, OUTTALKS | FACT_QUIET, 0 },
	{ OPEN | REOPENED | PENDING, ANY & ~NEIGHBOUR, OUTCOME_AWAIT,    OUTTALKS, 0 },
	{ HEARS, TRUSTED, OUTCOME_SOON,     FACT_SAME_HOST | FACT_FINAL, FACT_STRICT },
	{ HEARS,           ANY,   OUTCOME_SOON,         FACT_SAME_HOST | FACT_GOES_ON, 0 },
	{ ALWAYS,          ANY,   OUTCOME_REFUSE,       0,                         0 },
};

const struct latch_rule latch_proof_rules[] = {
	{ ALWAYS, ANY,       OUTCOME_TAKE,     FACT_FIRST,    0 },
	/* As in LOCKED. */
	{ PENDING, EXACT,    OUTCOME_TAKE,     FACT_HIGHER | FACT_SILENT, 0 },
	{ PENDING, EXACT,    OUTCOME_TAKE,     FACT_HIGHER | FACT_ASYMMETRIC, 0 },
	{ PENDING, TRUSTED | FOLLOWER, OUTCOME_HOLD, 0,       FACT_SEQUENCED | FACT_HANDOVER },
	{ PENDING, TRUSTED | FOLLOWER, OUTCOME_PATIENCE, 0,   FACT_HANDOVER },
	{ ALWAYS, TRUSTED,   OUTCOME_TAKE,     0,             0 },
	/* Nothing shows that it is a phone: RTCP of a phone on trial, and any spray. */
	{ ALWAYS, ANY,       OUTCOME_HOLD,     0,             FACT_SEQUENCED },
	{ ALWAYS, FOLLOWER,  OUTCOME_TAKE,     0,             0 },
	{ HEARS,  STRANGER,  OUTCOME_TAKE,     FACT_HANDOVER, 0 },
	/* Its SDP will tell more. */
	{ ALWAYS, ANY,       OUTCOME_HOLD,     0,             FACT_ANSWERED },
	/*
	 * While the other side rings a phone need not talk: its silence is no chance for somebody
	 * next door.
	 */
	{ ALWAYS, NEIGHBOUR, OUTCOME_HOLD,     FACT_ALONE,    0 },
	{ ALWAYS, STRANGER,  OUTCOME_HOLD,     FACT_ALONE | FACT_ASYMMETRIC, 0 },
	{ ALWAYS, ANY,       OUTCOME_PATIENCE, 0,             0 },
};

const struct latch_rule latch_taken_rules[] = {
	{ ALWAYS, ON_TRIAL, OUTCOME_OPEN,   0,               0 },
	{ ALWAYS, ANY,      OUTCOME_OPEN,   0,               FACT_SEQUENCED },
	{ ALWAYS, EXACT,    OUTCOME_LOCKED, 0,               0 },
	/* One place beside that of the SDP, and no other. */
	{ ALWAYS, ANY,      OUTCOME_LOCKED, FACT_ASYMMETRIC, 0 },
	{ LOCKED, ANY,      OUTCOME_LOCKED, 0,               0 },
	{ ALWAYS, ANY,      OUTCOME_OPEN,   0,               0 },
};

const struct latch_rule latch_window_rules[] = {
	{ PENDING,          ON_TRIAL, OUTCOME_OPEN,   0,                0 },
	{ ALWAYS,           ON_TRIAL, OUTCOME_STAY,   0,                0 },
	{ MOVED | REOPENED, ANY,      OUTCOME_PENDING, FACT_UNANSWERED, 0 },
	/*
	 * If nobody came in its place the old source is right after all; but only if it is still
	 * there.
	 */
	{ MOVED,            ANY,      OUTCOME_STAY,   FACT_SILENT,      0 },
	{ MOVED | REOPENED, ANY,      OUTCOME_STAY,   0,                FACT_RESUMED },
	{ ALWAYS,           ANY,      OUTCOME_OPEN,   FACT_UNSEQUENCED, 0 },
	{ ALWAYS,           ANY,      OUTCOME_OPEN,   FACT_BRIEF,       0 },
	{ ALWAYS,           ANY,      OUTCOME_LOCKED, 0,                0 },
};

const struct latch_rule latch_offer_rules[] = {
	/* Another party has taken this side. */
	{ ALWAYS, ANY,      OUTCOME_WAIT,     FACT_FRESH,  0 },
	{ HEARS,  EXACT,    OUTCOME_LOCKED,   0,           FACT_UNSEQUENCED },
	{ HEARS,  EXACT,    OUTCOME_OPEN,     0,           0 },
	{ HEARS,  ANY,      OUTCOME_MOVED,    FACT_MOVE,   0 },
	{ HEARS,  ANY,      OUTCOME_MOVED,    0,           FACT_USABLE },
	/* It was moved before, and has not been heard at its new place yet. */
	{ MOVED,  ANY,      OUTCOME_MOVED,    FACT_REOPEN, 0 },
	{ HEARS,  ANY,      OUTCOME_REOPENED, FACT_REOPEN, 0 },
	/*
	 * The sibling that spoke for it has moved: what only its network speaks for is never
	 * locked.
	 */
	{ LOCKED, ON_TRIAL, OUTCOME_OPEN,     0,           0 },
	{ ALWAYS, ANY,      OUTCOME_STAY,     0,           0 },
};

/* clang-format on */
