/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shape.h - a command without its values, to compare a flow with what a proxy really sends */
#ifndef RTPRELAY_TESTS_PROXIES_SHAPE_H
#define RTPRELAY_TESTS_PROXIES_SHAPE_H

#include "daemon/base/dict.h"

/* "ng offer: supports sdp ICE", a line with the keys in their order; a list has [] behind it */
void shape_print_ng(const struct dict *map);
/* "rtpproxy U: 5 words", without the modifiers */
void shape_print_rtpproxy(struct str command);

#endif
