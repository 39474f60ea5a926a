/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_external_mapping.c - how a NAT maps ports, as two STUN servers see it */
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/nat/external_mapping.h"
#include "tests/unit/test.h"

static struct endpoint place(const char *text)
{
	struct endpoint at = { 0 };

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), 0, &at));
	return at;
}

static void test_what_two_servers_see(void)
{
	static const struct {
		const char *first, *second;
		enum external_mapping mapping;
	} rows[] = {
		{ "192.168.7.2:4000", "192.168.7.2:4000", EXTERNAL_MAPPING_NONE },
		{ "198.51.100.7:4000", "198.51.100.7:4000", EXTERNAL_MAPPING_INDEPENDENT },
		{ "198.51.100.7:999", "198.51.100.7:999", EXTERNAL_MAPPING_INDEPENDENT },
		{ "198.51.100.7:4000", "198.51.100.7:4001", EXTERNAL_MAPPING_DEPENDENT },
		{ "198.51.100.7:4000", "198.51.100.8:4000", EXTERNAL_MAPPING_DEPENDENT },
		{ "192.168.7.2:4000", "198.51.100.8:4000", EXTERNAL_MAPPING_DEPENDENT },
	};
	const struct endpoint bind_to = place("192.168.7.2:0");

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct endpoint first = place(rows[i].first), second = place(rows[i].second);

		CU_ASSERT_EQUAL(external_mapping_of(&bind_to, &first, &second), rows[i].mapping);
	}
}

/* --- Servers ---------------------------------------------------------------------------------- */

/* @shift: added to the port that it names, as if a NAT were between */
struct server {
	int fd, shift;
	pthread_t thread;
	char text[48];
	struct external_source source;
};

static void *answer(void *arg)
{
	struct server *server = arg;
	struct endpoint from = { 0 };
	socklen_t len = sizeof(from);
	uint8_t bytes[32];
	uint16_t port;

	if (recvfrom(server->fd, bytes, sizeof(bytes), 0, &from.sa, &len) != 20)
		return NULL;
	bytes[0] = 1; /* success */
	bytes[3] = 12;
	port = (uint16_t)((endpoint_port(&from) + server->shift) ^ 0x2112);
	memcpy(bytes + 20, "\0\x20\0\x8\0\1", 6);
	bytes[26] = (uint8_t)(port >> 8);
	bytes[27] = (uint8_t)port;
	for (int i = 0; i < 4; i++)
		bytes[28 + i] = ((uint8_t *)&from.in4.sin_addr)[i] ^ bytes[4 + i];
	sendto(server->fd, bytes, sizeof(bytes), 0, &from.sa, len);
	return NULL;
}

static void open_server(struct server *server, const char *addr, int shift)
{
	struct endpoint at = place(addr);
	socklen_t len = sizeof(at);

	server->shift = shift;
	server->fd = socket(AF_INET, SOCK_DGRAM, 0);
	CU_ASSERT_EQUAL_FATAL(bind(server->fd, &at.sa, endpoint_len(&at)), 0);
	getsockname(server->fd, &at.sa, &len);
	snprintf(server->text, sizeof(server->text), "stun:%.*s:%u", (int)strcspn(addr, ":"), addr,
		 endpoint_port(&at));
	CU_ASSERT_PTR_NULL(external_source_read(server->text, &server->source));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&server->thread, NULL, answer, server), 0);
}

static void close_server(struct server *server)
{
	shutdown(server->fd, SHUT_RD); /* one that was not asked ends, too */
	pthread_join(server->thread, NULL);
	close(server->fd);
}

static void test_two_servers_are_asked_from_one_socket(void)
{
	static const struct {
		const char *second;
		int shift;
		enum external_mapping mapping;
	} rows[] = {
		{ "127.0.0.5:0", 0, EXTERNAL_MAPPING_NONE },
		{ "127.0.0.5:0", 1, EXTERNAL_MAPPING_DEPENDENT },
		/* at the same address it tells nothing */
		{ "127.0.0.4:0", 1, EXTERNAL_MAPPING_UNKNOWN },
	};
	int stop[2];

	CU_ASSERT_EQUAL_FATAL(pipe(stop), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct external_question question = { place("127.0.0.3:0"), NULL, 0,
							    stop[0] };
		struct server server[2];
		struct external_source sources[2];
		enum external_mapping mapping = EXTERNAL_MAPPING_INDEPENDENT;

		open_server(&server[0], "127.0.0.4:0", 0);
		open_server(&server[1], rows[i].second, rows[i].shift);
		sources[0] = server[0].source;
		sources[1] = server[1].source;
		CU_ASSERT_EQUAL(external_mapping(sources, 2, &question, &mapping), 0);
		CU_ASSERT_EQUAL(mapping, rows[i].mapping);
		close_server(&server[0]);
		close_server(&server[1]);
	}
	close(stop[0]);
	close(stop[1]);
}

TEST_SUITE(external_mapping, { "what two servers see", test_what_two_servers_see },
	   { "two servers are asked from one socket", test_two_servers_are_asked_from_one_socket });
