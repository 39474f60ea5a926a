/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_dtmf_keys.c - sequences of telephone-event packets, and the keys that they mean */
#include "daemon/base/count.h"
#include "daemon/packet/dtmf_keys.h"
#include "tests/unit/test.h"

#define STEPS 12
#define TOLD  6

/* At @ms from the begin; duration 0xffff is that of a full segment. */
struct step {
	int ms;
	uint16_t seq;
	uint32_t timestamp;
	uint8_t event;
	bool end;
	uint16_t duration;
	uint32_t ssrc;
	bool marker;
};

#define END true
#define ON  false
/* Told: digit, duration; lower case after it: 'e' with its end, 'l' without */
static const struct {
	const char *name;
	struct step step[STEPS];
	int until_ms; /* then time passes, without packets */
	struct {
		char digit;
		uint32_t duration;
		bool lost;
	} told[TOLD];
} rows[] = {
	{ "a key, its end three times",
	  { { 0, 1, 100, 5, ON, 0, 7, true },
	    { 20, 2, 100, 5, ON, 160, 7, false },
	    { 40, 3, 100, 5, END, 320, 7, false },
	    { 41, 4, 100, 5, END, 320, 7, false },
	    { 42, 5, 100, 5, END, 320, 7, false } },
	  1000,
	  { { '5', 320, false } } },
	{ "only an end packet arrives",
	  { { 0, 9, 100, 11, END, 800, 7, false } },
	  1000,
	  { { '#', 800, false } } },
	{ "only the second end packet arrives after the first update",
	  { { 0, 1, 100, 10, ON, 160, 7, true }, { 90, 5, 100, 10, END, 480, 7, false } },
	  1000,
	  { { '*', 480, false } } },
	{ "all ends are lost: told after a gap",
	  { { 0, 1, 100, 1, ON, 0, 7, true }, { 50, 2, 100, 1, ON, 400, 7, false } },
	  200,
	  { { '1', 400, true } } },
	{ "before the gap it is not told",
	  { { 0, 1, 100, 1, ON, 0, 7, true }, { 50, 2, 100, 1, ON, 400, 7, false } },
	  199,
	  { { 0 } } },
	{ "all ends are lost: told by the next key",
	  { { 0, 1, 100, 1, ON, 160, 7, true },
	    { 60, 9, 900, 2, ON, 0, 7, true },
	    { 80, 10, 900, 2, END, 160, 7, false } },
	  1000,
	  { { '1', 160, true }, { '2', 160, false } } },
	{ "lost end, and the next key is one end packet",
	  { { 0, 1, 100, 1, ON, 160, 7, true }, { 60, 9, 900, 2, END, 160, 7, false } },
	  1000,
	  { { '1', 160, true }, { '2', 160, false } } },
	{ "the same key twice",
	  { { 0, 1, 100, 4, ON, 0, 7, true },
	    { 40, 2, 100, 4, END, 320, 7, false },
	    { 80, 5, 800, 4, ON, 0, 7, true },
	    { 120, 6, 800, 4, END, 320, 7, false } },
	  1000,
	  { { '4', 320, false }, { '4', 320, false } } },
	{ "a packet from before the end comes after it",
	  { { 0, 1, 100, 4, ON, 0, 7, true },
	    { 40, 3, 100, 4, END, 320, 7, false },
	    { 45, 2, 100, 4, ON, 160, 7, false } },
	  1000,
	  { { '4', 320, false } } },
	{ "updates in the wrong order: the longest duration",
	  { { 0, 1, 100, 4, ON, 0, 7, true },
	    { 40, 3, 100, 4, ON, 320, 7, false },
	    { 45, 2, 100, 4, ON, 160, 7, false } },
	  1000,
	  { { '4', 320, true } } },
	{ "an end of the key before comes while the next one is pressed",
	  { { 0, 1, 100, 4, ON, 0, 7, true },
	    { 20, 2, 100, 4, END, 160, 7, false },
	    { 60, 5, 900, 6, ON, 0, 7, true },
	    { 61, 4, 100, 4, END, 160, 7, false },
	    { 80, 6, 900, 6, END, 160, 7, false } },
	  1000,
	  { { '4', 160, false }, { '6', 160, false } } },
	{ "a key that was lost but for a late end: the open one goes on",
	  { { 0, 5, 900, 6, ON, 0, 7, true },
	    { 10, 4, 100, 4, END, 160, 7, false },
	    { 20, 6, 900, 6, END, 200, 7, false } },
	  1000,
	  { { '4', 160, false }, { '6', 200, false } } },
	{ "a late update of a key that was lost is nothing",
	  { { 0, 5, 900, 6, ON, 0, 7, true },
	    { 10, 3, 100, 4, ON, 160, 7, false },
	    { 20, 6, 900, 6, END, 200, 7, false } },
	  1000,
	  { { '6', 200, false } } },
	{ "sequence numbers wrap within a key",
	  { { 0, 65535, 100, 6, ON, 0, 7, true },
	    { 20, 0, 100, 6, ON, 160, 7, false },
	    { 40, 1, 100, 6, END, 320, 7, false } },
	  1000,
	  { { '6', 320, false } } },
	{ "a key longer than a duration: two segments",
	  { { 0, 1, 100, 9, ON, 0, 7, true },
	    { 100, 2, 100, 9, ON, 65535, 7, false },
	    { 120, 3, 65635, 9, ON, 160, 7, false },
	    { 140, 4, 65635, 9, END, 320, 7, false } },
	  1000,
	  { { '9', 65855, false } } },
	{ "the last update of the first segment is lost",
	  { { 0, 1, 100, 9, ON, 0, 7, true },
	    { 100, 2, 100, 9, ON, 65000, 7, false },
	    { 140, 4, 65635, 9, END, 320, 7, false } },
	  1000,
	  { { '9', 65855, false } } },
	{ "a segment that ends early",
	  { { 0, 1, 100, 9, ON, 65440, 7, true }, { 20, 4, 65540, 9, END, 320, 7, false } },
	  1000,
	  { { '9', 65760, false } } },
	{ "with a marker it is another key",
	  { { 0, 1, 100, 9, ON, 65535, 7, true }, { 20, 4, 65635, 9, END, 320, 7, true } },
	  1000,
	  { { '9', 65535, true }, { '9', 320, false } } },
	{ "a short key is not continued",
	  { { 0, 1, 100, 9, ON, 160, 7, true }, { 20, 4, 260, 9, END, 320, 7, false } },
	  1000,
	  { { '9', 160, true }, { '9', 320, false } } },
	{ "a late packet of the first segment",
	  { { 0, 1, 100, 9, ON, 65535, 7, true },
	    { 20, 3, 65635, 9, ON, 160, 7, false },
	    { 21, 2, 100, 9, ON, 65535, 7, false },
	    { 40, 4, 65635, 9, END, 320, 7, false } },
	  1000,
	  { { '9', 65855, false } } },
	{ "another SSRC is another key",
	  { { 0, 1, 100, 3, ON, 160, 7, true }, { 20, 900, 100, 3, END, 320, 8, false } },
	  1000,
	  { { '3', 160, true }, { '3', 320, false } } },
	{ "packets of two senders in turn: each key once",
	  { { 0, 1, 100, 3, ON, 160, 7, true },
	    { 5, 50, 500, 2, ON, 160, 8, true },
	    { 20, 2, 100, 3, ON, 320, 7, false },
	    { 25, 51, 500, 2, END, 320, 8, false },
	    { 40, 3, 100, 3, END, 480, 7, false } },
	  1000,
	  { { '3', 160, true }, { '2', 320, false } } },
	{ "after a pause it is the same key",
	  { { 0, 1, 100, 3, ON, 160, 7, true },
	    { 400, 3, 100, 3, ON, 320, 7, false },
	    { 420, 4, 100, 3, END, 480, 7, false } },
	  1000,
	  { { '3', 160, true } } },
	{ "a phone whose timestamp stands still: a second later it is another key",
	  { { 0, 1, 0, 3, END, 160, 7, true },
	    { 999, 2, 0, 3, END, 160, 7, true },
	    { 1999, 3, 0, 3, END, 160, 7, true } },
	  3000,
	  { { '3', 160, false }, { '3', 160, false } } },
	{ "same timestamp, other digit",
	  { { 0, 1, 0, 3, END, 160, 7, true }, { 20, 2, 0, 4, END, 160, 7, true } },
	  3000,
	  { { '3', 160, false }, { '4', 160, false } } },
	{ "flash and D; tones of a fax are no keys",
	  { { 0, 1, 0, 16, END, 160, 7, true },
	    { 1, 2, 20, 15, END, 160, 7, true },
	    { 2, 3, 50, 17, END, 160, 7, true },
	    { 3, 4, 60, 36, ON, 160, 7, true } },
	  3000,
	  { { '!', 160, false }, { 'D', 160, false } } },
};

static struct dtmf_packet packet_of(const struct step *step)
{
	return (struct dtmf_packet){ .ssrc = step->ssrc,
				     .timestamp = step->timestamp,
				     .seq = step->seq,
				     .duration = step->duration,
				     .event = step->event,
				     .volume = 10,
				     .end = step->end,
				     .marker = step->marker };
}

static size_t run_row(size_t row, struct dtmf_event told[TOLD + DTMF_AT_ONCE])
{
	struct dtmf_keys keys = { 0 };
	size_t n = 0;

	for (int i = 0; i < STEPS && rows[row].step[i].ssrc && n <= TOLD; i++) {
		struct dtmf_packet packet = packet_of(&rows[row].step[i]);

		n += dtmf_expire(&keys, 5000 + rows[row].step[i].ms, &told[n]);
		n += dtmf_hear(&keys, &packet, 5000 + rows[row].step[i].ms, &told[n]);
	}
	n += dtmf_expire(&keys, 5000 + rows[row].until_ms, &told[n]);
	return n;
}

static void test_sequences(void)
{
	for (size_t row = 0; row < COUNT(rows); row++) {
		struct dtmf_event told[TOLD + DTMF_AT_ONCE];
		size_t n = run_row(row, told), expected = 0;
		bool same = true;

		while (expected < TOLD && rows[row].told[expected].digit)
			expected++;
		for (size_t i = 0; i < n && i < expected; i++)
			same = same && dtmf_digit(told[i].event) == rows[row].told[i].digit &&
			       told[i].duration == rows[row].told[i].duration &&
			       told[i].end_lost == rows[row].told[i].lost && told[i].volume == 10;
		if (n != expected || !same)
			printf("row \"%s\": told %zu\n", rows[row].name, n);
		CU_ASSERT_EQUAL(n, expected);
		CU_ASSERT_TRUE(same);
	}
}

static void test_report_is_read(void)
{
	static const uint8_t report[] = { 11, 0x80 | 0x40 | 10, 0x02, 0x80, 99 };
	const struct dtmf_packet header = { .ssrc = 7, .timestamp = 100, .seq = 3, .marker = true };
	struct dtmf_packet packet[DTMF_REPORTS];

	CU_ASSERT_EQUAL(dtmf_read(report, 3, &header, packet), 0);
	CU_ASSERT_EQUAL_FATAL(dtmf_read(report, sizeof(report), &header, packet), 1);
	CU_ASSERT_EQUAL(packet[0].event, 11);
	CU_ASSERT_TRUE(packet[0].end);
	CU_ASSERT_EQUAL(packet[0].volume, 10);
	CU_ASSERT_EQUAL(packet[0].duration, 640);
	CU_ASSERT(packet[0].ssrc == 7 && packet[0].timestamp == 100 && packet[0].seq == 3);
	CU_ASSERT_TRUE(packet[0].marker);
	CU_ASSERT_EQUAL(dtmf_read((uint8_t[]){ 0, 0x40, 0, 0 }, 4, &header, packet), 1);
	CU_ASSERT_FALSE(packet[0].end); /* R is not E */
}

static void test_several_reports_of_a_packet(void)
{
	static const struct {
		uint8_t payload[24];
		size_t len;
		const char *digits;
		uint32_t last_timestamp;
	} reports[] = {
		{ { 1, 0x8a, 1, 0, 2, 0x8a, 2, 0, 3, 0x0a, 0, 80 }, 12, "123", 100 + 256 + 512 },
		{ { 1, 0x8a, 1, 0, 1, 0x8a, 2, 0 }, 8, "11", 100 + 256 },
		{ { 1, 0x8a, 1, 0, 2, 0x8a, 2, 0 }, 7, "1", 100 },
		/* It is still pressed; bytes that mean nothing; too many. */
		{ { 1, 0x0a, 1, 0, 2, 0x8a, 2, 0 }, 8, "1", 100 },
		{ { 1, 0x8a, 1, 0, 0, 0, 0, 0 }, 8, "1", 100 },
		{ { 1, 0x8a, 0, 0, 2, 0x8a, 2, 0 }, 8, "1", 100 },
		{ { 1, 0x8a, 0, 1, 2, 0x8a, 0, 1, 3, 0x8a, 0, 1, 4, 0x8a, 0, 1, 5, 0x8a, 0, 1 },
		  20,
		  "1234",
		  103 },
	};
	const struct dtmf_packet header = { .ssrc = 7, .timestamp = 100, .seq = 3 };

	for (size_t row = 0; row < COUNT(reports); row++) {
		struct dtmf_packet packet[DTMF_REPORTS];
		size_t n = dtmf_read(reports[row].payload, reports[row].len, &header, packet);

		CU_ASSERT_EQUAL_FATAL(n, strlen(reports[row].digits));
		for (size_t i = 0; i < n; i++)
			CU_ASSERT(dtmf_digit(packet[i].event) == reports[row].digits[i]);
		CU_ASSERT_EQUAL(packet[n - 1].timestamp, reports[row].last_timestamp);
	}
}

static void test_keys_of_one_packet_are_told_once(void)
{
	static const uint8_t payload[] = { 5, 0x8a, 1, 0, 5, 0x8a, 1, 0, 6, 0x8a, 1, 0 };
	const struct dtmf_packet header = { .ssrc = 7, .timestamp = 100, .seq = 3, .marker = true };
	struct dtmf_packet packet[DTMF_REPORTS];
	struct dtmf_event told[DTMF_AT_ONCE];
	struct dtmf_keys keys = { 0 };
	size_t n = dtmf_read(payload, sizeof(payload), &header, packet);

	CU_ASSERT_EQUAL_FATAL(n, 3);
	for (size_t i = 0; i < n; i++) {
		CU_ASSERT_EQUAL_FATAL(dtmf_hear(&keys, &packet[i], 5000, told), 1);
		CU_ASSERT_EQUAL(told[0].event, payload[4 * i]);
		CU_ASSERT_EQUAL(told[0].duration, 256);
		CU_ASSERT_FALSE(told[0].end_lost);
	}
	/* The same packet again, as senders repeat it. */
	for (size_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL(dtmf_hear(&keys, &packet[i], 5020, told), 0);
}

static uint32_t state = 1;

static uint32_t any(uint32_t below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

#define KEYS 200
/*
 * Keys of seven packets, of which up to six are lost, some come twice and neighbours change places:
 * each key is told once, in order.
 */
static void test_each_key_is_told_once(void)
{
	struct dtmf_keys keys = { 0 };
	struct dtmf_event told[DTMF_AT_ONCE];
	unsigned int heard[KEYS] = { 0 }, n = 0;
	uint16_t seq = 65000;
	int64_t now_ms = 0;

	for (unsigned int key = 0; key < KEYS; key++) {
		unsigned int there = any(7);
		int order[7] = { 0, 1, 2, 3, 4, 5, 6 };

		if (any(2)) {
			unsigned int at = any(6);
			int first = order[at];

			order[at] = order[at + 1];
			order[at + 1] = first;
		}
		for (unsigned int i = 0; i < 7; i++) {
			unsigned int k = (unsigned int)order[i];
			struct dtmf_packet packet = { .ssrc = 3,
						      .timestamp = key * 2000,
						      .seq = (uint16_t)(seq + k),
						      .duration = (uint16_t)(k < 4 ? k * 160 : 640),
						      .event = (uint8_t)(key % 16),
						      .end = k >= 4,
						      .marker = !k };

			now_ms += 20;
			for (unsigned int twice = 0; twice <= any(2); twice++) {
				size_t more = k != there && any(3)
						      ? 0
						      : dtmf_hear(&keys, &packet, now_ms, told);

				for (size_t m = 0; m < more && n < KEYS; m++)
					heard[n++] = told[m].event;
			}
		}
		seq = (uint16_t)(seq + 9);
		now_ms += 30;
	}
	n += dtmf_expire(&keys, now_ms + DTMF_GAP_MS, told);
	CU_ASSERT_TRUE(n == KEYS);
	for (unsigned int i = 0; i + 1 < n && i + 1 < KEYS; i++)
		CU_ASSERT_EQUAL(heard[i], i % 16);
}

TEST_SUITE(dtmf_keys, { "sequences", test_sequences }, { "report is read", test_report_is_read },
	   { "several reports of a packet", test_several_reports_of_a_packet },
	   { "keys of one packet are told once", test_keys_of_one_packet_are_told_once },
	   { "each key is told once", test_each_key_is_told_once });
