/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdes_media.c - the a=crypto lines of one media: which are offered, which one is answered
 */
#include "base/count.h"
#include "srtp/sdes_media.h"

/*
 * What is offered beyond the suites of the other side: three, since an offer over UDP has to fit in
 * a datagram. Those with AES-192 and AES-256 in counter mode are taken when a phone offers them.
 */
static const enum srtp_suite_id own[] = { SRTP_AEAD_AES_128_GCM, SRTP_AES_CM_128_SHA1_80,
					  SRTP_AES_CM_128_SHA1_32 };

static enum srtp_suite_id suite_of(const struct sdes_line *line)
{
	return line->keys[0].suite->id;
}

static const struct sdes_line *with_tag(const struct sdes_lines *lines, uint32_t tag)
{
	for (unsigned int i = 0; i < lines->n; i++)
		if (lines->line[i].tag == tag)
			return &lines->line[i];
	return NULL;
}

static bool has_suite(const struct sdes_lines *lines, enum srtp_suite_id suite)
{
	for (unsigned int i = 0; i < lines->n; i++)
		if (suite_of(&lines->line[i]) == suite)
			return true;
	return false;
}

/* --- Lines of an SDP ------------------------------------------------------------------------- */

enum sdes_fault sdes_add(struct sdes_lines *lines, struct str value)
{
	struct sdes_line line;
	enum sdes_fault fault = sdes_read(value, &line);

	if (!fault && with_tag(lines, line.tag))
		fault = SDES_MALFORMED;
	if (!fault && lines->n == SDES_LINES)
		fault = SDES_TOO_MANY_KEYS;
	if (!fault)
		lines->line[lines->n++] = line;
	explicit_bzero(&line, sizeof(line));
	return fault;
}

void sdes_wipe(struct sdes_lines *lines)
{
	explicit_bzero(lines, sizeof(*lines));
}

void sdes_lines_write(struct buf *buf, const struct sdes_lines *lines)
{
	for (unsigned int i = 0; i < lines->n; i++) {
		sdes_write(buf, &lines->line[i], 0);
		buf_char(buf, '\n');
	}
}

bool sdes_lines_read(struct str text, struct sdes_lines *lines)
{
	sdes_wipe(lines);
	while (text.len) {
		bool ended = memchr(text.s, '\n', text.len);

		if (!ended || sdes_add(lines, str_split(&text, '\n'))) {
			sdes_wipe(lines);
			return false;
		}
	}
	return true;
}

bool srtp_master_eq(const struct srtp_master *a, const struct srtp_master *b)
{
	return a->suite == b->suite && !memcmp(a->key, b->key, sizeof(a->key)) &&
	       !memcmp(a->salt, b->salt, sizeof(a->salt)) && a->mki.len == b->mki.len &&
	       !memcmp(a->mki.bytes, b->mki.bytes, a->mki.len);
}

/* --- What the proxy wants -------------------------------------------------------------------- */

static bool after(struct str word, struct str prefix, struct str *rest)
{
	if (word.len < prefix.len || !str_eq_nocase((struct str){ word.s, prefix.len }, prefix))
		return false;
	*rest = (struct str){ word.s + prefix.len, word.len - prefix.len };
	return true;
}

static bool add_suite(uint32_t *suites, struct str name)
{
	const struct srtp_suite *suite = srtp_suite_by_name(name, NULL);

	if (suite)
		*suites |= 1U << suite->id;
	return suite;
}

/* "A;B;": names that are not known are skipped, each counts once. */
static bool read_order(struct str names, enum srtp_suite_id *order, unsigned int *n)
{
	uint32_t seen = 0;

	*n = 0;
	while (names.len) {
		const struct srtp_suite *suite = srtp_suite_by_name(str_split(&names, ';'), NULL);

		if (suite && !(seen & 1U << suite->id)) {
			seen |= 1U << suite->id;
			order[(*n)++] = suite->id;
		}
	}
	return *n;
}

static void set_off(struct sdes_policy *policy)
{
	policy->off = true;
}

static void set_nonew(struct sdes_policy *policy)
{
	policy->nonew = true;
}

static void set_prefer(struct sdes_policy *policy)
{
	policy->prefer = true;
}

static void set_keep(struct sdes_policy *policy)
{
	policy->keep = true;
}

static void set_pad(struct sdes_policy *policy)
{
	policy->write |= SDES_PAD;
}

static void set_lifetime(struct sdes_policy *policy)
{
	policy->write |= SDES_LIFETIME;
}

static void set_nothing(struct sdes_policy *policy)
{
	(void)policy; /* what is always so */
}

static const struct {
	const char *word;
	void (*set)(struct sdes_policy *policy);
} words[] = {
	{ "off", set_off },
	{ "no", set_off },
	{ "disable", set_off },
	{ "disabled", set_off },
	{ "nonew", set_nonew },
	{ "prefer", set_prefer },
	{ "static", set_keep },
	{ "pad", set_pad },
	{ "lifetime", set_lifetime },
	{ "encrypted_srtp", set_nothing },
	{ "encrypted_srtcp", set_nothing },
	{ "authenticated_srtp", set_nothing },
};

bool sdes_policy_add(struct sdes_policy *policy, struct str word)
{
	struct str rest;

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(word, str_of(words[i].word))) {
			words[i].set(policy);
			return true;
		}
	if (after(word, STR("no-"), &rest))
		return add_suite(&policy->no, rest);
	if (after(word, STR("only-"), &rest))
		return add_suite(&policy->only, rest);
	if (after(word, STR("order:"), &rest))
		return read_order(rest, policy->order, &policy->n_order);
	if (after(word, STR("offerer_pref:"), &rest))
		return read_order(rest, policy->preference, &policy->n_preference);
	return false;
}

static bool wanted(const struct sdes_policy *policy, enum srtp_suite_id suite)
{
	return !(policy->no & 1U << suite) && (!policy->only || policy->only & 1U << suite);
}

/* --- Offers ---------------------------------------------------------------------------------- */

struct random {
	sdes_random_fn fill;
	void *arg;
};

static void make_line(struct sdes_line *line, uint32_t tag, const char *name,
		      const struct srtp_suite *suite, const struct random *random)
{
	*line = (struct sdes_line){ .tag = tag, .name = name, .n_keys = 1 };
	line->keys[0].suite = suite;
	random->fill(random->arg, line->keys[0].key, suite->key_len);
	random->fill(random->arg, line->keys[0].salt, suite->salt_len);
}

static void add_line(struct sdes_lines *lines, uint32_t tag, const char *name,
		     const struct srtp_suite *suite, const struct random *random)
{
	if (lines->n < SDES_LINES)
		make_line(&lines->line[lines->n++], tag, name, suite, random);
}

/* The suites of the other side, in its order, under its tags. */
static void add_theirs(const struct sdes_policy *policy, const struct sdes_lines *theirs,
		       const struct random *random, struct sdes_lines *lines)
{
	for (unsigned int i = 0; i < theirs->n; i++) {
		const struct sdes_line *line = &theirs->line[i];

		if ((policy->nonew || wanted(policy, suite_of(line))) &&
		    !has_suite(lines, suite_of(line)) && !with_tag(lines, line->tag))
			add_line(lines, line->tag, line->name, line->keys[0].suite, random);
	}
}

/* A suite that was asked for by name is added, too, though we do not offer it otherwise. */
static void add_own(const struct sdes_policy *policy, const struct random *random,
		    struct sdes_lines *lines)
{
	uint32_t suites = policy->only, tag = 0;

	for (size_t i = 0; !policy->only && i < COUNT(own); i++)
		suites |= 1U << own[i];
	for (unsigned int i = 0; i < lines->n; i++)
		tag = lines->line[i].tag > tag ? lines->line[i].tag : tag;
	for (unsigned int id = 1; id <= SRTP_SUITES; id++) {
		const struct srtp_suite *suite = srtp_suite_by_id(id);

		if (suites & 1U << id && wanted(policy, suite->id) &&
		    !has_suite(lines, suite->id) && tag < SDES_TAG_MAX)
			add_line(lines, ++tag, suite->name, suite, random);
	}
}

/* The place of a suite in the order that was asked for. */
static unsigned int rank(const enum srtp_suite_id *order, unsigned int n, enum srtp_suite_id suite)
{
	unsigned int i = 0;

	while (i < n && order[i] != suite)
		i++;
	return i;
}

/* By insertion: equal ranks stay in their order. */
static void sort(const struct sdes_policy *policy, struct sdes_lines *lines)
{
	struct sdes_line line;

	for (unsigned int i = 1; i < lines->n; i++) {
		unsigned int at = i, own_rank;

		line = lines->line[i];
		own_rank = rank(policy->order, policy->n_order, suite_of(&line));
		for (; at && rank(policy->order, policy->n_order, suite_of(&lines->line[at - 1])) >
				     own_rank;
		     at--)
			lines->line[at] = lines->line[at - 1];
		lines->line[at] = line;
	}
	explicit_bzero(&line, sizeof(line));
}

void sdes_offer(const struct sdes_policy *policy, const struct sdes_lines *theirs,
		const struct sdes_line *current, sdes_random_fn random, void *arg,
		struct sdes_lines *lines)
{
	struct random source = { random, arg };

	lines->n = 0;
	if (policy->off)
		return;
	if (current)
		lines->line[lines->n++] = *current;
	if (theirs)
		add_theirs(policy, theirs, &source, lines);
	if (!policy->nonew)
		add_own(policy, &source, lines);
	sort(policy, lines);
}

/* --- Answers --------------------------------------------------------------------------------- */

const struct sdes_line *sdes_choose(const struct sdes_policy *policy,
				    const struct sdes_lines *offered,
				    const struct srtp_suite *current)
{
	const struct sdes_line *best = NULL;
	unsigned int best_rank = 0;

	for (unsigned int i = 0; i < offered->n; i++) {
		const struct sdes_line *line = &offered->line[i];
		unsigned int own_rank =
			rank(policy->preference, policy->n_preference, suite_of(line));

		if (policy->keep && current && suite_of(line) == current->id)
			return line;
		if (wanted(policy, suite_of(line)) && (!best || own_rank < best_rank)) {
			best = line;
			best_rank = own_rank;
		}
	}
	if (!best && offered->n)
		best = &offered->line[offered->n - 1];
	return best;
}

void sdes_answer(const struct sdes_line *chosen, sdes_random_fn random, void *arg,
		 struct sdes_line *answer)
{
	struct random source = { random, arg };

	make_line(answer, chosen->tag, chosen->name, chosen->keys[0].suite, &source);
}

const struct sdes_line *sdes_answered(const struct sdes_lines *offered,
				      const struct sdes_line *answer)
{
	const struct sdes_line *line = with_tag(offered, answer->tag);

	return line && suite_of(line) == suite_of(answer) ? line : NULL;
}
