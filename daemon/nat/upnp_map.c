/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * upnp_map.c - carries out one request about a mapping: UPnP IGD, by libminiupnpc
 *
 * A router may say yes and keep nothing, or hand out a port that another host has: what it says is
 * read back, and only an entry of this host is renewed or ended.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include "base/clock.h"
#include "nat/external_talk.h"
#include "nat/portmap_talk.h"
#include "nat/upnp_igd.h"
#include "nat/upnp_serve.h"

#ifdef RTPRELAY_HAS_UPNP

#define AGAIN_MS     30000 /* a search that found none is not repeated before */
#define INVALID_ARGS 402   /* also: this router does not like the lease, or its table is full */
#define CONFLICT     718
#define PERMANENT    725 /* only leases without end */
#define FIRST_PORT   16384
#define LAST_PORT    65534
#define DRAWS	     5
#define DESCRIPTION  "rtprelay"
#define UDP	     "UDP"
#define PORT_TEXT    6

/**
 * struct upnp_igd - the router of one address of this host
 * @found: @urls and @data are set
 * @searched_ms: when it was looked for; 0: never; @error: what came of it
 */
struct upnp_igd {
	struct endpoint bind;
	struct UPNPUrls urls;
	struct IGDdatas data;
	bool found;
	int error;
	int64_t searched_ms;
};

/* A job in the library's terms. */
struct ask {
	const struct portmap_job *job;
	const char *url, *type;
	char client[ENDPOINT_TEXT], inside[PORT_TEXT], outside[PORT_TEXT];
};

static void forget(struct upnp_igd *igd)
{
	if (igd->found)
		FreeUPNPUrls(&igd->urls);
	igd->found = false;
}

/* 0; -errno of upnp_igd_find() */
static int search(struct upnp_igd *igd)
{
	if (igd->searched_ms && clock_ms() - igd->searched_ms < AGAIN_MS)
		return igd->error;
	igd->searched_ms = clock_ms();
	igd->error = upnp_igd_find(&igd->bind, &igd->urls, &igd->data);
	igd->found = !igd->error;
	if (igd->found)
		igd->searched_ms = 0; /* if it is lost, it is looked for at once */
	return igd->error;
}

static struct upnp_igd *igd_of(struct upnp_igd **slot, const struct endpoint *bind)
{
	if (*slot && !endpoint_addr_eq(&(*slot)->bind, bind)) {
		forget(*slot);
		free(*slot);
		*slot = NULL;
	}
	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	if (*slot)
		(*slot)->bind = *bind;
	return *slot;
}

/* --- Entries ---------------------------------------------------------------------------------- */

enum owner { NOBODY, OURS, OTHERS };

/* Whose the entry of ask->outside is. 0 and *owner; else the library's result */
static int look(const struct ask *ask, enum owner *owner)
{
	char client[64] = "", port[64] = "", text[128] = "", enabled[64] = "", lease[64] = "";
	int result = UPNP_GetSpecificPortMappingEntry(ask->url, ask->type, ask->outside, UDP, NULL,
						      client, port, text, enabled, lease);

	*owner = NOBODY;
	if (result)
		return result;
	*owner = !strcmp(client, ask->client) && !strcmp(port, ask->inside) ? OURS : OTHERS;
	return 0;
}

static int add(struct ask *ask, const char *lease)
{
	return UPNP_AddPortMapping(ask->url, ask->type, ask->outside, ask->inside, ask->client,
				   DESCRIPTION, UDP, NULL, lease);
}

/* True: @ask is for another port, that nobody has. */
static bool draw(struct ask *ask)
{
	enum owner owner;
	uint16_t port;

	if (getrandom(&port, sizeof(port), 0) != sizeof(port))
		return false;
	port = (uint16_t)((FIRST_PORT + port % (LAST_PORT - FIRST_PORT)) & ~1U);
	snprintf(ask->outside, sizeof(ask->outside), "%u", port);
	look(ask, &owner);
	return owner == NOBODY;
}

/*
 * A port that another host has, or another port of this one: not AddAnyPortMapping, by which some
 * routers hand out a port again that the same host has for something else.
 */
static int add_other(struct ask *ask, const char *lease)
{
	for (int i = 0; i < DRAWS; i++) {
		int result;

		if (!draw(ask))
			continue;
		result = add(ask, lease);
		if (portmap_outcome_of_upnp(PORTMAP_MAP, result) != PORTMAP_TAKEN)
			return result;
	}
	return CONFLICT;
}

static int add_with(struct ask *ask, uint32_t lease_s, enum owner owner)
{
	char lease[16];
	int error;

	snprintf(lease, sizeof(lease), "%u", lease_s);
	error = owner == OTHERS ? add_other(ask, lease) : add(ask, lease);
	if (portmap_outcome_of_upnp(PORTMAP_MAP, error) == PORTMAP_TAKEN)
		error = add_other(ask, lease);
	return error;
}

static int map(struct ask *ask, struct portmap_result *result)
{
	enum owner owner;
	int error;

	look(ask, &owner); /* routers differ in how they say that there is none */
	result->lifetime_s = ask->job->lifetime_s;
	error = add_with(ask, result->lifetime_s, owner);
	if (error != PERMANENT && error != INVALID_ARGS)
		return error;
	result->lifetime_s = 0;
	return add_with(ask, 0, owner);
}

static void tell(const struct ask *ask, int error, struct portmap_result *result)
{
	result->outcome = portmap_outcome_of_upnp(ask->job->task, error);
	if (error)
		external_no(result->why, 0, "upnp: the router at %.80s: %s", ask->url,
			    strupnperror(error) ?: "an error");
}

static void make(struct ask *ask, struct portmap_result *result)
{
	enum owner owner = NOBODY;
	uint64_t port = 0;
	int error = map(ask, result);

	tell(ask, error, result);
	if (error)
		return;
	if (look(ask, &owner) || owner != OURS) {
		result->outcome = PORTMAP_REFUSED;
		external_no(result->why, 0,
			    "upnp: the router at %.80s says that it forwards a port, and does "
			    "not keep it",
			    ask->url);
		return;
	}
	str_to_u64(str_of(ask->outside), UINT16_MAX, &port);
	result->external.sa.sa_family = AF_INET; /* the address is asked for elsewhere */
	endpoint_set_port(&result->external, (uint16_t)port);
}

static void end(const struct ask *ask, struct portmap_result *result)
{
	enum owner owner;
	int error = look(ask, &owner);

	if (owner == OURS)
		error = UPNP_DeletePortMapping(ask->url, ask->type, ask->outside, UDP, NULL);
	else if (!error)
		result->outcome = PORTMAP_DONE; /* another host has it now */
	tell(ask, error, result);
}

static void check(const struct ask *ask, struct portmap_result *result)
{
	enum owner owner;

	tell(ask, look(ask, &owner), result);
	if (result->outcome == PORTMAP_DONE && owner == OTHERS)
		result->outcome = PORTMAP_GONE;
}

void upnp_map(struct upnp_igd **slot, const struct endpoint *bind, const struct portmap_job *job,
	      struct portmap_result *result)
{
	struct upnp_igd *igd = igd_of(slot, bind);
	struct ask ask = { .job = job };
	int error = -ENOMEM;

	result->outcome = PORTMAP_SILENT;
	if (igd)
		error = igd->found ? 0 : search(igd);
	if (error) {
		upnp_igd_tell(error, result->why);
		return;
	}
	ask.url = igd->urls.controlURL;
	ask.type = igd->data.first.servicetype;
	endpoint_print_addr(bind, ask.client);
	snprintf(ask.inside, sizeof(ask.inside), "%u", endpoint_port(&job->local));
	snprintf(ask.outside, sizeof(ask.outside), "%u", job->external);
	if (job->task == PORTMAP_MAP)
		make(&ask, result);
	else if (job->task == PORTMAP_UNMAP)
		end(&ask, result);
	else
		check(&ask, result);
	if (result->outcome == PORTMAP_SILENT)
		forget(igd); /* it may be at another address after a restart */
}

#else

void upnp_map(struct upnp_igd **slot, const struct endpoint *bind, const struct portmap_job *job,
	      struct portmap_result *result)
{
	(void)slot;
	(void)bind;
	(void)job;
	result->outcome = PORTMAP_OTHER;
	external_no(result->why, 0, "upnp: this daemon is built without libminiupnpc");
}

#endif
