/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_way.c - flows whose packets the stack would treat otherwise are not set, with the reason:
 * rp_filter, IPsec policies, VRFs; how the backend ends
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/kernel/bpf.h"
#include "frame.h"
#include "net.h"
#include "tests/kmod/world.h"
#include "tests/unit/test.h"

static struct kernel_backend *backend;
static int error;
static char why[KERNEL_WHY];
static char withdrawn[KERNEL_WHY];
static unsigned int eased;

static bool is_own(void *arg, const struct endpoint *addr)
{
	(void)arg;
	(void)addr;
	return true;
}

static void heard_flow(void *arg, struct kernel_backend *from, const struct kmod_message *m)
{
	(void)arg;
	(void)from;
	if (m->said == KMOD_SAID_WITHDRAWN)
		snprintf(withdrawn, sizeof(withdrawn), "%s", m->text);
}

static void heard_eased(void *arg, struct kernel_backend *from)
{
	(void)arg;
	(void)from;
	eased++;
}

static void begin(void)
{
	const struct bpf_backend_conf conf = { .limit = 10, .is_own = is_own };

	world_open();
	world_enter("relay");
	backend = bpf_backend_new(&conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(backend);
	backend->sink.flow = heard_flow;
	backend->sink.eased = heard_eased;
	CU_ASSERT_EQUAL_FATAL(backend->ops->find(backend, true), 0);
}

static void end(void)
{
	backend->ops->close(backend, false);
	world_leave();
	world_close();
}

static void take_state(void *arg, uint32_t at, const struct flow_state *state)
{
	(void)arg;
	(void)at;
	(void)state;
}

static void take_done(void *arg, uint32_t at, int answer, const char *text)
{
	(void)arg;
	(void)at;
	error = answer;
	snprintf(why, sizeof(why), "%s", text);
}

static const struct kernel_answers answers = { take_state, take_done };

static struct flow_spec spec_of(const char *src, bool v6)
{
	struct flow_spec spec;

	memset(&spec, 0, sizeof(spec));
	spec.src = frame_endpoint(src);
	spec.local = frame_endpoint(v6 ? "[2001:db8:a::fe]:30000" : "192.0.2.254:30000");
	spec.out = frame_endpoint(v6 ? "[2001:db8:b::fe]:30002" : "198.51.100.254:30002");
	spec.dst = frame_endpoint(v6 ? "[2001:db8:b::1]:5000" : "198.51.100.1:5000");
	spec.kind = RTPRELAY_KIND_RTP;
	spec.dscp = -1;
	spec.idle_s = 60;
	spec.port.mux = true;
	return spec;
}

static int set_from(const char *src)
{
	struct flow_spec spec = spec_of(src, *src == '[');
	const struct kernel_change change = { .spec = &spec, .set = true };

	backend->ops->change(backend, &change, 1, &answers, NULL);
	return error;
}

#define PAUSE_US 120000 /* after a change others are not looked at for 100 ms */

/* The news of a change is there at once. */
static void hear_news(void)
{
	usleep(PAUSE_US);
	eased = 0;
	backend->ops->dispatch(backend);
}

static bool run(const char *command)
{
	return !world_run("ip netns exec relay sh -c '%s'", command);
}

#define A_PHONE	  "192.0.2.1:4000"
#define ELSEWHERE "203.0.113.9:4000"
#define A6_PHONE  "[2001:db8:a::1]:4000"

static void test_ipsec_policies(void)
{
	static const struct {
		const char *policy;
		bool applies, applies6;
	} rows[] = {
		/* Protocols as numbers: guests have no /etc/protocols. */
		{ "src 198.51.100.254/32 dst 198.51.100.1/32 dir out tmpl proto esp mode transport",
		  true, false },
		{ "src 198.51.100.0/24 dst 198.51.100.0/25 proto 17 dport 5000 dir out "
		  "tmpl proto esp mode transport",
		  true, false },
		{ "src 198.51.100.0/24 dst 198.51.100.0/25 proto 17 dport 5001 dir out "
		  "tmpl proto esp mode transport",
		  false, false },
		{ "src 198.51.100.0/24 dst 198.51.100.0/25 proto 6 dir out "
		  "tmpl proto esp mode transport",
		  false, false },
		{ "src 198.51.100.0/24 dst 198.51.100.128/25 dir out tmpl proto esp mode transport",
		  false, false },
		{ "src 0.0.0.0/0 dst 0.0.0.0/0 dir out tmpl src 192.0.2.254 dst 192.0.2.7 "
		  "proto esp mode tunnel",
		  true, false },
		{ "src 0.0.0.0/0 dst 0.0.0.0/0 dir out", false, false },
		{ "src 0.0.0.0/0 dst 198.51.100.0/30 dir out action block", true, false },
		{ "src 192.0.2.1/32 dst 192.0.2.254/32 dir in tmpl proto esp mode transport", true,
		  false },
		{ "src 192.0.2.2/32 dst 192.0.2.254/32 dir in tmpl proto esp mode transport", false,
		  false },
		{ "src 2001:db8:b::/64 dst 2001:db8:b::1/128 dir out tmpl proto esp mode transport",
		  false, true },
	};

	begin();
	for (size_t i = 0; i < COUNT(rows); i++) {
		const int want = rows[i].applies ? -EOPNOTSUPP : 0;
		const int want6 = rows[i].applies6 ? -EOPNOTSUPP : 0;
		char command[200];

		CU_ASSERT_EQUAL(set_from(A_PHONE), 0);
		CU_ASSERT_EQUAL(set_from(A6_PHONE), 0);
		snprintf(command, sizeof(command), "ip xfrm policy add %s", rows[i].policy);
		CU_ASSERT(run(command));
		withdrawn[0] = '\0';
		hear_news();
		/* Of a flow that was there. */
		CU_ASSERT_EQUAL(!strcmp(withdrawn, "an IPsec policy may apply"),
				rows[i].applies || rows[i].applies6);
		CU_ASSERT_EQUAL(set_from(A_PHONE), want);
		CU_ASSERT_EQUAL(!strcmp(why, "an IPsec policy may apply"), rows[i].applies);
		CU_ASSERT_EQUAL(set_from(A6_PHONE), want6);
		if (error != want6)
			printf("\n    %s\n", rows[i].policy);
		CU_ASSERT(run("ip xfrm policy flush"));
		hear_news();
		CU_ASSERT_EQUAL(eased, 1);
	}
	end();
}

/* A router may tell of thousands a second, also while there are no flows. */
static void test_changes_are_looked_at_ten_times_a_second(void)
{
	struct pollfd news = { .events = POLLIN };
	int64_t begin_ms, took_ms, looks = 0, changes = 0;

	begin();
	news.fd = backend->news_fd;
	hear_news();
	begin_ms = clock_ms();
	/* Many changes, however long the machine takes for them. */
	while (clock_ms() - begin_ms < 1000 || changes < 21) {
		CU_ASSERT(run(changes++ % 2 ? "ip route del 203.0.113.1/32 via 192.0.2.1"
					    : "ip route add 203.0.113.1/32 via 192.0.2.1"));
		eased = 0;
		backend->ops->dispatch(backend);
		looks += eased;
	}
	took_ms = clock_ms() - begin_ms;
	CU_ASSERT(looks > 3 && looks <= took_ms / 100 + 1);
	/* The last one, too, though nothing more is heard of. */
	CU_ASSERT(run("ip route replace 203.0.113.2/32 via 192.0.2.1"));
	hear_news();
	CU_ASSERT(run("ip route del 203.0.113.2/32"));
	for (eased = 0; !eased && poll(&news, 1, 1000) == 1;)
		backend->ops->dispatch(backend);
	CU_ASSERT_EQUAL(eased, 1);
	end();
}

static void count_flow(void *arg, struct kernel_backend *from, const struct kmod_message *m)
{
	(void)from;
	(void)m;
	++*(int *)arg;
}

static bool packet_arrives(int from, int to, const char *relay)
{
	static struct packet packet;
	uint8_t bytes[172];

	rtp_make(bytes, sizeof(bytes), 0, 1, 160, 7);
	CU_ASSERT(world_send(from, relay, bytes, sizeof(bytes)));
	return world_receive(to, &packet, NEVER);
}

/*
 * The packet comes by b0 with an address of a's network: with a strict filter the stack drops it.
 */
static void test_rp_filter(void)
{
	int flows = 0, b, sink;

	begin();
	CU_ASSERT(run("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done"));
	hear_news();
	CU_ASSERT_EQUAL(set_from(ELSEWHERE), 0);
	CU_ASSERT(run("echo 2 >/proc/sys/net/ipv4/conf/a0/rp_filter"));
	hear_news();
	CU_ASSERT_STRING_EQUAL(withdrawn, "rp_filter: there is no route back to 203.0.113.9");
	CU_ASSERT_EQUAL(set_from(ELSEWHERE), -EOPNOTSUPP);
	CU_ASSERT_STRING_EQUAL(why, "rp_filter: there is no route back to 203.0.113.9");
	CU_ASSERT_EQUAL(set_from(A6_PHONE), 0);
	CU_ASSERT_EQUAL(set_from(A_PHONE), 0);
	CU_ASSERT_EQUAL(backend->ops->dump(backend, count_flow, &flows), 0);
	CU_ASSERT_EQUAL(flows, 2);
	world_leave();
	CU_ASSERT_EQUAL(world_run("ip -n b addr add 192.0.2.1/32 dev eth0;"
				  "ip -n b route add 192.0.2.254/32 via 198.51.100.254"),
			0);
	b = world_udp("b", "192.0.2.1:4000");
	sink = world_udp("b", "198.51.100.1:5000");
	CU_ASSERT(packet_arrives(b, sink, "192.0.2.254:30000"));
	world_enter("relay");
	CU_ASSERT(run("echo 1 >/proc/sys/net/ipv4/conf/a0/rp_filter"));
	hear_news();
	world_leave();
	CU_ASSERT_FALSE(packet_arrives(b, sink, "192.0.2.254:30000"));
	world_enter("relay");
	end();
}

static bool has_program(void)
{
	return !world_run("tc -n relay filter show dev a0 ingress | grep -q rtprelay");
}

/* The module takes the calls over, and then the daemon ends with the last one. */
static void test_qdisc_stays_until_the_calls_end(void)
{
	begin();
	backend->ops->went(backend);
	CU_ASSERT_FALSE(has_program());
	CU_ASSERT(net_has_clsact("a0"));
	backend->ops->close(backend, false);
	world_leave();
	CU_ASSERT_FALSE(net_has_clsact("a0"));
	world_close();
}

/* The daemon ends, and calls go on, by the program or by the module. */
static void test_qdisc_stays_when_calls_go_on(void)
{
	begin();
	backend->ops->close(backend, true);
	world_leave();
	CU_ASSERT(has_program());
	CU_ASSERT(net_has_clsact("a0"));
	world_run("for d in a0 b0; do tc -n relay qdisc del dev $d clsact; done");
	begin();
	backend->ops->went(backend);
	backend->ops->close(backend, true);
	world_leave();
	CU_ASSERT_FALSE(has_program());
	CU_ASSERT(net_has_clsact("a0"));
	world_run("for d in a0 b0; do tc -n relay qdisc del dev $d clsact; done");
	world_close();
}

static void test_vrfs(void)
{
	begin();
	CU_ASSERT_EQUAL_FATAL(world_run("ip -n relay link add red type vrf table 10"), 0);
	CU_ASSERT_EQUAL(set_from(A_PHONE), 0);
	CU_ASSERT(run("ip link set red up; ip link set b0 master red"));
	hear_news();
	CU_ASSERT_NOT_EQUAL(set_from(A_PHONE), 0);
	CU_ASSERT(run("ip route add 198.51.100.0/24 dev b0"));
	hear_news();
	CU_ASSERT_EQUAL(set_from(A_PHONE), -EOPNOTSUPP);
	CU_ASSERT_STRING_EQUAL(why, "the route is by b0, which is in the VRF red");
	CU_ASSERT(run("ip link set b0 nomaster; ip link set a0 master red"));
	hear_news();
	CU_ASSERT_EQUAL(set_from(A_PHONE), -EOPNOTSUPP);
	CU_ASSERT_STRING_EQUAL(why, "a0, which carries the address: the device is in the VRF red");
	CU_ASSERT(run("! tc filter show dev a0 ingress | grep rtprelay"));
	CU_ASSERT(run("ip link set a0 nomaster"));
	hear_news();
	CU_ASSERT_EQUAL(set_from(A_PHONE), 0);
	end();
}

TEST_SUITE(bpf_way, { "IPsec policies", test_ipsec_policies }, { "rp_filter", test_rp_filter },
	   { "changes are looked at ten times a second",
	     test_changes_are_looked_at_ten_times_a_second },
	   { "qdisc stays until the calls end", test_qdisc_stays_until_the_calls_end },
	   { "qdisc stays when calls go on", test_qdisc_stays_when_calls_go_on });
/* A host's kernel may have none: tests/bpf/run leaves this out then. Those of the guests have. */
TEST_SUITE(bpf_vrf, { "VRFs", test_vrfs });
