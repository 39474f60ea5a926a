/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_netlink.c - the contract of rtprelay_nl.h: what is accepted, what is refused and with which
 * error
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "daemon/base/count.h"
#include "nl.h"
#include "tests/unit/test.h"
#include "world.h"

#define LOCAL "192.0.2.254:30000"
#define OUT   "198.51.100.254:30002"
#define DST   "198.51.100.1:5000"

static struct nl nl;
static struct nl_state state;

static const struct nl_flow plain = {
	.local = LOCAL,
	.src = "192.0.2.1:4000",
	.out = OUT,
	.dst = DST,
	.kind = RTPRELAY_KIND_RTP,
};

static void start(void)
{
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
}

static void test_info_has_features_and_limit(void)
{
	start();
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.features, RTPRELAY_FEATURE_RTP | RTPRELAY_FEATURE_EVENTS |
						RTPRELAY_FEATURE_FAMILY | RTPRELAY_FEATURE_TAP |
						RTPRELAY_FEATURE_NO_MUX | RTPRELAY_FEATURE_EXPIRE |
						RTPRELAY_FEATURE_DEVICE);
	CU_ASSERT_EQUAL(state.expire, 3600);
	CU_ASSERT_EQUAL(state.limit, 200000);
	CU_ASSERT_EQUAL(state.flows, 0);
	nl_close(&nl);
}

struct flag_case {
	uint16_t flags;
	int none, some; /* result without and with an existing flow */
};

static const struct flag_case flag_cases[] = {
	{ 0, 0, -EEXIST },
	{ NLM_F_CREATE | NLM_F_EXCL, 0, -EEXIST },
	{ NLM_F_CREATE, 0, 0 },
	{ NLM_F_CREATE | NLM_F_REPLACE, 0, 0 },
	{ NLM_F_REPLACE, -ENOENT, 0 },
};

static void test_create_replace_excl(void)
{
	start();
	for (size_t i = 0; i < COUNT(flag_cases); i++) {
		const struct flag_case *c = &flag_cases[i];

		CU_ASSERT_EQUAL(nl_add(&nl, &plain, c->flags, &state), c->none);
		CU_ASSERT_EQUAL(state.event, 0);
		if (c->none) {
			CU_ASSERT_STRING_EQUAL(nl.error, "no flow has this local endpoint");
			CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
		}
		CU_ASSERT_EQUAL(nl_add(&nl, &plain, c->flags, &state), c->some);
		if (c->some)
			CU_ASSERT_STRING_EQUAL(nl.error, "another flow has this local endpoint");
		CU_ASSERT_EQUAL(state.event, c->some ? 0 : RTPRELAY_CMD_FLOW_ADD);
		CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), 0);
	}
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), -ENOENT);
	CU_ASSERT_STRING_EQUAL(nl.error, "no flow has this local endpoint");
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, NULL), -ENOENT);
	nl_close(&nl);
}

static void test_returns_what_was_set(void)
{
	static const struct nl_clock clocks[] = {
		{ 96, 48000 }, { 101, 8000 }, { 9, 16000 }, { 0, 0 }
	};
	const struct nl_flow flow = { .local = "[2001:db8:a::fe]:30000",
				      .src = "[2001:db8:a::1]:65535",
				      .out = OUT,
				      .dst = DST,
				      .kind = RTPRELAY_KIND_MUX,
				      .dscp = 1,
				      .idle = 86400,
				      .clocks = clocks,
				      .cookie = "0123456789abcdef0123456789abcdef" };

	start();
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	CU_ASSERT_EQUAL(nl_get(&nl, flow.local, &state), 0);
	CU_ASSERT_STRING_EQUAL(state.local, flow.local);
	CU_ASSERT_STRING_EQUAL(state.src, flow.src);
	CU_ASSERT_STRING_EQUAL(state.out, OUT);
	CU_ASSERT_STRING_EQUAL(state.dst, DST);
	CU_ASSERT_EQUAL(state.kind, RTPRELAY_KIND_MUX);
	CU_ASSERT_EQUAL(state.dscp, 1);
	CU_ASSERT_EQUAL(state.idle, 86400);
	CU_ASSERT_EQUAL(state.flags, 0);
	CU_ASSERT_STRING_EQUAL(state.cookie, flow.cookie);
	CU_ASSERT_FALSE(state.heard);
	CU_ASSERT_FALSE(state.silent);
	CU_ASSERT_FALSE(state.has_pt_set);
	CU_ASSERT_FALSE(state.has_rtp);
	/* Rates that RFC 3551 gives to a payload type are not repeated; 9 has another here. */
	for (int pt = 0; pt < 128; pt++)
		CU_ASSERT_EQUAL(state.clocks[pt], pt == 96    ? 48000
						  : pt == 101 ? 8000
						  : pt == 9   ? 16000
							      : 0);
	CU_ASSERT_EQUAL(nl_del(&nl, flow.local, NULL), 0);
	CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT_EQUAL(state.idle, 60);
	CU_ASSERT_EQUAL(state.dscp, 0);
	CU_ASSERT_STRING_EQUAL(state.cookie, "");
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), 0);
	nl_close(&nl);
}

/* As many rates as the contract promises, each twice, beside those that RFC 3551 defines. */
static void test_takes_as_many_clocks_as_promised(void)
{
	struct nl_clock clocks[2 * RTPRELAY_CLOCKS + 1] = { { 0 } };
	struct nl_flow flow = plain;

	for (uint8_t i = 0; i < 2 * RTPRELAY_CLOCKS; i++)
		clocks[i] = (struct nl_clock){ (uint8_t)(96 + i), 10000 + i / 2 };
	flow.clocks = clocks;
	start();
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	for (uint8_t i = 0; i < 2 * RTPRELAY_CLOCKS; i++)
		CU_ASSERT_EQUAL(state.clocks[96 + i], 10000 + i / 2);
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), 0);
	nl_close(&nl);
}

static void test_limit_is_kept(void)
{
	struct nl_flow flow = plain;

	start();
	CU_ASSERT_EQUAL(nl_limit(&nl, 2), 0);
	CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
	flow.local = "192.0.2.254:30010";
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	flow.local = "192.0.2.254:30012";
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), -ENOSPC);
	CU_ASSERT_STRING_EQUAL(nl.error, "the limit of flows of this namespace is reached");
	CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.flows, 2);
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), 0);
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	CU_ASSERT_EQUAL(nl_del(&nl, flow.local, NULL), 0);
	CU_ASSERT_EQUAL(nl_del(&nl, "192.0.2.254:30010", NULL), 0);
	CU_ASSERT_EQUAL(nl_limit(&nl, 200000), 0);
	nl_close(&nl);
}

/* How a row changes an otherwise valid message. */
enum damage {
	LEAVE_OUT, /* the attribute */
	PUT,	   /* replace the value by these bytes */
	PUT_FLAT,  /* the same without NLA_F_NESTED */
};

struct bad {
	const char *name;
	enum damage damage;
	uint16_t attr;
	const char *bytes;
	size_t len;
	int error;
};

/*
 * Attributes inside a nest: length, type, value, padded; in the byte order of the machine (little).
 */
#define PORT		"\x06\x00\x03\x00\x13\x88\x00\x00"
#define PORT0		"\x06\x00\x03\x00\x00\x00\x00\x00"
#define IPV4(a)		"\x08\x00\x01\x00" a
#define IPV6(a)		"\x14\x00\x02\x00" a
#define ZEROS12		"\0\0\0\0\0\0\0\0\0\0\0\0"
#define HOST		"\xc0\x00\x02\x05"
#define HOST6		"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define CLOCK(pt, rate) "\x14\x00\x01\x80\x05\x00\x02\x00" pt "\0\0\0\x08\x00\x03\x00" rate

#define NEST(attr, bytes, error) PUT, attr, bytes, sizeof(bytes) - 1, error
#define FLAT(attr, bytes, error) PUT_FLAT, attr, bytes, sizeof(bytes) - 1, error

static const struct bad bads[] = {
	{ "no LOCAL", LEAVE_OUT, RTPRELAY_A_LOCAL, NULL, 0, -EINVAL },
	{ "no OUT", LEAVE_OUT, RTPRELAY_A_OUT, NULL, 0, -EINVAL },
	{ "no DST", LEAVE_OUT, RTPRELAY_A_DST, NULL, 0, -EINVAL },
	{ "no KIND", LEAVE_OUT, RTPRELAY_A_KIND, NULL, 0, -EINVAL },
	{ "LOCAL empty", NEST(RTPRELAY_A_LOCAL, "", -EINVAL) },
	{ "LOCAL without port", NEST(RTPRELAY_A_LOCAL, IPV4(HOST), -EINVAL) },
	{ "LOCAL without address", NEST(RTPRELAY_A_LOCAL, PORT, -EINVAL) },
	{ "LOCAL with two addresses",
	  NEST(RTPRELAY_A_LOCAL, IPV4(HOST) IPV6(HOST6) PORT, -EINVAL) },
	{ "LOCAL not marked as nested", FLAT(RTPRELAY_A_LOCAL, IPV4(HOST) PORT, -EINVAL) },
	{ "LOCAL with garbage", NEST(RTPRELAY_A_LOCAL, "\xff\xff\xff\xff", -EINVAL) },
	{ "LOCAL with a short tail", NEST(RTPRELAY_A_LOCAL, IPV4(HOST) PORT "\x01", -EINVAL) },
	{ "LOCAL with an unknown attribute",
	  NEST(RTPRELAY_A_LOCAL, IPV4(HOST) PORT "\x08\x00\x09\x00\0\0\0\0", -EINVAL) },
	{ "LOCAL with attribute 0",
	  NEST(RTPRELAY_A_LOCAL, IPV4(HOST) PORT "\x08\x00\x00\x00\0\0\0\0", -EINVAL) },
	{ "port 0", NEST(RTPRELAY_A_LOCAL, IPV4(HOST) PORT0, -ERANGE) },
	{ "port short", NEST(RTPRELAY_A_LOCAL, IPV4(HOST) "\x05\x00\x03\x00\x13\0\0\0", -EINVAL) },
	{ "port long", NEST(RTPRELAY_A_LOCAL, IPV4(HOST) "\x08\x00\x03\x00\x13\x88\1\1", -EINVAL) },
	{ "IPv4 short", NEST(RTPRELAY_A_LOCAL, "\x07\x00\x01\x00\xc0\x00\x02\x00" PORT, -EINVAL) },
	{ "IPv4 long", NEST(RTPRELAY_A_LOCAL, "\x09\x00\x01\x00" HOST "\x05\0\0\0" PORT, -EINVAL) },
	{ "IPv6 short", NEST(RTPRELAY_A_LOCAL, "\x10\x00\x02\x00" ZEROS12 PORT, -ERANGE) },
	{ "IPv6 long", NEST(RTPRELAY_A_LOCAL, "\x18\x00\x02\x00" HOST6 HOST PORT, -ERANGE) },
	{ "address 0.0.0.0", NEST(RTPRELAY_A_LOCAL, IPV4("\0\0\0\0") PORT, -EADDRNOTAVAIL) },
	{ "address 224.0.0.1", NEST(RTPRELAY_A_DST, IPV4("\xe0\0\0\1") PORT, -EADDRNOTAVAIL) },
	{ "address 255.255.255.255",
	  NEST(RTPRELAY_A_DST, IPV4("\xff\xff\xff\xff") PORT, -EADDRNOTAVAIL) },
	{ "address ::", NEST(RTPRELAY_A_LOCAL, IPV6(ZEROS12 "\0\0\0\0") PORT, -EADDRNOTAVAIL) },
	{ "address ff02::1",
	  NEST(RTPRELAY_A_LOCAL, IPV6("\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\1") PORT,
	       -EADDRNOTAVAIL) },
	{ "address fe80::1",
	  NEST(RTPRELAY_A_LOCAL, IPV6("\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1") PORT,
	       -EADDRNOTAVAIL) },
	{ "address ::ffff:192.0.2.5",
	  NEST(RTPRELAY_A_LOCAL, IPV6("\0\0\0\0\0\0\0\0\0\0\xff\xff" HOST) PORT, -EADDRNOTAVAIL) },
	{ "SRC of another family", NEST(RTPRELAY_A_SRC, IPV6(HOST6) PORT, -EINVAL) },
	{ "DST of another family", NEST(RTPRELAY_A_DST, IPV6(HOST6) PORT, -EINVAL) },
	{ "OUT of another family", NEST(RTPRELAY_A_OUT, IPV6(HOST6) PORT, -EINVAL) },
	{ "SRC empty", NEST(RTPRELAY_A_SRC, "", -EINVAL) },
	{ "SRC not nested", FLAT(RTPRELAY_A_SRC, "", -EINVAL) },
	{ "OUT without port", NEST(RTPRELAY_A_OUT, IPV4(HOST), -EINVAL) },
	{ "DST without port", NEST(RTPRELAY_A_DST, IPV4(HOST), -EINVAL) },
	{ "KIND 0", FLAT(RTPRELAY_A_KIND, "\0", -ERANGE) },
	{ "KIND 5", FLAT(RTPRELAY_A_KIND, "\5", -ERANGE) },
	{ "KIND empty", FLAT(RTPRELAY_A_KIND, "", -EINVAL) },
	{ "KIND long", FLAT(RTPRELAY_A_KIND, "\1\0", -EINVAL) },
	{ "FLAGS unknown", FLAT(RTPRELAY_A_FLAGS, "\x08\0\0\0", -EOPNOTSUPP) },
	{ "FLAGS unknown, high", FLAT(RTPRELAY_A_FLAGS, "\0\0\0\x80", -EOPNOTSUPP) },
	{ "FLAGS short", FLAT(RTPRELAY_A_FLAGS, "\0\0", -EINVAL) },
	{ "FLAGS long", FLAT(RTPRELAY_A_FLAGS, "\0\0\0\0\0\0\0\0", -EINVAL) },
	{ "DSCP 64", FLAT(RTPRELAY_A_DSCP, "\x40", -ERANGE) },
	{ "DSCP long", FLAT(RTPRELAY_A_DSCP, "\x01\0\0\0", -EINVAL) },
	{ "DSCP empty", FLAT(RTPRELAY_A_DSCP, "", -EINVAL) },
	{ "IDLE 0", FLAT(RTPRELAY_A_IDLE, "\0\0\0\0", -ERANGE) },
	{ "IDLE 86401", FLAT(RTPRELAY_A_IDLE, "\x81\x51\x01\0", -ERANGE) },
	{ "IDLE short", FLAT(RTPRELAY_A_IDLE, "\x01\0", -EINVAL) },
	{ "PT_SET short", FLAT(RTPRELAY_A_PT_SET, ZEROS12 "\0\0\0", -ERANGE) },
	{ "PT_SET long", FLAT(RTPRELAY_A_PT_SET, ZEROS12 "\0\0\0\0\0", -ERANGE) },
	{ "PT_SET empty", FLAT(RTPRELAY_A_PT_SET, "", -ERANGE) },
	{ "NO_MUX short", FLAT(RTPRELAY_A_NO_MUX, "\1\0", -EINVAL) },
	{ "NO_MUX long", FLAT(RTPRELAY_A_NO_MUX, "\1\0\0\0\0\0\0\0", -EINVAL) },
	{ "RTCP_AGE, which only the module sends",
	  FLAT(RTPRELAY_A_RTCP_AGE, "\1\0\0\0\0\0\0\0", -EINVAL) },
	{ "COOKIE empty", FLAT(RTPRELAY_A_COOKIE, "", -ERANGE) },
	{ "COOKIE of 33", FLAT(RTPRELAY_A_COOKIE, "012345678901234567890123456789012", -ERANGE) },
	{ "CLOCKS not nested", FLAT(RTPRELAY_A_CLOCKS, CLOCK("\x60", "\x40\x1f\0\0"), -EINVAL) },
	{ "CLOCKS of something else",
	  NEST(RTPRELAY_A_CLOCKS, "\x08\x00\x03\x00\x40\x1f\0\0", -EINVAL) },
	{ "CLOCKS with an unknown attribute",
	  NEST(RTPRELAY_A_CLOCKS, "\x08\x00\x0a\x00\x40\x1f\0\0", -EINVAL) },
	{ "clock of payload type 128",
	  NEST(RTPRELAY_A_CLOCKS, CLOCK("\x80", "\x40\x1f\0\0"), -ERANGE) },
	{ "clock of 0 Hz", NEST(RTPRELAY_A_CLOCKS, CLOCK("\x60", "\0\0\0\0"), -ERANGE) },
	{ "clock of 1000001 Hz",
	  NEST(RTPRELAY_A_CLOCKS, CLOCK("\x60", "\x41\x42\x0f\0"), -ERANGE) },
	{ "clock without rate",
	  NEST(RTPRELAY_A_CLOCKS, "\x0c\x00\x01\x80\x05\x00\x02\x00\x60\0\0\0", -EINVAL) },
	{ "clock without payload type",
	  NEST(RTPRELAY_A_CLOCKS, "\x0c\x00\x01\x80\x08\x00\x03\x00\x40\x1f\0\0", -EINVAL) },
	{ "nine clock rates",
	  NEST(RTPRELAY_A_CLOCKS,
	       CLOCK("\1", "\1\0\0\0") CLOCK("\2", "\2\0\0\0") CLOCK("\3", "\3\0\0\0")
		       CLOCK("\4", "\4\0\0\0") CLOCK("\5", "\5\0\0\0") CLOCK("\6", "\6\0\0\0")
			       CLOCK("\7", "\7\0\0\0") CLOCK("\x08", "\x08\0\0\0")
				       CLOCK("\x09", "\x09\0\0\0"),
	       -ERANGE) },
	{ "LIMIT, which belongs to another command", FLAT(RTPRELAY_A_LIMIT, "\1\0\0\0", -EINVAL) },
	{ "COUNTERS, which only the module sends", FLAT(RTPRELAY_A_COUNTERS, "", -EINVAL) },
	{ "SILENT, which only the module sends", FLAT(RTPRELAY_A_SILENT, "", -EINVAL) },
	{ "an unknown attribute", FLAT(200, "\1\0\0\0", -EINVAL) },
	{ "attribute 0", FLAT(0, "\1\0\0\0", -EINVAL) },
};

static int send_bad(const struct bad *bad)
{
	struct nl_flow flow = plain;
	struct nlmsghdr *nlh;
	char buf[4096];

	if (bad->attr == RTPRELAY_A_LOCAL)
		flow.local = NULL;
	if (bad->attr == RTPRELAY_A_SRC)
		flow.src = NULL;
	if (bad->attr == RTPRELAY_A_OUT)
		flow.out = NULL;
	if (bad->attr == RTPRELAY_A_DST)
		flow.dst = NULL;
	if (bad->attr == RTPRELAY_A_KIND)
		flow.kind = 0;
	nlh = nl_begin(&nl, buf, RTPRELAY_CMD_FLOW_ADD, NLM_F_CREATE);
	nl_put_flow(nlh, &flow);
	if (bad->damage != LEAVE_OUT)
		mnl_attr_put(nlh, (uint16_t)(bad->attr | (bad->damage == PUT ? NLA_F_NESTED : 0)),
			     bad->len, bad->bytes);
	return nl_talk(&nl, nlh, NULL, NULL);
}

static void test_refuses_what_is_malformed(void)
{
	start();
	for (size_t i = 0; i < COUNT(bads); i++) {
		int err = send_bad(&bads[i]);

		if (err != bads[i].error || !nl.error[0])
			printf("%s: %d, not %d: \"%s\"\n", bads[i].name, err, bads[i].error,
			       nl.error);
		CU_ASSERT_EQUAL(err, bads[i].error);
		CU_ASSERT_NOT_EQUAL(nl.error[0], 0); /* the reason is given */
	}
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.flows, 0);
	nl_close(&nl);
}

static int send_attr(uint8_t cmd, uint16_t flags, uint16_t attr, const void *bytes, size_t len)
{
	char buf[1024];
	struct nlmsghdr *nlh = nl_begin(&nl, buf, cmd, flags);

	if (attr)
		mnl_attr_put(nlh, attr, len, bytes);
	return nl_talk(&nl, nlh, NULL, NULL);
}

static void test_other_commands_refuse_too(void)
{
	start();
	CU_ASSERT_EQUAL(send_attr(RTPRELAY_CMD_SET, 0, 0, NULL, 0), -EINVAL);
	CU_ASSERT_STRING_EQUAL(nl.error, "RTPRELAY_A_LIMIT or RTPRELAY_A_EXPIRE is missing");
	CU_ASSERT_EQUAL(send_attr(RTPRELAY_CMD_SET, 0, RTPRELAY_A_LIMIT, "\1\1", 2), -EINVAL);
	CU_ASSERT_EQUAL(send_attr(RTPRELAY_CMD_SET, 0, RTPRELAY_A_KIND, "\1", 1), -EINVAL);
	CU_ASSERT_EQUAL(send_attr(RTPRELAY_CMD_INFO, 0, RTPRELAY_A_LIMIT, "\1\1\1\1", 4), -EINVAL);
	CU_ASSERT_EQUAL(send_attr(RTPRELAY_CMD_FLOW_DEL, 0, 0, NULL, 0), -EINVAL);
	CU_ASSERT_STRING_EQUAL(nl.error, "RTPRELAY_A_LOCAL is missing");
	CU_ASSERT_EQUAL(send_attr(RTPRELAY_CMD_FLOW_GET, 0, 0, NULL, 0), -EINVAL);
	CU_ASSERT_EQUAL(send_attr(RTPRELAY_CMD_FLOW_DEL, 0, RTPRELAY_A_KIND, "\1", 1), -EINVAL);
	CU_ASSERT_EQUAL(send_attr(RTPRELAY_CMD_FLOW_GET, NLM_F_DUMP,
				  RTPRELAY_A_LOCAL | NLA_F_NESTED, IPV4(HOST) PORT, 16),
			-EINVAL);
	CU_ASSERT_EQUAL(send_attr(RTPRELAY_CMD_FLOW_DEL, NLM_F_DUMP, 0, NULL, 0), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(send_attr(RTPRELAY_EVENT_IDLE, 0, 0, NULL, 0), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(send_attr(99, 0, 0, NULL, 0), -EOPNOTSUPP);
	nl_close(&nl);
}

/* A daemon that does not look at the feature bits must hear that its wish has no effect. */
static void test_reserved_attributes_are_refused(void)
{
	static const uint16_t reserved[] = {
		RTPRELAY_A_IDLE2,
		RTPRELAY_A_OUTPUTS,
		RTPRELAY_A_CRYPTO,
	};

	start();
	for (size_t i = 0; i < COUNT(reserved); i++) {
		CU_ASSERT_EQUAL(send_attr(RTPRELAY_CMD_FLOW_ADD, 0, reserved[i], "\0\0\0\1", 4),
				-EINVAL);
		CU_ASSERT_STRING_EQUAL(nl.error, "Unknown attribute type");
	}
	nl_close(&nl);
}

/* Before 6.1, any user of the namespace may join a multicast group of generic netlink. */
static bool events_are_protected(void)
{
	return world_kernel(6, 1);
}

static void test_needs_the_right(void)
{
	int status = -1;
	pid_t pid;

	start();
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct nl mine;

		if (nl_open(&mine, "relay") && setuid(65534) == 0)
			_exit(nl_info(&mine, NULL) == -EPERM &&
					      nl_add(&mine, &plain, NLM_F_CREATE, NULL) == -EPERM &&
					      nl_del(&mine, LOCAL, NULL) == -EPERM &&
					      nl_get(&mine, LOCAL, NULL) == -EPERM &&
					      nl_limit(&mine, 1) == -EPERM &&
					      nl_listen(&mine) != events_are_protected()
				      ? 0
				      : 1);
		_exit(2);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	nl_close(&nl);
}

static void test_namespaces_do_not_see_each_other(void)
{
	struct nl other;

	start();
	CU_ASSERT_FATAL(nl_open(&other, "b"));
	CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
	CU_ASSERT_EQUAL(nl_get(&other, LOCAL, NULL), -ENOENT);
	CU_ASSERT_EQUAL(nl_info(&other, &state), 0);
	CU_ASSERT_EQUAL(state.flows, 0);
	CU_ASSERT_EQUAL(nl_add(&other, &plain, NLM_F_CREATE | NLM_F_EXCL, NULL), 0);
	CU_ASSERT_EQUAL(nl_del(&other, LOCAL, NULL), 0);
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), 0);
	nl_close(&other);
	nl_close(&nl);
}

/* Three commands in one sendmsg(), the second one invalid: each has its own answer. */
static void test_batch_is_answered_one_by_one(void)
{
	static char buf[16384];
	struct nl_flow flow = plain;
	struct nlmsghdr *nlh[3];
	char *at = buf;

	start();
	for (int i = 0; i < 3; i++) {
		char local[64];

		snprintf(local, sizeof(local), "192.0.2.254:%d", 31000 + 2 * i);
		flow.local = i == 1 ? NULL : local;
		nlh[i] = nl_begin(&nl, at, RTPRELAY_CMD_FLOW_ADD, NLM_F_CREATE);
		nl_put_flow(nlh[i], &flow);
		at += NLMSG_ALIGN(nlh[i]->nlmsg_len);
	}
	CU_ASSERT(mnl_socket_sendto(nl.sock, buf, (size_t)(at - buf)) == at - buf);
	/* All answers may come in one datagram, so answers are counted, not datagrams. */
	CU_ASSERT_EQUAL(nl_read(&nl, nlh[1]->nlmsg_seq, NULL, NULL), -EINVAL);
	CU_ASSERT_EQUAL(nl_del(&nl, "192.0.2.254:31000", NULL), 0);
	CU_ASSERT_EQUAL(nl_del(&nl, "192.0.2.254:31002", NULL), -ENOENT);
	CU_ASSERT_EQUAL(nl_del(&nl, "192.0.2.254:31004", NULL), 0);
	nl_close(&nl);
}

static void count_flow(const struct nl_state *s, void *arg)
{
	uint8_t *seen = arg;
	int port = 0;

	CU_ASSERT_EQUAL(sscanf(s->local, "192.0.2.254:%d", &port), 1);
	seen[port]++;
}

#define MANY 20000

static void send_many(uint8_t cmd, int from, int count)
{
	static char buf[65536];
	struct nl_flow flow = plain;
	char *at = buf;
	uint32_t last = 0;

	for (int i = from; i < from + count; i++) {
		char local[64];
		struct nlmsghdr *nlh;

		snprintf(local, sizeof(local), "192.0.2.254:%d", 10000 + i);
		flow.local = local;
		nlh = nl_begin(&nl, at, cmd, cmd == RTPRELAY_CMD_FLOW_ADD ? NLM_F_CREATE : 0);
		if (cmd == RTPRELAY_CMD_FLOW_ADD)
			nl_put_flow(nlh, &flow);
		else
			nl_put_endpoint(nlh, RTPRELAY_A_LOCAL, local);
		/* Only the last one needs an acknowledgement. */
		if (i != from + count - 1)
			nlh->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
		last = nlh->nlmsg_seq;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	CU_ASSERT(mnl_socket_sendto(nl.sock, buf, (size_t)(at - buf)) == at - buf);
	CU_ASSERT_EQUAL(nl_read(&nl, last, NULL, NULL), 0);
}

static void test_twenty_thousand_flows(void)
{
	static uint8_t seen[65536];

	start();
	for (int i = 0; i < MANY; i += 200)
		send_many(RTPRELAY_CMD_FLOW_ADD, i, 200);
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.flows, MANY);
	memset(seen, 0, sizeof(seen));
	CU_ASSERT_EQUAL(nl_dump(&nl, count_flow, seen), 0);
	for (int i = 0; i < 65536; i++)
		CU_ASSERT_EQUAL(seen[i], i >= 10000 && i < 10000 + MANY);
	for (int i = 0; i < MANY; i += 200)
		send_many(RTPRELAY_CMD_FLOW_DEL, i, 200);
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.flows, 0);
	nl_close(&nl);
}

/* One port on each of many addresses: the hash must use the whole address. */
static void test_one_port_on_many_addresses(void)
{
	struct nl_flow flow = plain;
	char local[64];

	start();
	for (int i = 1; i <= 250; i++) {
		snprintf(local, sizeof(local), "10.20.30.%d:30000", i);
		flow.local = local;
		CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE | NLM_F_EXCL, NULL), 0);
	}
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.flows, 250);
	for (int i = 1; i <= 250; i++) {
		snprintf(local, sizeof(local), "10.20.30.%d:30000", i);
		CU_ASSERT_EQUAL(nl_del(&nl, local, NULL), 0);
	}
	nl_close(&nl);
}

/* 10,000 refused commands; a flow takes more than 1 kB. */
static void test_refused_commands_cost_no_memory(void)
{
	long before_kb;

	start();
	CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE, NULL), 0);
	before_kb = world_kernel_kb();
	for (int i = 0; i < 10000; i++)
		CU_ASSERT_EQUAL(nl_add(&nl, &plain, NLM_F_CREATE | NLM_F_EXCL, NULL), -EEXIST);
	CU_ASSERT(world_kernel_kb() - before_kb < 5000);
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), 0);
	nl_close(&nl);
}

struct interrupt {
	int seen;
	bool told;
};

/* Another flow is set during a dump. */
static void disturb(const struct nl_state *s, void *arg)
{
	struct interrupt *i = arg;
	struct nl other;
	struct nl_flow flow = plain;

	i->told |= s->interrupted;
	if (i->seen++)
		return;
	CU_ASSERT_FATAL(nl_open(&other, "relay"));
	flow.local = "192.0.2.254:50001";
	CU_ASSERT_EQUAL(nl_add(&other, &flow, NLM_F_CREATE, NULL), 0);
	nl_close(&other);
}

static void test_a_dump_that_was_interrupted_is_marked(void)
{
	struct interrupt i = { 0 };

	start();
	for (int from = 0; from < 1000; from += 200)
		send_many(RTPRELAY_CMD_FLOW_ADD, from, 200);
	CU_ASSERT_EQUAL(nl_dump(&nl, disturb, &i), 0);
	CU_ASSERT(i.seen == 1000 || i.seen == 1001);
	CU_ASSERT(i.told);
	for (int from = 0; from < 1000; from += 200)
		send_many(RTPRELAY_CMD_FLOW_DEL, from, 200);
	CU_ASSERT_EQUAL(nl_del(&nl, "192.0.2.254:50001", NULL), 0);
	nl_close(&nl);
}

TEST_SUITE(netlink, { "info has features and limit", test_info_has_features_and_limit },
	   { "CREATE, REPLACE, EXCL", test_create_replace_excl },
	   { "returns what was set", test_returns_what_was_set },
	   { "takes as many clocks as promised", test_takes_as_many_clocks_as_promised },
	   { "the limit is kept", test_limit_is_kept },
	   { "refuses what is malformed", test_refuses_what_is_malformed },
	   { "the other commands refuse too", test_other_commands_refuse_too },
	   { "reserved attributes are refused", test_reserved_attributes_are_refused },
	   { "needs CAP_NET_ADMIN", test_needs_the_right },
	   { "namespaces do not see each other", test_namespaces_do_not_see_each_other },
	   { "a batch is answered one by one", test_batch_is_answered_one_by_one },
	   { "20,000 flows set, dumped, deleted", test_twenty_thousand_flows },
	   { "one port on many addresses", test_one_port_on_many_addresses },
	   { "refused commands cost no memory", test_refused_commands_cost_no_memory },
	   { "a dump that was interrupted is marked", test_a_dump_that_was_interrupted_is_marked });
