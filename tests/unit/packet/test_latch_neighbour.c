/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_neighbour.c - rule R4: when a source counts because of its network alone, and when it
 * ends
 */
#include "daemon/base/count.h"
#include "stream_scene.h"

#define NAT	  "203.0.113.9"
#define PHONE	  NAT ":50000"
#define NEIGHBOUR "203.0.113.66:6666"

static bool uses(const struct stage *stage, int index, const char *source)
{
	struct endpoint at = place(source);

	return endpoint_eq(latch_source(&stream_at(stage, index)->latch), &at);
}

/* Talks like a phone for as long as it takes. Return: it is heard */
static bool is_heard(struct stage *stage, int index, const char *from)
{
	arrive_for(stage, 500, index, place(from));
	return uses(stage, index, from);
}

static void test_r4_neighbour_counts_where_the_phone_is_elsewhere_than_its_sdp(void)
{
	static const struct {
		const char *sdp, *sip, *from;
		bool heard;
	} rows[] = {
		{ "192.168.1.5:4000", NAT, NEIGHBOUR, true },
		{ "198.51.100.7:4000", NAT, NEIGHBOUR, true },
		{ "198.51.100.7:4000", NAT, "198.51.100.66:6666", false }, /* of the SDP */
		{ NAT ":4000", NAT, NEIGHBOUR, false }, /* a public phone, or one that uses STUN */
		{ "198.51.100.7:4000", "", "198.51.100.66:6666", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stage stage;
		struct side_conf *side;

		open_stage(&stage);
		side = &stage.scene.conf.side[SIDE_A];
		side->sdp[COMP_RTP] = place(rows[i].sdp);
		if (*rows[i].sip)
			CU_ASSERT_TRUE_FATAL(
				endpoint_parse_addr(str_of(rows[i].sip), AF_UNSPEC, &side->sip));
		signal_stage(&stage);
		CU_ASSERT_EQUAL(is_heard(&stage, A_RTP, rows[i].from), rows[i].heard);
		close_stage(&stage);
	}
}

/* The phone is muted after its first packet, or sends RTCP only. */
static void test_r4_neighbour_is_refused_once_the_phone_was_heard(void)
{
	for (int heard = A_RTP; heard <= A_RTCP; heard++) {
		struct stage stage;

		open_stage(&stage);
		signal_nat(&stage, NAT);
		arrive(&stage, heard, place(heard == A_RTP ? PHONE : NAT ":50001"));
		stage.now_ms += 60000;
		stage.ssrc = 66;
		CU_ASSERT_FALSE(is_heard(&stage, A_RTP, NEIGHBOUR));
		/* Signalling opens nothing for it either. */
		stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place("192.168.1.5:4010");
		signal_stage(&stage);
		CU_ASSERT_FALSE(is_heard(&stage, A_RTP, NEIGHBOUR));
		close_stage(&stage);
	}
}

static void test_r4_neighbour_ends_when_the_phone_speaks_on_another_stream(void)
{
	struct stage stage;
	uint8_t bytes[8];
	size_t len;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	stage.ssrc = 66;
	CU_ASSERT_TRUE(is_heard(&stage, A_RTP, NEIGHBOUR));
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(NEIGHBOUR)));
	take_news(&stage, A_RTP);
	len = receiver_report(bytes, 7);
	CU_ASSERT_PTR_NOT_NULL(arrive_bytes(&stage, A_RTCP, place(NAT ":50001"), bytes, len));
	CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_WAIT);
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->has_to);
	CU_ASSERT_TRUE(take_news(&stage, A_RTP) & 1 << BRIDGE_CHANGED);
	CU_ASSERT_FALSE(is_heard(&stage, A_RTP, NEIGHBOUR));
	stage.ssrc = 7;
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, A_RTP, place(PHONE)));
	close_stage(&stage);
}

/* Also by an offer, if it shows that a source is the phone's. */
static void test_r4_neighbour_ends_when_signalling_names_another_source(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	stage.ssrc = 66;
	CU_ASSERT_TRUE(is_heard(&stage, A_RTP, NEIGHBOUR));
	stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place(NEIGHBOUR);
	signal_stage(&stage);
	CU_ASSERT_EQUAL(latch_source_rank(&stream_at(&stage, A_RTP)->latch), RANK_EXACT);
	CU_ASSERT_TRUE(latch_spoke(&stream_at(&stage, A_RTP)->latch));
	close_stage(&stage);
}

/* A second media: the dialog's other bridges know who spoke, also when that bridge has ended. */
static void test_r4_holds_for_all_medias_of_a_party(void)
{
	struct stage audio, video;

	open_stage(&audio);
	open_stage(&video);
	ring_insert(&audio.scene.bridge->siblings, &video.scene.bridge->siblings);
	signal_nat(&audio, NAT);
	signal_nat(&video, NAT);
	video.ssrc = 66;
	CU_ASSERT_TRUE(is_heard(&video, A_RTP, NEIGHBOUR));
	arrive(&audio, A_RTP, place(PHONE));
	CU_ASSERT_EQUAL(latch_state(&stream_at(&video, A_RTP)->latch), LATCH_WAIT);
	CU_ASSERT_FALSE(is_heard(&video, A_RTP, NEIGHBOUR));
	bridge_pass_on(audio.scene.bridge);
	ring_remove(&audio.scene.bridge->siblings);
	ring_init(&audio.scene.bridge->siblings);
	CU_ASSERT_FALSE(is_heard(&video, A_RTP, NEIGHBOUR));
	/* The other party is another one. */
	CU_ASSERT_FALSE(latch_spoke(&stream_at(&video, B_RTP)->latch));
	close_stage(&video);
	close_stage(&audio);
}

/* Another party takes this side: nobody was heard of it. */
static void test_r4_another_party_begins_again(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	arrive(&stage, A_RTP, place(PHONE));
	stage.scene.change.side[SIDE_A] = LATCH_FRESH;
	signal_stage(&stage);
	CU_ASSERT_TRUE(is_heard(&stage, A_RTP, NEIGHBOUR));
	close_stage(&stage);
}

static void test_r4_a_restart_forgets_nobody_who_spoke(void)
{
	struct latch_record record;
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	arrive(&stage, A_RTP, place(PHONE));
	latch_forget(&stream_at(&stage, A_RTP)->latch);
	latch_export(&stream_at(&stage, A_RTP)->latch, &record);
	memset(&stream_at(&stage, A_RTP)->latch, 0, sizeof(struct latch));
	latch_import(&stream_at(&stage, A_RTP)->latch, &record);
	CU_ASSERT_FALSE(is_heard(&stage, A_RTP, NEIGHBOUR));
	close_stage(&stage);
}

/*
 * A phone that sends every 300 ms only, since it detects silence (DTX), beside a neighbour that
 * talks all the time: before the phone's first packet, and in its pauses.
 */
static void test_r4_pauses_of_a_phone_let_no_neighbour_in(void)
{
	struct stage stage;
	int taken = 0, heard = 0;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	for (int i = 0; i < 500; i++) {
		stage.now_ms += 20;
		if (i % 15 == 0) {
			stage.ssrc = 7;
			heard += !!arrive(&stage, A_RTP, place(PHONE));
		}
		stage.ssrc = 66;
		stage.seq = (uint16_t)(100 + i);
		taken += !!arrive(&stage, A_RTP, place(NEIGHBOUR));
		stage.seq = (uint16_t)i;
	}
	CU_ASSERT_EQUAL(heard, 34);
	CU_ASSERT_EQUAL(taken, 0);
	close_stage(&stage);
}

TEST_SUITE(latch_neighbour,
	   { "R4: a neighbour counts where the phone is elsewhere than its SDP",
	     test_r4_neighbour_counts_where_the_phone_is_elsewhere_than_its_sdp },
	   { "R4: a neighbour is refused once the phone was heard",
	     test_r4_neighbour_is_refused_once_the_phone_was_heard },
	   { "R4: a neighbour ends when the phone speaks on another stream",
	     test_r4_neighbour_ends_when_the_phone_speaks_on_another_stream },
	   { "R4: signalling that names a source makes it the phone's",
	     test_r4_neighbour_ends_when_signalling_names_another_source },
	   { "R4: it holds for all medias of a party", test_r4_holds_for_all_medias_of_a_party },
	   { "R4: another party begins again", test_r4_another_party_begins_again },
	   { "R4: a restart forgets nobody who spoke", test_r4_a_restart_forgets_nobody_who_spoke },
	   { "R4: pauses of a phone let no neighbour in",
	     test_r4_pauses_of_a_phone_let_no_neighbour_in });
