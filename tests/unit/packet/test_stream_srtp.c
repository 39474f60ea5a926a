/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stream_srtp.c - SRTP at a side of a bridge: only what is authentic is heard and counted
 */
#include "daemon/packet/secure.h"
#include "daemon/srtp/srtp.h"
#include "stream_scene.h"

#define ROOM 256

/* A phone's own ends of its two keys. */
struct phone {
	struct srtp *send, *receive;
};

/* A packet as it arrived, and as it left. */
struct passed {
	uint8_t bytes[ROOM];
	size_t len;
	struct stream *out;
};

static struct srtp_master key_of(unsigned int number)
{
	struct srtp_master master = { .suite = srtp_suite_by_id(1 + number % SRTP_SUITES) };

	memset(master.key, (int)number + 1, sizeof(master.key));
	return master;
}

static struct srtp *srtp_of(unsigned int number, enum srtp_direction direction)
{
	struct srtp_master master = key_of(number);
	struct srtp *srtp = srtp_new(&master, direction);

	CU_ASSERT_PTR_NOT_NULL_FATAL(srtp);
	return srtp;
}

/* @side gets keys @number for what it sends, and @number + 1 for what it receives. */
static struct phone key_side(struct stage *stage, int side, unsigned int number)
{
	struct bridge *b = stage->scene.bridge;

	stage->scene.conf.side[side].flags |= SIDE_SRTP;
	stage->scene.change.receive[side] = srtp_of(number, SRTP_RECEIVE);
	stage->scene.change.send[side] = srtp_of(number + 1, SRTP_SEND);
	if (!b->keys)
		b->keys = calloc(BRIDGE_KEYS, sizeof(*b->keys));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->keys);
	if (!b->keys[side].indexes)
		b->keys[side].indexes = calloc(2, sizeof(*b->keys[side].indexes));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->keys[side].indexes);
	signal_stage(stage);
	return (struct phone){ srtp_of(number, SRTP_SEND), srtp_of(number + 1, SRTP_RECEIVE) };
}

static void phone_free(struct phone *phone)
{
	srtp_free(phone->send);
	srtp_free(phone->receive);
}

static struct passed plain_of(const struct stage *stage, int index, uint16_t seq)
{
	struct passed packet = { .out = NULL };

	packet.len = index & 1 ? receiver_report(packet.bytes, stage->ssrc)
			       : rtp(packet.bytes, stage->pt, seq, stage->ssrc);
	return packet;
}

static void pass(struct stage *stage, int index, struct endpoint from, struct passed *packet)
{
	struct packet arrived = {
		.data = packet->bytes, .len = packet->len, .size = ROOM, .source = &from, .tos = -1
	};

	packet->out = stream_accept(stream_at(stage, index), &arrived, stage->now_ms * 1000);
	packet->len = arrived.len;
}

static enum srtp_verdict use(struct srtp *srtp, struct passed *packet, int index, bool seal)
{
	struct srtp_packet at = { packet->bytes, packet->len, ROOM };
	enum srtp_verdict verdict;

	if (seal)
		verdict = (index & 1 ? rtcp_protect : rtp_protect)(srtp, &at, 0);
	else
		verdict = (index & 1 ? rtcp_unprotect : rtp_unprotect)(srtp, &at, 0);
	packet->len = at.len;
	return verdict;
}

/* What a phone with SRTP sends. */
static struct passed sealed_of(const struct stage *stage, struct srtp *send, int index,
			       uint16_t seq)
{
	struct passed packet = plain_of(stage, index, seq);

	CU_ASSERT_EQUAL(use(send, &packet, index, true), SRTP_OK);
	return packet;
}

static bool same(const struct passed *a, const struct passed *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

static uint64_t drops(const struct stage *stage, int index, enum stream_drop why)
{
	return stream_at(stage, index)->drops[why];
}

static bool heard_from(const struct stage *stage, int index, struct endpoint source)
{
	return latch_is_source(&stream_at(stage, index)->latch, &source);
}

#define PHONE_A place("127.0.0.2:4000")
#define PHONE_B place("127.0.0.3:4000")
#define ROGUE	place("127.0.0.9:4000")

/* Both sides are known by their SDP, so that packets leave. */
static void open_call(struct stage *stage)
{
	open_stage(stage);
	for (int side = 0; side < 2; side++) {
		stage->scene.conf.side[side].sdp[COMP_RTP] = side ? PHONE_B : PHONE_A;
		stage->scene.conf.side[side].sdp[COMP_RTCP] = side ? PHONE_B : PHONE_A;
	}
	signal_stage(stage);
}

/* --- Tests ------------------------------------------------------------------------------------ */

/* From SRTP to RTP and back, RTP and RTCP. */
static void test_opens_and_seals(void)
{
	struct stage stage;
	struct phone a;

	open_call(&stage);
	a = key_side(&stage, SIDE_A, 0);
	for (int comp = 0; comp < 2; comp++) {
		struct passed plain = plain_of(&stage, comp, 1);
		struct passed packet = sealed_of(&stage, a.send, A_RTP + comp, 1);

		CU_ASSERT_FALSE(same(&packet, &plain));
		pass(&stage, A_RTP + comp, PHONE_A, &packet);
		CU_ASSERT_PTR_EQUAL(packet.out, stream_at(&stage, B_RTP + comp));
		CU_ASSERT_TRUE(same(&packet, &plain));

		packet = plain;
		pass(&stage, B_RTP + comp, PHONE_B, &packet);
		CU_ASSERT_PTR_EQUAL(packet.out, stream_at(&stage, A_RTP + comp));
		CU_ASSERT_FALSE(same(&packet, &plain));
		CU_ASSERT_EQUAL(use(a.receive, &packet, comp, false), SRTP_OK);
		CU_ASSERT_TRUE(same(&packet, &plain));
	}
	CU_ASSERT_TRUE(heard_from(&stage, A_RTP, PHONE_A));
	phone_free(&a);
	close_stage(&stage);
}

/* Each side has its own keys: nothing passes as it came. */
static void test_both_sides_have_keys(void)
{
	struct passed packet, arrived, plain;
	struct stage stage;
	struct phone a, b;

	open_call(&stage);
	a = key_side(&stage, SIDE_A, 0);
	b = key_side(&stage, SIDE_B, 4);
	plain = plain_of(&stage, A_RTP, 1);
	packet = arrived = sealed_of(&stage, a.send, A_RTP, 1);
	pass(&stage, A_RTP, PHONE_A, &packet);
	CU_ASSERT_PTR_NOT_NULL(packet.out);
	CU_ASSERT_FALSE(same(&packet, &arrived));
	CU_ASSERT_EQUAL(use(b.receive, &packet, B_RTP, false), SRTP_OK);
	CU_ASSERT_TRUE(same(&packet, &plain));
	phone_free(&a);
	phone_free(&b);
	close_stage(&stage);
}

/* Nothing that is not authentic latches, counts or keeps a call alive. */
static void test_forged_packets_are_not_heard(void)
{
	struct stage stage;
	struct phone a;

	open_call(&stage);
	a = key_side(&stage, SIDE_A, 0);
	for (int comp = 0; comp < 2; comp++) {
		const struct stream *s = stream_at(&stage, A_RTP + comp);
		struct passed packet = plain_of(&stage, comp, 1);

		pass(&stage, A_RTP + comp, PHONE_A, &packet);
		CU_ASSERT_PTR_NULL(packet.out);
		packet = sealed_of(&stage, a.send, comp, 1);
		packet.bytes[packet.len - 1] ^= 1;
		pass(&stage, A_RTP + comp, ROGUE, &packet);
		CU_ASSERT_PTR_NULL(packet.out);
		CU_ASSERT_EQUAL(drops(&stage, A_RTP + comp, DROP_SRTP_AUTH), 2);
		CU_ASSERT_EQUAL(latch_state(&s->latch), LATCH_WAIT);
		CU_ASSERT_EQUAL(s->packets_in, 0);
		CU_ASSERT_EQUAL(s->last_in_ms, 0);
		CU_ASSERT_EQUAL(s->refused ? 1 : 0, 0);
	}
	phone_free(&a);
	close_stage(&stage);
}

/* A recording of the phone, sent again from elsewhere. */
static void test_replayed_packets_are_not_heard(void)
{
	struct passed packet, recorded;
	struct stage stage;
	struct phone a;

	open_call(&stage);
	a = key_side(&stage, SIDE_A, 0);
	packet = recorded = sealed_of(&stage, a.send, A_RTP, 1);
	pass(&stage, A_RTP, PHONE_A, &packet);
	CU_ASSERT_PTR_NOT_NULL(packet.out);
	stage.now_ms += 60000;
	packet = recorded;
	pass(&stage, A_RTP, ROGUE, &packet);
	CU_ASSERT_PTR_NULL(packet.out);
	CU_ASSERT_TRUE(same(&packet, &recorded));
	CU_ASSERT_EQUAL(drops(&stage, A_RTP, DROP_SRTP_REPLAY), 1);
	CU_ASSERT_TRUE(heard_from(&stage, A_RTP, PHONE_A));
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->packets_in, 1);
	phone_free(&a);
	close_stage(&stage);
}

/* Packets in either direction before an answer has brought keys. */
static void test_needs_keys(void)
{
	struct passed packet;
	struct stage stage;

	open_call(&stage);
	stage.scene.conf.side[SIDE_A].flags |= SIDE_SRTP;
	signal_stage(&stage);
	packet = plain_of(&stage, A_RTP, 1);
	pass(&stage, A_RTP, PHONE_A, &packet);
	CU_ASSERT_PTR_NULL(packet.out);
	CU_ASSERT_EQUAL(drops(&stage, A_RTP, DROP_NO_KEYS), 1);
	CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_WAIT);
	pass(&stage, B_RTP, PHONE_B, &packet);
	CU_ASSERT_PTR_NULL(packet.out);
	CU_ASSERT_EQUAL(drops(&stage, B_RTP, DROP_NO_KEYS), 1);
	CU_ASSERT_EQUAL(stream_at(&stage, B_RTP)->packets_in, 1); /* the plain phone was heard */
	close_stage(&stage);
}

/* The network has doubled a packet of the plain phone: its index is not used twice. */
static void test_doubled_packet_leaves_once(void)
{
	struct passed packet;
	struct stage stage;
	struct phone a;

	open_call(&stage);
	a = key_side(&stage, SIDE_A, 0);
	for (int i = 0; i < 2; i++) {
		packet = plain_of(&stage, B_RTP, 1);
		pass(&stage, B_RTP, PHONE_B, &packet);
		CU_ASSERT_EQUAL(!packet.out, i);
	}
	CU_ASSERT_EQUAL(drops(&stage, B_RTP, DROP_SRTP_REPLAY), 1);
	phone_free(&a);
	close_stage(&stage);
}

/* A packet with the old key may be on its way; after the first with the new one it is refused. */
static void test_new_key(void)
{
	struct passed packet, late;
	struct stage stage;
	struct phone old, fresh;

	open_call(&stage);
	old = key_side(&stage, SIDE_A, 0);
	packet = sealed_of(&stage, old.send, A_RTP, 1);
	pass(&stage, A_RTP, PHONE_A, &packet);
	fresh = key_side(&stage, SIDE_A, 2);
	packet = sealed_of(&stage, old.send, A_RTP, 2);
	late = sealed_of(&stage, old.send, A_RTP, 3);
	pass(&stage, A_RTP, PHONE_A, &packet);
	CU_ASSERT_PTR_NOT_NULL(packet.out);
	packet = sealed_of(&stage, fresh.send, A_RTP, 4);
	pass(&stage, A_RTP, PHONE_A, &packet);
	CU_ASSERT_PTR_NOT_NULL(packet.out);
	pass(&stage, A_RTP, PHONE_A, &late);
	CU_ASSERT_PTR_NULL(late.out);
	CU_ASSERT_EQUAL(drops(&stage, A_RTP, DROP_SRTP_AUTH), 1);
	packet = plain_of(&stage, B_RTP, 1);
	pass(&stage, B_RTP, PHONE_B, &packet);
	CU_ASSERT_EQUAL(use(fresh.receive, &packet, A_RTP, false), SRTP_OK);
	phone_free(&old);
	phone_free(&fresh);
	close_stage(&stage);
}

/* A re-INVITE has made the side plain: its keys are gone. */
static void test_plain_again(void)
{
	struct passed packet, plain;
	struct stage stage;
	struct phone a;

	open_call(&stage);
	a = key_side(&stage, SIDE_A, 0);
	stage.scene.conf.side[SIDE_A].flags = 0;
	stage.scene.change.send[SIDE_A] = srtp_of(3, SRTP_SEND); /* of no use */
	signal_stage(&stage);
	CU_ASSERT_PTR_NULL(stage.scene.bridge->keys[SIDE_A].receive);
	CU_ASSERT_PTR_NULL(stage.scene.bridge->keys[SIDE_A].send);
	packet = plain = plain_of(&stage, A_RTP, 1);
	pass(&stage, A_RTP, PHONE_A, &packet);
	CU_ASSERT_PTR_NOT_NULL(packet.out);
	CU_ASSERT_TRUE(same(&packet, &plain));
	phone_free(&a);
	close_stage(&stage);
}

/* By way of the control thread: keys are the bridge's, or, if memory fails, stay the caller's. */
static void test_keys_are_freed(void)
{
	long before = alloc_live();
	unsigned int n = 0;
	bool failed;

	do {
		struct bridge_change change = { 0 };
		struct stage stage;

		open_call(&stage);
		stage.scene.conf.side[SIDE_A].flags |= SIDE_SRTP;
		change.receive[SIDE_A] = srtp_of(1, SRTP_RECEIVE);
		change.send[SIDE_A] = srtp_of(2, SRTP_SEND);
		alloc_fail_at(++n);
		failed = bridge_update(stage.scene.bridge, &stage.scene.conf, &change);
		CU_ASSERT_EQUAL(failed, alloc_failed());
		alloc_fail_at(0);
		if (failed)
			secure_drop(&change);
		close_stage(&stage);
	} while (failed);
	CU_ASSERT_EQUAL(n, 4); /* the order, the memory for keys, that for indexes */
	CU_ASSERT_EQUAL(alloc_live(), before);
}

TEST_SUITE(stream_srtp, { "opens and seals", test_opens_and_seals },
	   { "both sides have keys", test_both_sides_have_keys },
	   { "forged packets are not heard", test_forged_packets_are_not_heard },
	   { "replayed packets are not heard", test_replayed_packets_are_not_heard },
	   { "needs keys", test_needs_keys },
	   { "a doubled packet leaves once", test_doubled_packet_leaves_once },
	   { "a new key", test_new_key }, { "plain again", test_plain_again },
	   { "keys are freed", test_keys_are_freed });
