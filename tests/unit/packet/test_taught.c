/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_taught.c - keep-alives of phones: counted, not forwarded; they find a phone that only
 * listens, and are no media
 */
#include "daemon/base/count.h"
#include "daemon/packet/remote.h"
#include "daemon/packet/taught.h"
#include "stream_scene.h"

#define NAT	 "203.0.113.9"
#define BYTES(b) (const uint8_t *)(b), sizeof(b) - 1

#define STUN_COOKIE_BYTES "\x21\x12\xa4\x42"
#define PLAIN_REQUEST	  "\0\1\0\0" STUN_COOKIE_BYTES "transaction!"
#define PLAIN_INDICATION  "\0\x11\0\0" STUN_COOKIE_BYTES "transaction!"
#define STUN_REPLY	  "\1\1\0\0" STUN_COOKIE_BYTES "transaction!"
#define OF_AGENT                                                                                   \
	"\0\1\0\x0c" STUN_COOKIE_BYTES "transaction!"                                              \
	"\0\6\0\7abc:def\0"
#define RTP_HEAD(pt) "\x80" pt "\0\1\0\0\0\1\0\0\0\7"
#define MANY_CSRC                                                                                  \
	"\x82\0\0\1\0\0\0\1\0\0\0\7"                                                               \
	"csrccsrc"

static const struct form {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	bool keepalive, opaque, udptl; /* in media that is RTP, unknown UDP, a fax */
} forms[] = {
	{ "nothing", BYTES(""), true, true, true },
	{ "a zero", BYTES("\0"), true, false, true },
	{ "CR LF", BYTES("\r\n"), true, false, true },
	{ "CR LF CR LF", BYTES("\r\n\r\n"), true, false, false },
	{ "four zeros", BYTES("\0\0\0\0"), true, false, false },
	{ "a short header of RTP", BYTES("\x80\0\0\1"), true, false, false },
	{ "12 bytes", BYTES("\1hello world"), true, false, false },
	{ "13 bytes", BYTES("\1hello world!"), false, false, false },
	{ "RTP without payload", BYTES(RTP_HEAD("\0")), true, false, false },
	{ "of a type that was not negotiated", BYTES(RTP_HEAD("\x7f")), true, false, false },
	{ "with sources", BYTES(MANY_CSRC), true, false, false },
	{ "with payload", BYTES(RTP_HEAD("\x7f") "x"), false, false, false },
	{ "RTCP of 8 bytes", BYTES("\x80\xc9\0\1\0\0\0\7"), false, false, false },
	{ "a request without ICE", BYTES(PLAIN_REQUEST), true, false, false },
	{ "an indication", BYTES(PLAIN_INDICATION), true, false, false },
	{ "a reply", BYTES(STUN_REPLY), false, false, false },
	{ "a request of ICE", BYTES(OF_AGENT), false, false, false },
	{ "DTLS", BYTES("\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\5hello"), false, false, false },
};

static struct stream *arrive_form(struct stage *stage, int index, const char *from,
				  const struct form *form)
{
	uint8_t bytes[64];

	memcpy(bytes, form->bytes, form->len);
	return arrive_bytes(stage, index, place(from), bytes, form->len);
}

static uint32_t keepalives_of(const struct stream *s)
{
	return s->keepalives ? s->keepalives->received : 0;
}

static void test_forms_of_keepalives(void)
{
	static const enum bridge_kind kinds[] = { BRIDGE_RTP, BRIDGE_OPAQUE, BRIDGE_UDPTL };

	for (size_t i = 0; i < COUNT(forms) * COUNT(kinds); i++) {
		const struct form *form = &forms[i / COUNT(kinds)];
		const bool expect[] = { form->keepalive, form->opaque, form->udptl };
		size_t kind = i % COUNT(kinds);
		struct stage stage;

		open_stage(&stage);
		stage.scene.conf.kind = kinds[kind];
		signal_nat(&stage, NAT);
		stream_at(&stage, A_RTP)->bridge->conf.kind = kinds[kind];
		arrive_form(&stage, A_RTP, NAT ":50000", form);
		if (keepalives_of(stream_at(&stage, A_RTP)) != expect[kind])
			printf("%s: ", form->name);
		CU_ASSERT_EQUAL(keepalives_of(stream_at(&stage, A_RTP)), expect[kind]);
		close_stage(&stage);
	}
}

static const struct form rtp_form = { "", BYTES(RTP_HEAD("\0")), true, false, false };
static const struct form empty = { "", BYTES(""), true, true, true };

static void test_listening_phone_is_found_by_its_keepalives(void)
{
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct stage stage;
		struct stream *s;

		if (!forms[i].keepalive)
			continue;
		open_stage(&stage);
		signal_nat(&stage, NAT);
		s = stream_at(&stage, A_RTP);
		CU_ASSERT_FALSE(s->has_to);
		CU_ASSERT_PTR_NULL(arrive_form(&stage, A_RTP, NAT ":50000", &forms[i]));
		CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(NAT ":50000")));
		CU_ASSERT_TRUE(take_news(&stage, A_RTP) & 1 << BRIDGE_CHANGED);
		/* It is no media, and no source. */
		CU_ASSERT_EQUAL(latch_state(&s->latch), LATCH_WAIT);
		CU_ASSERT_EQUAL(s->packets_in, 0);
		CU_ASSERT_EQUAL(s->last_in_ms, 0);
		CU_ASSERT_FALSE(s->rtp.known);
		CU_ASSERT_EQUAL(bridge_last_in_ms(stage.scene.bridge), 0);
		close_stage(&stage);
	}
}

/* Whatever its rank: as if there had been no keep-alive. */
static void test_first_packet_takes_the_place_of_keepalives(void)
{
	static const char *const places[] = { "192.168.1.5:4000", NAT ":50002", NAT ":50000" };

	for (size_t i = 0; i < COUNT(places); i++) {
		struct stage stage;

		open_stage(&stage);
		signal_nat(&stage, NAT);
		arrive_form(&stage, A_RTP, NAT ":50000", &empty);
		arrive(&stage, A_RTP, place(places[i]));
		CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(places[i])));
		CU_ASSERT_EQUAL(latch_relatched(&stream_at(&stage, A_RTP)->latch), 0);
		/* From then on they teach nothing. */
		arrive_form(&stage, A_RTP, NAT ":50004", &empty);
		CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(places[i])));
		CU_ASSERT_EQUAL(keepalives_of(stream_at(&stage, A_RTP)), 2);
		close_stage(&stage);
	}
}

static void test_keepalives_of_others_teach_nothing(void)
{
	static const struct {
		const char *source;
		uint32_t flags;
	} rows[] = { { "192.0.2.66:6666", 0 },	 /* a stranger */
		     { "203.0.113.10:6666", 0 }, /* a neighbour */
		     { NAT ":50000", SIDE_ASYMMETRIC } };

	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		const struct form *form = i % 2 ? &rtp_form : &empty;
		struct stage stage;
		struct stream *s;

		open_stage(&stage);
		stage.scene.conf.side[SIDE_A].flags = rows[i / 2].flags;
		signal_nat(&stage, NAT);
		s = stream_at(&stage, A_RTP);
		for (int n = 0; n < 50; n++) {
			stage.now_ms += 20;
			CU_ASSERT_PTR_NULL(arrive_form(&stage, A_RTP, rows[i / 2].source, form));
		}
		CU_ASSERT_FALSE(s->has_to);
		CU_ASSERT_EQUAL(latch_state(&s->latch), LATCH_WAIT);
		if (!rows[i / 2].flags) {
			CU_ASSERT_EQUAL(keepalives_of(s), 0);
			CU_ASSERT_EQUAL(s->drops[DROP_KIND] + s->drops[DROP_MALFORMED], 50);
		}
		close_stage(&stage);
	}
}

static void test_other_port_waits_until_the_taught_one_is_silent(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	arrive_form(&stage, A_RTP, NAT ":50000", &empty);
	stage.now_ms += TAUGHT_MS - 1;
	arrive_form(&stage, A_RTP, NAT ":50002", &empty);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(NAT ":50000")));
	stage.now_ms += 1;
	arrive_form(&stage, A_RTP, NAT ":50002", &empty);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(NAT ":50002")));
	/* A higher rank does not wait. */
	arrive_form(&stage, A_RTP, "192.168.1.5:4000", &empty);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place("192.168.1.5:4000")));
	close_stage(&stage);
}

/* An attacker behind the phone's NAT, with its address and a port of his own. */
static void test_neighbour_behind_the_nat_does_not_aim_rtcp(void)
{
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct stage stage;

		if (!forms[i].keepalive)
			continue;
		open_stage(&stage);
		signal_nat(&stage, NAT);
		arrive_form(&stage, A_RTCP, NAT ":6666", &forms[i]);
		CU_ASSERT_FALSE(stream_at(&stage, A_RTCP)->has_to);
		/* Nor once the RTP of the phone is heard, nor by keep-alives to the other port. */
		lock_nat(&stage, NAT, NAT ":50000");
		arrive_form(&stage, A_RTCP, NAT ":6666", &forms[i]);
		CU_ASSERT_TRUE(goes_to(&stage, A_RTCP, place(NAT ":50001")));
		arrive_form(&stage, A_RTP, NAT ":6666", &forms[i]);
		CU_ASSERT_TRUE(goes_to(&stage, A_RTCP, place(NAT ":50001")));
		close_stage(&stage);
	}
}

/* What was taught at the port for RTP says nothing of RTCP. */
static void test_keepalives_of_rtp_do_not_aim_rtcp(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	arrive_form(&stage, A_RTP, NAT ":50000", &empty);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(NAT ":50000")));
	CU_ASSERT_FALSE(stream_at(&stage, A_RTCP)->has_to);
	close_stage(&stage);
}

/* Where RTCP goes anyway: then there is a binding to be kept. */
static void test_place_beside_rtp_teaches_rtcp(void)
{
	struct stage stage;
	struct stream *s;
	struct latch_ref ref;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT ":50000");
	s = stream_at(&stage, A_RTCP);
	arrive_form(&stage, A_RTCP, NAT ":50001", &empty);
	stream_fill_ref(s, &ref, false);
	CU_ASSERT_PTR_NOT_NULL(stream_taught(s, &ref));
	CU_ASSERT_TRUE(goes_to(&stage, A_RTCP, place(NAT ":50001")));
	/* The endpoint of the SDP: the phone is reached there after all. */
	arrive_form(&stage, A_RTCP, "192.168.1.5:4001", &empty);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTCP, place("192.168.1.5:4001")));
	close_stage(&stage);
}

/* Signalling names other addresses now: the place has no rank any more. */
static void test_taught_place_ends_with_its_rank(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	arrive_form(&stage, A_RTP, NAT ":50000", &empty);
	signal_nat(&stage, "198.51.100.7");
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->has_to);
	close_stage(&stage);
}

/* A re-INVITE names another port, and the phone still only listens. */
static void test_taught_place_ends_where_signalling_moves(void)
{
	struct stage stage;
	struct side_conf *side;

	open_stage(&stage);
	side = &stage.scene.conf.side[SIDE_A];
	side->sdp[COMP_RTP] = place(NAT ":4000");
	signal_stage(&stage);
	arrive_form(&stage, A_RTP, NAT ":4000", &empty);
	side->sdp[COMP_RTP] = place(NAT ":4002");
	signal_stage(&stage);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(NAT ":4002")));
	close_stage(&stage);

	/* Behind a NAT: nobody knows its new place before it tells; then it does not wait. */
	open_stage(&stage);
	signal_nat(&stage, NAT);
	arrive_form(&stage, A_RTP, NAT ":50000", &empty);
	side->sdp[COMP_RTP] = place("192.168.1.5:4002");
	signal_stage(&stage);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(NAT ":50000")));
	arrive_form(&stage, A_RTP, NAT ":50002", &empty);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(NAT ":50002")));
	/* Another phone has the same address. */
	stage.scene.change.side[SIDE_A] = LATCH_FRESH;
	signal_stage(&stage);
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->has_to);
	close_stage(&stage);
}

/* A muted phone: its keep-alives, with the numbers of its media, are neither lost nor late. */
static void test_keepalives_of_the_source_are_not_media(void)
{
	struct stage stage;
	struct stream *s;
	uint8_t bytes[172];
	int64_t last_ms;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT ":50000");
	s = stream_at(&stage, A_RTP);
	last_ms = s->last_in_ms;
	for (int i = 0; i < 3; i++) {
		stage.now_ms += 15000;
		rtp(bytes, 0, ++stage.seq, stage.ssrc);
		CU_ASSERT_PTR_NULL(arrive_bytes(&stage, A_RTP, place(NAT ":50000"), bytes, 12));
	}
	CU_ASSERT_EQUAL(keepalives_of(s), 3);
	CU_ASSERT_EQUAL(s->last_in_ms, last_ms);
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, A_RTP, place(NAT ":50000")));
	CU_ASSERT_EQUAL(rtp_stats_lost(&s->rtp), 0);
	close_stage(&stage);
}

/* A stranger's is dropped with a reason. */
static void test_keepalives_of_a_stranger_are_refused(void)
{
	struct stage stage;
	struct stream *s;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT ":50000");
	s = stream_at(&stage, A_RTP);
	CU_ASSERT_PTR_NULL(arrive_form(&stage, A_RTP, "192.0.2.66:6666", &rtp_form));
	CU_ASSERT_EQUAL(s->drops[DROP_SOURCE], 1);
	CU_ASSERT_PTR_NULL(arrive_form(&stage, A_RTP, "192.0.2.66:6666", &empty));
	CU_ASSERT_EQUAL(s->drops[DROP_MALFORMED], 1);
	CU_ASSERT_EQUAL(keepalives_of(s), 0);
	close_stage(&stage);
}

/* SRTP may only listen, too; but who sends what is not authentic need not be the phone. */
static void test_keepalives_without_srtp_teach_no_place_of_srtp(void)
{
	struct stage stage;

	open_stage(&stage);
	stage.scene.conf.side[SIDE_A].flags |= SIDE_SRTP;
	signal_nat(&stage, NAT);
	CU_ASSERT_PTR_NULL(arrive_form(&stage, A_RTP, NAT ":50000", &empty));
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->has_to);
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->drops[DROP_MALFORMED], 1);
	CU_ASSERT_EQUAL(keepalives_of(stream_at(&stage, A_RTP)), 0);
	close_stage(&stage);
}

/* Where the SDP is not known, short packets may be of a fax, and STUN of ICE. */
static void test_leg_without_sdp_knows_only_empty_keepalives(void)
{
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct stage stage;

		open_stage(&stage);
		stage.scene.conf.any = true;
		memset(stage.scene.conf.pts, 0, sizeof(stage.scene.conf.pts));
		signal_nat(&stage, NAT);
		arrive_form(&stage, A_RTP, NAT ":50000", &forms[i]);
		CU_ASSERT_EQUAL(keepalives_of(stream_at(&stage, A_RTP)), !forms[i].len);
		close_stage(&stage);
	}
}

static void test_next_keepalive_teaches_what_had_no_memory(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	alloc_fail_at(1);
	arrive_form(&stage, A_RTP, NAT ":50000", &empty);
	CU_ASSERT_TRUE(alloc_failed());
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->has_to);
	arrive_form(&stage, A_RTP, NAT ":50000", &empty);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(NAT ":50000")));
	close_stage(&stage);
}

TEST_SUITE(taught, { "forms of keepalives", test_forms_of_keepalives },
	   { "listening phone is found by its keepalives",
	     test_listening_phone_is_found_by_its_keepalives },
	   { "first packet takes the place of keepalives",
	     test_first_packet_takes_the_place_of_keepalives },
	   { "keepalives of others teach nothing", test_keepalives_of_others_teach_nothing },
	   { "other port waits until the taught one is silent",
	     test_other_port_waits_until_the_taught_one_is_silent },
	   { "neighbour behind the nat does not aim rtcp",
	     test_neighbour_behind_the_nat_does_not_aim_rtcp },
	   { "keepalives of rtp do not aim rtcp", test_keepalives_of_rtp_do_not_aim_rtcp },
	   { "place beside rtp teaches rtcp", test_place_beside_rtp_teaches_rtcp },
	   { "taught place ends with its rank", test_taught_place_ends_with_its_rank },
	   { "taught place ends where signalling moves",
	     test_taught_place_ends_where_signalling_moves },
	   { "keepalives of the source are not media",
	     test_keepalives_of_the_source_are_not_media },
	   { "keepalives of a stranger are refused", test_keepalives_of_a_stranger_are_refused },
	   { "keepalives without srtp teach no place of srtp",
	     test_keepalives_without_srtp_teach_no_place_of_srtp },
	   { "leg without sdp knows only empty keepalives",
	     test_leg_without_sdp_knows_only_empty_keepalives },
	   { "next keepalive teaches what had no memory",
	     test_next_keepalive_teaches_what_had_no_memory });
