/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stream_ice_end.c - ICE that ends in the relay: what the media thread passes to the agent,
 * and whom it hears
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include "daemon/base/count.h"
#include "daemon/packet/ice_end.h"
#include "daemon/packet/rtcp_ring.h"
#include "daemon/stun/stun.h"
#include "stream_scene.h"

#define REQUEST	   0x0001
#define INDICATION 0x0011
#define SUCCESS	   0x0101
#define PAIR	   "198.51.100.7:4000"
#define OTHER_PAIR "198.51.100.8:4000"
#define STRANGER   "203.0.113.9:4000"

struct ice_stage {
	struct stage stage;
	int wake_fd;
	struct rtcp_ring *ring;
};

static size_t stun_bytes(uint8_t bytes[128], unsigned int type, uint8_t transaction,
			 const char *username)
{
	size_t len = username ? strlen(username) : 0, padded = (len + 3) & ~(size_t)3;
	size_t size = username ? 4 + padded : 0;

	memset(bytes, 0, 128);
	memcpy(bytes,
	       (uint8_t[]){ (uint8_t)(type >> 8), (uint8_t)type, 0, (uint8_t)size, 0x21, 0x12, 0xa4,
			    0x42 },
	       8);
	memset(bytes + 8, transaction, STUN_TRANSACTION);
	if (username) {
		bytes[21] = 6;
		bytes[23] = (uint8_t)len;
		memcpy(bytes + 24, username, len);
	}
	return 20 + size;
}

static struct stream *arrive_stun(struct ice_stage *ice, const char *from, unsigned int type,
				  uint8_t transaction, const char *username)
{
	uint8_t bytes[128];

	return arrive_bytes(&ice->stage, A_RTP, place(from), bytes,
			    stun_bytes(bytes, type, transaction, username));
}

/* How many messages have come to the agent since the last call; they are from @from. */
static unsigned int passed(struct ice_stage *ice, const char *from)
{
	const struct rtcp_copy *copy;
	struct endpoint at = place(from);
	unsigned int n = 0;

	for (; (copy = rtcp_ring_first(ice->ring)); n++) {
		CU_ASSERT_PTR_EQUAL(copy->bridge, ice->stage.scene.bridge);
		CU_ASSERT_TRUE(endpoint_eq(&copy->source, &at));
		CU_ASSERT_TRUE(endpoint_eq(&copy->local, &stream_at(&ice->stage, A_RTP)->local));
		rtcp_ring_drop(ice->ring);
	}
	return n;
}

/* @to: NULL: no way; @others: heard, too */
static void find_way(struct ice_stage *ice, const char *to, const char *other)
{
	struct stream_ice *told = calloc(1, sizeof(*told));

	CU_ASSERT_PTR_NOT_NULL_FATAL(told);
	told->own[told->n_own++] = stun_ufrag_id(STR("ours"));
	told->own[told->n_own++] = stun_ufrag_id(STR("ours-before"));
	if (to) {
		told->to = told->heard[told->n_heard++] = place(to);
		told->selected = true;
	}
	if (other)
		told->heard[told->n_heard++] = place(other);
	stream_set_ice(stream_at(&ice->stage, A_RTP), told);
}

static void open_ice(struct ice_stage *ice)
{
	open_stage(&ice->stage);
	ice->wake_fd = eventfd(0, EFD_NONBLOCK);
	ice->ring = rtcp_ring_new(ice->wake_fd);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ice->ring);
	ice->stage.scene.bridge->stun_ring = ice->ring;
	ice->stage.scene.conf.side[SIDE_A].flags |= SIDE_ICE;
	signal_stage(&ice->stage);
	find_way(ice, NULL, NULL);
}

static void close_ice(struct ice_stage *ice)
{
	ice->stage.scene.bridge->stun_ring = NULL;
	close_stage(&ice->stage);
	rtcp_ring_free(ice->ring);
	close(ice->wake_fd);
}

static uint64_t drops(const struct ice_stage *ice, enum stream_drop why)
{
	return stream_at(&ice->stage, A_RTP)->drops[why];
}

static void test_checks_with_own_ufrags_go_to_the_agent(void)
{
	static const struct {
		unsigned int type;
		const char *username;
		unsigned int passed;
	} rows[] = {
		{ REQUEST, "ours:theirs", 1 }, { REQUEST, "ours-before:theirs", 1 },
		{ REQUEST, "theirs:ours", 0 }, { REQUEST, "our:theirs", 0 },
		{ REQUEST, NULL, 0 },	       { INDICATION, "ours:theirs", 0 },
		{ SUCCESS, NULL, 0 },	       { SUCCESS, "ours:theirs", 0 },
	};
	struct ice_stage ice;

	open_ice(&ice);
	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_PTR_NULL(arrive_stun(&ice, STRANGER, rows[i].type, 1, rows[i].username));
		CU_ASSERT_EQUAL(passed(&ice, STRANGER), rows[i].passed);
	}
	CU_ASSERT_EQUAL(drops(&ice, DROP_NOT_VOUCHED), COUNT(rows) - 2);
	close_ice(&ice);
}

/* Only to what was asked, with the same transaction. */
static void test_responses_to_checks_go_to_the_agent(void)
{
	struct ice_stage ice;
	uint8_t bytes[128];
	struct packet asked = { .data = bytes };

	open_ice(&ice);
	asked.len = stun_bytes(bytes, REQUEST, 5, "theirs:ours");
	ice_end_send(stream_at(&ice.stage, A_RTP), &ice.stage.scene.phone_at[A_RTP], bytes,
		     asked.len);
	arrive_stun(&ice, PAIR, SUCCESS, 4, NULL);
	CU_ASSERT_EQUAL(passed(&ice, PAIR), 0);
	arrive_stun(&ice, PAIR, SUCCESS, 5, NULL);
	CU_ASSERT_EQUAL(passed(&ice, PAIR), 1);
	close_ice(&ice);
}

static void test_agent_gets_so_many_at_once(void)
{
	struct ice_stage ice;

	open_ice(&ice);
	for (int i = 0; i < STREAM_ICE_BURST + 5; i++)
		arrive_stun(&ice, PAIR, REQUEST, 1, "ours:theirs");
	CU_ASSERT_EQUAL(passed(&ice, PAIR), STREAM_ICE_BURST);
	CU_ASSERT_EQUAL(ice.stage.scene.bridge->totals->stun_lost, 5);
	/* What the agent has found meanwhile is no new beginning. */
	find_way(&ice, OTHER_PAIR, NULL);
	arrive_stun(&ice, PAIR, REQUEST, 1, "ours:theirs");
	CU_ASSERT_EQUAL(passed(&ice, PAIR), 0);
	ice.stage.now_ms += STREAM_ICE_SPAN_MS;
	arrive_stun(&ice, PAIR, REQUEST, 1, "ours:theirs");
	CU_ASSERT_EQUAL(passed(&ice, PAIR), 1);
	close_ice(&ice);
}

/* Each kind has room of its own: a flood of one takes none from the others. */
static void test_floods_take_no_room_of_the_phone(void)
{
	enum { ANSWER, OF_PHONE, OF_STRANGER, KINDS };
	struct ice_stage ice;
	uint8_t bytes[128];

	open_ice(&ice);
	find_way(&ice, PAIR, NULL);
	ice_end_send(stream_at(&ice.stage, A_RTP), &ice.stage.scene.phone_at[A_RTP], bytes,
		     stun_bytes(bytes, REQUEST, 5, "theirs:ours"));
	for (int flood = 0; flood < KINDS; flood++) {
		ice.stage.now_ms += STREAM_ICE_SPAN_MS;
		for (int i = 0; i < STREAM_ICE_BURST; i++)
			arrive_stun(&ice, flood == OF_STRANGER ? STRANGER : PAIR,
				    flood == ANSWER ? SUCCESS : REQUEST, 5, "ours:theirs");
		CU_ASSERT_EQUAL(passed(&ice, flood == OF_STRANGER ? STRANGER : PAIR),
				STREAM_ICE_BURST);
		arrive_stun(&ice, PAIR, SUCCESS, 5, NULL);
		CU_ASSERT_EQUAL(passed(&ice, PAIR), flood != ANSWER);
		arrive_stun(&ice, PAIR, REQUEST, 1, "ours:theirs");
		CU_ASSERT_EQUAL(passed(&ice, PAIR), flood != OF_PHONE);
		arrive_stun(&ice, STRANGER, REQUEST, 1, "ours:theirs");
		CU_ASSERT_EQUAL(passed(&ice, STRANGER), flood != OF_STRANGER);
	}
	CU_ASSERT_EQUAL(ice.stage.scene.bridge->totals->stun_lost, KINDS);
	close_ice(&ice);
}

static void test_only_vouched_sources_are_heard(void)
{
	struct ice_stage ice;
	struct stage *stage = &ice.stage;

	open_ice(&ice);
	/* Not even the place that signalling names. */
	CU_ASSERT_PTR_NULL(arrive(stage, A_RTP, stage->scene.phone_at[A_RTP]));
	CU_ASSERT_FALSE(stream_at(stage, A_RTP)->has_to);
	find_way(&ice, PAIR, OTHER_PAIR);
	CU_ASSERT_TRUE(goes_to(stage, A_RTP, place(PAIR)));
	CU_ASSERT_PTR_NULL(arrive(stage, A_RTP, place(STRANGER)));
	CU_ASSERT_PTR_NULL(arrive(stage, A_RTP, place("198.51.100.7:4001")));
	CU_ASSERT_EQUAL(drops(&ice, DROP_NOT_VOUCHED), 3);
	/* The other pair is heard, but it is not where media goes. */
	CU_ASSERT_PTR_EQUAL(arrive(stage, A_RTP, place(OTHER_PAIR)), stream_at(stage, B_RTP));
	CU_ASSERT_EQUAL(latch_state(&stream_at(stage, A_RTP)->latch), LATCH_WAIT);
	CU_ASSERT_PTR_EQUAL(arrive(stage, A_RTP, place(PAIR)), stream_at(stage, B_RTP));
	CU_ASSERT_TRUE(endpoint_eq(latch_source(&stream_at(stage, A_RTP)->latch),
				   &stream_at(stage, A_RTP)->to));
	CU_ASSERT_TRUE(take_news(stage, A_RTP) & 1 << BRIDGE_LATCHED);
	close_ice(&ice);
}

static void test_another_way_takes_the_place_of_the_first(void)
{
	struct ice_stage ice;
	struct stage *stage = &ice.stage;

	open_ice(&ice);
	find_way(&ice, PAIR, NULL);
	arrive(stage, A_RTP, place(PAIR));
	find_way(&ice, PAIR, OTHER_PAIR); /* nothing new: the source stays */
	CU_ASSERT_EQUAL(latch_state(&stream_at(stage, A_RTP)->latch), LATCH_LOCKED);
	find_way(&ice, OTHER_PAIR, NULL);
	CU_ASSERT_EQUAL(latch_state(&stream_at(stage, A_RTP)->latch), LATCH_WAIT);
	CU_ASSERT_PTR_NULL(arrive(stage, A_RTP, place(PAIR)));
	CU_ASSERT_PTR_EQUAL(arrive(stage, A_RTP, place(OTHER_PAIR)), stream_at(stage, B_RTP));
	/* Consent has ended. */
	find_way(&ice, NULL, NULL);
	CU_ASSERT_FALSE(stream_at(stage, A_RTP)->has_to);
	CU_ASSERT_PTR_NULL(arrive(stage, A_RTP, place(OTHER_PAIR)));
	CU_ASSERT_EQUAL(latch_state(&stream_at(stage, A_RTP)->latch), LATCH_WAIT);
	close_ice(&ice);
}

/* Offers and answers open no window; without ICE latching begins again. */
static void test_signalling_opens_no_window(void)
{
	struct ice_stage ice;
	struct stage *stage = &ice.stage;

	open_ice(&ice);
	find_way(&ice, PAIR, NULL);
	arrive(stage, A_RTP, place(PAIR));
	stage->scene.change.side[SIDE_A] = LATCH_REOPEN;
	stage->scene.change.step[SIDE_A] = LATCH_OFFER;
	signal_stage(stage);
	CU_ASSERT_EQUAL(latch_state(&stream_at(stage, A_RTP)->latch), LATCH_LOCKED);
	CU_ASSERT_TRUE(goes_to(stage, A_RTP, place(PAIR)));
	CU_ASSERT_PTR_NULL(arrive(stage, A_RTP, stage->scene.phone_at[A_RTP]));
	stage->scene.conf.side[SIDE_A].flags &= ~(uint32_t)SIDE_ICE;
	stage->scene.change.side[SIDE_A] = LATCH_REOPEN;
	signal_stage(stage);
	CU_ASSERT_PTR_EQUAL(arrive(stage, A_RTP, stage->scene.phone_at[A_RTP]),
			    stream_at(stage, B_RTP));
	close_ice(&ice);
}

/* The phone was offered ICE, and may still refuse it: media passes, as without ICE. */
static void test_before_the_answer_a_hello_needs_a_check(void)
{
	static const struct {
		bool awaited, checked, passes;
	} rows[] = {
		{ true, false, false },
		{ true, true, true },
		{ false, false, true },
	};
	uint8_t hello[32] = { 22, 254, 255 };
	struct ice_stage ice = { 0 };
	struct stage *stage = &ice.stage;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint *phone = &stage->scene.phone_at[A_RTP];
		struct stream *s;

		open_ice(&ice);
		stage->scene.conf.side[SIDE_A].flags &= ~(uint32_t)SIDE_ICE;
		stage->scene.conf.side[SIDE_A].flags |= SIDE_DTLS;
		signal_stage(stage);
		find_way(&ice, NULL, OTHER_PAIR);
		s = stream_at(stage, A_RTP);
		s->ice->awaited = rows[i].awaited;
		if (rows[i].checked)
			s->ice->heard[s->ice->n_heard++] = *phone;
		CU_ASSERT_EQUAL(arrive_bytes(stage, A_RTP, *phone, hello, sizeof(hello)) != NULL,
				rows[i].passes);
		CU_ASSERT_EQUAL(drops(&ice, DROP_NOT_VOUCHED), !rows[i].passes);
		CU_ASSERT_EQUAL(latch_state(&s->latch) == LATCH_WAIT, !rows[i].passes);
		CU_ASSERT_PTR_EQUAL(arrive(stage, A_RTP, *phone), stream_at(stage, B_RTP));
		close_ice(&ice);
	}
}

TEST_SUITE(stream_ice_end,
	   { "checks_with_own_ufrags_go_to_the_agent",
	     test_checks_with_own_ufrags_go_to_the_agent },
	   { "responses_to_checks_go_to_the_agent", test_responses_to_checks_go_to_the_agent },
	   { "agent_gets_so_many_at_once", test_agent_gets_so_many_at_once },
	   { "floods_take_no_room_of_the_phone", test_floods_take_no_room_of_the_phone },
	   { "only_vouched_sources_are_heard", test_only_vouched_sources_are_heard },
	   { "another_way_takes_the_place_of_the_first",
	     test_another_way_takes_the_place_of_the_first },
	   { "signalling_opens_no_window", test_signalling_opens_no_window },
	   { "before_the_answer_a_hello_needs_a_check",
	     test_before_the_answer_a_hello_needs_a_check });
