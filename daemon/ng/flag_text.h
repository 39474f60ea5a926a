/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flag_text.h - flags as a text: words, and lists in brackets
 *
 * The form that the rtpengine module of Kamailio passes on as it stands in the proxy's script:
 * "replace=[origin session-connection] codec=[strip=[PCMU G722]] symmetric". Pure; the texts are
 * slices.
 */
#ifndef RTPRELAY_NG_FLAG_TEXT_H
#define RTPRELAY_NG_FLAG_TEXT_H

#include "base/dict.h"

/* The next word; blanks in brackets are part of it. Empty at the end. */
struct str flag_text_next(struct str *rest);
/* How many brackets are open after @text, with @open before it. */
size_t flag_text_open(size_t open, struct str text);
/**
 * flag_text_value() - the part of a word after "="
 * Return: a text, or the list in the brackets, whose members may be lists; of "name=value" in a
 * list the name is the key. A list of one text is that text. NULL: out of memory, or too deep.
 */
struct dict *flag_text_value(struct arena *arena, struct str text);

#endif
