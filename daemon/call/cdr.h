/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cdr.h - what is left of a call when it has ended: a line of JSON, and a text for the log
 *
 * Grows as medias end, the last of them with the call. Control thread only.
 */
#ifndef RTPRELAY_CDR_H
#define RTPRELAY_CDR_H

#include "call/tree.h"

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
