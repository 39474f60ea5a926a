/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rewrite.c - the packet that leaves: addresses, ports, TTL, DSCP, checksums
 */
#include <string.h>

#include "scene.h"
#include "tests/kmod/kinds.h"
#include "tests/unit/test.h"

static void test_addresses_ports_ttl_and_checksums(void)
{
	scene_open(true);
	for (int v6 = 0; v6 < 2; v6++) {
		struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, v6);

		scene_set(&flow);
		for (uint16_t seq = 0; seq < 300; seq++) {
			CU_ASSERT_EQUAL(scene_rtp(v6 ? PHONE6 : PHONE, v6 ? LOCAL6 : LOCAL, 0, seq,
						  seq * 77777u),
					FORWARDED);
			CU_ASSERT(frame_is(&frame, v6 ? OUT6 : OUT, v6 ? DST6 : DST));
			CU_ASSERT(frame_sums_are_right(&frame));
			CU_ASSERT_EQUAL(frame.bytes[frame.ip + (v6 ? 7 : 8)], 63);
		}
	}
	scene_close();
}

static void test_no_checksum_stays_none(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	frame_write(&frame, PHONE, LOCAL, BYTES(RTP_BYTES));
	frame.bytes[frame.udp + 6] = frame.bytes[frame.udp + 7] = 0;
	CU_ASSERT_EQUAL(scene_run(), FORWARDED);
	CU_ASSERT_EQUAL(frame.bytes[frame.udp + 6], 0);
	CU_ASSERT_EQUAL(frame.bytes[frame.udp + 7], 0);
	CU_ASSERT(frame_sums_are_right(&frame));
	scene_close();
}

/* A packet that was damaged before the relay stays damaged. */
static void test_damage_stays_visible(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	frame_write(&frame, PHONE, LOCAL, BYTES(RTP_BYTES));
	frame.bytes[frame.len - 1] ^= 1;
	CU_ASSERT_EQUAL(scene_run(), FORWARDED);
	CU_ASSERT_FALSE(frame_sums_are_right(&frame));
	scene_close();
}

/* A sum that would be zero is written as ffff: zero means that there is none. */
static void test_a_sum_of_zero_is_written_as_ffff(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_OPAQUE, false);
	unsigned int ffff = 0;

	scene_open(true);
	scene_set(&flow);
	for (unsigned int i = 0; i < 65536; i++) {
		uint8_t bytes[4] = { (uint8_t)(i >> 8), (uint8_t)i, 1, 2 };

		if (scene_send(PHONE, LOCAL, bytes, sizeof(bytes)) != FORWARDED)
			break;
		ffff += frame.bytes[frame.udp + 6] == 0xff && frame.bytes[frame.udp + 7] == 0xff;
		if (!frame_sums_are_right(&frame) ||
		    (!frame.bytes[frame.udp + 6] && !frame.bytes[frame.udp + 7])) {
			CU_FAIL("wrong checksum");
			break;
		}
	}
	CU_ASSERT(ffff >= 1);
	scene_close();
}

static void check_tos(bool v6, int16_t dscp, uint8_t before, uint8_t after)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, v6);
	uint8_t *ip = frame.bytes + 14;

	flow.dscp = dscp;
	scene_set(&flow);
	frame_write(&frame, v6 ? PHONE6 : PHONE, v6 ? LOCAL6 : LOCAL, BYTES(RTP_BYTES));
	if (v6) {
		ip[0] = 0x60 | before >> 4;
		ip[1] = (uint8_t)(before << 4) | 0x0a;
		ip[2] = 0xbc;
	} else {
		ip[1] = before;
		frame_sum_ip(&frame);
	}
	CU_ASSERT_EQUAL(scene_run(), FORWARDED);
	CU_ASSERT_EQUAL(v6 ? (uint8_t)(ip[0] << 4 | ip[1] >> 4) : ip[1], after);
	CU_ASSERT(frame_sums_are_right(&frame));
	if (v6) {
		CU_ASSERT_EQUAL(ip[0] >> 4, 6);
		CU_ASSERT_EQUAL(ip[1] & 0x0f, 0x0a); /* the flow label stays */
		CU_ASSERT_EQUAL(ip[2], 0xbc);
	}
}

static void test_dscp_is_set_or_kept(void)
{
	scene_open(true);
	for (int v6 = 0; v6 < 2; v6++) {
		check_tos(v6, -1, 0xb9, 0xb9);
		check_tos(v6, 46, 0x01, 0xb9);
		check_tos(v6, 0, 0xbb, 0x03);
		check_tos(v6, 46, 0xb8, 0xb8);
	}
	scene_close();
}

/* Ethernet pads short frames: the packet ends where its header says. */
static void test_padding_of_ethernet_is_no_payload(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_MUX, false);

	scene_open(true);
	scene_set(&flow);
	frame_write(&frame, PHONE, LOCAL, BYTES("\x80\xc9\x00\x01SSRC"));
	frame.len = 60;
	CU_ASSERT_EQUAL(scene_run(), FORWARDED);
	CU_ASSERT(frame_sums_are_right(&frame));
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_BYTES], 8);
	CU_ASSERT_EQUAL(state.rtcp_len, 8);
	scene_close();
}

TEST_SUITE(bpf_rewrite,
	   { "addresses, ports, TTL and checksums", test_addresses_ports_ttl_and_checksums },
	   { "no checksum stays none", test_no_checksum_stays_none },
	   { "damage stays visible", test_damage_stays_visible },
	   { "a sum of zero is written as ffff", test_a_sum_of_zero_is_written_as_ffff },
	   { "DSCP is set or kept", test_dscp_is_set_or_kept },
	   { "padding of Ethernet is no payload", test_padding_of_ethernet_is_no_payload });
