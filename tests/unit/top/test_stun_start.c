/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stun_start.c - errors in the keys of the STUN service; media is not sent to its sockets */
#include <stdio.h>
#include "daemon/base/count.h"
#include "daemon/destinations.h"
#include "daemon/stun_start.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/test.h"

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_FATAL(endpoint_parse(str_of(text), 0, &ep));
	return ep;
}

/* 192.0.2.1, which is 203.0.113.1 outside, and its ports 30000 to 40000 */
static unsigned int check(char *listen, char *more, char *allow, enum stun_discovery discovery,
			  struct stun_sites *sites)
{
	const struct addr_ports media[] = { { endpoint_of("192.0.2.1"), 30000, 40000 },
					    { endpoint_of("203.0.113.1"), 30000, 40000 } };
	char *items[] = { listen, more };
	struct conf conf = { .listen_stun = { items, more ? 2 : 1 },
			     .stun_allow = { &allow, allow ? 1 : 0 },
			     .stun_discovery = discovery };

	return stun_check(&conf, media, COUNT(media), sites);
}

static void test_errors_are_told(void)
{
	static const struct {
		const char *listen, *more, *allow;
		enum stun_discovery discovery;
		const char *error;
	} rows[] = {
		{ "192.0.2.1", NULL, NULL, DISCOVERY_AUTO, NULL },
		{ "192.0.2.1", "192.0.2.2", "198.51.100.0/24", DISCOVERY_YES, NULL },
		{ "192.0.2.2:30000", NULL, NULL, DISCOVERY_NO, NULL },
		{ "192.0.2.1:40001", NULL, NULL, DISCOVERY_AUTO, NULL },
		{ "host", NULL, NULL, DISCOVERY_AUTO, "listen-stun host: is not ADDRESS" },
		{ "192.0.2.1:40000", NULL, NULL, DISCOVERY_AUTO,
		  "listen-stun 192.0.2.1: ports 40000 and 40001 are among those for media" },
		{ "192.0.2.1:29999", NULL, NULL, DISCOVERY_AUTO,
		  "listen-stun 192.0.2.1: ports 29999 and 30000 are among those for media" },
		{ "192.0.2.1", NULL, NULL, DISCOVERY_YES,
		  "stun-discovery=yes: listen-stun must have two addresses" },
		{ "192.0.2.1", NULL, "x", DISCOVERY_AUTO, "stun-allow x: is not a network" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char listen[32], more[32], allow[32];
		struct log_capture capture;
		struct stun_sites sites;
		unsigned int mistakes;
		char said[1000];

		snprintf(listen, sizeof(listen), "%s", rows[i].listen);
		snprintf(more, sizeof(more), "%s", rows[i].more ?: "");
		snprintf(allow, sizeof(allow), "%s", rows[i].allow ?: "");
		log_capture_begin(&capture, LOG_LEVEL_ERR);
		mistakes = check(listen, *more ? more : NULL, *allow ? allow : NULL,
				 rows[i].discovery, &sites);
		log_capture_end(&capture, said, sizeof(said));
		CU_ASSERT_EQUAL(mistakes, rows[i].error ? 1U : 0U);
		CU_ASSERT(rows[i].error ? strstr(said, rows[i].error) != NULL : !*said);
	}
}

static void test_ports_for_the_firewall(void)
{
	struct addr_ports ports[2 * STUN_SITES_MAX];
	char first[] = "192.0.2.1", second[] = "192.0.2.2";
	struct stun_sites sites;

	CU_ASSERT_EQUAL_FATAL(check(first, second, NULL, DISCOVERY_AUTO, &sites), 0);
	CU_ASSERT_EQUAL_FATAL(stun_list_ports(&sites, ports), 2);
	for (size_t i = 0; i < 2; i++) {
		struct endpoint addr = endpoint_of(i ? second : first);

		CU_ASSERT(endpoint_addr_eq(&ports[i].addr, &addr));
		CU_ASSERT_EQUAL(ports[i].port_min, 3478);
		CU_ASSERT_EQUAL(ports[i].port_max, 3479);
	}
}

static void test_media_is_not_sent_to_the_service(void)
{
	static const struct {
		const char *to;
		bool denied;
	} rows[] = {
		{ "192.0.2.1:3478", true },    { "192.0.2.1:3479", true },
		{ "203.0.113.1:3478", true },  { "203.0.113.1:3479", true },
		{ "192.0.2.1:3480", false },   { "192.0.2.9:3478", false },
		{ "203.0.113.1:3477", false },
	};
	static const struct conf_list none;
	char listen[] = "192.0.2.1";
	struct endpoint from = endpoint_of("192.0.2.1:30000");
	struct destinations destinations;
	struct stun_sites sites;
	struct destinations_conf conf = {
		.http = &none, .notify = &none, .media_deny = &none, .stun = &sites
	};

	CU_ASSERT_EQUAL_FATAL(check(listen, NULL, NULL, DISCOVERY_AUTO, &sites), 0);
	CU_ASSERT_EQUAL_FATAL(destinations_open(&destinations, &conf), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint to = endpoint_of(rows[i].to);
		const char *why = deny_why(destinations.deny, &from, &to);

		CU_ASSERT_EQUAL(why != NULL, rows[i].denied);
		if (rows[i].denied)
			CU_ASSERT_STRING_EQUAL(why, "STUN socket of the relay");
	}
	destinations_close(&destinations);
}

/* Where the relay's own sockets are outside of a NAT is found out, and changes (!auto). */
static void test_media_is_not_sent_to_sockets_at_an_address_found_later(void)
{
	static const char *const sockets[] = { "2223", "8080", "3478", "3479" };
	static const struct {
		const char *advertised; /* 192.0.2.1: not known yet */
		bool first, second;	/* are 203.0.113.1 and 203.0.113.2 denied? */
	} rows[] = { { "192.0.2.1", false, false },
		     { "203.0.113.1", true, false },
		     { "203.0.113.2", false, true },
		     { "192.0.2.1", false, false } };
	char ng[] = "192.0.2.1:2223", page[] = "192.0.2.1:8080", listen[] = "192.0.2.1";
	char denied[] = "192.0.2.1:5000";
	char *control_items[] = { ng }, *http_items[] = { page }, *denied_items[] = { denied };
	const struct conf_list control = { control_items, 1 }, http = { http_items, 1 };
	const struct conf_list media_deny = { denied_items, 1 }, none = { 0 };
	const struct conf_list *const controls[] = { &control };
	struct addr_ports media[] = { { endpoint_of("192.0.2.1"), 30000, 40000 },
				      { endpoint_of("192.0.2.1"), 30000, 40000 } };
	struct endpoint from = endpoint_of("192.0.2.1:30000");
	struct destinations destinations;
	struct stun_sites sites;
	struct destinations_conf conf = { .control = controls,
					  .n_control = 1,
					  .http = &http,
					  .notify = &none,
					  .media_deny = &media_deny,
					  .stun = &sites,
					  .media = media,
					  .n_media = COUNT(media) };

	CU_ASSERT_EQUAL_FATAL(check(listen, NULL, NULL, DISCOVERY_AUTO, &sites), 0);
	for (size_t i = 0; i < sites.site[0].n; i++)
		sites.site[0].named[i] = sites.site[0].bind[i];
	CU_ASSERT_EQUAL_FATAL(destinations_open(&destinations, &conf), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		media[1].addr = endpoint_of(rows[i].advertised);
		destinations_set_media(&destinations, media, COUNT(media));
		destinations_refresh(&destinations);
		for (size_t j = 0; j < COUNT(sockets); j++) {
			struct endpoint bound, first, second;
			char text[3][32];

			snprintf(text[0], sizeof(text[0]), "192.0.2.1:%s", sockets[j]);
			snprintf(text[1], sizeof(text[1]), "203.0.113.1:%s", sockets[j]);
			snprintf(text[2], sizeof(text[2]), "203.0.113.2:%s", sockets[j]);
			bound = endpoint_of(text[0]);
			first = endpoint_of(text[1]);
			second = endpoint_of(text[2]);
			CU_ASSERT_PTR_NOT_NULL(deny_why(destinations.deny, &from, &bound));
			CU_ASSERT_EQUAL(deny_why(destinations.deny, &from, &first) != NULL,
					rows[i].first);
			CU_ASSERT_EQUAL(deny_why(destinations.deny, &from, &second) != NULL,
					rows[i].second);
		}
		/* A network of media-deny is what it says. */
		from = endpoint_of("203.0.113.1:5000");
		CU_ASSERT_PTR_NULL(deny_why(destinations.deny, &media[0].addr, &from));
		from = endpoint_of("192.0.2.1:30000");
	}
	destinations_close(&destinations);
}

TEST_SUITE(stun_start, { "errors are told", test_errors_are_told },
	   { "ports for the firewall", test_ports_for_the_firewall },
	   { "media is not sent to the service", test_media_is_not_sent_to_the_service },
	   { "media is not sent to sockets at an address found later",
	     test_media_is_not_sent_to_sockets_at_an_address_found_later });
