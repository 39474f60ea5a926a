/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_mapping.c - how the NAT in front of the relay maps a port, in the words of RFC 5780 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "nat/external_mapping.h"
#include "nat/external_stun.h"
#include "nat/external_talk.h"

/* Servers that are asked, until two have answered. */
#define SERVERS_MAX 4

const char *const external_mapping_names[] = {
	[EXTERNAL_MAPPING_UNKNOWN] = "unknown",
	[EXTERNAL_MAPPING_NONE] = "none",
	[EXTERNAL_MAPPING_INDEPENDENT] = "endpoint-independent",
	[EXTERNAL_MAPPING_DEPENDENT] = "address-dependent",
};

enum external_mapping external_mapping_of(const struct endpoint *bind, const struct endpoint *first,
					  const struct endpoint *second)
{
	if (!endpoint_eq(first, second))
		return EXTERNAL_MAPPING_DEPENDENT;
	return endpoint_addr_eq(first, bind) ? EXTERNAL_MAPPING_NONE : EXTERNAL_MAPPING_INDEPENDENT;
}

static bool is_listed(const struct endpoint *server, const struct endpoint *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (endpoint_addr_eq(server, &list[i]))
			return true;
	return false;
}

/* Only at different addresses they tell anything. */
static size_t find_servers(const struct external_source *source, size_t n, int family,
			   struct endpoint list[SERVERS_MAX])
{
	struct endpoint found[EXTERNAL_SERVERS_MAX];
	char why[EXTERNAL_WHY];
	size_t n_list = 0;

	for (size_t i = 0; i < n; i++) {
		int n_found = 0;

		if (source[i].kind == EXTERNAL_STUN)
			n_found = external_stun_find(&source[i], family, found, why);
		for (int j = 0; j < n_found && n_list < SERVERS_MAX; j++)
			if (!is_listed(&found[j], list, n_list))
				list[n_list++] = found[j];
	}
	return n_list;
}

/* From one socket. Return: so many have answered; -ECANCELED */
static int ask_two(const struct external_question *question, int fd, const struct endpoint *server,
		   size_t n, struct endpoint seen[2])
{
	int answers = 0;

	for (size_t i = 0; i < n && answers < 2; i++) {
		int error;

		if (connect(fd, &server[i].sa, endpoint_len(&server[i])))
			continue;
		error = external_stun_ask(question, fd, server[i].sa.sa_family, &seen[answers]);
		if (error == -ECANCELED)
			return error;
		answers += !error;
	}
	return answers;
}

int external_mapping(const struct external_source *source, size_t n,
		     const struct external_question *question, enum external_mapping *mapping)
{
	struct endpoint server[SERVERS_MAX], seen[2];
	size_t n_servers = find_servers(source, n, question->bind.sa.sa_family, server);
	int fd, answers;

	*mapping = EXTERNAL_MAPPING_UNKNOWN;
	if (n_servers < 2)
		return 0;
	fd = external_open(question, &server[0]);
	if (fd < 0)
		return 0;
	answers = ask_two(question, fd, server, n_servers, seen);
	close(fd);
	if (answers == 2)
		*mapping = external_mapping_of(&question->bind, &seen[0], &seen[1]);
	return answers < 0 ? answers : 0;
}
