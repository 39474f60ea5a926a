/* SPDX-License-Identifier: GPL-2.0-or-later */
/* portmap_talk.c - carries out one request about a mapping: PCP, NAT-PMP, UPnP IGD */
#include <errno.h>
#include <unistd.h>
#include "nat/external_router.h"
#include "nat/external_talk.h"
#include "nat/portmap_talk.h"
#include "nat/upnp_process.h"

/* Codes of RFC 6887 that are not a plain no. */
enum { PCP_VERSION = 1, PCP_OPCODE = 4, PCP_PROTOCOL = 9, PCP_EXTERNAL = 11, PCP_MISMATCH = 12 };
/* The same of RFC 6886. */
enum { NATPMP_VERSION = 1, NATPMP_OPCODE = 5 };
/* Of a UPnP router. */
enum { UPNP_NO_ENTRY = 714, UPNP_CONFLICT = 718, UPNP_OTHER_WAY = 729 };

/* A request, and what is read from its reply. */
struct talk {
	struct pcp_map map;
	uint8_t request[PCP_MAP_LEN];
	size_t len;
	bool natpmp, check;
	uint32_t epoch_s;
};

enum portmap_outcome portmap_outcome_of(enum portmap_protocol protocol, int result)
{
	bool pcp = protocol == PORTMAP_PCP;

	if (!result)
		return PORTMAP_DONE;
	if (result == -ECANCELED)
		return PORTMAP_CANCELED;
	if (result == -EPROTO || result == -EPROTONOSUPPORT)
		return PORTMAP_OTHER;
	if (result < 0)
		return PORTMAP_SILENT;
	if (pcp && result == PCP_EXTERNAL)
		return PORTMAP_TAKEN;
	if (pcp ? result == PCP_VERSION || result == PCP_OPCODE || result == PCP_PROTOCOL
		: result == NATPMP_VERSION || result == NATPMP_OPCODE)
		return PORTMAP_OTHER;
	return PORTMAP_REFUSED;
}

enum portmap_outcome portmap_outcome_of_upnp(enum portmap_task task, int code)
{
	if (!code)
		return PORTMAP_DONE;
	if (code < 0)
		return PORTMAP_SILENT;
	if (code == UPNP_NO_ENTRY)
		return task == PORTMAP_UNMAP ? PORTMAP_DONE : PORTMAP_GONE;
	if (code == UPNP_CONFLICT || code == UPNP_OTHER_WAY)
		return PORTMAP_TAKEN;
	/* Whatever else it says, it has answered: what is there is there still. */
	return task == PORTMAP_CHECK ? PORTMAP_DONE : PORTMAP_REFUSED;
}

static void make_request(struct talk *talk, const struct portmap_job *job)
{
	struct pcp_map *map = &talk->map;

	talk->natpmp = job->protocol == PORTMAP_NATPMP;
	talk->check = job->task == PORTMAP_CHECK;
	map->client = job->local;
	endpoint_set_port(&map->client, 0);
	map->port = endpoint_port(&job->local);
	map->lifetime_s = job->lifetime_s;
	memcpy(map->nonce, job->nonce, PCP_NONCE);
	if (job->task == PORTMAP_MAP) {
		map->external.sa.sa_family = job->local.sa.sa_family;
		endpoint_set_port(&map->external, job->external);
	}
	if (talk->natpmp) {
		talk->len = talk->check ? NATPMP_ASK_LEN : NATPMP_MAP_LEN;
		if (talk->check)
			natpmp_address_request(talk->request);
		else
			natpmp_map_request(talk->request, map);
		return;
	}
	talk->len = talk->check ? PCP_ASK_LEN : PCP_MAP_LEN;
	if (talk->check)
		pcp_ask_request(talk->request, &map->client);
	else
		pcp_map_request(talk->request, map);
}

static int read_reply(void *arg, const uint8_t *data, size_t len)
{
	struct talk *talk = arg;

	if (talk->natpmp)
		return talk->check ? natpmp_epoch_read(data, len, &talk->epoch_s)
				   : natpmp_map_read(data, len, &talk->map);
	return talk->check ? pcp_ask_read(data, len, &talk->epoch_s)
			   : pcp_map_read(data, len, &talk->map);
}

static void take(const struct talk *talk, struct portmap_result *result)
{
	result->has_epoch = true;
	result->epoch_s = talk->check ? talk->epoch_s : talk->map.epoch_s;
	result->lifetime_s = talk->map.lifetime_s;
	result->external = talk->map.external;
}

/* Without a reply nothing is known of what the router has done. */
static void talk_upnp(const struct external_question *question, const struct portmap_job *job,
		      struct upnp_process **upnp, struct portmap_result *result)
{
	const struct upnp_request request = { question->bind, true, *job };
	struct upnp_reply reply;
	int error = upnp_process_ask(upnp, UPNP_PROGRAM, question->stop_fd, UPNP_PATIENCE_MS,
				     &request, &reply);

	*result = reply.result;
	if (!error)
		return;
	result->outcome = error == -ECANCELED ? PORTMAP_CANCELED : PORTMAP_SILENT;
	external_upnp_tell(error, result->why);
}

void portmap_talk(const struct external_question *question, const struct portmap_job *job,
		  struct upnp_process **upnp, struct portmap_result *result)
{
	const char *name = portmap_protocol_names[job->protocol];
	struct endpoint router;
	struct talk talk = { 0 };
	int fd, talked;

	*result = (struct portmap_result){ 0 };
	if (job->protocol == PORTMAP_UPNP) {
		talk_upnp(question, job, upnp, result);
		return;
	}
	fd = external_router_open(question, name, &router, result->why);
	if (fd < 0) {
		result->outcome = PORTMAP_SILENT;
		return;
	}
	make_request(&talk, job);
	talked = external_talk(question, fd, talk.request, talk.len, read_reply, &talk);
	close(fd);
	result->outcome = portmap_outcome_of(job->protocol, talked);
	external_router_tell(name, &router, talked,
			     talk.natpmp ? natpmp_result_text(talked) : pcp_result_text(talked),
			     result->why);
	if (result->outcome == PORTMAP_DONE)
		take(&talk, result);
}
