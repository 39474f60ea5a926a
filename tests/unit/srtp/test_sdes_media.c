/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sdes_media.c - which a=crypto lines are offered, and which is answered */
#include "daemon/base/count.h"
#include "daemon/srtp/sdes_media.h"
#include "tests/unit/srtp/sdes_text.h"
#include "tests/unit/test.h"

/* Other bytes for each key. */
static void count_up(void *arg, uint8_t *bytes, size_t len)
{
	uint8_t *next = arg;

	for (size_t i = 0; i < len; i++)
		bytes[i] = ++*next;
}

/* "TAG SUITE;TAG SUITE;" without keys */
static const char *summary(const struct sdes_lines *lines)
{
	static char text[1024];
	struct buf buf = BUF_INIT(text, sizeof(text) - 1);

	for (unsigned int i = 0; i < lines->n; i++) {
		buf_u64(&buf, lines->line[i].tag);
		buf_char(&buf, ' ');
		buf_str(&buf, str_of(lines->line[i].name));
		buf_char(&buf, ';');
	}
	text[buf.len] = '\0';
	return text;
}

/* Of words and lines that are separated by blanks and by "/". */
static struct sdes_policy policy_of(const char *text)
{
	struct str rest = str_of(text);
	struct sdes_policy policy = { 0 };

	while (rest.len)
		CU_ASSERT_TRUE(sdes_policy_add(&policy, str_split(&rest, ' ')));
	return policy;
}

static struct sdes_lines lines_of(const char *text)
{
	struct str rest = str_of(text);
	struct sdes_lines lines = { 0 };

	while (rest.len)
		CU_ASSERT_EQUAL(sdes_add(&lines, str_split(&rest, '\n')), SDES_OK);
	return lines;
}

#define CM_256 "AES_CM_256_HMAC_SHA1_80"
#define THEIRS "3 " CM_32 " inline:" KEY_30 "\n5 " CM_256 " inline:" KEY_46 "\n" LINE("7") "\n"

/* --- Offers ---------------------------------------------------------------------------------- */

static const struct {
	const char *policy, *theirs, *offered;
} offers[] = {
	{ "", "", "1 " GCM_128 ";2 " CM_80 ";3 " CM_32 ";" },
	{ "", THEIRS, "3 " CM_32 ";5 " CM_256 ";7 " CM_80 ";8 " GCM_128 ";" },
	{ "off", THEIRS, "" },
	{ "no", "", "" },
	{ "disable", "", "" },
	{ "no-AEAD_AES_128_GCM", THEIRS, "3 " CM_32 ";5 " CM_256 ";7 " CM_80 ";" },
	{ "no-" CM_32 " no-" CM_80 " no-" GCM_128, THEIRS, "5 " CM_256 ";" },
	{ "no-AES_256_CM_HMAC_SHA1_80", THEIRS, "3 " CM_32 ";7 " CM_80 ";8 " GCM_128 ";" },
	{ "only-" CM_80, THEIRS, "7 " CM_80 ";" },
	{ "only-" CM_80 " only-AEAD_AES_256_GCM", "", "1 AEAD_AES_256_GCM;2 " CM_80 ";" },
	{ "nonew", THEIRS, "3 " CM_32 ";5 " CM_256 ";7 " CM_80 ";" },
	{ "nonew only-" GCM_128 " no-" CM_80, THEIRS, "3 " CM_32 ";5 " CM_256 ";7 " CM_80 ";" },
	{ "nonew", "", "" },
	{ "order:" CM_80 ";" GCM_128 ";", THEIRS,
	  "7 " CM_80 ";8 " GCM_128 ";3 " CM_32 ";5 " CM_256 ";" },
	{ "", "999999999 " CM_32 " inline:" KEY_30 "\n", "999999999 " CM_32 ";" },
	/* One line of a suite is enough. */
	{ "nonew", LINE("1") "\n" LINE("2") "\n", "1 " CM_80 ";" },
};

static void test_offers(void)
{
	for (size_t i = 0; i < COUNT(offers); i++) {
		struct sdes_policy policy = policy_of(offers[i].policy);
		struct sdes_lines theirs = lines_of(offers[i].theirs), lines;
		uint8_t next = 100;

		sdes_offer(&policy, &theirs, NULL, count_up, &next, &lines);
		CU_ASSERT_STRING_EQUAL(summary(&lines), offers[i].offered);
	}
}

/* No key of the other side, none twice. */
static void test_keys_are_never_copied(void)
{
	struct sdes_policy policy = { 0 };
	struct sdes_lines theirs = lines_of(THEIRS), lines;
	struct sdes_line answer;
	uint8_t next = 100;

	sdes_offer(&policy, &theirs, NULL, count_up, &next, &lines);
	for (unsigned int i = 0; i < lines.n; i++) {
		for (unsigned int k = 0; k < theirs.n; k++)
			CU_ASSERT_TRUE(memcmp(lines.line[i].keys[0].key, theirs.line[k].keys[0].key,
					      16) != 0);
		for (unsigned int k = 0; k < i; k++)
			CU_ASSERT_TRUE(memcmp(lines.line[i].keys[0].key, lines.line[k].keys[0].key,
					      16) != 0);
	}
	sdes_answer(&theirs.line[0], count_up, &next, &answer);
	CU_ASSERT_TRUE(memcmp(answer.keys[0].key, theirs.line[0].keys[0].key, 16) != 0);
	CU_ASSERT_TRUE(memcmp(answer.keys[0].salt, theirs.line[0].keys[0].salt, 14) != 0);
}

/* A re-offer: the line in use stays, the others are new. */
static void test_keeps_the_line_in_use(void)
{
	struct sdes_policy policy = { 0 };
	struct sdes_lines theirs = lines_of(THEIRS), current = lines_of(LINE("2")), lines;
	uint8_t next = 100;

	sdes_offer(&policy, &theirs, &current.line[0], count_up, &next, &lines);
	CU_ASSERT_STRING_EQUAL(summary(&lines),
			       "2 " CM_80 ";3 " CM_32 ";5 " CM_256 ";6 " GCM_128 ";");
	CU_ASSERT_TRUE(!memcmp(&lines.line[0], &current.line[0], sizeof(lines.line[0])));
	/* Also one whose tag the other side uses for another suite. */
	current = lines_of(LINE("3"));
	sdes_offer(&policy, &theirs, &current.line[0], count_up, &next, &lines);
	CU_ASSERT_STRING_EQUAL(summary(&lines),
			       "3 " CM_80 ";5 " CM_256 ";6 " GCM_128 ";7 " CM_32 ";");
}

/* --- Answers --------------------------------------------------------------------------------- */

static const struct {
	const char *policy, *offered;
	enum srtp_suite_id current;
	uint32_t tag; /* 0: none */
} choices[] = {
	{ "", THEIRS, 0, 3 },
	{ "", "", 0, 0 },
	{ "no-" CM_32, THEIRS, 0, 5 },
	{ "only-" CM_80, THEIRS, 0, 7 },
	/* Nothing else is offered. */
	{ "only-" GCM_128, THEIRS, 0, 7 },
	{ "no-" CM_80, LINE("4"), 0, 4 },
	{ "off", THEIRS, 0, 3 },
	{ "offerer_pref:" CM_80 ";" CM_32, THEIRS, 0, 7 },
	{ "offerer_pref:" GCM_128 ";AES_256_CM_HMAC_SHA1_80", THEIRS, 0, 5 },
	{ "static", THEIRS, SRTP_AES_CM_128_SHA1_80, 7 },
	{ "static", THEIRS, SRTP_AEAD_AES_128_GCM, 3 },
	{ "", THEIRS, SRTP_AES_CM_128_SHA1_80, 3 },
};

static void test_chooses(void)
{
	for (size_t i = 0; i < COUNT(choices); i++) {
		struct sdes_policy policy = policy_of(choices[i].policy);
		struct sdes_lines offered = lines_of(choices[i].offered);
		const struct sdes_line *line =
			sdes_choose(&policy, &offered, srtp_suite_by_id(choices[i].current));

		CU_ASSERT_EQUAL(line ? line->tag : 0, choices[i].tag);
	}
}

/* Tag and name of the suite are the offer's, the MKI is not. */
static void test_answers(void)
{
	struct sdes_lines offered = lines_of("5 " CM_256 " inline:" KEY_46 "|2^31|1:4");
	struct sdes_line answer;
	uint8_t next = 100;

	sdes_answer(&offered.line[0], count_up, &next, &answer);
	CU_ASSERT_EQUAL(answer.tag, 5);
	CU_ASSERT_STRING_EQUAL(answer.name, CM_256);
	CU_ASSERT_EQUAL(answer.n_keys, 1);
	CU_ASSERT_EQUAL(answer.keys[0].mki.len, 0);
	CU_ASSERT_EQUAL(answer.keys[0].key[31], 132);
	CU_ASSERT_EQUAL(answer.keys[0].salt[13], 146);
}

static void test_finds_what_was_answered(void)
{
	struct sdes_lines offered = lines_of(THEIRS), answers = lines_of(THEIRS);

	CU_ASSERT_PTR_EQUAL(sdes_answered(&offered, &answers.line[1]), &offered.line[1]);
	answers.line[1].tag = 4;
	CU_ASSERT_PTR_NULL(sdes_answered(&offered, &answers.line[1]));
	answers.line[1].tag = 3;
	CU_ASSERT_PTR_NULL(sdes_answered(&offered, &answers.line[1]));
}

/* --- Lists ----------------------------------------------------------------------------------- */

static void test_first_line_of_a_tag_counts(void)
{
	struct sdes_lines lines = lines_of(LINE("1"));

	CU_ASSERT_EQUAL(sdes_add(&lines, STR("1 " CM_32 " inline:" KEY_30)), SDES_MALFORMED);
	CU_ASSERT_EQUAL(sdes_add(&lines, STR("2 F8_128_HMAC_SHA1_80 inline:" KEY_30)),
			SDES_UNKNOWN_SUITE);
	CU_ASSERT_STRING_EQUAL(summary(&lines), "1 " CM_80 ";");
	sdes_wipe(&lines);
	CU_ASSERT_EQUAL(lines.n, 0);
	CU_ASSERT_EQUAL(lines.line[0].keys[0].key[3], 0);
}

static void test_lines_are_bounded(void)
{
	struct sdes_lines theirs = { 0 }, lines;
	struct sdes_policy policy = { 0 };
	uint8_t next = 0;

	for (unsigned int i = 0; i < 100; i++) {
		char text[] = "10 " CM_80 " inline:" KEY_30;

		text[0] = (char)('0' + i / 10);
		text[1] = (char)('0' + i % 10);
		CU_ASSERT_EQUAL(sdes_add(&theirs, str_of(text)),
				i < SDES_LINES ? SDES_OK : SDES_TOO_MANY_KEYS);
	}
	CU_ASSERT_EQUAL(theirs.n, SDES_LINES);
	sdes_offer(&policy, &theirs, NULL, count_up, &next, &lines);
	CU_ASSERT_EQUAL(lines.n, 3);
}

static void test_knows_the_words(void)
{
	static const char *const unknown[] = { "",
					       "n",
					       "no-",
					       "no-X",
					       "only-",
					       "order:",
					       "order:X;",
					       "unencrypted_srtp",
					       "unencrypted_srtcp",
					       "unauthenticated_srtp" };
	struct sdes_policy policy = policy_of("pad lifetime prefer encrypted_srtp NONEW");

	CU_ASSERT_EQUAL(policy.write, SDES_PAD | SDES_LIFETIME);
	CU_ASSERT_TRUE(policy.prefer && policy.nonew && !policy.off);
	for (size_t i = 0; i < COUNT(unknown); i++)
		CU_ASSERT_FALSE(sdes_policy_add(&policy, str_of(unknown[i])));
	CU_ASSERT_TRUE(sdes_policy_add(&policy, STR("order:X;" CM_32 ";" CM_32 ";" CM_80)));
	CU_ASSERT_EQUAL(policy.n_order, 2);
}

TEST_SUITE(sdes_media, { "offers lines", test_offers },
	   { "keys are never copied", test_keys_are_never_copied },
	   { "keeps the line in use", test_keeps_the_line_in_use },
	   { "chooses a line", test_chooses }, { "answers", test_answers },
	   { "finds what was answered", test_finds_what_was_answered },
	   { "the first line of a tag counts", test_first_line_of_a_tag_counts },
	   { "lines are bounded", test_lines_are_bounded },
	   { "knows the words of the proxy", test_knows_the_words });
