/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cdr.h - what is left of a call when it has ended: a line of JSON, and a text for the log
 *
 * Grows as medias end, the last of them with the call. Control thread only.
 */
#ifndef RTPRELAY_CDR_H
#define RTPRELAY_CDR_H

#include "base/str.h"

struct call;
struct dialog;
struct media;

/* All zero: nothing has ended yet. Owned by its call. */
struct cdr {
	char *medias; /* JSON objects with commas between; NULL: none */
	char *text;   /* for the log */
	char *tags;   /* JSON members, of the dialog that ended last */
	size_t medias_len, text_len, tags_len;
	int64_t ended_ms; /* when the last dialog ended, or was deleted: ports are kept for a while after that */
	bool cut; /* there was more than is kept */
};

/* The counters of @media are final. */
void cdr_add_media(struct cdr *cdr, const struct media *media, int64_t now_ms);
void cdr_add_dialog(struct cdr *cdr, const struct dialog *dialog, int64_t now_ms);
/**
 * cdr_line() - the call as one line of JSON, without its end
 * @why: in English
 * Return: malloc()ed; .s NULL: out of memory
 */
struct str cdr_line(const struct call *call, const char *why);
void cdr_free(struct cdr *cdr);

#endif
