/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_numbers.c - the numbers of the netlink interface, which never change
 *
 * A daemon and a module of different versions talk to each other. So each number is here a second
 * time: one that is given to something else, or moved by a new one in the middle, fails.
 */
#include "daemon/base/count.h"
#include "rtprelay_nl.h"
#include "tests/unit/test.h"

/* In the order of their numbers, from 0. A new one is added at the end. */
static const int commands[] = {
	RTPRELAY_CMD_UNSPEC,	RTPRELAY_CMD_INFO,     RTPRELAY_CMD_SET,    RTPRELAY_CMD_FLOW_ADD,
	RTPRELAY_CMD_FLOW_DEL,	RTPRELAY_CMD_FLOW_GET, RTPRELAY_EVENT_IDLE, RTPRELAY_EVENT_RESUMED,
	RTPRELAY_EVENT_REFUSED, RTPRELAY_EVENT_IDLE2,
};

static const int attributes[] = {
	RTPRELAY_A_UNSPEC, RTPRELAY_A_PAD,	 RTPRELAY_A_FEATURES, RTPRELAY_A_LIMIT,
	RTPRELAY_A_FLOWS,  RTPRELAY_A_COUNTERS,	 RTPRELAY_A_LOCAL,    RTPRELAY_A_SRC,
	RTPRELAY_A_OUT,	   RTPRELAY_A_DST,	 RTPRELAY_A_KIND,     RTPRELAY_A_FLAGS,
	RTPRELAY_A_DSCP,   RTPRELAY_A_IDLE,	 RTPRELAY_A_PT_SET,   RTPRELAY_A_CLOCKS,
	RTPRELAY_A_COOKIE, RTPRELAY_A_LAST_SEEN, RTPRELAY_A_SILENT,   RTPRELAY_A_RTP,
	RTPRELAY_A_RTCP,   RTPRELAY_A_REFUSED,	 RTPRELAY_A_RTCP_AGE, RTPRELAY_A_NO_MUX,
	RTPRELAY_A_EXPIRE, RTPRELAY_A_IIF,	 RTPRELAY_A_OIF,      RTPRELAY_A_MARK,
	RTPRELAY_A_UID,	   RTPRELAY_A_IDLE2,	 RTPRELAY_A_OUTPUTS,  RTPRELAY_A_CRYPTO,
};

static const int counters[] = {
	RTPRELAY_C_UNSPEC,	 RTPRELAY_C_PAD,	 RTPRELAY_C_PACKETS,
	RTPRELAY_C_BYTES,	 RTPRELAY_C_TAPPED,	 RTPRELAY_C_PASS_STUN,
	RTPRELAY_C_PASS_DTLS,	 RTPRELAY_C_PASS_KIND,	 RTPRELAY_C_PASS_PT,
	RTPRELAY_C_PASS_ROUTE,	 RTPRELAY_C_PASS_SIZE,	 RTPRELAY_C_DROP_SOURCE,
	RTPRELAY_C_DROP_BLOCKED, RTPRELAY_C_DROP_TTL,	 RTPRELAY_C_DROP_NOMEM,
	RTPRELAY_C_DROP_XMIT,	 RTPRELAY_C_PASS_POLICY, RTPRELAY_C_PASS_DEVICE,
};

/* By bit. */
static const int features[] = {
	RTPRELAY_FEATURE_RTP,	 RTPRELAY_FEATURE_EVENTS, RTPRELAY_FEATURE_FAMILY,
	RTPRELAY_FEATURE_TAP,	 RTPRELAY_FEATURE_NO_MUX, RTPRELAY_FEATURE_EXPIRE,
	RTPRELAY_FEATURE_DEVICE, RTPRELAY_FEATURE_IDLE2,  RTPRELAY_FEATURE_OUTPUTS,
	RTPRELAY_FEATURE_CRYPTO,
};

static const int flags[] = { RTPRELAY_FLOW_DROP, RTPRELAY_FLOW_TAP, RTPRELAY_FLOW_CARRY };

static void check_in_order(const int *numbers, int count, int max)
{
	CU_ASSERT_EQUAL(count, max + 1); /* else one is missing here */
	for (int i = 0; i < count; i++)
		CU_ASSERT_EQUAL(numbers[i], i);
}

static void check_bits(const int *numbers, int count)
{
	for (int i = 0; i < count; i++)
		CU_ASSERT_EQUAL(numbers[i], 1 << i);
}

static void test_numbers_never_change(void)
{
	check_in_order(commands, COUNT(commands), RTPRELAY_CMD_MAX);
	check_in_order(attributes, COUNT(attributes), RTPRELAY_A_MAX);
	check_in_order(counters, COUNT(counters), RTPRELAY_C_MAX);
}

static void test_each_feature_has_its_bit(void)
{
	check_bits(features, COUNT(features));
	check_bits(flags, COUNT(flags));
	CU_ASSERT_EQUAL(RTPRELAY_FLOW_FLAGS, (1u << COUNT(flags)) - 1);
}

TEST_SUITE(numbers, { "numbers never change", test_numbers_never_change },
	   { "each feature has its bit", test_each_feature_has_its_bit });
