/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flow_value.h - the values of a command as a flow writes them: text, [list], {map}, int N */
#ifndef RTPRELAY_TESTS_PROXIES_FLOW_VALUE_H
#define RTPRELAY_TESTS_PROXIES_FLOW_VALUE_H

#include "daemon/base/dict.h"

/* Without the blanks around it. */
struct str flow_trim(struct str text);
/* Adds @key with the value that @text describes to @map. false: malformed */
bool flow_value_add(struct arena *arena, struct dict *map, struct str key, struct str text);

#endif
