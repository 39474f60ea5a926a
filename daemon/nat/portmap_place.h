/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portmap_place.h - which ports of an address the nearest router forwards to it, and what has to be
 * asked next for that
 *
 * A place is an address of this host with its router. Pairs of ports are mapped ahead, so that no
 * command waits for a router; renewed at half of their lifetime; asked for again if the router has
 * lost them; and ended when they are not used any more. Which protocol the router speaks is found
 * by trying them in their order. Pure: time, random bytes, requests and results are handed over.
 */
#ifndef RTPRELAY_NAT_PORTMAP_PLACE_H
#define RTPRELAY_NAT_PORTMAP_PLACE_H

#include "nat/portmap_job.h"
#include "nat/router_clock.h"

#define PORTMAP_WHYS  400 /* what each protocol said */
#define PORTMAP_PAIRS 512 /* of one address, at most */
#define PORTMAP_LIFETIME_S                                                                         \
	3600 /* of a mapping, if its end is lost: after a crash without restart */

enum portmap_state {
	PORTMAP_STARTS, /* no answer yet */
	PORTMAP_WORKS,
	PORTMAP_FULL,	 /* it does, but the router does not make more mappings: @why */
	PORTMAP_FAILING, /* the router does not answer, or refuses: @why */
};

extern const char *const portmap_state_names[];

/* A mapping that the router has to confirm is believed for this time. */
#define PORTMAP_BELIEVED_MS 15000

/* What the relay does with a pair: as told by the owner of the ports. */
enum portmap_use {
	PORTMAP_FREE,
	PORTMAP_BUSY,	 /* in a call, or in quarantine after one */
	PORTMAP_FOREIGN, /* another program has bound it */
};

/**
 * struct portmap_half - one port of a pair
 * @external: the port outside; 0: not mapped
 * @asked: the router may have it
 * @due_ms: not asked for before
 * @until_ms: the router forgets it then
 * @tries: of the end of the mapping, without an answer
 */
struct portmap_half {
	uint16_t external;
	bool asked;
	unsigned int tries;
	int64_t due_ms, until_ms;
};

/**
 * struct portmap_pair
 * @port: here, of RTP; 0: this entry is not used
 * @protocol: by which it was mapped
 * @unwanted: its mappings are ended, and then it is forgotten
 */
struct portmap_pair {
	uint16_t port;
	uint8_t nonce[PCP_NONCE];
	enum portmap_protocol protocol;
	enum portmap_use use;
	bool unwanted;
	int64_t free_since_ms;
	struct portmap_half half[2]; /* RTP, RTCP */
};

/**
 * struct portmap_rules - of the configuration
 * @pool: pairs without a call that are mapped ahead
 * @max: mappings of one router; a pair takes two
 */
struct portmap_rules {
	bool allowed[PORTMAP_PROTOCOLS];
	unsigned int pool, max;
};

/* Names and meaning: include/counter_names.h */
struct portmap_counters {
	uint64_t granted, refused, unanswered, restarts, moved;
};

/**
 * struct portmap_place
 * @bind: port 0
 * @closed: no new pairs: those that are there are ended
 * @ends_calls: also pairs with calls are ended
 * @found: @protocol works; else it is the one to be tried, after those of @tried
 * @misses: requests without an answer since the last one
 * @retry_at_ms: no new mapping is asked for before
 * @restarted_ms: when it was seen last that the router has lost its mappings; 0: never
 * @relisted: a pair has another protocol now, which the file has to say; the owner resets it
 * @asked, @asked_half: what the job that is under way is about
 */
struct portmap_place {
	struct endpoint bind;
	struct portmap_rules rules;
	bool closed, ends_calls, found, full, relisted;
	enum portmap_protocol protocol;
	enum portmap_state state;
	char why[PORTMAP_WHYS], tried[PORTMAP_WHYS];
	struct router_clock clock;
	unsigned int misses, taken, checked;
	int64_t check_at_ms, retry_at_ms, backoff_ms, restarted_ms;
	int asked, asked_half;
	struct portmap_counters counters;
	struct portmap_pair pair[PORTMAP_PAIRS];
};

/* What a result has changed: a set of these. */
enum portmap_news {
	PORTMAP_STATE_NEWS = 1 << 0, /* @state */
	PORTMAP_LIST_NEWS = 1 << 1,  /* pairs came, went, or have other ports outside */
	PORTMAP_RESTARTED = 1 << 2,  /* the router has lost its mappings */
	PORTMAP_MOVED = 1 << 3,	     /* a pair has another port outside, in a call */
};

/* The protocol that is tried first. */
enum portmap_protocol portmap_first_allowed(const struct portmap_rules *rules);
void portmap_place_init(struct portmap_place *place, const struct endpoint *bind,
			const struct portmap_rules *rules);
/* Is another pair needed? Then portmap_place_add() */
bool portmap_place_wants(const struct portmap_place *place, int64_t now_ms);
/* May there be another pair, by the configuration? */
bool portmap_place_has_room(const struct portmap_place *place);
/* @nonce: random. NULL: no room */
struct portmap_pair *portmap_place_add(struct portmap_place *place, uint16_t port,
				       const uint8_t nonce[PCP_NONCE], int64_t now_ms);
/**
 * portmap_place_restore() - adds a pair that an earlier daemon had
 *
 * It is believed for some seconds, until the router has confirmed it. One of a protocol that is not
 * allowed any more is ended.
 * @external: as known then
 */
struct portmap_pair *portmap_place_restore(struct portmap_place *place,
					   enum portmap_protocol protocol, uint16_t port,
					   const uint16_t external[2],
					   const uint8_t nonce[PCP_NONCE], int64_t now_ms);
/* What the relay does with the pair now; a free one that is not needed any more ends. */
void portmap_pair_set_use(struct portmap_pair *pair, enum portmap_use use, int64_t now_ms);
/* Time has passed: mappings end that were not renewed, and pairs that are too many. Return: news */
unsigned int portmap_place_age(struct portmap_place *place, int64_t now_ms);
/* What to ask the router now. False: nothing */
bool portmap_place_next(struct portmap_place *place, int64_t now_ms, struct portmap_job *job);
/* Takes over what came of the job that portmap_place_next() gave last. Return: news */
unsigned int portmap_place_take(struct portmap_place *place, const struct portmap_job *job,
				const struct portmap_result *result, int64_t now_ms);
/**
 * portmap_place_close() - ends all pairs
 * @keep_busy: but those with calls, which the next daemon takes up again
 */
void portmap_place_close(struct portmap_place *place, bool keep_busy, int64_t now_ms);
/* Are there pairs that have to be ended still? */
bool portmap_place_ends(const struct portmap_place *place);
/* It is not needed any more: its mappings are ended from now on. */
void portmap_pair_end(struct portmap_pair *pair, int64_t now_ms);
/* Both ports are mapped. */
bool portmap_pair_ready(const struct portmap_pair *pair);
/*
 * Pairs; those that are mapped; those of them that are free; ports that the router forwards, as far
 * as it has said so: also of pairs that are ended
 */
struct portmap_sums {
	unsigned int pairs, ready, free, ports;
};
struct portmap_sums portmap_place_sums(const struct portmap_place *place);

#endif
