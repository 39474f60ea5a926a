/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stun_service.c - the STUN service on loopback addresses: sockets, thread, counters */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/nat/stun_service.h"
#include "tests/unit/test.h"

#define PATIENCE_MS 10000

/* A service at 127.0.0.1 and 127.0.0.2, and a client at 127.0.0.3. */
struct scene {
	struct stun_sites sites;
	struct stun_service_conf conf;
	struct stun_service *service;
	int client;
	struct endpoint source;
	bool tcp; /* also accepts connections */
};

static const char plain[] = "\x00\x01\x00\x00\x21\x12\xa4\x42transaction!";
static const char change_both[] = "\x00\x01\x00\x08\x21\x12\xa4\x42transaction!"
				  "\x00\x03\x00\x04\x00\x00\x00\x06";
static const char classic[] = "\x00\x01\x00\x00"
			      "sixteen of bytes";

static struct endpoint address(const char *text, uint16_t port)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_FATAL(endpoint_parse_addr(str_of(text), 0, &ep));
	endpoint_set_port(&ep, port);
	return ep;
}

static void open_client(struct scene *scene)
{
	struct endpoint any = address("127.0.0.3", 0);
	socklen_t len = sizeof(scene->source);

	scene->client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(scene->client >= 0);
	CU_ASSERT_FATAL(!bind(scene->client, &any.sa, endpoint_len(&any)));
	CU_ASSERT_FATAL(!getsockname(scene->client, &scene->source.sa, &len));
}

/* At ports that nobody else has. */
static void open_service(struct scene *scene)
{
	static const struct conf_list everybody;
	struct endpoint where;
	int error = -EADDRINUSE;

	if (!scene->conf.allow)
		scene->conf.allow = &everybody;
	scene->conf.sites = &scene->sites;
	for (unsigned int port = 20000; port < 30000 && error == -EADDRINUSE; port += 2) {
		char first[32], second[32], tcp[32];
		char *items[] = { first, second, tcp };
		const struct conf_list list = { items, scene->tcp ? 3 : 2 };
		const char *wrong;
		size_t item;

		snprintf(first, sizeof(first), "127.0.0.1:%u", port);
		snprintf(second, sizeof(second), "127.0.0.2:%u", port);
		snprintf(tcp, sizeof(tcp), "tcp:127.0.0.1:%u", port);
		CU_ASSERT_FATAL(!stun_sites_read(&scene->sites, &list, NULL, 0, &item, &wrong));
		scene->service = stun_service_open(&scene->conf, &error, &where);
	}
}

static struct scene scene_new(void)
{
	struct scene scene = { .conf.settings = { { true, true, false }, { 1000, 1000, 100000 } } };

	open_client(&scene);
	return scene;
}

static void scene_end(struct scene *scene)
{
	stun_service_close(scene->service);
	close(scene->client);
}

static void ask(const struct scene *scene, unsigned int socket, const void *data, size_t len)
{
	const struct endpoint *to = &scene->sites.site[0].bind[socket];

	CU_ASSERT_EQUAL(sendto(scene->client, data, len, 0, &to->sa, endpoint_len(to)),
			(ssize_t)len);
}

#define ASK(scene, socket, text) ask((scene), (socket), (text), sizeof(text) - 1)

/* The socket that an answer came from; -1: none came */
static int heard(const struct scene *scene)
{
	struct pollfd fd = { scene->client, POLLIN, 0 };
	struct endpoint from;
	socklen_t len = sizeof(from);
	uint8_t data[200];

	if (poll(&fd, 1, PATIENCE_MS) != 1 ||
	    recvfrom(scene->client, data, sizeof(data), 0, &from.sa, &len) < 20 || data[0] != 1)
		return -1;
	for (int i = 0; i < STUN_SITE_SOCKETS; i++)
		if (endpoint_eq(&from, &scene->sites.site[0].bind[i]))
			return i;
	return -1;
}

/* Waits until the service has handled @requests. */
static struct stun_counters counters_after(const struct scene *scene, uint64_t requests)
{
	int64_t until = clock_ms() + PATIENCE_MS;
	struct stun_counters counters;
	uint64_t done;

	do {
		counters = stun_service_counters(scene->service);
		done = counters.replies + counters.malformed + counters.fingerprint +
		       counters.source + counters.not_allowed + counters.banned +
		       counters.classic_refused + counters.cannot_change + counters.limited +
		       counters.limited_total + counters.send_failed;
		poll(NULL, 0, 1);
	} while (done < requests && clock_ms() < until);
	CU_ASSERT_EQUAL(counters.requests, requests);
	CU_ASSERT_EQUAL(done, requests);
	return counters;
}

static void test_each_socket_answers(void)
{
	struct scene scene = scene_new();
	struct stun_counters counters;

	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	for (unsigned int i = 0; i < STUN_SITE_SOCKETS; i++) {
		ASK(&scene, i, plain);
		CU_ASSERT_EQUAL(heard(&scene), (int)i);
		ASK(&scene, i, change_both);
		CU_ASSERT_EQUAL(heard(&scene), 3 - (int)i);
	}
	ASK(&scene, 0, classic);
	CU_ASSERT_EQUAL(heard(&scene), 0);
	ASK(&scene, 0, "no STUN");
	counters = counters_after(&scene, 10);
	CU_ASSERT_EQUAL(counters.replies, 9);
	CU_ASSERT_EQUAL(counters.discovery, 8);
	CU_ASSERT_EQUAL(counters.classic, 1);
	CU_ASSERT_EQUAL(counters.malformed, 1);
	CU_ASSERT_EQUAL(stun_service_sites(scene.service)->n, 1);
	scene_end(&scene);
}

/* The nice value of the service's thread; -1: there is none */
static int nice_of_service(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *entry;
	int value = -1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(tasks);
	while ((entry = readdir(tasks))) {
		char path[300], name[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (file && fgets(name, sizeof(name), file) && !strcmp(name, "rtprelay-stun\n"))
			value = getpriority(PRIO_PROCESS, (id_t)strtol(entry->d_name, NULL, 10));
		if (file)
			fclose(file);
	}
	closedir(tasks);
	return value;
}

static void test_media_comes_first(void)
{
	int own = getpriority(PRIO_PROCESS, 0);
	struct scene scene = scene_new();

	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	ASK(&scene, 0, plain);
	CU_ASSERT_EQUAL(heard(&scene), 0); /* by now it has set its priority */
	CU_ASSERT_EQUAL(nice_of_service(), own + 10 < 19 ? own + 10 : 19);
	scene_end(&scene);
}

static void test_source_is_limited(void)
{
	struct scene scene = scene_new();
	struct stun_counters counters;

	scene.conf.settings.rates = (struct stun_rates){ 1, 3, 1000 };
	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	for (int i = 0; i < 5; i++)
		ASK(&scene, 0, plain);
	counters = counters_after(&scene, 5);
	CU_ASSERT(counters.replies >= 3 && counters.limited > 0);
	CU_ASSERT_EQUAL(counters.replies + counters.limited, 5);
	scene_end(&scene);
}

static void test_rates_may_change(void)
{
	struct scene scene = scene_new();
	struct stun_settings settings = { { false, false, false }, { 1000, 1000, 1000 } };
	struct stun_counters counters;

	scene.conf.settings.rates = (struct stun_rates){ 1, 1, 1000 };
	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	stun_service_set(scene.service, &settings);
	for (int i = 0; i < 5; i++)
		ASK(&scene, 0, plain);
	ASK(&scene, 0, classic);
	counters = counters_after(&scene, 6);
	CU_ASSERT_EQUAL(counters.replies, 5);
	CU_ASSERT_EQUAL(counters.discovery, 0);
	CU_ASSERT_EQUAL(counters.classic_refused, 1);
	scene_end(&scene);
}

static void test_only_allowed_sources(void)
{
	char *items[] = { (char[]){ "192.0.2.0/24" }, (char[]){ "127.0.0.3" } };
	const struct conf_list other = { items, 1 }, both = { items, 2 };
	struct scene scene = scene_new();

	scene.conf.allow = &other;
	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	ASK(&scene, 0, plain);
	CU_ASSERT_EQUAL(counters_after(&scene, 1).not_allowed, 1);
	stun_service_close(scene.service);
	scene.conf.allow = &both;
	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	ASK(&scene, 0, plain);
	CU_ASSERT_EQUAL(heard(&scene), 0);
	scene_end(&scene);
}

static void test_ports_of_media_are_no_clients(void)
{
	struct scene scene = scene_new();
	struct addr_ports media = { scene.source, 0, 0 };

	media.port_min = media.port_max = endpoint_port(&scene.source);
	scene.conf.media = &media;
	scene.conf.n_media = 1;
	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	ASK(&scene, 0, plain);
	CU_ASSERT_EQUAL(counters_after(&scene, 1).source, 1);
	/* Addresses come and go while it runs (!auto, devices). */
	stun_service_follow(scene.service, &scene.sites, NULL, 0);
	ASK(&scene, 0, plain);
	CU_ASSERT_EQUAL(heard(&scene), 0);
	stun_service_follow(scene.service, &scene.sites, &media, 1);
	ASK(&scene, 0, plain);
	CU_ASSERT_EQUAL(counters_after(&scene, 3).source, 2);
	scene_end(&scene);
}

static void test_banned_source_gets_no_answer_until_it_is_not(void)
{
	struct scene scene = scene_new();
	struct banned *banned = banned_new(&scene.source, 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(banned);
	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	stun_service_ban(scene.service, NULL);
	stun_service_ban(scene.service, banned);
	banned_put(banned);
	ASK(&scene, 0, plain);
	CU_ASSERT_EQUAL(counters_after(&scene, 1).banned, 1);
	stun_service_ban(scene.service, NULL);
	ASK(&scene, 0, plain);
	CU_ASSERT_EQUAL(heard(&scene), 0);
	scene_end(&scene);
}

static void test_long_datagram_is_no_request(void)
{
	static uint8_t data[STUN_REQUEST_MAX + 4] = { 0x00, 0x01, 0x07, 0xec };
	struct scene scene = scene_new();

	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	ask(&scene, 0, data, STUN_REQUEST_MAX);
	CU_ASSERT_EQUAL(heard(&scene), 0);
	ask(&scene, 0, data, sizeof(data));
	CU_ASSERT_EQUAL(counters_after(&scene, 2).malformed, 1);
	scene_end(&scene);
}

/* What was sent was read, or counted as dropped; then the service answers as before. */
static void test_flood_is_read_or_counted(void)
{
	struct scene scene = scene_new();
	int64_t until = clock_ms() + PATIENCE_MS;
	struct stun_counters counters;

	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	for (int i = 0; i < 20000; i++)
		ASK(&scene, 0, "flood");
	do {
		counters = stun_service_counters(scene.service);
		poll(NULL, 0, 1);
	} while (counters.malformed + counters.receive_queue < 20000 && clock_ms() < until);
	CU_ASSERT_EQUAL(counters.malformed + counters.receive_queue, 20000);
	CU_ASSERT_EQUAL(counters.requests, counters.malformed);
	ASK(&scene, 1, plain);
	CU_ASSERT_EQUAL(heard(&scene), 1);
	scene_end(&scene);
}

static void test_socket_in_use_is_named(void)
{
	struct scene scene = scene_new();
	struct stun_service *second;
	struct endpoint where;
	int error;

	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	second = stun_service_open(&scene.conf, &error, &where);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_EQUAL(error, -EADDRINUSE);
	CU_ASSERT(endpoint_eq(&where, &scene.sites.site[0].bind[0]));
	scene_end(&scene);
}

/* Of the reply to an RFC 3489 request: the last byte of SOURCE-ADDRESS. -1: no reply */
static int named(const struct scene *scene)
{
	struct pollfd fd = { scene->client, POLLIN, 0 };
	uint8_t data[200];

	ASK(scene, 0, classic);
	if (poll(&fd, 1, PATIENCE_MS) != 1 || recv(scene->client, data, sizeof(data), 0) != 56)
		return -1;
	return data[43];
}

/* They follow an address that is found out. */
static void test_addresses_are_named_as_told_last(void)
{
	struct scene scene = scene_new();
	struct stun_sites told;

	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	CU_ASSERT_EQUAL(named(&scene), 1);
	told = scene.sites;
	for (int last = 7; last < 9; last++) {
		char text[32];

		for (size_t i = 0; i < STUN_SITE_SOCKETS; i++) {
			snprintf(text, sizeof(text), "203.0.113.%d", last);
			told.site[0].named[i] = address(text, endpoint_port(&told.site[0].bind[i]));
		}
		stun_service_follow(scene.service, &told, NULL, 0);
		CU_ASSERT_EQUAL(named(&scene), last);
		CU_ASSERT(endpoint_eq(&stun_service_sites(scene.service)->site[0].named[0],
				      &told.site[0].named[0]));
	}
	/* Two at once, and at the end of the service. */
	stun_service_follow(scene.service, &told, NULL, 0);
	stun_service_follow(scene.service, &scene.sites, NULL, 0);
	CU_ASSERT_EQUAL(named(&scene), 1);
	stun_service_follow(scene.service, &told, NULL, 0);
	scene_end(&scene);
}

/* --- TCP -------------------------------------------------------------------------------------- */

static int connect_to(const struct scene *scene)
{
	const struct endpoint *at = &scene->sites.tcp[0];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(fd >= 0 && !connect(fd, &at->sa, endpoint_len(at)));
	return fd;
}

/* Bytes that come within the time; 0: the connection has ended; -1: none */
static ssize_t hear(int fd)
{
	struct pollfd at = { fd, POLLIN, 0 };
	uint8_t data[200];
	ssize_t n = poll(&at, 1, PATIENCE_MS) == 1 ? recv(fd, data, sizeof(data), 0) : -2;

	return n == -1 ? 0 : n;
}

/* The service counts after it has sent or closed: waits until the counter at @offset is @count. */
static bool counts_come(const struct scene *scene, size_t offset, uint64_t count)
{
	int64_t until = clock_ms() + PATIENCE_MS;
	struct stun_counters counters;
	uint64_t value;

	do {
		counters = stun_service_counters(scene->service);
		memcpy(&value, (const char *)&counters + offset, sizeof(value));
		if (value == count)
			return true;
		poll(NULL, 0, 1);
	} while (clock_ms() < until);
	fprintf(stderr, "counted %llu, not %llu\n", (unsigned long long)value,
		(unsigned long long)count);
	return false;
}

#define COUNTS_COME(scene, counter, count)                                                         \
	CU_ASSERT_TRUE(counts_come(scene, offsetof(struct stun_counters, counter), count))

static void test_connections_are_answered(void)
{
	const struct addr_ports media = { address("127.0.0.1", 0), 1, UINT16_MAX };
	struct scene scene = scene_new();
	int fd;

	scene.tcp = true;
	/* Of no meaning for a connection: the system chose its port. */
	scene.conf.media = &media;
	scene.conf.n_media = 1;
	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	fd = connect_to(&scene);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(send(fd, plain, 20, 0), 20);
		CU_ASSERT_EQUAL(hear(fd), 32); /* not 68: nothing else is named */
	}
	CU_ASSERT_EQUAL(send(fd, classic, 20, 0), 20);
	CU_ASSERT_EQUAL(hear(fd), 0);
	close(fd);
	ASK(&scene, 0, plain); /* and so are datagrams */
	CU_ASSERT_EQUAL(heard(&scene), 0);
	COUNTS_COME(&scene, tcp, 1);
	COUNTS_COME(&scene, replies, 3);
	scene_end(&scene);
}

static void test_connections_have_the_same_limits(void)
{
	struct scene scene = scene_new();
	struct banned *banned;
	struct endpoint local;
	int fd;

	scene.tcp = true;
	scene.conf.settings.rates = (struct stun_rates){ 1, 2, 1000 };
	open_service(&scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene.service);
	fd = connect_to(&scene);
	for (int i = 0; i < 10; i++)
		send(fd, plain, 20, MSG_NOSIGNAL);
	while (hear(fd) > 0)
		continue;
	CU_ASSERT(stun_service_counters(scene.service).replies < 10);
	COUNTS_COME(&scene, limited, 1);
	close(fd);
	local = address("127.0.0.1", 0);
	banned = banned_new(&local, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(banned);
	stun_service_ban(scene.service, banned);
	banned_put(banned);
	fd = connect_to(&scene);
	CU_ASSERT_EQUAL(hear(fd), 0);
	COUNTS_COME(&scene, tcp_refused, 1);
	close(fd);
	scene_end(&scene);
}

static void test_no_memory(void)
{
	struct scene scene = scene_new();

	ALLOC_FAILS_AT_EACH
	{
		open_service(&scene);
		CU_ASSERT_EQUAL(scene.service == NULL, alloc_failed());
		stun_service_close(scene.service);
	}
	scene.service = NULL;
	scene_end(&scene);
}

static void test_null_is_no_service(void)
{
	const struct stun_settings settings = { { true, true, false }, { 1, 1, 1 } };

	stun_service_set(NULL, &settings);
	stun_service_ban(NULL, NULL);
	stun_service_follow(NULL, NULL, NULL, 0);
	CU_ASSERT_EQUAL(stun_service_counters(NULL).requests, 0);
	CU_ASSERT_PTR_NULL(stun_service_sites(NULL));
	stun_service_close(NULL);
}

TEST_SUITE(stun_service, { "each socket answers", test_each_socket_answers },
	   { "media comes first", test_media_comes_first },
	   { "source is limited", test_source_is_limited },
	   { "rates may change", test_rates_may_change },
	   { "only allowed sources", test_only_allowed_sources },
	   { "ports of media are no clients", test_ports_of_media_are_no_clients },
	   { "banned source gets no answer until it is not",
	     test_banned_source_gets_no_answer_until_it_is_not },
	   { "long datagram is no request", test_long_datagram_is_no_request },
	   { "flood is read or counted", test_flood_is_read_or_counted },
	   { "socket in use is named", test_socket_in_use_is_named },
	   { "addresses are named as told last", test_addresses_are_named_as_told_last },
	   { "connections are answered", test_connections_are_answered },
	   { "connections have the same limits", test_connections_have_the_same_limits },
	   { "no memory", test_no_memory }, { "null is no service", test_null_is_no_service });
