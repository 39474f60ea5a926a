/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_domain.c - flows are requested for the device, the mark and the user of the daemon's sockets
 */
#include <linux/genetlink.h>
#include <unistd.h>

#include "kernel/domain.h"
#include "kernel/msg.h"
#include "tests/unit/test.h"

/* As in a request to add a flow; UINT32_MAX: is not in it. */
struct asked {
	uint32_t iif, oif, mark, uid;
};

static struct asked ask(const struct flow_domain *domain, uint32_t features)
{
	struct asked asked = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX };
	uint8_t buf[KMOD_REQUEST_MAX] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	struct flow_spec spec = { .kind = RTPRELAY_KIND_RTP, .dscp = -1 };
	const struct nlattr *attr;

	CU_ASSERT(endpoint_parse(STR("192.0.2.254:30000"), 0, &spec.local));
	CU_ASSERT(endpoint_parse(STR("198.51.100.254:30002"), 0, &spec.out));
	CU_ASSERT(endpoint_parse(STR("198.51.100.1:5000"), 0, &spec.dst));
	kmod_ask_add(buf, 20, 1, &spec, domain, features, false);
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		uint16_t type = mnl_attr_get_type(attr);
		uint32_t *to = type == RTPRELAY_A_IIF	 ? &asked.iif
			       : type == RTPRELAY_A_OIF	 ? &asked.oif
			       : type == RTPRELAY_A_MARK ? &asked.mark
			       : type == RTPRELAY_A_UID	 ? &asked.uid
							 : NULL;

		if (to)
			*to = mnl_attr_get_u32(attr);
	}
	return asked;
}

static void test_flows_are_bound_as_the_sockets(void)
{
	const struct flow_domain domain = { .device = 7, .mark = 0x80000009, .uid = 1000 };
	struct asked asked = ask(&domain, RTPRELAY_FEATURE_DEVICE);

	CU_ASSERT_EQUAL(asked.iif, 7);
	CU_ASSERT_EQUAL(asked.oif, 7);
	CU_ASSERT_EQUAL(asked.mark, 0x80000009);
	CU_ASSERT_EQUAL(asked.uid, 1000);
}

/* An older module would refuse the flow. */
static void test_nothing_is_asked_that_the_module_does_not_know(void)
{
	const struct flow_domain domain = { .device = 7, .mark = 9, .uid = 1000 };
	struct asked asked = ask(&domain, ~(uint32_t)RTPRELAY_FEATURE_DEVICE);

	CU_ASSERT_EQUAL(asked.iif, UINT32_MAX);
	CU_ASSERT_EQUAL(asked.oif, UINT32_MAX);
	CU_ASSERT_EQUAL(asked.mark, UINT32_MAX);
	CU_ASSERT_EQUAL(asked.uid, UINT32_MAX);
}

/* An index of 0 is out of range for the module. */
static void test_what_is_not_bound_is_not_asked(void)
{
	const struct flow_domain domain = { 0 };
	struct asked asked = ask(&domain, RTPRELAY_FEATURE_DEVICE);

	CU_ASSERT_EQUAL(asked.iif, UINT32_MAX);
	CU_ASSERT_EQUAL(asked.oif, UINT32_MAX);
}

static void test_the_domain_is_that_of_a_socket(void)
{
	struct flow_domain domain = { 1, 2, UINT32_MAX };

	flow_domain_read(&domain);
	CU_ASSERT_EQUAL(domain.device, 0);
	CU_ASSERT_EQUAL(domain.mark, 0);
	CU_ASSERT_EQUAL(domain.uid, geteuid());
}

TEST_SUITE(domain, { "flows are bound as the sockets", test_flows_are_bound_as_the_sockets },
	   { "nothing is asked that the module does not know",
	     test_nothing_is_asked_that_the_module_does_not_know },
	   { "what is not bound is not asked", test_what_is_not_bound_is_not_asked },
	   { "the domain is that of a socket", test_the_domain_is_that_of_a_socket });
