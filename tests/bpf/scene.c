/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/log.h"
#include "scene.h"
#include "tests/unit/test.h"

struct flow_map *map;
struct frame frame;
struct map_state state;
enum map_event scene_event;
struct map_found scene_found;
struct map_stranger scene_stranger;
unsigned int scene_events;

static void hear(void *arg, enum map_event event, const struct map_found *found)
{
	(void)arg;
	scene_event = event;
	scene_found = *found;
	if (found->stranger)
		scene_stranger = *found->stranger;
	scene_events++;
}

static void open_map(const struct map_conf *conf)
{
	char why[FLOW_MAP_WHY];
	int error = flow_map_open(conf, &map, why);

	if (error) {
		fprintf(stderr, "flow_map_open: %s (%d)\n", why, error);
		log_set_level(LOG_LEVEL_DEBUG); /* for the verifier's text */
		error = flow_map_open(conf, &map, why);
		log_set_level(LOG_LEVEL_INFO);
	}
	CU_ASSERT_EQUAL_FATAL(error, 0);
	scene_events = 0;
}

void scene_open(bool statistics)
{
	struct map_conf conf = { .limit = 100, .statistics = statistics, .event = hear };

	open_map(&conf);
}

void scene_open_pinned(const char *pin, uint32_t limit)
{
	struct map_conf conf = { .pin = pin, .limit = limit, .statistics = true, .event = hear };

	open_map(&conf);
}

void scene_close(void)
{
	flow_map_close(map, false);
	map = NULL;
}

struct map_flow scene_flow(uint8_t kind, bool v6)
{
	struct map_flow flow;

	memset(&flow, 0, sizeof(flow));
	flow.local = frame_endpoint(v6 ? LOCAL6 : LOCAL);
	flow.src = frame_endpoint(v6 ? PHONE6 : PHONE);
	flow.out = frame_endpoint(v6 ? OUT6 : OUT);
	flow.dst = frame_endpoint(v6 ? DST6 : DST);
	flow.port.mux = kind == RTPRELAY_KIND_MUX || kind == RTPRELAY_KIND_RTCP;
	flow.port.negotiated = 0;
	flow.oif = 1;
	flow.mtu = 1500;
	flow.idle_s = 60;
	flow.dscp = -1;
	flow.kind = kind;
	memcpy(flow.cookie, "the cookie......", sizeof(flow.cookie));
	return flow;
}

void scene_set(const struct map_flow *flow)
{
	CU_ASSERT_EQUAL_FATAL(flow_map_set(map, flow, false, NULL, NULL), 0);
}

void scene_delete(const char *local)
{
	struct endpoint ep = frame_endpoint(local);

	CU_ASSERT_EQUAL(flow_map_delete(map, &ep, &state), 0);
}

enum verdict scene_run(void)
{
	struct frame out = frame;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.bytes,
		    .data_size_in = (uint32_t)frame.len, .data_out = out.bytes,
		    .data_size_out = sizeof(out.bytes), .repeat = 1);

	CU_ASSERT_EQUAL_FATAL(bpf_prog_test_run_opts(flow_map_program(map), &options), 0);
	CU_ASSERT_EQUAL(options.data_size_out, frame.len);
	if (options.retval == TC_ACT_REDIRECT) {
		frame = out;
		return FORWARDED;
	}
	/* Whoever is next receives it as it came. */
	CU_ASSERT_EQUAL(memcmp(frame.bytes, out.bytes, frame.len), 0);
	if (options.retval == TC_ACT_SHOT)
		return DROPPED;
	CU_ASSERT_EQUAL((int)options.retval, TC_ACT_UNSPEC);
	return GOES_UP;
}

enum verdict scene_send(const char *from, const char *to, const void *payload, size_t len)
{
	frame_write(&frame, from, to, payload, len);
	return scene_run();
}

enum verdict scene_rtp(const char *from, const char *to, uint8_t second, uint16_t seq,
		       uint32_t timestamp)
{
	uint8_t rtp[172] = { 0x80,
			     second,
			     (uint8_t)(seq >> 8),
			     (uint8_t)seq,
			     (uint8_t)(timestamp >> 24),
			     (uint8_t)(timestamp >> 16),
			     (uint8_t)(timestamp >> 8),
			     (uint8_t)timestamp,
			     0,
			     0,
			     0xab,
			     0xcd };

	return scene_send(from, to, rtp, sizeof(rtp));
}
