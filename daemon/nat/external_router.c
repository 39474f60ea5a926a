/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_router.c - asks the nearest router for the address outside: PCP, NAT-PMP */
#include <errno.h>
#include <sys/random.h>
#include <unistd.h>
#include "nat/external_router.h"
#include "nat/external_talk.h"
#include "nat/gateway.h"
#include "nat/pcp.h"
#include "nat/upnp_process.h"

#define LIFETIME_S 120 /* the shortest that is granted, if the end of the mapping is lost */

int external_router_open(const struct external_question *question, const char *name,
			 struct endpoint *router, char why[EXTERNAL_WHY])
{
	int fd = gateway_find(&question->bind, router);

	if (fd)
		return external_no(why, fd, "%s: this address has no router: %s", name,
				   strerror(-fd));
	endpoint_set_port(router, PCP_PORT);
	fd = external_open(question, router);
	return fd < 0 ? external_no(why, fd, "%s: %s", name, strerror(-fd)) : fd;
}

int external_router_tell(const char *name, const struct endpoint *router, int result,
			 const char *text, char why[EXTERNAL_WHY])
{
	char printed[ENDPOINT_TEXT];

	endpoint_print_addr(router, printed);
	switch (result) {
	case 0:
	case -ECANCELED:
		return result;
	case -ETIMEDOUT:
	case -ECONNREFUSED:
		return external_no(why, result, "%s: the router %s does not answer", name, printed);
	case -EPROTONOSUPPORT:
		return external_no(why, result, "%s: the router %s speaks another version", name,
				   printed);
	default:
		return external_no(why, result < 0 ? result : -EREMOTEIO, "%s: the router %s: %s",
				   name, printed, result < 0 ? strerror(-result) : text);
	}
}

/* --- PCP -------------------------------------------------------------------------------------- */

static int read_map(void *arg, const uint8_t *data, size_t len)
{
	return pcp_map_read(data, len, arg);
}

/* Not waited for: the mapping ends by itself. */
static void end_mapping(int fd, struct pcp_map map)
{
	uint8_t request[PCP_MAP_LEN];

	map.lifetime_s = 0;
	map.external = (struct endpoint){ 0 };
	pcp_map_request(request, &map);
	if (send(fd, request, sizeof(request), MSG_NOSIGNAL) < 0)
		return;
}

/* The port of the socket itself: nobody else has it. */
static int map_own_port(const struct external_question *question, int fd, struct endpoint *address)
{
	struct pcp_map map = { .client = question->bind, .lifetime_s = LIFETIME_S };
	struct endpoint own = { 0 };
	socklen_t len = sizeof(own);
	uint8_t request[PCP_MAP_LEN];
	int result;

	if (getsockname(fd, &own.sa, &len))
		return -errno;
	if (getrandom(map.nonce, sizeof(map.nonce), 0) != sizeof(map.nonce))
		return -EIO;
	map.port = endpoint_port(&own);
	pcp_map_request(request, &map);
	result = external_talk(question, fd, request, sizeof(request), read_map, &map);
	if (result)
		return result;
	*address = map.external;
	end_mapping(fd, map);
	return 0;
}

int external_ask_pcp(const struct external_question *question, struct endpoint *address,
		     char why[EXTERNAL_WHY])
{
	struct endpoint router;
	int fd = external_router_open(question, "pcp", &router, why), result;

	if (fd < 0)
		return fd;
	result = map_own_port(question, fd, address);
	close(fd);
	return external_router_tell("pcp", &router, result, pcp_result_text(result), why);
}

/* --- NAT-PMP ---------------------------------------------------------------------------------- */

static int read_natpmp(void *arg, const uint8_t *data, size_t len)
{
	return natpmp_address_read(data, len, arg);
}

int external_ask_natpmp(const struct external_question *question, struct endpoint *address,
			char why[EXTERNAL_WHY])
{
	uint8_t request[NATPMP_ASK_LEN];
	struct endpoint router;
	int fd, result;

	if (question->bind.sa.sa_family != AF_INET)
		return external_no(why, -EAFNOSUPPORT, "natpmp: only for IPv4");
	fd = external_router_open(question, "natpmp", &router, why);
	if (fd < 0)
		return fd;
	natpmp_address_request(request);
	result = external_talk(question, fd, request, sizeof(request), read_natpmp, address);
	close(fd);
	return external_router_tell("natpmp", &router, result, natpmp_result_text(result), why);
}

/* --- UPnP ------------------------------------------------------------------------------------- */

int external_upnp_tell(int error, char why[EXTERNAL_WHY])
{
	if (error == -ETIMEDOUT)
		return external_no(why, error,
				   "upnp: an answer did not end within %d s: the router is too "
				   "slow, or another host answers in its place",
				   UPNP_PATIENCE_MS / 1000);
	return external_no(why, error, "upnp: the process that asks has ended: %s",
			   strerror(-error));
}

int external_ask_upnp(const struct external_question *question, struct endpoint *address,
		      char why[EXTERNAL_WHY])
{
	const struct upnp_request request = { .bind = question->bind };
	struct upnp_process *process = NULL;
	struct upnp_reply reply;
	int error;

	if (question->bind.sa.sa_family != AF_INET)
		return external_no(why, -EAFNOSUPPORT, "upnp: only for IPv4");
	if (!external_has_upnp())
		return external_no(why, -EOPNOTSUPP,
				   "upnp: this daemon is built without libminiupnpc");
	error = upnp_process_ask(&process, UPNP_PROGRAM, question->stop_fd, UPNP_PATIENCE_MS,
				 &request, &reply);
	upnp_process_end(process);
	if (error)
		return external_upnp_tell(error, why);
	*address = reply.address;
	memcpy(why, reply.why, EXTERNAL_WHY);
	return reply.error;
}
