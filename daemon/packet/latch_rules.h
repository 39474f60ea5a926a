/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latch_rules.h - the rules of latching as data: states, classes of sources, facts, and tables of
 * rows
 *
 * packet/latch.h says what they mean together; packet/latch.c finds the facts and does what a row
 * says. A rule is changed by changing rows in packet/latch_rules.c; a new condition is a new fact.
 */
#ifndef RTPRELAY_LATCH_RULES_H
#define RTPRELAY_LATCH_RULES_H

#include <stdint.h>

enum latch_mode {
	LATCH_SMART,  /* default */
	LATCH_STRICT, /* wants rank 2 */
	LATCH_FIRST,  /* whoever comes first, as older relays do */
};

/* Those between say whether a window is open, and why. */
enum latch_phase {
	PHASE_WAIT,	/* nobody is heard */
	PHASE_OPEN,	/* a source is in use: for less than the window, or it never locks */
	PHASE_REOPENED, /* an offer or answer has opened the window: same endpoint */
	PHASE_MOVED,	/* signalling moved the remote: the source in use is its old one */
	PHASE_PENDING,	/* the window of an offer is over, and the answer has not come yet */
	PHASE_LOCKED,	/* the window is closed */
};

/* What speaks for a source; by rising rank. */
enum latch_class {
	CLASS_STRANGER,	 /* rank 0: nothing */
	CLASS_NEIGHBOUR, /* rank 1: only that its network has an address of rank 2; on trial */
	CLASS_FOLLOWER,	 /* rank 1: it follows a sibling stream that is on trial; so is this one */
	CLASS_SIBLING,	 /* rank 1: another stream of this party is heard from its address */
	CLASS_ADDR,	 /* rank 2: the address of the SDP or of SIP, another port */
	CLASS_EXACT,	 /* rank 3: address and port of the SDP */
};

enum latch_rank {
	RANK_UNKNOWN = 0,
	RANK_NEAR = 1,
	RANK_ADDR = 2,
	RANK_EXACT = 3,
};
#define LATCH_RANKS 4

/* What a row may ask for. */
enum latch_fact {
	/* the stream */
	FACT_FIRST = 1 << 0,	     /* mode LATCH_FIRST */
	FACT_STRICT = 1 << 1,	     /* mode LATCH_STRICT */
	FACT_STRICT_SOURCE = 1 << 2, /* flag strict-source */
	FACT_HANDOVER = 1 << 3,	     /* flag media-handover */
	FACT_ASYMMETRIC = 1 << 4,    /* flag asymmetric */
	FACT_KNOWN = 1 << 5,	     /* there is an address that a stranger can be told by */
	FACT_ANSWERED = 1 << 6,	     /* this side has sent an SDP */
	FACT_ALONE = 1 << 7,	     /* nobody is at the other side yet */
	/* the source in use */
	FACT_SILENT = 1 << 8,	    /* not heard for LATCH_SILENCE_MS */
	FACT_RESUMED = 1 << 9,	    /* heard since an offer or answer opened the window */
	FACT_WAS_EXACT = 1 << 10,   /* until signalling moved it, it was heard where SDP says */
	FACT_UNSEQUENCED = 1 << 11, /* it has sent nothing with a sequence number so far */
	/* the newcomer and its packet */
	FACT_CANDIDATE = 1 << 12, /* the packet is what the stream carries */
	FACT_SEQUENCED = 1 << 13, /* the packet has a sequence number: RTP, UDPTL */
	FACT_FOREIGN = 1 << 14,	  /* RTCP whose SSRC is not one of the phone's RTP */
	FACT_REPLACED =
		1 << 15, /* it was in use until signalling moved the phone; the window is open */
	FACT_REBOUND =
		1 << 16, /* the NAT of the source in use changed the port, as far as can be seen */
	FACT_SAME = 1 << 17,   /* same rank as the source in use */
	FACT_HIGHER = 1 << 18, /* higher rank than the source in use */
	/* the newcomer, or the source in use at an offer or answer */
	FACT_USABLE = 1 << 19,	    /* latch_usable_rules let its class be used */
	FACT_ALL_PRIVATE = 1 << 20, /* its address is private, and so is all that was told */
	/* an offer or answer */
	FACT_REOPEN = 1 << 21,
	FACT_MOVE = 1 << 22,
	FACT_FRESH = 1 << 23,
	/* the source in use, and a newcomer's packet */
	FACT_UNANSWERED = 1 << 24, /* an offer opened the window; it has not been answered yet */
	FACT_GOES_ON = 1 << 25,	   /* an SSRC of the source in use, its sequence number going on */
	FACT_SAME_HOST = 1 << 26,  /* RTP from the address of the source in use */
	FACT_PAUSED = 1 << 27,	   /* the source in use was not heard for LATCH_PAUSE_MS */
	FACT_FINAL = 1 << 28,	   /* a final answer came less than a window ago */
	FACT_GATEWAY = 1 << 29,	   /* the first source was exact, and SDP has the address of SIP */
	FACT_GONE = 1 << 30,	   /* the party is silent in RTP, and in RTCP if it ever sent any */
	/* the newcomer and the source in use */
	FACT_FITTER = 1u << 31, /* RTCP of an SSRC of its RTP; that in use has another one */
	/* the source in use: it has sent sequence numbers, but has not talked (LATCH_TALK_MS) */
	FACT_BRIEF = 1ull << 32,
	FACT_QUIET = 1ull << 33, /* the source in use was not heard for the patience */
	FACT_PEER = 1ull << 34,	 /* FACT_SAME, and its class is not below that of the one in use */
};

/* What a row says, by table. */
enum latch_outcome {
	/* latch_usable_rules */
	OUTCOME_NO,
	OUTCOME_YES,
	/* latch_newcomer_rules */
	OUTCOME_NO_CANDIDATE,
	OUTCOME_REFUSE,
	OUTCOME_SOON,  /* the same, but not any more once the source in use is silent */
	OUTCOME_PROVE, /* it may have the place: latch_proof_rules say when */
	/* latch_newcomer_rules, latch_proof_rules */
	OUTCOME_TAKE,	  /* it is heard from this packet on */
	OUTCOME_PATIENCE, /* after it has talked like a phone for so long */
	/* latch_proof_rules */
	OUTCOME_HOLD, /* not now; its time does not count */
	/* latch_newcomer_rules */
	OUTCOME_AWAIT, /* not now, but its time counts: later OUTCOME_PATIENCE */
	/* latch_taken_rules, latch_window_rules, latch_offer_rules: the next phase */
	OUTCOME_STAY,
	OUTCOME_WAIT,
	OUTCOME_OPEN,
	OUTCOME_REOPENED,
	OUTCOME_MOVED,
	OUTCOME_PENDING,
	OUTCOME_LOCKED,
};

/**
 * struct latch_rule - a row; the first that fits decides
 * @phases: bit per enum latch_phase
 * @classes: bit per enum latch_class: of the newcomer, or where there is none of the source in use
 * @with: facts that all hold; @without: facts none of which holds
 */
struct latch_rule {
	uint8_t phases, classes;
	uint8_t outcome; /* enum latch_outcome */
	uint64_t with, without;
};

/* Could a source of this class ever be used? */
extern const struct latch_rule latch_usable_rules[];
/* A packet that is not from the source in use: may its source have the place? */
extern const struct latch_rule latch_newcomer_rules[];
/* It may: at once, or what has to be seen of it before? */
extern const struct latch_rule latch_proof_rules[];
/* It has it: which phase comes now? */
extern const struct latch_rule latch_taken_rules[];
/* The window of PHASE_OPEN, _REOPENED, _MOVED or _PENDING is over: which phase comes now? */
extern const struct latch_rule latch_window_rules[];
/* An offer or answer: which phase comes now? */
extern const struct latch_rule latch_offer_rules[];

/* Each table has a last row that fits always. */
static inline enum latch_outcome latch_rule_find(const struct latch_rule *rule,
						 enum latch_phase phase, enum latch_class class,
						 uint64_t facts)
{
	while (!(rule->phases >> phase & 1) || !(rule->classes >> class & 1) ||
	       (facts & (rule->with | rule->without)) != rule->with)
		rule++;
	return rule->outcome;
}

#endif
