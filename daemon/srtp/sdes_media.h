/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdes_media.h - the a=crypto lines of one media: which are offered, which one is answered
 *
 * Pure; random bytes are handed in. A key of one side is never given to the other: what is sent to
 * each side has a key of its own.
 */
#ifndef RTPRELAY_SDES_MEDIA_H
#define RTPRELAY_SDES_MEDIA_H

#include "srtp/sdes.h"

#define SDES_LINES 12 /* of one media; the others are not used */

struct sdes_lines {
	unsigned int n;
	struct sdes_line line[SDES_LINES];
};

/**
 * sdes_add() - a line of the SDP, if it can be used; of several with one tag the first counts
 * Return: why it is not used
 */
enum sdes_fault sdes_add(struct sdes_lines *lines, struct str value);
void sdes_wipe(struct sdes_lines *lines);

/* Lines as text, each with a line end, without lifetimes: how a media and the journal keep them. */
#define SDES_LINES_TEXT (SDES_LINES * SDES_TEXT)
void sdes_lines_write(struct buf *buf, const struct sdes_lines *lines);
/* Return: false: not what sdes_lines_write() writes; @lines is empty then */
bool sdes_lines_read(struct str text, struct sdes_lines *lines);
/* Do packets under them look the same? */
bool srtp_master_eq(const struct srtp_master *a, const struct srtp_master *b);

/**
 * struct sdes_policy - what the proxy asked for, with the NG key SDES
 * @off: no lines are offered
 * @no, @only: bits 1 << enum srtp_suite_id: not these, and none but these; @only 0: any
 * @nonew: only suites that the other side has offered; wins over @no and @only
 * @order: in this order, the others behind; @n_order of them
 * @preference: which of the offered suites an answer takes
 * @prefer: SDES before DTLS, if both are offered
 * @keep: the answer of a re-INVITE keeps the suite (static)
 * @write: enum sdes_write_flag
 */
struct sdes_policy {
	bool off, nonew, prefer, keep;
	uint32_t no, only;
	unsigned int n_order, n_preference, write;
	enum srtp_suite_id order[SRTP_SUITES], preference[SRTP_SUITES];
};

/**
 * sdes_policy_add() - one word of the list: off, no-SUITE, only-SUITE, order:A;B, nonew, ...
 * Return: false: it is not known, or names a suite that is not; nothing changed
 */
bool sdes_policy_add(struct sdes_policy *policy, struct str word);

/* Fills @bytes; @arg of the caller. */
typedef void (*sdes_random_fn)(void *arg, uint8_t *bytes, size_t len);

/**
 * sdes_offer() - the lines for a side that is offered SRTP
 * @theirs: what the other side offers; its usable suites come first, under the same tags; NULL: it
 *	offers none
 * @current: the line that this side has a key of already, kept with key and tag; or NULL
 * @lines: gets them; none with @off
 */
void sdes_offer(const struct sdes_policy *policy, const struct sdes_lines *theirs,
		const struct sdes_line *current, sdes_random_fn random, void *arg,
		struct sdes_lines *lines);

/**
 * sdes_choose() - the line of the offer that is answered
 * @current: the suite in use, or NULL
 * Return: NULL: there is none. What the proxy does not want is answered if nothing else is offered.
 */
const struct sdes_line *sdes_choose(const struct sdes_policy *policy,
				    const struct sdes_lines *offered,
				    const struct srtp_suite *current);
/* The line of an answer to @chosen: its tag and suite, a key of our own, no MKI. */
void sdes_answer(const struct sdes_line *chosen, sdes_random_fn random, void *arg,
		 struct sdes_line *answer);
/**
 * sdes_answered() - the line of @offered that an answer took
 * Return: NULL: the tag was not offered, or not with this suite
 */
const struct sdes_line *sdes_answered(const struct sdes_lines *offered,
				      const struct sdes_line *answer);

#endif
