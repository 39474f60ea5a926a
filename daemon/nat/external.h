/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external.h - finds out at which address the relay is reached from outside of its NAT, for
 * interfaces with "!auto"
 *
 * A thread asks the sources in their order, again and again; what it finds comes to the control
 * thread by external_dispatch(). So no command waits for DNS, a server or a router. An address
 * stays in use while no source answers: a server that is down says nothing about it.
 */
#ifndef RTPRELAY_NAT_EXTERNAL_H
#define RTPRELAY_NAT_EXTERNAL_H

#include "base/list.h"
#include "nat/external_ask.h"
#include "nat/external_filtering.h"
#include "nat/external_mapping.h"

struct external;

enum external_knowledge {
	EXTERNAL_UNKNOWN,
	EXTERNAL_LAST, /* of the previous daemon, not confirmed */
	EXTERNAL_FOUND,
};

extern const char *const external_knowledge_names[];

/* Why each source had no answer. */
#define EXTERNAL_WHYS 400

/**
 * struct external_place - an address here, and where it is outside
 * @address: port 0; unset: unknown
 * @source: that named it, as in the configuration; NULL: none did
 * @changed_ms, @checked_ms: when it was found, and last confirmed; clock_ms(), 0: never
 * @failing: no source had a good answer in the last round, @why
 * @double_nat: one of them named a private address then
 * @mapping, @filtering: as found last
 */
struct external_place {
	struct endpoint bind, address;
	enum external_knowledge knowledge;
	const char *source;
	int64_t changed_ms, checked_ms;
	bool failing, double_nat;
	enum external_mapping mapping;
	enum external_filtering filtering;
	char why[EXTERNAL_WHYS];
};

/* What a round of questions found for one address. @address: unset: nothing, @why */
struct external_finding {
	struct endpoint address;
	const char *source;
	bool double_nat;
	char why[EXTERNAL_WHYS];
};

enum external_news {
	EXTERNAL_SAME,
	EXTERNAL_CHANGED,   /* it is known now, or another one */
	EXTERNAL_CONFIRMED, /* after it was not, at first or because sources failed */
	EXTERNAL_FAILS,	    /* no source answers any more, or none did so far */
};

/* Names and meaning: include/counter_names.h */
struct external_counters {
	uint64_t checks, failed, double_nat, changes;
};

struct external_conf {
	const struct endpoint *bind; /* addresses with "!auto", each once */
	size_t n_bind;
	const struct conf_list *sources; /* valid; they must stay */
	unsigned int interval_s;
};

/* NULL: out of memory */
struct external *external_new(const struct external_conf *conf);
/* Starts the thread. @media: copied; ports that no question is asked from. 0; -errno */
int external_run(struct external *external, const struct addr_ports *media, size_t n_media);
/* Does not wait for a thread that waits for DNS. Takes NULL. */
void external_free(struct external *external);

/* Control thread only, all of these; they take NULL for @external. */
size_t external_count(const struct external *external);
struct external_place *external_at(struct external *external, size_t index);
/* The one of this address; NULL: none */
const struct external_place *external_of(struct external *external, const struct endpoint *bind);
struct external_counters external_counters(const struct external *external);
/* Readable: call external_dispatch() */
int external_fd(const struct external *external);
typedef void external_fn(void *arg, const struct external_place *place, enum external_news news);
/* Calls @fn for each finding. */
void external_dispatch(struct external *external, external_fn *fn, void *arg);
/* Asks now: addresses of this host have changed, or the operator says so. */
void external_check(struct external *external);

/* Pure: takes over what was found. */
enum external_news external_place_take(struct external_place *place,
				       const struct external_finding *finding, int64_t now_ms);

#endif
