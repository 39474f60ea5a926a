/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cdr.h - the call record, written when a call has ended: a line of JSON, and a text for the log
 *
 * Each media is added when it ends. Control thread only.
 */
#ifndef RTPRELAY_CDR_H
#define RTPRELAY_CDR_H

#include "call/tree.h"

/* The counters of @media must be final. */
void cdr_add_media(struct cdr *cdr, const struct media *media, int64_t now_ms);
void cdr_add_dialog(struct cdr *cdr, const struct dialog *dialog, int64_t now_ms);
/**
 * cdr_line() - the call as one line of JSON, without an end of line
 * @why: the reason of its end, in English
 * Return: a text that the caller frees; .s NULL: out of memory
 */
struct str cdr_line(const struct call *call, const char *why);
void cdr_free(struct cdr *cdr);

#endif
