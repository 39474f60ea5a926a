/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_stun.c - STUN servers outside: their addresses, and what they see of a socket */
#include <errno.h>
#include <netdb.h>
#include <sys/random.h>
#include "nat/external_stun.h"
#include "nat/external_talk.h"
#include "nat/stun_client.h"

/* @seen: receives the address of the reply to @request */
struct asked {
	uint8_t request[STUN_HEADER];
	int family;
	struct endpoint *seen;
};

static int read_reply(void *arg, const uint8_t *data, size_t len)
{
	const struct asked *asked = arg;

	return stun_client_read(data, len, asked->request, asked->family, asked->seen);
}

int external_stun_ask(const struct external_question *question, int fd, int family,
		      struct endpoint *seen)
{
	struct asked asked = { .family = family, .seen = seen };
	uint8_t transaction[STUN_TRANSACTION];

	if (getrandom(transaction, sizeof(transaction), 0) != sizeof(transaction))
		return -EIO;
	stun_client_request(asked.request, transaction);
	return external_talk(question, fd, asked.request, sizeof(asked.request), read_reply,
			     &asked);
}

int external_stun_find(const struct external_source *source, int family,
		       struct endpoint server[EXTERNAL_SERVERS_MAX], char why[EXTERNAL_WHY])
{
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *all;
	int n = 0, error = getaddrinfo(source->host, NULL, &hints, &all);

	if (error)
		return external_no(why, -ENOENT, "%s: %s", source->text, gai_strerror(error));
	for (const struct addrinfo *at = all; at && n < EXTERNAL_SERVERS_MAX; at = at->ai_next) {
		if (at->ai_addrlen > sizeof(*server))
			continue;
		server[n] = (struct endpoint){ 0 };
		memcpy(&server[n].sa, at->ai_addr, at->ai_addrlen);
		endpoint_set_port(&server[n++], source->port);
	}
	freeaddrinfo(all);
	return n ? n : external_no(why, -ENOENT, "%s: no address of this family", source->text);
}
