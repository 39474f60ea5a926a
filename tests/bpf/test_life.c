/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_life.c - a flow made, replaced, deleted; found again by the next daemon
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"
#include "tests/unit/test.h"

#define PIN "/mnt/rtprelay"

static void test_a_replaced_flow_keeps_its_counters(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	bool replaced = true;

	scene_open(true);
	CU_ASSERT_EQUAL(flow_map_set(map, &flow, true, NULL, &replaced), 0);
	CU_ASSERT_FALSE(replaced);
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	flow.dst = frame_endpoint("198.51.100.30:6000");
	CU_ASSERT_EQUAL(flow_map_set(map, &flow, true, NULL, &replaced), 0);
	CU_ASSERT(replaced);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, 3, 0), FORWARDED);
	CU_ASSERT(frame_is(&frame, OUT, "198.51.100.30:6000"));
	CU_ASSERT(frame_sums_are_right(&frame));
	CU_ASSERT_EQUAL(flow_map_count(map), 1);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 2);
	CU_ASSERT_EQUAL(rtp_stats_lost(&state.rtp), 1);
	scene_close();
}

/* The network's path is another one: its delay is no jitter. */
static void test_a_replaced_flow_begins_a_new_jitter(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	struct endpoint local = frame_endpoint(LOCAL);

	scene_open(true);
	scene_set(&flow);
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	CU_ASSERT_EQUAL(flow_map_set(map, &flow, true, NULL, NULL), 0);
	scene_rtp(PHONE, LOCAL, 0, 2, 8000); /* a second ahead */
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), 0);
	CU_ASSERT_EQUAL(state.rtp.jitter, 0);
	scene_rtp(PHONE, LOCAL, 0, 3, 16000);
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), 0);
	CU_ASSERT(state.rtp.jitter > 0);
	scene_close();
}

static void test_another_flow_in_its_place_begins_at_zero(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	struct map_state old;
	bool replaced = false;

	scene_open(true);
	scene_set(&flow);
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	CU_ASSERT_EQUAL(flow_map_set(map, &flow, false, &old, &replaced), 0);
	CU_ASSERT(replaced);
	CU_ASSERT_EQUAL(old.counters[RTPRELAY_C_PACKETS], 1);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	CU_ASSERT_EQUAL(state.seen_ns, 0);
	scene_close();
}

static void test_a_deleted_flow_lets_packets_go_up(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, true);
	struct endpoint local = frame_endpoint(LOCAL6);

	scene_open(true);
	scene_set(&flow);
	CU_ASSERT_EQUAL(scene_rtp(PHONE6, LOCAL6, 0, 1, 0), FORWARDED);
	scene_delete(LOCAL6);
	CU_ASSERT_EQUAL(scene_rtp(PHONE6, LOCAL6, 0, 1, 0), GOES_UP);
	CU_ASSERT_EQUAL(flow_map_delete(map, &local, NULL), -ENOENT);
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), -ENOENT);
	CU_ASSERT_EQUAL(flow_map_count(map), 0);
	scene_close();
}

static void test_the_limit(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	for (uint16_t i = 0; i < 100; i++) {
		endpoint_set_port(&flow.local, (uint16_t)(30000 + i));
		scene_set(&flow);
	}
	CU_ASSERT_EQUAL(flow_map_set(map, &flow, true, NULL, NULL), 0);
	endpoint_set_port(&flow.local, 40000);
	CU_ASSERT_EQUAL(flow_map_set(map, &flow, false, NULL, NULL), -ENOSPC);
	scene_delete("192.0.2.1:30050");
	CU_ASSERT_EQUAL(flow_map_set(map, &flow, false, NULL, NULL), 0);
	flow.kind = 0;
	CU_ASSERT_EQUAL(flow_map_set(map, &flow, false, NULL, NULL), -EINVAL);
	scene_close();
}

/* Many more changes than there are numbers, in less than the time that these rest. */
static void test_changes_without_end(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	int error = 0;

	scene_open(true);
	for (int i = 0; i < 5000 && !error; i++)
		error = flow_map_set(map, &flow, i % 2, NULL, NULL);
	CU_ASSERT_EQUAL(error, 0);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, 1, 0), FORWARDED);
	CU_ASSERT_EQUAL(flow_map_count(map), 1);
	scene_close();
}

static bool is_the_flow(void *arg, const struct map_found *found)
{
	struct map_flow *flow = arg;

	if (endpoint_eq(&found->flow.local, &flow->local)) {
		CU_ASSERT_EQUAL(found->state->counters[RTPRELAY_C_PACKETS], 2);
		CU_ASSERT_EQUAL(memcmp(found->flow.cookie, flow->cookie, 16), 0);
		CU_ASSERT(endpoint_eq(&found->flow.dst, &flow->dst));
		flow->kind = 0;
	}
	return true;
}

/* A daemon that was killed leaves everything as it was. */
static void test_flows_are_found_again_by_their_pins(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	struct map_flow flow6 = scene_flow(RTPRELAY_KIND_MUX, true);
	struct map_flow again = flow;

	scene_open_pinned(PIN, 50);
	CU_ASSERT(flow_map_pinned(map));
	scene_set(&flow6);
	scene_delete(LOCAL6);
	scene_set(&flow);
	scene_set(&flow6);
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	scene_rtp(PHONE, LOCAL, 0, 2, 0);
	scene_close();

	scene_open_pinned(PIN, 60); /* the limit of the flows that there are stays */
	CU_ASSERT_EQUAL(flow_map_count(map), 2);
	CU_ASSERT_EQUAL(flow_map_read_all(map, is_the_flow, &again), 0);
	CU_ASSERT_EQUAL(again.kind, 0);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, 3, 0), FORWARDED);
	CU_ASSERT_EQUAL(flow_map_set(map, &flow, true, NULL, NULL), 0);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 3);
	scene_delete(LOCAL6);
	flow_map_close(map, true);
	CU_ASSERT_NOT_EQUAL(access(PIN, F_OK), 0);
}

static void test_maps_of_another_size_are_made_again(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open_pinned(PIN, 50);
	scene_close();
	scene_open_pinned(PIN, 51);
	CU_ASSERT(flow_map_pinned(map));
	for (uint16_t i = 0; i < 51; i++) {
		endpoint_set_port(&flow.local, (uint16_t)(30000 + i));
		scene_set(&flow);
	}
	scene_close();
	/* One of the maps is missing: what is left is of no use. */
	CU_ASSERT_EQUAL(unlink(PIN "/states-1"), 0);
	scene_open_pinned(PIN, 51);
	CU_ASSERT_EQUAL(flow_map_count(map), 0);
	flow_map_close(map, true);
}

static void test_without_a_bpffs_it_says_so(void)
{
	struct map_conf conf = { .pin = "/tmp/rtprelay", .limit = 10 };
	char why[FLOW_MAP_WHY];

	CU_ASSERT_EQUAL_FATAL(flow_map_open(&conf, &map, why), 0);
	CU_ASSERT_FALSE(flow_map_pinned(map));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "not on a bpffs"));
	flow_map_close(map, true);
}

static void test_no_rights_in_words(void)
{
	struct map_conf conf = { .limit = 10 };
	char why[FLOW_MAP_WHY];

	CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0);
	CU_ASSERT_EQUAL(flow_map_open(&conf, &map, why), -EPERM);
	CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
	CU_ASSERT_PTR_NULL(map);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "CAP_BPF and CAP_NET_ADMIN"));
}

static bool keep_only(const cap_value_t *kept, int n)
{
	cap_t caps = cap_init();
	bool ok = caps && !cap_set_flag(caps, CAP_PERMITTED, n, kept, CAP_SET) &&
		  !cap_set_flag(caps, CAP_EFFECTIVE, n, kept, CAP_SET) && !cap_set_proc(caps);

	cap_free(caps);
	return ok;
}

/* The verifier is stricter with a process that has no CAP_PERFMON, and the program is slower. */
static void test_two_capabilities_are_enough(void)
{
	static const cap_value_t kept[] = { CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON };
	int status = 0;

	for (int i = 0; i < 4; i++) {
		struct map_conf conf = { .limit = 10, .statistics = i & 1 };
		char why[FLOW_MAP_WHY];
		bool fast = i & 2;
		pid_t pid = fork();

		if (!pid)
			_exit(!keep_only(kept, fast ? 3 : 2) || flow_map_open(&conf, &map, why) ||
			      fast == !!strstr(why, "without CAP_PERFMON"));
		CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
		CU_ASSERT_EQUAL(status, 0);
	}
}

TEST_SUITE(bpf_life,
	   { "a replaced flow keeps its counters", test_a_replaced_flow_keeps_its_counters },
	   { "a replaced flow begins a new jitter", test_a_replaced_flow_begins_a_new_jitter },
	   { "another flow in its place begins at zero",
	     test_another_flow_in_its_place_begins_at_zero },
	   { "a deleted flow lets packets go up", test_a_deleted_flow_lets_packets_go_up },
	   { "the limit", test_the_limit }, { "changes without end", test_changes_without_end },
	   { "flows are found again by their pins", test_flows_are_found_again_by_their_pins },
	   { "maps of another size are made again", test_maps_of_another_size_are_made_again },
	   { "without a bpffs it says so", test_without_a_bpffs_it_says_so },
	   { "no rights, in words", test_no_rights_in_words },
	   { "two capabilities are enough", test_two_capabilities_are_enough });
