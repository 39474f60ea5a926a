/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_upnp_url.c - which URLs of UPnP devices are asked for */
#include "daemon/base/count.h"
#include "daemon/nat/upnp_url.h"
#include "tests/unit/test.h"

static void test_only_other_hosts_are_asked(void)
{
	static const struct {
		const char *url;
		bool usable;
	} rows[] = {
		{ "http://192.168.7.1:5000/rootDesc.xml", true },
		{ "http://192.168.7.1/", true },
		{ "http://192.168.7.1", true },
		{ "http://198.51.100.7:65535/x:y/z", true },
		{ "http://192.168.7.2:8080/", false }, /* the relay itself */
		{ "http://127.0.0.1:8080/", false },
		{ "http://127.9.9.9/", false },
		{ "http://0.0.0.0/", false },
		{ "http://255.255.255.255/", false },
		{ "http://239.255.255.250:1900/", false },
		{ "http://localhost:80/", false },
		{ "http://router.example.com/", false },
		{ "http://[2001:db8::1]/", false },
		{ "http://192.168.7.1:0/", false },
		{ "http://192.168.7.1:65536/", false },
		{ "http://192.168.7.1:80:81/", false },
		{ "http://192.168.7.1@127.0.0.1/", false },
		{ "http://2130706433/", false },
		{ "http://0x7f.1/", false },
		{ "https://192.168.7.1/", false },
		{ "HTTP://192.168.7.1/", false },
		{ "http:///rootDesc.xml", false },
		{ "", false },
		{ NULL, false },
	};
	struct endpoint bind = { 0 };

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(STR("192.168.7.2"), AF_INET, &bind));
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(upnp_url_is_usable(rows[i].url, &bind), rows[i].usable);
}

static void test_requests_go_to_the_host_that_has_answered(void)
{
	const char *root = "http://192.168.7.1:5000/rootDesc.xml";

	CU_ASSERT_TRUE(upnp_url_is_same_host("http://192.168.7.1:1234/ctl", root));
	CU_ASSERT_FALSE(upnp_url_is_same_host("http://192.168.7.9:5000/ctl", root));
	CU_ASSERT_FALSE(upnp_url_is_same_host("http://127.0.0.1:5000/ctl", root));
	CU_ASSERT_FALSE(upnp_url_is_same_host("/ctl", root));
	CU_ASSERT_FALSE(upnp_url_is_same_host(NULL, root));
	CU_ASSERT_FALSE(upnp_url_is_same_host(root, NULL));
}

TEST_SUITE(upnp_url, { "only other hosts are asked", test_only_other_hosts_are_asked },
	   { "requests go to the host that has answered",
	     test_requests_go_to_the_host_that_has_answered });
