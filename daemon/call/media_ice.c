/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_ice.c - ICE of a media that ends in the relay: an agent for each side that has it
 */
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "call/media_bundle.h"
#include "call/media_ice.h"
#include "port/iface.h"

static_assert(STREAM_ICE_OWN == ICE_GENERATIONS, "credentials that the media thread does not know");

static void fill_random(void *arg, uint8_t *bytes, size_t len)
{
	(void)arg;
	if (getentropy(bytes, len))
		abort(); /* Linux before 3.17; known passwords would be worse */
}

void media_ice_conf(const struct call_table *table, struct ice_conf *conf)
{
	*conf = (struct ice_conf){ .lite = table->conf.ice_lite,
				   .role = ICE_CONTROLLED,
				   .components = ICE_COMPONENTS,
				   .consent_ms = table->conf.ice_consent_s * 1000,
				   .random = fill_random };
}

/* --- Life ------------------------------------------------------------------------------------ */

struct media_ice *media_ice_copy(const struct media_ice *old)
{
	struct media_ice *copy = calloc(1, sizeof(*copy));

	for (int side = 0; copy && old && side < 2; side++) {
		copy->side[side] = old->side[side];
		if (!old->side[side].agent)
			continue;
		copy->side[side].agent = ice_copy(old->side[side].agent);
		if (!copy->side[side].agent) {
			media_ice_free(copy);
			return NULL;
		}
	}
	return copy;
}

void media_ice_free(struct media_ice *ice)
{
	if (!ice)
		return;
	if (ice->media)
		event_del(&ice->timer);
	for (int side = 0; side < 2; side++)
		ice_free(ice->side[side].agent);
	free(ice);
}

static void fill_locals(struct ice_local locals[ICE_COMPONENTS], const struct iface_addr *local,
			uint16_t port)
{
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++) {
		locals[i] = (struct ice_local){ .component = i + 1,
						.base = local->bind,
						.advertised = local->advertised };
		endpoint_set_port(&locals[i].base, (uint16_t)(port + i));
		endpoint_set_port(&locals[i].advertised, (uint16_t)(port + i));
	}
}

int media_ice_agent(struct media_ice *ice, const struct media *media, enum side side,
		    const struct ice_conf *conf)
{
	struct ice_local locals[ICE_COMPONENTS];

	if (ice->side[side].agent)
		return 0;
	fill_locals(locals, media->local[side], media->port[side]);
	ice->side[side].agent = ice_new(conf, locals, conf->components);
	return ice->side[side].agent ? 0 : -ENOMEM;
}

/* The way may have gone with rtcp-mux, but the addresses are the same. */
static int restore_agent(const struct call_table *table, const struct ice_side_record *record,
			 const struct iface_addr *local, uint16_t port, struct media_ice_side *side)
{
	struct ice_local locals[ICE_COMPONENTS];
	struct ice_conf conf;
	int error;

	side->refused = record->refused;
	side->trickle = record->trickle;
	side->mismatch = record->mismatch;
	if (!record->there)
		return 0;
	media_ice_conf(table, &conf);
	conf.lite = record->lite;
	fill_locals(locals, local, port);
	error = ice_restore(&record->saved, &conf, locals, record->saved.components, clock_ms(),
			    &side->agent);
	if (!error)
		side->told = (uint8_t)ice_state(side->agent);
	return error == -EINVAL ? -EBADMSG : error;
}

int media_ice_restore(const struct call_table *table, const struct ice_record *record,
		      struct iface_addr *const local[2], const uint16_t port[2],
		      struct media_ice **ice)
{
	int error = 0;

	*ice = media_ice_copy(NULL);
	if (!*ice)
		return -ENOMEM;
	for (int side = 0; side < 2 && !error; side++)
		error = restore_agent(table, &record->side[side], local[side], port[side],
				      &(*ice)->side[side]);
	if (!error)
		return 0;
	media_ice_free(*ice);
	*ice = NULL;
	return error;
}

void media_ice_note(const struct media_ice *ice, struct ice_record *record)
{
	for (int i = 0; i < 2; i++) {
		const struct media_ice_side *side = &ice->side[i];
		struct ice_side_record *to = &record->side[i];

		to->refused = side->refused;
		to->trickle = side->trickle;
		to->mismatch = side->mismatch;
		to->there = side->agent;
		if (!side->agent)
			continue;
		to->lite = ice_is_lite(side->agent);
		ice_save(side->agent, clock_ms(), &to->saved);
	}
}

void media_ice_drop(struct media_ice *ice, enum side side)
{
	ice_free(ice->side[side].agent);
	ice->side[side].agent = NULL;
}

/* --- What the media thread is told ------------------------------------------------------------ */

struct stream_ice *media_ice_stream(const struct media_ice_side *side, enum component comp)
{
	const struct ice_agent *agent = side->agent;
	struct stream_ice *told = calloc(1, sizeof(*told));
	const struct ice_way *way;

	if (!told)
		return NULL;
	told->awaited = !side->refused;
	told->n_own = (uint8_t)ice_own_ids(agent, told->own);
	if (comp + 1U > ice_components(agent)) /* it went with rtcp-mux */
		return told;
	way = ice_way(agent, comp + 1);
	if (way && !way->lost) {
		told->to = way->remote;
		told->selected = way->selected;
	}
	told->n_heard = (uint8_t)ice_heard_from(agent, comp + 1, told->heard, STREAM_ICE_HEARD);
	return told;
}

/* --- For reports ------------------------------------------------------------------------------ */

bool media_ice_report(const struct media *media, enum side side, struct media_ice_report *report)
{
	static const char *const states[] = {
		[ICE_WAITING] = "waiting",     [ICE_CHECKING] = "checking",
		[ICE_CONNECTED] = "connected", [ICE_COMPLETED] = "completed",
		[ICE_FAILED] = "failed",       [ICE_LOST] = "lost",
	};
	const struct media_ice *ice = media_carrier(media, side)->ice;
	const struct ice_agent *agent = ice ? ice->side[side].agent : NULL;
	const struct ice_way *way = agent ? ice_way(agent, 1) : NULL;

	memset(report, 0, sizeof(*report));
	if (!agent)
		return false;
	report->state = states[ice_state(agent)];
	report->controlling = ice_role(agent) == ICE_CONTROLLING;
	report->role = report->controlling ? "controlling" : "controlled";
	report->lite = ice_is_lite(agent);
	if (way)
		report->pair = way->remote;
	return true;
}
