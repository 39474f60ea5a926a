/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtpengine.h - the keys of rtpengine.conf, which are also rtpengine's options, in our words */
#ifndef RTPRELAY_CONF_RTPENGINE_H
#define RTPRELAY_CONF_RTPENGINE_H

#include "base/str.h"

/**
 * struct conf_rtpengine - one key of theirs
 * @key: "mqtt-*": all that begin so
 * @letter: of the short option, or '\0'
 * @flag: the option has no value
 * @ours: our key for its purpose; NULL: there is none
 * @remark: if there is none: what to do instead
 */
struct conf_rtpengine {
	const char *key;
	char letter;
	bool flag;
	const char *ours;
	const char *remark;
};

extern const struct conf_rtpengine conf_rtpengine_rows[];
extern const size_t conf_rtpengine_n;

/* NULL: not a key of theirs */
const struct conf_rtpengine *conf_rtpengine_find(struct str key);

#endif
