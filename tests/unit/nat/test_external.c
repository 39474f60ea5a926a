/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_external.c - addresses outside of a NAT: what becomes of findings, the thread, the file */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/nat/external_file.h"
#include "tests/unit/test.h"

#define PATIENCE_MS 20000

static struct endpoint address(const char *text)
{
	struct endpoint ep = { 0 };

	if (text)
		CU_ASSERT_FATAL(endpoint_parse_addr(str_of(text), 0, &ep));
	return ep;
}

static void test_findings_become_news(void)
{
	static const struct {
		const char *found; /* NULL: nothing */
		enum external_news news;
		const char *address;
		bool failing;
	} steps[] = {
		{ NULL, EXTERNAL_FAILS, "none", true },
		{ NULL, EXTERNAL_SAME, "none", true },
		{ "198.51.100.7", EXTERNAL_CHANGED, "198.51.100.7", false },
		{ "198.51.100.7", EXTERNAL_SAME, "198.51.100.7", false },
		{ NULL, EXTERNAL_FAILS, "198.51.100.7", true },
		{ NULL, EXTERNAL_SAME, "198.51.100.7", true },
		{ "198.51.100.7", EXTERNAL_CONFIRMED, "198.51.100.7", false },
		{ "198.51.100.9", EXTERNAL_CHANGED, "198.51.100.9", false },
		{ NULL, EXTERNAL_FAILS, "198.51.100.9", true },
		{ "198.51.100.7", EXTERNAL_CHANGED, "198.51.100.7", false },
	};
	struct external_place place = { .bind = address("192.168.7.2"),
					.mapping = EXTERNAL_MAPPING_INDEPENDENT };
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < COUNT(steps); i++) {
		const struct external_finding finding = { .address = address(steps[i].found),
							  .source = "stun:host",
							  .why = "no answer" };

		CU_ASSERT_EQUAL(external_place_take(&place, &finding, 1000 * (int64_t)i),
				steps[i].news);
		CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&place.address, text), steps[i].address);
		CU_ASSERT_EQUAL(place.failing, steps[i].failing);
	}
	CU_ASSERT_EQUAL(place.changed_ms, 9000);
	CU_ASSERT_EQUAL(place.mapping, EXTERNAL_MAPPING_UNKNOWN); /* of another NAT, maybe */
	CU_ASSERT_EQUAL(place.checked_ms, 9000);
	CU_ASSERT_STRING_EQUAL(place.source, "stun:host");
}

static void test_last_address_is_confirmed(void)
{
	const struct external_finding nothing = { .double_nat = true, .why = "no answer" };
	const struct external_finding same = { .address = address("198.51.100.7") };
	struct external_place place = { .bind = address("192.168.7.2"),
					.address = address("198.51.100.7"),
					.knowledge = EXTERNAL_LAST };

	CU_ASSERT_EQUAL(external_place_take(&place, &nothing, 1), EXTERNAL_FAILS);
	CU_ASSERT_EQUAL(place.knowledge, EXTERNAL_LAST);
	CU_ASSERT_TRUE(place.double_nat);
	CU_ASSERT_STRING_EQUAL(place.why, "no answer");
	CU_ASSERT_EQUAL(external_place_take(&place, &same, 2), EXTERNAL_CONFIRMED);
	CU_ASSERT_EQUAL(place.knowledge, EXTERNAL_FOUND);
	CU_ASSERT_FALSE(place.double_nat);
	CU_ASSERT_EQUAL(place.changed_ms, 0);
	CU_ASSERT_EQUAL(place.checked_ms, 2);
}

/* --- The thread ------------------------------------------------------------------------------- */

struct scene {
	char dir[32], path[64], server[32];
	struct endpoint bind[2];
	char *item[2];
	struct conf_list sources;
	struct external_conf conf;
};

static void scene_start(struct scene *scene)
{
	snprintf(scene->dir, sizeof(scene->dir), "/tmp/test-external-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(scene->dir));
	snprintf(scene->path, sizeof(scene->path), "%s/address", scene->dir);
	scene->bind[0] = address("127.0.0.3");
	scene->bind[1] = address("::1");
	snprintf(scene->server, sizeof(scene->server), "stun:127.0.0.1:1"); /* nobody is there */
	scene->item[0] = scene->server;
	scene->item[1] = scene->path;
	scene->sources = (struct conf_list){ scene->item, 2 };
	scene->conf = (struct external_conf){ scene->bind, 2, &scene->sources, 3600 };
}

static void scene_end(const struct scene *scene)
{
	unlink(scene->path);
	rmdir(scene->dir);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static void count_news(void *arg, const struct external_place *place, enum external_news news)
{
	unsigned int *n = arg;

	(void)place;
	n[news]++;
}

/* Until so many changes, and failures, have been told. */
static void await_news(struct external *external, unsigned int changed, unsigned int fails)
{
	unsigned int n[EXTERNAL_FAILS + 1] = { 0 };
	int64_t until_ms = clock_ms() + PATIENCE_MS;

	while ((n[EXTERNAL_CHANGED] < changed || n[EXTERNAL_FAILS] < fails) &&
	       clock_ms() < until_ms) {
		struct pollfd fd = { external_fd(external), POLLIN, 0 };

		poll(&fd, 1, 1000);
		external_dispatch(external, count_news, n);
	}
	CU_ASSERT_EQUAL(n[EXTERNAL_CHANGED], changed);
	CU_ASSERT_EQUAL(n[EXTERNAL_FAILS], fails);
}

static void test_thread_asks_sources_in_order(void)
{
	struct scene scene = { 0 };
	struct external *external;
	const struct external_place *place;
	char text[ENDPOINT_TEXT];

	scene_start(&scene);
	write_text(scene.path, "198.51.100.7\n");
	external = external_new(&scene.conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(external);
	CU_ASSERT_EQUAL_FATAL(external_run(external, NULL, 0), 0);
	await_news(external, 1, 1); /* IPv4 is known, IPv6 is not */
	place = external_of(external, &scene.bind[0]);
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&place->address, text), "198.51.100.7");
	CU_ASSERT_PTR_EQUAL(place->source, scene.path);
	place = external_of(external, &scene.bind[1]);
	CU_ASSERT_EQUAL(place->knowledge, EXTERNAL_UNKNOWN);
	CU_ASSERT_PTR_NOT_NULL(strstr(place->why, "stun:127.0.0.1:1: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(place->why, "; /tmp/test-external-"));
	CU_ASSERT_EQUAL(external_counters(external).changes, 1);
	CU_ASSERT_TRUE(external_counters(external).failed >= 1);

	write_text(scene.path, "198.51.100.9\n2001:db8::9\n");
	external_check(external); /* not in an hour */
	await_news(external, 2, 0);
	CU_ASSERT_EQUAL(external_counters(external).changes, 3);
	CU_ASSERT_PTR_NULL(external_of(external, &(struct endpoint){ 0 }));
	external_free(external);
	scene_end(&scene);
}

static void test_without_memory_nothing_is_left(void)
{
	struct scene scene = { 0 };

	scene_start(&scene);
	ALLOC_FAILS_AT_EACH
	{
		struct external *external = external_new(&scene.conf);

		CU_ASSERT_TRUE(external || alloc_failed());
		external_free(external);
	}
	external_free(NULL);
	CU_ASSERT_EQUAL(external_count(NULL), 0);
	scene_end(&scene);
}

/* --- The file --------------------------------------------------------------------------------- */

static void expect_place(struct external *external, size_t index, enum external_knowledge knowledge,
			 const char *expected)
{
	const struct external_place *place = external_at(external, index);
	char text[ENDPOINT_TEXT];

	CU_ASSERT_EQUAL(place->knowledge, knowledge);
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&place->address, text), expected);
}

static void test_file_keeps_addresses(void)
{
	const struct external_finding finding = { .address = address("198.51.100.7") };
	struct scene scene = { 0 };
	struct external *external;
	char path[128];

	scene_start(&scene);
	snprintf(path, sizeof(path), "%s/" EXTERNAL_ADDRESS_FILE, scene.dir);
	external = external_new(&scene.conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(external);
	CU_ASSERT_EQUAL(external_file_read(scene.dir, external), 0); /* there is none */
	external_place_take(external_at(external, 0), &finding, 1);
	CU_ASSERT_EQUAL(external_file_write(scene.dir, external), 0);
	external_free(external);

	external = external_new(&scene.conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(external);
	CU_ASSERT_EQUAL(external_file_read(scene.dir, external), 0);
	expect_place(external, 0, EXTERNAL_LAST, "198.51.100.7");
	expect_place(external, 1, EXTERNAL_UNKNOWN, "none");
	/* What somebody else wrote is left out: another family, no host, another address here. */
	write_text(path, "nonsense\n127.0.0.3 2001:db8::1\n127.0.0.3 224.0.0.1\n"
			 "127.0.0.9 198.51.100.1\n\n::1 2001:db8::9");
	CU_ASSERT_EQUAL(external_file_read(scene.dir, external), 0);
	expect_place(external, 0, EXTERNAL_LAST, "198.51.100.7");
	expect_place(external, 1, EXTERNAL_LAST, "2001:db8::9");
	unlink(path);
	external_free(external);
	scene_end(&scene);
	external = external_new(&scene.conf);
	CU_ASSERT_EQUAL(external_file_write(scene.dir, external), -ENOENT);
	external_free(external);
}

TEST_SUITE(external, { "findings become news", test_findings_become_news },
	   { "the last address is confirmed", test_last_address_is_confirmed },
	   { "the thread asks sources in order", test_thread_asks_sources_in_order },
	   { "without memory nothing is left", test_without_memory_nothing_is_left },
	   { "a file keeps addresses", test_file_keeps_addresses });
