/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_deny.c - which destinations are forbidden, and how the rules are written */
#include "daemon/base/count.h"
#include "daemon/packet/deny.h"
#include "tests/unit/test.h"

static struct endpoint at(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_TRUE(endpoint_parse(str_of(text), 0, &ep));
	return ep;
}

/* endpoint_parse() refuses these. */
static struct endpoint mapped(uint8_t ffff)
{
	struct endpoint ep = { .in6 = { .sin6_family = AF_INET6 } };

	memset(&ep.in6.sin6_addr.s6_addr[10], ffff, 2);
	memcpy(&ep.in6.sin6_addr.s6_addr[12], (uint8_t[]){ 127, 0, 0, 1 }, 4);
	return ep;
}

#define CONTROL "control socket of the relay"
#define HTTP	"HTTP socket of the relay"
#define LIST	"media-deny"

/*
 * The relay at 192.0.2.20, advertised as 203.0.113.20, and 2001:db8::20; 192.0.2.21 is another
 * address of its host. It takes commands at 192.0.2.20:2223 and port 2224 of all IPv6 addresses.
 */
static struct deny *example(const char *const *listed, size_t n_listed)
{
	struct addr_ports media[] = { { at("192.0.2.20"), 30000, 40000 },
				      { at("203.0.113.20"), 30000, 40000 },
				      { at("2001:db8::20"), 30000, 40000 },
				      { at("192.0.2.22"), 50000, 50999 } };
	struct endpoint local[] = { at("192.0.2.21"),	at("192.0.2.20"), at("203.0.113.20"),
				    at("2001:db8::20"), at("192.0.2.21"), at("127.0.0.1"),
				    at("192.0.2.22") };
	struct endpoint broadcast[] = { at("192.0.2.255"), { { { 0 } } } };
	struct deny_rule rules[16] = {
		{ .net = { at("192.0.2.20"), 32 },
		  .port_min = 2223,
		  .port_max = 2223,
		  .why = CONTROL },
		{ .net = { at("[::]"), 0 },
		  .local = true,
		  .port_min = 2224,
		  .port_max = 2224,
		  .why = CONTROL },
	};
	struct deny_conf conf = { .rules = rules,
				  .n_rules = 2,
				  .local = local,
				  .n_local = COUNT(local),
				  .broadcast = broadcast,
				  .n_broadcast = COUNT(broadcast),
				  .media = media,
				  .n_media = COUNT(media) };
	struct deny *deny;

	for (size_t i = 0; i < n_listed; i++)
		CU_ASSERT_TRUE(deny_parse(str_of(listed[i]), &rules[conf.n_rules++]));
	deny = deny_new(&conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(deny);
	return deny;
}

static void expect(const struct deny *deny, const char *from, const char *to, const char *why)
{
	struct endpoint a = at(from), b = at(to);
	const char *said = deny_why(deny, &a, &b);

	if ((why == NULL) != (said == NULL) || (why && said && strcmp(why, said) != 0))
		printf("from %s to %s: %s\n", from, to, said ? said : "allowed");
	CU_ASSERT_EQUAL(why == NULL, said == NULL);
	if (why && said)
		CU_ASSERT_STRING_EQUAL(said, why);
}

static void test_forbidden_destinations(void)
{
	static const char *const listed[] = { "local:0-1023", "local:5060-5061",
					      "198.51.100.0/24:53", "2001:db8:5::/48" };
	static const struct {
		const char *from, *to, *why; /* NULL: allowed */
	} rows[] = {
		/* a phone, another call of this relay, a program beside it */
		{ "192.0.2.20", "198.51.100.7:4000", NULL },
		{ "192.0.2.20", "192.0.2.20:30002", NULL },
		{ "192.0.2.20", "203.0.113.20:39998", NULL },
		{ "192.0.2.20", "192.0.2.21:4000", NULL },
		{ "192.0.2.20", "192.0.2.21:2223", NULL }, /* nobody listens there */
		{ "2001:db8::20", "[2001:db8::20]:30002", NULL },
		{ "192.0.2.20", "10.0.0.1:4000", NULL },
		{ "192.0.2.20", "100.64.0.1:4000", NULL },
		{ "2001:db8::20", "[fd00::1]:4000", NULL },
		{ "2001:db8::20", "[64:ff9b::c000:201]:4000", NULL }, /* NAT64 */
		/* its own sockets */
		{ "192.0.2.20", "192.0.2.20:2223", CONTROL },
		{ "127.0.0.1", "192.0.2.20:2223", CONTROL },
		{ "2001:db8::20", "[2001:db8::20]:2224", CONTROL },
		{ "2001:db8::20", "[2001:db8::20]:2223", NULL },
		{ "192.0.2.20", "192.0.2.20:2224", NULL }, /* listens at IPv6 only */
		{ "::1", "[::1]:2224", CONTROL },
		/* kinds of addresses, whatever the port */
		{ "192.0.2.20", "127.0.0.1:4000", "loopback address" },
		{ "192.0.2.20", "127.9.9.9:4000", "loopback address" },
		{ "192.0.2.20", "0.0.0.0:4000", "unspecified address" },
		{ "192.0.2.20", "0.1.2.3:4000", "unspecified address" },
		{ "192.0.2.20", "169.254.1.1:4000", "link-local address" },
		{ "192.0.2.20", "224.0.0.1:4000", "multicast address" },
		{ "192.0.2.20", "239.255.255.255:4000", "multicast address" },
		{ "192.0.2.20", "255.255.255.255:4000", "broadcast address" },
		{ "192.0.2.20", "192.0.2.255:4000", "broadcast address" },
		{ "2001:db8::20", "[::]:4000", "unspecified address" },
		{ "2001:db8::20", "[::1]:4000", "loopback address" },
		{ "2001:db8::20", "[fe80::1]:4000", "link-local address" },
		{ "2001:db8::20", "[ff02::1]:4000", "multicast address" },
		/* from an interface of that kind */
		{ "127.0.0.5", "127.0.0.1:4000", NULL },
		{ "::1", "[::1]:4000", NULL },
		{ "fe80::20", "[fe80::1]:4000", NULL },
		{ "169.254.9.9", "169.254.1.1:4000", NULL },
		{ "169.254.9.9", "127.0.0.1:4000", "loopback address" },
		/* media-deny */
		{ "192.0.2.20", "192.0.2.20:22", LIST },
		{ "192.0.2.20", "192.0.2.20:1023", LIST },
		{ "192.0.2.20", "192.0.2.20:1024", NULL },
		{ "192.0.2.20", "192.0.2.21:5060", LIST },
		{ "192.0.2.20", "203.0.113.20:5061", LIST },
		{ "192.0.2.20", "203.0.113.20:5062", NULL },
		{ "2001:db8::20", "[2001:db8::20]:5060", LIST },
		{ "127.0.0.5", "127.0.0.6:53", LIST },
		{ "192.0.2.20", "198.51.100.9:53", LIST },
		{ "192.0.2.20", "198.51.100.9:5060", NULL },
		{ "2001:db8::20", "[2001:db8:5::1]:4000", LIST },
		{ "2001:db8::20", "[2001:db8:6::1]:4000", NULL },
	};
	struct deny *deny = example(listed, COUNT(listed));

	for (size_t i = 0; i < COUNT(rows); i++)
		expect(deny, rows[i].from, rows[i].to, rows[i].why);
	deny_put(deny);
}

static void test_ipv4_in_ipv6_is_forbidden(void)
{
	struct endpoint from = at("[2001:db8::20]"), to = mapped(0xff), old = mapped(0);

	CU_ASSERT_PTR_NOT_NULL(deny_why(NULL, &from, &to));
	CU_ASSERT_PTR_NOT_NULL(deny_why(NULL, &from, &old));
}

/* A call may pass the relay twice, unless its ports are named. */
static void test_local_without_ports_spares_media(void)
{
	static const char *const all[] = { "local" }, *const some[] = { "local:39000-50000" };
	struct deny *deny = example(all, 1);

	expect(deny, "192.0.2.20", "192.0.2.20:30000", NULL);
	expect(deny, "192.0.2.20", "203.0.113.20:40000", NULL);
	expect(deny, "192.0.2.20", "192.0.2.22:50999", NULL); /* it has other ports */
	expect(deny, "192.0.2.20", "192.0.2.22:30000", LIST);
	expect(deny, "192.0.2.20", "192.0.2.20:50000", LIST);
	expect(deny, "192.0.2.20", "192.0.2.20:29999", LIST);
	expect(deny, "192.0.2.20", "192.0.2.20:40001", LIST);
	expect(deny, "192.0.2.20", "192.0.2.21:30000", LIST); /* not an interface */
	expect(deny, "192.0.2.20", "198.51.100.7:4000", NULL);
	deny_put(deny);
	deny = example(some, 1);
	expect(deny, "192.0.2.20", "192.0.2.20:38998", NULL);
	expect(deny, "192.0.2.20", "192.0.2.20:39000", LIST);
	deny_put(deny);
}

static void test_without_a_set_kinds_are_checked(void)
{
	expect(NULL, "192.0.2.20", "127.0.0.1:4000", "loopback address");
	expect(NULL, "192.0.2.20", "192.0.2.20:2223", NULL);
}

static void test_reads_rules(void)
{
	static const struct {
		const char *text, *net; /* NULL: refused; "": local */
		unsigned int bits, from, to;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0", 24, 0, 65535 },
		{ "192.0.2.1", "192.0.2.1", 32, 0, 65535 },
		{ "192.0.2.1:53", "192.0.2.1", 32, 53, 53 },
		{ "192.0.2.0/24:5060-5061", "192.0.2.0", 24, 5060, 5061 },
		{ "2001:db8::/32", "2001:db8::", 32, 0, 65535 },
		{ "2001:db8::/32:53", "2001:db8::", 32, 53, 53 },
		{ "[2001:db8::/32]:53-54", "2001:db8::", 32, 53, 54 },
		{ "[2001:db8::1]", "2001:db8::1", 128, 0, 65535 },
		{ "[2001:db8::1]:53", "2001:db8::1", 128, 53, 53 },
		{ "2001:db8::1:53", "2001:db8::1:53", 128, 0, 65535 },
		{ "0.0.0.0/0", "0.0.0.0", 0, 0, 65535 },
		{ "local", "", 0, 0, 65535 },
		{ "local:0-1023", "", 0, 0, 1023 },
		{ "local:5060", "", 0, 5060, 5060 },
		{ "", NULL, 0, 0, 0 },
		{ "locale", NULL, 0, 0, 0 },
		{ "local:", NULL, 0, 0, 0 },
		{ "local:5060-", NULL, 0, 0, 0 },
		{ "local:-5060", NULL, 0, 0, 0 },
		{ "local:2-1", NULL, 0, 0, 0 },
		{ "local:65536", NULL, 0, 0, 0 },
		{ "192.0.2.1:", NULL, 0, 0, 0 },
		{ "192.0.2.0/33", NULL, 0, 0, 0 },
		{ "192.0.2.0/24:70000", NULL, 0, 0, 0 },
		{ "[192.0.2.1]:53", NULL, 0, 0, 0 },
		{ "[2001:db8::1", NULL, 0, 0, 0 },
		{ "[2001:db8::1]53", NULL, 0, 0, 0 },
		{ "[]", NULL, 0, 0, 0 },
		{ "[", NULL, 0, 0, 0 },
		{ ":53", NULL, 0, 0, 0 },
		{ "2001:db8::1:99999", NULL, 0, 0, 0 },
		{ "phone.example.com", NULL, 0, 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct deny_rule rule;
		bool ok = deny_parse(str_of(rows[i].text), &rule);
		struct endpoint net;

		if (ok != (rows[i].net != NULL))
			printf("\"%s\"\n", rows[i].text);
		CU_ASSERT_EQUAL(ok, rows[i].net != NULL);
		if (!ok || !rows[i].net)
			continue;
		CU_ASSERT_EQUAL(rule.port_min, rows[i].from);
		CU_ASSERT_EQUAL(rule.port_max, rows[i].to);
		CU_ASSERT_EQUAL(rule.local, !*rows[i].net);
		CU_ASSERT_EQUAL(rule.spare_media, !strcmp(rows[i].text, "local"));
		if (rule.local)
			continue;
		CU_ASSERT_TRUE(endpoint_parse_addr(str_of(rows[i].net), 0, &net));
		CU_ASSERT_TRUE(endpoint_addr_eq(&rule.net.net, &net));
		CU_ASSERT_EQUAL(rule.net.bits, rows[i].bits);
	}
}

static void test_knows_the_same_set_again(void)
{
	static const char *const listed[] = { "local:0-1023" }, *const other[] = { "local:0-1024" };
	struct endpoint local[] = { at("192.0.2.1"), at("192.0.2.2") }, less = local[1];
	struct addr_ports range = { less, 30000, 40000 };
	struct deny_conf conf = { .local = local, .n_local = 2 };
	struct deny *a = example(listed, 1), *b = example(listed, 1), *c = example(other, 1);
	struct deny *both = deny_new(&conf), *one, *broadcast, *media, *narrow;

	conf.broadcast = &less;
	conf.media = &range;
	conf.n_broadcast = 1;
	broadcast = deny_new(&conf);
	conf.n_broadcast = 0;
	conf.n_media = 1;
	media = deny_new(&conf);
	range.port_max = 39999;
	narrow = deny_new(&conf);
	conf.n_media = 0;
	conf.local = &less;
	conf.n_local = 1;
	one = deny_new(&conf);
	CU_ASSERT_TRUE(deny_same(a, b));
	CU_ASSERT_FALSE(deny_same(a, c));
	CU_ASSERT_FALSE(deny_same(a, both));
	CU_ASSERT_FALSE(deny_same(both, one));
	CU_ASSERT_FALSE(deny_same(both, broadcast));
	CU_ASSERT_FALSE(deny_same(both, media));
	CU_ASSERT_FALSE(deny_same(media, narrow));
	CU_ASSERT_FALSE(deny_same(NULL, one));
	CU_ASSERT_TRUE(deny_same(NULL, NULL));
	deny_put(deny_get(a)); /* one reference is left */
	CU_ASSERT_TRUE(deny_same(a, b));
	deny_put(a);
	deny_put(b);
	deny_put(c);
	deny_put(both);
	deny_put(one);
	deny_put(broadcast);
	deny_put(narrow);
	deny_put(media);
	deny_put(NULL);
	CU_ASSERT_PTR_NULL(deny_get(NULL));
}

TEST_SUITE(deny, { "forbidden destinations", test_forbidden_destinations },
	   { "IPv4 in IPv6 is forbidden", test_ipv4_in_ipv6_is_forbidden },
	   { "local without ports spares media", test_local_without_ports_spares_media },
	   { "without a set, kinds are checked", test_without_a_set_kinds_are_checked },
	   { "reads rules", test_reads_rules },
	   { "knows the same set again", test_knows_the_same_set_again });
