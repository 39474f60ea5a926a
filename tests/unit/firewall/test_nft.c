/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_nft.c - the relay's table in nf_tables, as listed by nft and as applied to packets
 *
 * Runs in the network namespace of the unit tests. Where tables are not possible there (no user
 * namespaces, or a kernel without nf_tables), only what needs no table is tested.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/base/log.h"
#include "daemon/firewall/nft.h"
#include "daemon/firewall/msg.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/own_network.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

static struct endpoint endpoint(const char *text)
{
	struct endpoint ep = { 0 };

	if (!endpoint_parse(str_of(text), 0, &ep))
		abort();
	return ep;
}

static unsigned int others_changed;

static void count_change(void *arg)
{
	CU_ASSERT_PTR_EQUAL(arg, &others_changed);
	others_changed++;
}

static struct nft *open_nft(enum firewall_mode mode)
{
	const struct addr_ports relay[] = { { endpoint("127.80.0.1"), 21000, 21999 },
					    { endpoint("127.80.0.2"), 21000, 21999 },
					    { endpoint("[::1]"), 21000, 21999 } };
	const struct nft_conf conf = { .relay = relay,
				       .n_relay = COUNT(relay),
				       .mode = mode,
				       .others_changed = count_change,
				       .arg = &others_changed };
	struct nft *nft;
	int error;

	others_changed = 0;
	nft = nft_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(nft);
	return nft;
}

/* The output of the command. */
static const char *output_of(const char *command)
{
	static char text[8192];
	FILE *pipe = popen(command, "r");
	size_t len = 0;

	if (!pipe)
		abort();
	len = fread(text, 1, sizeof(text) - 1, pipe);
	text[len] = '\0';
	if (pclose(pipe))
		snprintf(text + len, sizeof(text) - len, "(failed)");
	return text;
}

static bool is_listed(const char *text)
{
	return strstr(output_of("nft -nn list ruleset 2>&1"), text);
}

/* Return: true: tables can be created here, without affecting the host */
static bool tables(void)
{
	static int possible = -1;

	if (possible < 0)
		possible = in_own_network() && !system("nft add table inet probe 2>/dev/null && "
						       "nft delete table inet probe 2>/dev/null");
	if (!possible)
		CU_FAIL("a table in a network namespace of our own: root and nf_tables are needed");
	return possible;
}

/* Does a datagram from @from reach @to? Both are bound here. */
static bool passes(const char *from, const char *to)
{
	struct endpoint a = endpoint(from), b = endpoint(to);
	int out = socket(a.sa.sa_family, SOCK_DGRAM, 0), in = socket(b.sa.sa_family, SOCK_DGRAM, 0);
	struct pollfd pollfd = { in, POLLIN, 0 };
	bool sent, came;

	if (out < 0 || in < 0 || bind(out, &a.sa, endpoint_len(&a)) ||
	    bind(in, &b.sa, endpoint_len(&b)))
		abort();
	sent = sendto(out, "x", 1, 0, &b.sa, endpoint_len(&b)) == 1;
	/* On the loopback it has arrived when sendto() returns. */
	came = sent && poll(&pollfd, 1, 0) == 1;
	close(out);
	close(in);
	return came;
}

static void test_the_table_is_listed_as_expected(void)
{
	static const char wanted[] =
		"table inet rtprelay {\n"
		"	counter banned {\n"
		"		packets 0 bytes 0\n"
		"	}\n"
		"\n"
		"	set banned4 {\n"
		"		type ipv4_addr\n"
		"		elements = { 192.0.2.66 }\n"
		"	}\n"
		"\n"
		"	set relay4 {\n"
		"		type ipv4_addr\n"
		"		elements = { 127.80.0.1, 127.80.0.2 }\n"
		"	}\n"
		"\n"
		"	set open4 {\n"
		"		type ipv4_addr . inet_service\n"
		"		elements = { 127.80.0.1 . 21000 }\n"
		"	}\n"
		"\n"
		"	set banned6 {\n"
		"		type ipv6_addr\n"
		"		elements = { 2001:db8::66 }\n"
		"	}\n"
		"\n"
		"	set relay6 {\n"
		"		type ipv6_addr\n"
		"		elements = { ::1 }\n"
		"	}\n"
		"\n"
		"	set open6 {\n"
		"		type ipv6_addr . inet_service\n"
		"		elements = { ::1 . 21003 }\n"
		"	}\n"
		"\n"
		"	chain banned {\n"
		"		type filter hook prerouting priority -450; policy accept;\n"
		"		ip saddr @banned4 ip daddr @relay4 udp dport 21000-21999 "
		"counter name \"banned\" drop\n"
		"		ip6 saddr @banned6 ip6 daddr @relay6 udp dport 21000-21999 "
		"counter name \"banned\" drop\n"
		"	}\n"
		"\n"
		"	chain prerouting {\n"
		"		type filter hook prerouting priority -300; policy accept;\n"
		"		ip daddr @relay4 udp dport 21000-21999 notrack\n"
		"		ip6 daddr @relay6 udp dport 21000-21999 notrack\n"
		"	}\n"
		"\n"
		"	chain output {\n"
		"		type filter hook output priority -300; policy accept;\n"
		"		ip saddr @relay4 udp sport 21000-21999 notrack\n"
		"		ip6 saddr @relay6 udp sport 21000-21999 notrack\n"
		"	}\n"
		"\n"
		"	chain input {\n"
		"		type filter hook input priority 0; policy accept;\n"
		"		ip daddr @relay4 udp dport 21000-21999 ip daddr . udp dport != "
		"@open4 "
		"counter packets 0 bytes 0 drop\n"
		"		ip6 daddr @relay6 udp dport 21000-21999 ip6 daddr . udp dport != "
		"@open6 "
		"counter packets 0 bytes 0 drop\n"
		"	}\n"
		"}\n";
	struct endpoint v4 = endpoint("127.80.0.1:21000"), v6 = endpoint("[::1]:21003");
	struct endpoint banned4 = endpoint("192.0.2.66:9"), banned6 = endpoint("2001:db8::66");
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT_EQUAL(nft_open_port(nft, &v4), 0);
	CU_ASSERT_EQUAL(nft_open_port(nft, &v6), 0);
	CU_ASSERT_EQUAL(nft_ban(nft, &banned4), 0);
	CU_ASSERT_EQUAL(nft_ban(nft, &banned6), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_STRING_EQUAL(output_of("nft -nn list ruleset"), wanted);
	CU_ASSERT_EQUAL(nft_count(nft), 2);
	nft_close(nft, false);
	CU_ASSERT_STRING_EQUAL(output_of("nft -nn list ruleset"), "");
}

static void test_notrack_without_firewall_has_no_input_chain(void)
{
	struct endpoint port = endpoint("127.80.0.1:21000");
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_NOTRACK);
	CU_ASSERT_EQUAL(nft_open_port(nft, &port), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT(is_listed("ip daddr @relay4 udp dport 21000-21999 notrack"));
	CU_ASSERT_FALSE(is_listed("chain input"));
	CU_ASSERT_FALSE(is_listed("open4"));
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.1:21001"));
	nft_close(nft, false);
}

/* Each address with its own ports: rules for one range do not concern addresses of another one. */
static void test_ports_of_each_address(void)
{
	const struct addr_ports relay[] = {
		{ endpoint("127.80.0.1"), 21000, 21999 }, { endpoint("[::1]"), 23000, 23999 },
		{ endpoint("127.80.0.2"), 22000, 22999 }, { endpoint("127.80.0.1"), 22000, 22999 },
		{ endpoint("127.80.0.1"), 21000, 21999 }, { endpoint("[::1]"), 21000, 21999 },
	};
	static const struct {
		const char *to;
		bool passes;
	} rows[] = {
		{ "127.80.0.1:21000", false }, { "127.80.0.1:22999", false },
		{ "127.80.0.2:22000", false }, { "127.80.0.2:21000", true },
		{ "127.80.0.1:23000", true },  { "127.80.0.1:20999", true },
		{ "[::1]:23999", false },      { "[::1]:21000", false },
		{ "[::1]:22000", true },       { "127.80.0.2:22002", true },
	};
	const struct nft_conf conf = { .relay = relay,
				       .n_relay = COUNT(relay),
				       .mode = FIREWALL_PINHOLE };
	struct endpoint open = endpoint("127.80.0.2:22002"), banned = endpoint("127.0.0.1");
	struct nft *nft;
	int error;

	if (!tables())
		return;
	nft = nft_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(nft);
	CU_ASSERT_EQUAL(nft_open_port(nft, &open), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT(is_listed("ip daddr @relay4 udp dport 21000-21999 notrack"));
	CU_ASSERT(is_listed("ip daddr @relay4_2 udp dport 22000-22999 notrack"));
	CU_ASSERT(is_listed("ip6 daddr @relay6 udp dport 23000-23999 notrack"));
	CU_ASSERT(is_listed("ip6 saddr @relay6_2 udp sport 21000-21999 notrack"));
	CU_ASSERT(is_listed("elements = { 127.80.0.1, 127.80.0.2 }"));
	CU_ASSERT_FALSE(is_listed("relay4_3"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool v6 = rows[i].to[0] == '[';

		CU_ASSERT_EQUAL(passes(v6 ? "[::1]:5000" : "127.0.0.1:5000", rows[i].to),
				rows[i].passes);
	}
	CU_ASSERT_EQUAL(nft_ban(nft, &banned), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_FALSE(passes("127.0.0.1:5000", "127.80.0.2:22002"));
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.2:21000"));
	nft_close(nft, false);
}

/* Ports of a service are open without a call; bans and other addresses do not change that. */
static void test_services_are_always_open(void)
{
	const struct addr_ports relay = { endpoint("127.80.0.1"), 21000, 21999 };
	const struct addr_ports service = { endpoint("127.80.0.2"), 3478, 3479 };
	const struct addr_ports later = { endpoint("127.80.0.3"), 21000, 21999 };
	const struct nft_conf conf = { .relay = &relay,
				       .n_relay = 1,
				       .mode = FIREWALL_PINHOLE,
				       .services = &service,
				       .n_services = 1 };
	struct endpoint banned = endpoint("127.0.0.1");
	struct nft *nft;
	int error;

	if (!tables())
		return;
	nft = nft_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(nft);
	for (int round = 0; round < 2; round++) {
		CU_ASSERT_EQUAL(nft_flush(nft), 0);
		CU_ASSERT(is_listed("ip daddr @relay4_2 udp dport 3478-3479 notrack"));
		CU_ASSERT(is_listed("ip saddr @relay4_2 udp sport 3478-3479 notrack"));
		CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.2:3478"));
		CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.2:3479"));
		CU_ASSERT_FALSE(passes("127.0.0.1:5000", "127.80.0.3:21000") == (round == 1));
		CU_ASSERT_EQUAL(nft_set_relay(nft, &later, 1), 0);
	}
	CU_ASSERT_EQUAL(nft_ban(nft, &banned), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_FALSE(passes("127.0.0.1:5000", "127.80.0.2:3478"));
	nft_close(nft, false);
}

/* Addresses that a device gets later: open ports, bans and counters stay. */
static void test_other_addresses_later(void)
{
	const struct addr_ports later[] = { { endpoint("127.80.0.1"), 21000, 21999 },
					    { endpoint("127.80.0.9"), 22000, 22999 } };
	struct endpoint open = endpoint("127.80.0.1:21000"), banned = endpoint("127.0.0.66");
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT_EQUAL(nft_open_port(nft, &open), 0);
	CU_ASSERT_EQUAL(nft_ban(nft, &banned), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_FALSE(passes("127.0.0.66:5000", "127.80.0.1:21000"));
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.9:22000"));
	CU_ASSERT_EQUAL(nft_set_relay(nft, later, COUNT(later)), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_FALSE(passes("127.0.0.1:5000", "127.80.0.9:22000"));
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.2:21000"));
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.1:21000"));
	CU_ASSERT_FALSE(passes("127.0.0.66:5000", "127.80.0.1:21000"));
	nft_tick(nft);
	CU_ASSERT_EQUAL(nft_counters(nft).banned, 2);
	CU_ASSERT_EQUAL(nft_counters(nft).repairs, 0);
	CU_ASSERT_EQUAL(nft_set_relay(NULL, later, COUNT(later)), 0);
	nft_close(nft, false);
}

static void test_pinhole_opens_and_closes(void)
{
	struct endpoint port = endpoint("127.80.0.1:21000"), v6 = endpoint("[::1]:21000");
	struct nft *nft;

	if (!tables())
		return;
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.1:21000"));
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_FALSE(passes("127.0.0.1:5000", "127.80.0.1:21000"));
	CU_ASSERT_FALSE(passes("[::1]:5000", "[::1]:21000"));
	nft_open_port(nft, &port);
	nft_open_port(nft, &v6);
	CU_ASSERT_EQUAL(nft_count(nft), 0);
	CU_ASSERT_FALSE(passes("127.0.0.1:5000", "127.80.0.1:21000"));
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.1:21000"));
	CU_ASSERT(passes("[::1]:5000", "[::1]:21000"));
	/* The same port of another address, another port, and a port outside of our range */
	CU_ASSERT_FALSE(passes("127.0.0.1:5000", "127.80.0.2:21000"));
	CU_ASSERT_FALSE(passes("127.0.0.1:5000", "127.80.0.1:21001"));
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.1:20999"));
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.1:22000"));
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.3:21000"));
	nft_close_port(nft, &port);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_EQUAL(nft_count(nft), 1);
	CU_ASSERT_FALSE(passes("127.0.0.1:5000", "127.80.0.1:21000"));
	nft_close(nft, false);
	CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.1:21000"));
}

static void test_port_that_opens_and_closes_in_one_batch(void)
{
	struct endpoint port = endpoint("127.80.0.1:21000");
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	nft_open_port(nft, &port);
	nft_close_port(nft, &port);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_EQUAL(nft_count(nft), 0);
	nft_open_port(nft, &port);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	nft_close_port(nft, &port);
	nft_open_port(nft, &port); /* the next call has the same one */
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_EQUAL(nft_count(nft), 1);
	CU_ASSERT(is_listed("elements = { 127.80.0.1 . 21000 }"));
	nft_close_port(nft, &port);
	nft_close_port(nft, &port);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_FALSE(is_listed(". 21000"));
	nft_close(nft, false);
}

/* The batch keeps each port once: a second change of the first one must not lose the others. */
static void test_port_that_closes_keeps_the_others_in_its_batch(void)
{
	struct endpoint one = endpoint("127.80.0.1:21000"), two = endpoint("127.80.0.1:21002");
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	nft_open_port(nft, &one);
	nft_open_port(nft, &two);
	nft_close_port(nft, &one);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT(is_listed("elements = { 127.80.0.1 . 21002 }"));
	CU_ASSERT_EQUAL(nft_count(nft), 1);
	nft_close_port(nft, &two);
	nft_open_port(nft, &one);
	nft_close_port(nft, &two);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT(is_listed("elements = { 127.80.0.1 . 21000 }"));
	CU_ASSERT_EQUAL(nft_count(nft), 1);
	nft_close(nft, false);
}

/* More than fit into one message, and into the buffers that sockets have by default. */
static void test_many_ports_in_one_batch(void)
{
	struct endpoint addrs[] = { endpoint("127.80.0.1"), endpoint("[::1]") };
	struct addr_ports relay[] = { { addrs[0], 20000, 39999 }, { addrs[1], 20000, 39999 } };
	struct nft_conf conf = { .relay = relay,
				 .n_relay = COUNT(relay),
				 .mode = FIREWALL_PINHOLE };
	struct nft *nft;
	int error;

	if (!tables())
		return;
	nft = nft_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(nft);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	for (int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 20000; i++) {
			endpoint_set_port(&addrs[i & 1], (uint16_t)(20000 + i));
			if (round)
				nft_close_port(nft, &addrs[i & 1]);
			else
				CU_ASSERT_FATAL(!nft_open_port(nft, &addrs[i & 1]));
		}
		CU_ASSERT_EQUAL(nft_flush(nft), 0);
		CU_ASSERT_EQUAL(nft_count(nft), round ? 0 : 20000);
		CU_ASSERT_STRING_EQUAL(
			output_of(
				"nft -nn list set inet rtprelay open6 | grep -o '::1 . ' | wc -l"),
			round ? "0\n" : "10000\n");
	}
	nft_close(nft, false);
}

/* Packets of the address to the relay's ports are dropped and counted, others pass. */
static void test_banned_address(void)
{
	static const struct {
		const char *addr, *other, *relay;
	} rows[] = { { "127.0.0.66", "127.0.0.67", "127.80.0.1" }, { "[::1]", NULL, "[::1]" } };
	char from[64], to[64];
	struct nft *nft;

	if (!tables())
		return;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint addr = endpoint(rows[i].addr);

		nft = open_nft(FIREWALL_NOTRACK);
		CU_ASSERT_EQUAL(nft_ban(nft, &addr), 0);
		CU_ASSERT_EQUAL(nft_flush(nft), 0);
		snprintf(from, sizeof(from), "%s:5000", rows[i].addr);
		snprintf(to, sizeof(to), "%s:21000", rows[i].relay);
		CU_ASSERT_FALSE(passes(from, to));
		CU_ASSERT_FALSE(passes(from, to));
		nft_tick(nft);
		CU_ASSERT_EQUAL(nft_counters(nft).banned, 2);
		nft_tick(nft);
		CU_ASSERT_EQUAL(nft_counters(nft).banned, 2);
		CU_ASSERT_EQUAL(nft_count(nft), 0); /* it is not a port */
		if (rows[i].other) {
			snprintf(from, sizeof(from), "%s:5000", rows[i].other);
			CU_ASSERT(passes(from, to));
		}
		/* Not a port for media: signalling is the proxy's business. */
		snprintf(from, sizeof(from), "%s:5000", rows[i].addr);
		snprintf(to, sizeof(to), "%s:20999", rows[i].relay);
		CU_ASSERT(passes(from, to));
		/* The table made again has it; the counter goes on. */
		log_set_level(LOG_LEVEL_ERR);
		CU_ASSERT_EQUAL(system("nft flush ruleset"), 0);
		nft_dispatch(nft);
		snprintf(to, sizeof(to), "%s:21000", rows[i].relay);
		CU_ASSERT_FALSE(passes(from, to));
		nft_tick(nft);
		CU_ASSERT_EQUAL(nft_counters(nft).banned, 3);
		nft_unban(nft, &addr);
		CU_ASSERT_EQUAL(nft_flush(nft), 0);
		CU_ASSERT(passes(from, to));
		nft_close(nft, false);
	}
}

/* By another program, as fail2ban: it drops packets, and is no reason to make the table again. */
static void test_elements_of_another_program(void)
{
	struct endpoint own = endpoint("127.0.0.66");
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT_EQUAL(nft_ban(nft, &own), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_EQUAL(system("nft 'add element inet rtprelay banned4 { 127.0.0.67 }; "
			       "add element inet rtprelay banned6 { 2001:db8::67 }'"),
			0);
	nft_dispatch(nft);
	CU_ASSERT_FALSE(passes("127.0.0.67:5000", "127.80.0.1:21000"));
	CU_ASSERT_EQUAL(system("nft 'delete element inet rtprelay banned4 { 127.0.0.66 }'"), 0);
	nft_dispatch(nft);
	CU_ASSERT_EQUAL(nft_counters(nft).repairs, 0);
	CU_ASSERT(is_listed("elements = { 127.0.0.67 }") && is_listed("2001:db8::67"));
	/* Ours is gone: that it cannot be removed again makes the table again. */
	nft_unban(nft, &own);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_EQUAL(nft_counters(nft).errors, 0);
	CU_ASSERT_FALSE(is_listed("127.0.0.66"));
	/* A whole set that is gone is another matter. */
	CU_ASSERT_EQUAL(nft_ban(nft, &own), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	log_set_level(LOG_LEVEL_ERR);
	CU_ASSERT_EQUAL(system("nft flush chain inet rtprelay banned"), 0);
	nft_dispatch(nft);
	CU_ASSERT_EQUAL(nft_counters(nft).repairs, 1);
	CU_ASSERT(is_listed("counter name \"banned\" drop"));
	nft_close(nft, false);
}

static bool others_ban(const struct nft *nft, const char *addr)
{
	struct endpoint ep = endpoint(addr);

	return nft_banned_by_others(nft, &ep);
}

static void run_nft(const char *what)
{
	char command[256];

	snprintf(command, sizeof(command), "nft '%s'", what);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* Each row: what is done, and the addresses that others have banned after it. */
static void test_bans_of_others_are_known(void)
{
	static const struct {
		const char *nft;
		bool v4, v6, changed;
	} rows[] = {
		{ "add element inet rtprelay banned4 { 127.0.0.67 }", true, false, true },
		{ "add element inet rtprelay banned4 { 127.0.0.67 }", true, false, false },
		{ "add element inet rtprelay banned6 { 2001:db8::67 }", true, true, true },
		/* another table, and another set of the relay's */
		{ "add table inet other; add set inet other banned4 { type ipv4_addr; }; "
		  "add element inet other banned4 { 127.0.0.68 }",
		  true, true, false },
		{ "add element inet rtprelay relay4 { 127.0.0.68 }", true, true, false },
		{ "delete element inet rtprelay banned4 { 127.0.0.67 }", false, true, true },
		{ "flush set inet rtprelay banned6", false, false, true },
	};
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_NOTRACK);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		others_changed = 0;
		run_nft(rows[i].nft);
		nft_dispatch(nft);
		CU_ASSERT_EQUAL(others_ban(nft, "127.0.0.67:5000"), rows[i].v4);
		CU_ASSERT_EQUAL(others_ban(nft, "[2001:db8::67]:5000"), rows[i].v6);
		CU_ASSERT_EQUAL(others_changed, rows[i].changed);
		CU_ASSERT_FALSE(others_ban(nft, "127.0.0.68"));
	}
	CU_ASSERT_EQUAL(nft_counters(nft).repairs, 0);
	CU_ASSERT_FALSE(others_ban(NULL, "127.0.0.67"));
	nft_close(nft, false);
	run_nft("delete table inet other");
}

/* What the daemon bans itself is no ban of others, and its end ends both: the set has it once. */
static void test_bans_of_others_and_own_ones(void)
{
	struct endpoint own = endpoint("127.0.0.66:9");
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_NOTRACK);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	run_nft("add element inet rtprelay banned4 { 127.0.0.66 }");
	nft_dispatch(nft);
	CU_ASSERT(others_ban(nft, "127.0.0.66"));
	CU_ASSERT_EQUAL(nft_ban(nft, &own), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_FALSE(others_ban(nft, "127.0.0.66"));
	run_nft("delete element inet rtprelay banned4 { 127.0.0.66 }; "
		"add element inet rtprelay banned4 { 127.0.0.66 }");
	nft_dispatch(nft);
	CU_ASSERT_FALSE(others_ban(nft, "127.0.0.66"));
	nft_unban(nft, &own);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_FALSE(is_listed("127.0.0.66"));
	CU_ASSERT_EQUAL(nft_counters(nft).errors, 0);
	nft_close(nft, false);
}

/* The table that is made again has them: for other addresses of the relay, and after a flush. */
static void test_bans_of_others_outlive_the_table(void)
{
	const struct addr_ports later = { endpoint("127.80.0.3"), 21000, 21999 };
	struct nft *nft;

	if (!tables())
		return;
	log_set_level(LOG_LEVEL_ERR);
	nft = open_nft(FIREWALL_NOTRACK);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	run_nft("add element inet rtprelay banned4 { 127.0.0.67 }; "
		"add element inet rtprelay banned6 { 2001:db8::67 }");
	nft_dispatch(nft);
	CU_ASSERT_EQUAL(nft_set_relay(nft, &later, 1), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT(is_listed("elements = { 127.0.0.67 }") && is_listed("2001:db8::67"));
	CU_ASSERT_FALSE(passes("127.0.0.67:5000", "127.80.0.3:21000"));
	run_nft("flush ruleset");
	nft_dispatch(nft);
	CU_ASSERT(others_ban(nft, "127.0.0.67") && others_ban(nft, "2001:db8::67"));
	CU_ASSERT(is_listed("elements = { 127.0.0.67 }") && is_listed("2001:db8::67"));
	nft_close(nft, false);
}

/* So many that their notifications are lost, and more than one part of the kernel's answer. */
static void test_bans_of_others_are_read_again(void)
{
	struct endpoint own = endpoint("127.1.0.7");
	struct nft *nft;

	if (!tables())
		return;
	log_set_level(LOG_LEVEL_ERR);
	nft = open_nft(FIREWALL_NOTRACK);
	CU_ASSERT_EQUAL(nft_ban(nft, &own), 0);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	run_nft("add element inet rtprelay banned4 { 127.9.9.9 }");
	nft_dispatch(nft);
	CU_ASSERT_EQUAL(
		system("{ echo 'delete element inet rtprelay banned4 { 127.9.9.9 }'; "
		       "echo 'add element inet rtprelay banned6 { 2001:db8::67 }'; "
		       "echo 'add element inet rtprelay banned4 {'; for i in $(seq 0 79); do "
		       "seq -f 127.1.$i.%g -s , 250; echo ,; done; "
		       "echo '127.2.0.1 }'; } | nft -f -"),
		0);
	nft_dispatch(nft);
	CU_ASSERT_EQUAL(nft_counters(nft).repairs, 1);
	CU_ASSERT(others_ban(nft, "127.1.0.1") && others_ban(nft, "127.1.79.250"));
	CU_ASSERT(others_ban(nft, "127.2.0.1") && others_ban(nft, "2001:db8::67"));
	CU_ASSERT_FALSE(others_ban(nft, "127.9.9.9"));
	CU_ASSERT_FALSE(others_ban(nft, "127.1.0.7"));
	CU_ASSERT_EQUAL(others_changed, 2);
	CU_ASSERT_STRING_EQUAL(output_of("nft -nn list set inet rtprelay banned4 | "
					 "grep -o '127[.]' | wc -l"),
			       "20001\n");
	nft_close(nft, false);
}

/* True: events are readable now. */
static bool has_news(const struct nft *nft)
{
	struct pollfd pollfd = { nft_news_fd(nft), POLLIN, 0 };

	return poll(&pollfd, 1, 0) == 1;
}

static void test_flushed_ruleset_is_restored(void)
{
	static const char *const removals[] = {
		"nft flush ruleset",
		"nft delete table inet rtprelay",
		"nft flush chain inet rtprelay input",
		"nft flush set inet rtprelay open4",
		"nft delete element inet rtprelay open4 '{ 127.80.0.1 . 21000 }'",
	};
	struct endpoint port = endpoint("127.80.0.1:21000");

	if (!tables())
		return;
	log_set_level(LOG_LEVEL_ERR);
	for (size_t i = 0; i < COUNT(removals); i++) {
		struct nft *nft = open_nft(FIREWALL_PINHOLE);

		nft_open_port(nft, &port);
		CU_ASSERT_EQUAL(nft_flush(nft), 0);
		CU_ASSERT_EQUAL_FATAL(system(removals[i]), 0);
		CU_ASSERT_FATAL(has_news(nft));
		nft_dispatch(nft);
		CU_ASSERT(is_listed("elements = { 127.80.0.1 . 21000 }"));
		CU_ASSERT_FALSE(passes("127.0.0.1:5000", "127.80.0.1:21002"));
		CU_ASSERT(passes("127.0.0.1:5000", "127.80.0.1:21000"));
		CU_ASSERT_FALSE(has_news(nft)); /* its own changes are not events */
		CU_ASSERT_EQUAL(nft_counters(nft).repairs, 1);
		CU_ASSERT_EQUAL(nft_counters(nft).errors, 0);
		nft_close(nft, false);
	}
}

/*
 * So many changes of another table that the socket's buffer is full: the change of the relay's
 * table is not in it.
 */
static void test_lost_news_count_as_a_change(void)
{
	struct nft *nft;

	if (!tables())
		return;
	log_set_level(LOG_LEVEL_ERR);
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_EQUAL(system("{ echo 'table inet other { set s { type mark; elements = {'; "
			       "seq -s , 40000; printf '}\\n}\\n}\\n'; } | nft -f -"),
			0);
	CU_ASSERT_EQUAL(system("nft delete table inet other && "
			       "nft delete table inet rtprelay"),
			0);
	CU_ASSERT(has_news(nft));
	nft_dispatch(nft);
	CU_ASSERT(is_listed("chain input"));
	CU_ASSERT_EQUAL(nft_counters(nft).repairs, 1);
	nft_close(nft, false);
}

/*
 * Another program that keeps removing the table must not keep both busy: repairs that follow one
 * another wait longer and longer.
 */
static void test_repairs_that_follow_one_another_wait(void)
{
	static const struct {
		int64_t pause_ms; /* between the last repair and the next removal */
		int64_t wait_ms;
	} rows[] = {
		{ 0, 0 },     { 0, 1000 },	{ 0, 2000 },  { 0, 4000 },
		{ 0, 8000 },  { 0, 16000 },	{ 0, 32000 }, { 0, 60000 },
		{ 0, 60000 }, { 60000, 60000 }, { 60001, 0 }, { 0, 1000 },
	};
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	log_set_level(LOG_LEVEL_ERR);
	test_clock_stop();
	for (size_t i = 0; i < COUNT(rows); i++) {
		test_clock_pass(rows[i].pause_ms);
		CU_ASSERT_EQUAL(system("nft flush ruleset"), 0);
		nft_dispatch(nft);
		if (rows[i].wait_ms) {
			/* Changes until then are neither repairs nor a reason to wait longer. */
			CU_ASSERT_EQUAL(system("nft add table inet rtprelay && "
					       "nft delete table inet rtprelay"),
					0);
			nft_dispatch(nft);
			test_clock_pass(rows[i].wait_ms - 1);
			nft_tick(nft);
			CU_ASSERT_STRING_EQUAL(output_of("nft list ruleset"), "");
			test_clock_pass(1);
			nft_tick(nft);
		}
		CU_ASSERT(is_listed("chain input"));
		CU_ASSERT_EQUAL(nft_counters(nft).repairs, i + 1);
	}
	test_clock_go();
	nft_close(nft, false);
}

/* May this thread change tables? Programs that it starts may. */
static void set_permitted(cap_flag_value_t permitted)
{
	const cap_value_t admin = CAP_NET_ADMIN;
	cap_t caps = cap_get_proc();

	CU_ASSERT(caps && !cap_set_flag(caps, CAP_EFFECTIVE, 1, &admin, permitted) &&
		  !cap_set_proc(caps));
	cap_free(caps);
}

static void test_refused_table_is_tried_once_a_second_and_logged_once(void)
{
	struct log_capture capture;
	struct endpoint port = endpoint("127.80.0.1:21000");
	struct nft *nft;
	char text[1024];

	if (!tables())
		return;
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_EQUAL(system("nft flush ruleset"), 0);
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	test_clock_stop();
	set_permitted(CAP_CLEAR);
	nft_dispatch(nft);
	for (unsigned int tries = 1; tries <= 3; tries++) {
		nft_open_port(nft, &port);
		CU_ASSERT_EQUAL(nft_flush(nft), -EAGAIN);
		test_clock_pass(999);
		CU_ASSERT_EQUAL(nft_flush(nft), -EAGAIN);
		CU_ASSERT_EQUAL(nft_counters(nft).errors, tries);
		test_clock_pass(1);
		if (tries == 3)
			set_permitted(CAP_SET);
		nft_tick(nft);
	}
	test_clock_go();
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(
		text,
		"warning: firewall: table inet rtprelay was changed by another program, "
		"restoring it now\n"
		"error: firewall: the kernel refused table inet rtprelay: Operation not permitted; "
		"trying again\n"
		"notice: firewall: table inet rtprelay is restored\n");
	CU_ASSERT(is_listed("elements = { 127.80.0.1 . 21000 }"));
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_EQUAL(nft_counters(nft).errors, 3);
	nft_close(nft, false);
}

static void test_changes_of_other_tables_are_ignored(void)
{
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_EQUAL_FATAL(system("nft 'add table inet other; add table ip rtprelay; "
				     "delete table ip rtprelay; delete table inet other; "
				     "insert rule inet rtprelay input accept'"),
			      0);
	nft_dispatch(nft);
	CU_ASSERT(is_listed("\t\taccept\n")); /* a rule of the administrator stays */
	nft_close(nft, false);
}

/*
 * Elements that are already gone: the whole transaction is refused, and the table is created again.
 */
static void test_refused_change_recreates_the_table(void)
{
	struct endpoint one = endpoint("127.80.0.1:21000"), two = endpoint("127.80.0.1:21001");
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_PINHOLE);
	nft_open_port(nft, &one);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_EQUAL_FATAL(system("nft flush set inet rtprelay open4"), 0);
	nft_close_port(nft, &one);
	nft_open_port(nft, &two);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT(is_listed("elements = { 127.80.0.1 . 21001 }"));
	nft_close(nft, false);
}

static void test_kept_table_is_taken_over(void)
{
	struct endpoint port = endpoint("127.80.0.1:21000");
	struct nft *nft;

	if (!tables())
		return;
	nft = open_nft(FIREWALL_PINHOLE);
	nft_open_port(nft, &port);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT(nft_left_over());
	nft_close(nft, true);
	CU_ASSERT(is_listed(". 21000"));
	CU_ASSERT(nft_left_over());
	nft = open_nft(FIREWALL_PINHOLE);
	CU_ASSERT(is_listed(". 21000"));
	endpoint_set_port(&port, 21002);
	nft_open_port(nft, &port);
	CU_ASSERT_EQUAL(nft_flush(nft), 0);
	CU_ASSERT_FALSE(is_listed(". 21000"));
	CU_ASSERT(is_listed("elements = { 127.80.0.1 . 21002 }"));
	nft_close(nft, false);
	CU_ASSERT_FALSE(nft_left_over());
}

static void test_null_is_a_relay_without_firewall(void)
{
	struct endpoint port = endpoint("127.80.0.1:21000");

	CU_ASSERT_EQUAL(nft_open_port(NULL, &port), 0);
	nft_close_port(NULL, &port);
	CU_ASSERT_EQUAL(nft_ban(NULL, &port), 0);
	nft_unban(NULL, &port);
	CU_ASSERT_EQUAL(nft_flush(NULL), 0);
	nft_tick(NULL);
	CU_ASSERT_EQUAL(nft_news_fd(NULL), -1);
	CU_ASSERT_EQUAL(nft_count(NULL), 0);
	nft_close(NULL, false);
}

static void test_messages_without_memory(void)
{
	struct addr_ports relay[] = { { endpoint("192.0.2.1"), 21000, 21999 },
				      { endpoint("[2001:db8::1]"), 22000, 22999 } };
	struct endpoint port = endpoint("192.0.2.1:21000");
	const struct nft_shape shape = { relay, COUNT(relay), true };
	bool failed;

	ALLOC_FAILS_AT_EACH
	{
		struct nft_batch batch = { 0 };

		nft_batch_begin(&batch);
		nft_put_table(&batch, &shape);
		nft_put_port(&batch, &port, true);
		nft_batch_end(&batch);
		failed = batch.failed;
		CU_ASSERT_EQUAL(failed, alloc_failed());
		nft_batch_fini(&batch);
	}
}

static void test_ports_without_memory(void)
{
	struct endpoint addr = endpoint("127.80.0.1"), port = endpoint("127.80.0.1:21000");
	const struct addr_ports relay = { addr, 21000, 21999 };
	const struct nft_conf conf = { .relay = &relay, .n_relay = 1, .mode = FIREWALL_PINHOLE };
	int error;

	if (!tables())
		return;
	ALLOC_FAILS_AT_EACH
	{
		struct nft *nft = nft_open(&conf, &error);

		CU_ASSERT(nft || (error == -ENOMEM && alloc_failed()));
		if (!nft)
			continue;
		error = nft_open_port(nft, &port);
		CU_ASSERT_EQUAL(error, alloc_failed() ? -ENOMEM : 0);
		nft_close(nft, true);
	}
}

TEST_SUITE(nft, { "the table is listed as expected", test_the_table_is_listed_as_expected },
	   { "ports of each address", test_ports_of_each_address },
	   { "services are always open", test_services_are_always_open },
	   { "other addresses later", test_other_addresses_later },
	   { "notrack without firewall has no input chain",
	     test_notrack_without_firewall_has_no_input_chain },
	   { "pinhole opens and closes", test_pinhole_opens_and_closes },
	   { "a port that opens and closes in one batch",
	     test_port_that_opens_and_closes_in_one_batch },
	   { "a port that closes keeps the others in its batch",
	     test_port_that_closes_keeps_the_others_in_its_batch },
	   { "many ports in one batch", test_many_ports_in_one_batch },
	   { "a banned address", test_banned_address },
	   { "elements of another program", test_elements_of_another_program },
	   { "bans of others are known", test_bans_of_others_are_known },
	   { "bans of others, and own ones", test_bans_of_others_and_own_ones },
	   { "bans of others outlive the table", test_bans_of_others_outlive_the_table },
	   { "bans of others are read again", test_bans_of_others_are_read_again },
	   { "a flushed ruleset is restored", test_flushed_ruleset_is_restored },
	   { "lost news count as a change", test_lost_news_count_as_a_change },
	   { "repairs that follow one another wait", test_repairs_that_follow_one_another_wait },
	   { "a refused table is tried once a second and logged once",
	     test_refused_table_is_tried_once_a_second_and_logged_once },
	   { "changes of other tables are ignored", test_changes_of_other_tables_are_ignored },
	   { "a refused change recreates the table", test_refused_change_recreates_the_table },
	   { "a kept table is taken over", test_kept_table_is_taken_over },
	   { "NULL is a relay without firewall", test_null_is_a_relay_without_firewall },
	   { "messages without memory", test_messages_without_memory },
	   { "ports without memory", test_ports_without_memory });
