/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_ice.h - ICE of a media that ends in the relay: an agent for each side that has it
 *
 * What they are; call/ice_run.h lets them run. Control thread only.
 */
#ifndef RTPRELAY_MEDIA_ICE_H
#define RTPRELAY_MEDIA_ICE_H

#include <event2/event_struct.h>
#include "call/record.h"
#include "call/tree.h"
#include "ice/ice.h"

/**
 * struct media_ice_side
 * @agent: NULL: this side was not offered ICE, and does not offer it
 * @refused: it has answered without ICE: it is not offered again, before flag "reset"
 * @trickle: its last offer had the option
 * @mismatch: a box between has changed the addresses of its last offer: it is told so
 * @told: enum ice_state, that watchers and the log know
 */
struct media_ice_side {
	struct ice_agent *agent;
	bool refused, trickle, mismatch;
	uint8_t told;
};

/**
 * struct media_ice
 * @media: NULL: not committed yet
 * @timer: for the earliest deadline of both agents; only with @media
 */
struct media_ice {
	struct media *media;
	struct media_ice_side side[2];
	struct event timer;
};

/* A copy of @old, for a plan; if that is NULL an empty one. NULL: out of memory */
struct media_ice *media_ice_copy(const struct media_ice *old);
/* Takes NULL. */
void media_ice_free(struct media_ice *ice);

/* Of a controlled agent with both components, as configured. */
void media_ice_conf(const struct call_table *table, struct ice_conf *conf);
/**
 * media_ice_agent() - makes the agent of a side that has none
 * Until ice_advertise() it tells the addresses of the interface.
 * Return: 0; -ENOMEM
 */
int media_ice_agent(struct media_ice *ice, const struct media *media, enum side side,
		    const struct ice_conf *conf);
void media_ice_drop(struct media_ice *ice, enum side side);

/* For the journal; has passwords. */
void media_ice_note(const struct media_ice *ice, struct ice_record *record);
/**
 * media_ice_restore() - after a restart: the agents as they were
 * @local, @port: of the media, which is not open yet, by side
 * Return: 0; -EBADMSG, @record is not of such addresses; -ENOMEM
 */
int media_ice_restore(const struct call_table *table, const struct ice_record *record,
		      struct iface_addr *const local[2], const uint16_t port[2],
		      struct media_ice **ice);

/* Whom the stream hears, and where it sends to; NULL: out of memory. The caller's. */
struct stream_ice *media_ice_stream(const struct media_ice_side *side, enum component comp);

/**
 * struct media_ice_report - ICE of one side, without its secrets
 * @state: "checking" and so on; @role: "controlling", "controlled"; static
 * @pair: the phone's address that media goes to; unset: nowhere yet
 */
struct media_ice_report {
	const char *state, *role;
	bool lite, controlling;
	struct endpoint pair;
};

/* Return: false: ICE of this side does not end here */
bool media_ice_report(const struct media *media, enum side side, struct media_ice_report *report);

#endif
