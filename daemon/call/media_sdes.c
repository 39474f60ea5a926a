/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_sdes.c - SDES of a media whose SRTP ends in the relay: lines and keys of both sides
 */
#include <errno.h>
#include <stdlib.h>
#include "call/media_sdes.h"
#include "packet/bridge.h"

static void wipe(struct str *text)
{
	if (text->len)
		explicit_bzero((char *)(uintptr_t)text->s, text->len);
	free((char *)(uintptr_t)text->s);
	*text = STR_NONE;
}

struct media_sdes *media_sdes_copy(const struct media_sdes *old)
{
	struct media_sdes *copy = calloc(1, sizeof(*copy));

	if (!copy || !old)
		return copy;
	*copy = *old;
	memset(copy->text, 0, sizeof(copy->text));
	for (int i = 0; i < 2 * SDES_KINDS; i++) {
		int side = i / SDES_KINDS, kind = i % SDES_KINDS;

		if (media_sdes_set_text(copy, side, kind, old->text[side][kind])) {
			media_sdes_free(copy);
			return NULL;
		}
	}
	return copy;
}

void media_sdes_free(struct media_sdes *sdes)
{
	if (!sdes)
		return;
	for (int i = 0; i < 2 * SDES_KINDS; i++)
		wipe(&sdes->text[i / SDES_KINDS][i % SDES_KINDS]);
	free(sdes);
}

void media_sdes_get(const struct media_sdes *sdes, enum side side, enum sdes_kind kind,
		    struct sdes_lines *lines)
{
	sdes_lines_read(sdes->text[side][kind], lines);
}

int media_sdes_set_text(struct media_sdes *sdes, enum side side, enum sdes_kind kind,
			struct str text)
{
	struct str *slot = &sdes->text[side][kind];
	char *copy = NULL;

	if (text.len) {
		copy = malloc(text.len);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, text.s, text.len);
	}
	wipe(slot);
	*slot = (struct str){ copy, text.len };
	return 0;
}

int media_sdes_set(struct media_sdes *sdes, enum side side, enum sdes_kind kind,
		   const struct sdes_lines *lines)
{
	char text[SDES_LINES_TEXT];
	struct buf buf = BUF_INIT(text, sizeof(text));
	int error;

	sdes_lines_write(&buf, lines);
	error = media_sdes_set_text(sdes, side, kind, (struct str){ text, buf.len });
	explicit_bzero(text, buf.len);
	return error;
}

const struct srtp_suite *media_sdes_suite(const struct media_sdes *sdes, enum side side)
{
	const struct srtp_suite *suite;
	struct sdes_lines lines;

	media_sdes_get(sdes, side, SDES_SENT, &lines);
	suite = lines.line[0].keys[0].suite;
	sdes_wipe(&lines);
	return suite;
}

/* --- After a restart -------------------------------------------------------------------------- */

static int resume_key(const struct media_sdes *sdes, enum side side, enum srtp_direction direction,
		      const struct srtp_indexes *indexes, int64_t now_ms, struct srtp **srtp)
{
	struct sdes_lines lines;
	int error = 0;

	media_sdes_get(sdes, side, direction == SRTP_SEND ? SDES_SENT : SDES_HEARD, &lines);
	if (lines.n)
		error = srtp_resume(&lines.line[0].keys[0], direction, indexes, now_ms, srtp);
	sdes_wipe(&lines);
	return error == -EINVAL ? -EBADMSG : error;
}

int media_sdes_resume(const struct media_sdes *sdes, struct bridge *bridge,
		      const struct srtp_indexes indexes[2][2], int64_t now_ms)
{
	struct bridge_change change = { 0 };
	int error = 0;

	for (int side = 0; side < 2 && !error; side++) {
		if (!sdes->secure[side])
			continue;
		error = resume_key(sdes, side, SRTP_RECEIVE, &indexes[side][SRTP_RECEIVE], now_ms,
				   &change.receive[side]);
		if (!error)
			error = resume_key(sdes, side, SRTP_SEND, &indexes[side][SRTP_SEND], now_ms,
					   &change.send[side]);
	}
	if (!error)
		error = bridge_update(bridge, bridge_conf(bridge), &change);
	for (int side = 0; side < 2 && error; side++) {
		srtp_free(change.receive[side]);
		srtp_free(change.send[side]);
	}
	return error;
}
