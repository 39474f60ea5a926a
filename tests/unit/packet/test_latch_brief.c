/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_brief.c - a source that has sent a few packets, and not talked, has no place of its
 * own: it yields to a phone of its rank that talks
 */
#include "daemon/base/count.h"
#include "latch_scene.h"

#define NAT    "203.0.113.9"
#define PHONE  NAT ":50000"
#define THIEF  NAT ":6666"
#define NUMBER 40000 /* of the phone's first packet */

/* The phone's own packets, beside those of box.ssrc and .seq. */
static enum latch_verdict phone_after(struct box *box, int64_t ms, const char *from, uint16_t *seq)
{
	struct endpoint source = ep(from);
	struct latch_packet packet = { .source = &source,
				       .now_ms = box->now += ms,
				       .candidate = true,
				       .in_kernel = box->in_kernel,
				       .has_ssrc = true,
				       .has_seq = true,
				       .ssrc = 4711,
				       .seq = (*seq)++ };
	enum latch_rank rank;

	return latch_packet(&box->latch, &box->ref, &packet, &rank);
}

/* When the phone is heard, if it talks from now on; -1: not within 10 s. */
static int64_t heard_after(struct box *box, const char *from)
{
	int64_t began = box->now + 20;
	uint16_t seq = NUMBER;

	while (box->now < began + 10000)
		if (phone_after(box, 20, from, &seq) == LATCH_TAKEN)
			return box->now - began;
	return -1;
}

static void burst(struct box *box, unsigned int packets, const char *from)
{
	CU_ASSERT_EQUAL(hear(box, from), LATCH_TAKEN);
	for (unsigned int i = 1; i < packets; i++)
		CU_ASSERT_EQUAL(hear_after(box, 5, from), LATCH_ADMIT);
}

static void pass(struct box *box, int64_t ms)
{
	box->now += ms;
	latch_tick(&box->latch, box->now);
}

static void open_sibling(struct box *box, const char *near)
{
	open_nat(box);
	box->near[0] = ep(near);
	box->ref.near[0] = &box->near[0];
	box->ref.n_near = 1;
}

/* --- Who yields ------------------------------------------------------------------------------- */

static void open_asymmetric(struct box *box)
{
	open_nat(box);
	box->ref.asymmetric = true;
}

static void open_strict(struct box *box)
{
	open_nat(box);
	box->ref.mode = LATCH_STRICT;
}

static void open_strict_source(struct box *box)
{
	open_nat(box);
	box->ref.strict_source = true;
}

static void open_first(struct box *box)
{
	open_nat(box);
	box->ref.mode = LATCH_FIRST;
}

static void open_v6(struct box *box)
{
	open_box(box, "[fd00::5]:4000", "2001:db8::9");
}

static void open_same_address(struct box *box)
{
	open_box(box, "203.0.113.9:4000", NAT);
}

static void open_video(struct box *box)
{
	open_sibling(box, "198.51.100.80:7000");
}

static void open_trial(struct box *box)
{
	open_sibling(box, "203.0.113.77:7000");
	box->ref.on_trial = 1;
}

static void test_a_few_packets_keep_no_phone_out(void)
{
	static const struct {
		void (*open)(struct box *box);
		const char *thief, *phone;
	} rows[] = {
		{ open_nat, THIEF, PHONE },
		{ open_strict, THIEF, PHONE },
		{ open_strict_source, THIEF, PHONE },
		{ open_asymmetric, THIEF, PHONE },
		{ open_first, "192.0.2.66:6666", "192.0.2.1:5000" },
		{ open_v6, "[2001:db8::9]:6666", "[2001:db8::9]:50000" },
		{ open_same_address, THIEF, PHONE },
		{ open_video, "198.51.100.80:6666", "198.51.100.80:7002" },
		{ open_trial, "203.0.113.77:6666", "203.0.113.77:7002" },
	};
	static const unsigned int packets[] = { 1, 2, 3, 50 };
	/* In the window and after it, and after an hour of ringing. */
	static const int64_t later_ms[] = { 0, 100, 1000, 5000, 3600000 };
	struct box box;

	for (size_t i = 0; i < COUNT(rows) * COUNT(packets) * COUNT(later_ms); i++) {
		size_t row = i / COUNT(packets) / COUNT(later_ms);

		rows[row].open(&box);
		burst(&box, packets[i / COUNT(later_ms) % COUNT(packets)], rows[row].thief);
		pass(&box, later_ms[i % COUNT(later_ms)]);
		CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
		CU_ASSERT_EQUAL(heard_after(&box, rows[row].phone), 400);
		CU_ASSERT_EQUAL(latch_relatched(&box.latch), 1);
	}
}

/* Who was displaced is one who comes from elsewhere, from then on. */
static void test_it_does_not_come_back(void)
{
	struct box box;

	open_nat(&box);
	burst(&box, 1, THIEF);
	CU_ASSERT_EQUAL(heard_after(&box, PHONE), 400);
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(hear_after(&box, 20, THIEF), LATCH_REFUSE);
	pass(&box, 4000);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(hear_after(&box, 20, THIEF), LATCH_REFUSE);
}

static void test_a_fax_is_not_kept_out_by_one_packet(void)
{
	struct endpoint thief = ep(THIEF), phone = ep(PHONE);
	struct latch_packet packet = {
		.source = &thief, .candidate = true, .has_seq = true, .opaque = true, .udptl = true
	};
	enum latch_rank rank;
	struct box box;

	open_nat(&box);
	packet.now_ms = box.now;
	CU_ASSERT_EQUAL(latch_packet(&box.latch, &box.ref, &packet, &rank), LATCH_TAKEN);
	packet.source = &phone;
	packet.now_ms += 5000;
	for (packet.seq = NUMBER; packet.seq < NUMBER + 20; packet.seq++) {
		CU_ASSERT_EQUAL(latch_packet(&box.latch, &box.ref, &packet, &rank), LATCH_PATIENCE);
		packet.now_ms += 20;
	}
	CU_ASSERT_EQUAL(latch_packet(&box.latch, &box.ref, &packet, &rank), LATCH_TAKEN);
	/* Four numbers of a fax in 400 ms lock it, whatever the pauses. */
	open_nat(&box);
	for (packet.seq = 1; packet.seq <= 4; packet.seq++) {
		CU_ASSERT_NOT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
		latch_packet(&box.latch, &box.ref, &packet, &rank);
		packet.now_ms += 4000;
	}
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

/* --- Who does not yield ----------------------------------------------------------------------- */

/* On hold, muted, a fax that listens. */
static void test_silent_phone_keeps_its_place_if_nobody_else_comes(void)
{
	struct box box;

	open_nat(&box);
	burst(&box, 1, PHONE);
	pass(&box, 3600000);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_FALSE(latch_settled(&box.latch));
	CU_ASSERT_TRUE(goes_to(&box, PHONE));
	hear_for(&box, 40, PHONE);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	hear_for(&box, 20, PHONE);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_TRUE(latch_settled(&box.latch));
}

/* Both begin at the same time: the first one stays. @pause_ms: of the first one, now and then. */
static void test_phone_that_talks_keeps_its_place(void)
{
	static const int64_t pause_ms[] = { 20, 160, 380 };

	for (size_t i = 0; i < COUNT(pause_ms); i++) {
		uint16_t seq = NUMBER;
		struct box box;

		open_nat(&box);
		burst(&box, 1, PHONE);
		for (int64_t next = box.now + pause_ms[i], n = 0; n < 500; n++) {
			CU_ASSERT_NOT_EQUAL(phone_after(&box, 19, THIEF, &seq), LATCH_TAKEN);
			box.now++;
			if (box.now < next)
				continue;
			CU_ASSERT_EQUAL(hear(&box, PHONE), LATCH_ADMIT);
			next = box.now + pause_ms[i];
		}
		CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
		CU_ASSERT_EQUAL(phone_after(&box, 5000, THIEF, &seq), LATCH_REFUSE);
		CU_ASSERT_EQUAL(heard_after(&box, THIEF), -1);
	}
}

/* Talked for 400 ms, then muted: for ever. */
static void test_phone_that_has_talked_keeps_its_place(void)
{
	struct box box;

	open_nat(&box);
	burst(&box, 1, PHONE);
	hear_for(&box, 400, PHONE);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_EQUAL(heard_after(&box, THIEF), -1);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(heard_after(&box, THIEF), -1);
}

/* It has no window: it locks as soon as it has talked. */
static void test_asymmetric_phone_locks_when_it_has_talked(void)
{
	struct box box;

	open_asymmetric(&box);
	burst(&box, 1, PHONE);
	hear_for(&box, 380, PHONE);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	hear_for(&box, 20, PHONE);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

/* Comfort noise: a packet now and then, whose numbers go on. */
static void test_phone_that_hears_silence_locks(void)
{
	struct box box;

	open_nat(&box);
	burst(&box, 1, PHONE);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
		CU_ASSERT_EQUAL(hear_after(&box, 5000, PHONE), LATCH_ADMIT);
	}
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

/* One packet of each of many ports, again and again. */
static void test_spray_takes_no_place(void)
{
	struct box box;
	char from[32];

	open_nat(&box);
	burst(&box, 1, PHONE);
	for (int i = 0; i < 6000; i++) {
		snprintf(from, sizeof(from), NAT ":%d", 10000 + i % 300);
		box.ssrc = 1000 + (uint32_t)i % 300;
		CU_ASSERT_EQUAL(hear_after(&box, 1, from), LATCH_PATIENCE);
	}
	CU_ASSERT_TRUE(uses(&box, PHONE));
}

/* A phone whose place was taken by one packet is heard in a spray, too. */
static void test_phone_is_heard_in_a_spray(void)
{
	uint16_t seq = NUMBER;
	struct box box;
	char from[32];
	bool taken = false;

	open_nat(&box);
	burst(&box, 1, THIEF);
	for (int i = 0; i < 3000 && !taken; i++) {
		snprintf(from, sizeof(from), NAT ":%d", 10000 + i);
		box.ssrc = 1000 + (uint32_t)i;
		CU_ASSERT_EQUAL(hear_after(&box, 1, from), LATCH_PATIENCE);
		if (i % 20 == 0)
			taken = phone_after(&box, 0, PHONE, &seq) == LATCH_TAKEN;
	}
	CU_ASSERT_TRUE(taken);
}

static void test_weaker_sources_take_no_place(void)
{
	static const struct {
		const char *brief, *other;
	} rows[] = {
		{ PHONE, "192.0.2.66:6666" },
		{ PHONE, "203.0.113.77:6666" },
		{ "198.51.100.80:7002", "203.0.113.77:6666" }, /* same rank, but on trial */
		{ "198.51.100.80:7002", "192.0.2.7:6666" },    /* the same */
		{ "192.168.1.5:4000", PHONE },		       /* exact */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct box box;

		open_sibling(&box, "198.51.100.80:7000");
		box.near[1] = ep("192.0.2.7:7000");
		box.ref.near[1] = &box.near[1];
		box.ref.n_near = 2;
		box.ref.on_trial = 2;
		burst(&box, 1, rows[i].brief);
		pass(&box, 5000);
		CU_ASSERT_EQUAL(heard_after(&box, rows[i].other), -1);
		CU_ASSERT_TRUE(uses(&box, rows[i].brief));
	}
}

/* With a short patience a neighbour has not talked when it is accepted. */
static void test_neighbour_takes_no_place_of_another(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", NAT);
	box.ref.patience_ms = 100;
	wait_for(&box, 100, "203.0.113.77:700");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.77:700"), LATCH_TAKEN);
	pass(&box, 5000);
	CU_ASSERT_EQUAL(heard_after(&box, "203.0.113.78:6666"), -1);
}

/* --- What is talk ----------------------------------------------------------------------------- */

static void test_what_is_talk(void)
{
	static const struct {
		const char *what;
		struct {
			int64_t at_ms;
			uint16_t seq;
		} packet[6];
		bool talk;
	} rows[] = {
		{ "four in 400 ms", { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 400, 4 } }, true },
		{ "too short", { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 399, 4 } }, false },
		{ "too few", { { 0, 1 }, { 200, 2 }, { 4000, 3 } }, false },
		{ "repeated", { { 0, 1 }, { 200, 2 }, { 400, 2 }, { 600, 2 }, { 800, 3 } }, false },
		{ "some lost", { { 0, 1 }, { 20, 17 }, { 40, 18 }, { 400, 34 } }, true },
		{ "a leap", { { 0, 1 }, { 20, 2 }, { 40, 3 }, { 400, 20 } }, false },
		{ "a leap, then talk",
		  { { 0, 1 }, { 40, 90 }, { 60, 91 }, { 400, 92 }, { 440, 93 } },
		  true },
		{ "a late one", { { 0, 2 }, { 20, 1 }, { 40, 3 }, { 60, 4 }, { 400, 5 } }, true },
		{ "the numbers wrap",
		  { { 0, 65534 }, { 20, 65535 }, { 40, 0 }, { 60, 1 }, { 400, 2 } },
		  true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct box box;
		int64_t began;

		open_nat(&box);
		began = box.now;
		for (int n = 0; n < 6 && (!n || rows[i].packet[n].at_ms); n++) {
			box.now = began + rows[i].packet[n].at_ms;
			box.seq = (uint16_t)(rows[i].packet[n].seq - 1);
			hear(&box, PHONE);
		}
		pass(&box, 10000);
		CU_ASSERT_EQUAL(latch_state(&box.latch) == LATCH_LOCKED, rows[i].talk);
	}
}

/* --- The kernel, a restart -------------------------------------------------------------------- */

static bool kernel_heard(struct box *box, uint32_t ssrc, uint16_t seq, int64_t ago_ms,
			 uint32_t rate)
{
	const struct latch_packet last = { .now_ms = box->now - ago_ms,
					   .has_ssrc = true,
					   .has_seq = true,
					   .ssrc = ssrc,
					   .seq = seq };

	return latch_heard_in_kernel(&box->latch, &last, rate, box->now);
}

/* What the kernel has forwarded counts: all packets since the last one that the daemon saw. */
static void test_talk_in_the_kernel(void)
{
	static const struct {
		uint32_t ssrc;
		uint16_t more;
		int64_t ago_ms;
		uint32_t rate;
		bool talk;
	} rows[] = {
		{ 7, 0, 1000, 0, false },   { 7, 2, 1000, 0, false },  { 7, 3, 4000, 0, true },
		{ 7, 3, 4601, 0, false },   { 7, 3, 4600, 0, true },   { 7, 30000, 0, 0, true },
		{ 8, 200, 1000, 0, false }, { 8, 200, 1000, 4, true }, { 7, 1, 1000, 3, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct box box;

		open_nat(&box);
		burst(&box, 1, PHONE);
		pass(&box, 5000);
		CU_ASSERT_FALSE(latch_settled(&box.latch));
		CU_ASSERT_EQUAL(kernel_heard(&box, rows[i].ssrc, (uint16_t)(box.seq + rows[i].more),
					     rows[i].ago_ms, rows[i].rate),
				rows[i].talk);
		CU_ASSERT_EQUAL(latch_settled(&box.latch), rows[i].talk);
		CU_ASSERT_EQUAL(latch_state(&box.latch) == LATCH_LOCKED, rows[i].talk);
	}
}

/* The kernel forwards the phone: that the daemon does not hear it says nothing. */
static void test_nobody_is_taken_beside_the_kernel(void)
{
	struct box box;

	open_nat(&box);
	burst(&box, 1, PHONE);
	box.in_kernel = true;
	CU_ASSERT_EQUAL(heard_after(&box, THIEF), -1);
	box.in_kernel = false;
	CU_ASSERT_EQUAL(heard_after(&box, THIEF), 400);
}

static void test_restart(void)
{
	for (int talked = 0; talked < 2; talked++) {
		struct latch_record record;
		struct box box;

		open_nat(&box);
		burst(&box, 1, THIEF);
		if (talked)
			hear_for(&box, 400, THIEF);
		latch_export(&box.latch, &record);
		CU_ASSERT_TRUE(latch_record_valid(&record));
		latch_import(&box.latch, &record);
		candidates_clear(&box.candidates);
		pass(&box, 5000);
		CU_ASSERT_EQUAL(latch_state(&box.latch), talked ? LATCH_LOCKED : LATCH_LEARN);
		CU_ASSERT_EQUAL(heard_after(&box, PHONE), talked ? -1 : 400);
	}
}

/* A patience of 0 makes nobody talk; one of 100 ms not either. */
static void test_short_patience_is_no_talk(void)
{
	static const int64_t patience_ms[] = { 0, 100, 400 };

	for (size_t i = 0; i < COUNT(patience_ms); i++) {
		struct box box;

		open_box(&box, "192.168.1.5:4000", "");
		box.ref.patience_ms = patience_ms[i];
		while (hear_after(&box, 20, "192.0.2.1:5000") != LATCH_TAKEN)
			CU_ASSERT_TRUE_FATAL(box.now < 101000);
		pass(&box, 5000);
		CU_ASSERT_EQUAL(latch_state(&box.latch) == LATCH_LOCKED, patience_ms[i] == 400);
	}
}

TEST_SUITE(latch_brief, { "a few packets keep no phone out", test_a_few_packets_keep_no_phone_out },
	   { "it does not come back", test_it_does_not_come_back },
	   { "a fax is not kept out by one packet", test_a_fax_is_not_kept_out_by_one_packet },
	   { "silent phone keeps its place if nobody else comes",
	     test_silent_phone_keeps_its_place_if_nobody_else_comes },
	   { "phone that talks keeps its place", test_phone_that_talks_keeps_its_place },
	   { "phone that has talked keeps its place", test_phone_that_has_talked_keeps_its_place },
	   { "asymmetric phone locks when it has talked",
	     test_asymmetric_phone_locks_when_it_has_talked },
	   { "phone that hears silence locks", test_phone_that_hears_silence_locks },
	   { "spray takes no place", test_spray_takes_no_place },
	   { "phone is heard in a spray", test_phone_is_heard_in_a_spray },
	   { "weaker sources take no place", test_weaker_sources_take_no_place },
	   { "neighbour takes no place of another", test_neighbour_takes_no_place_of_another },
	   { "what is talk", test_what_is_talk }, { "talk in the kernel", test_talk_in_the_kernel },
	   { "nobody is taken beside the kernel", test_nobody_is_taken_beside_the_kernel },
	   { "restart", test_restart },
	   { "short patience is no talk", test_short_patience_is_no_talk });
