/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subscription.h - the reply to "subscribe request", beside its SDP
 */
#ifndef RTPRELAY_NG_SUBSCRIPTION_H
#define RTPRELAY_NG_SUBSCRIPTION_H

#include "base/dict.h"
#include "command/request.h"

/* from-tag, tag-medias, media-labels, from-tags, to-tag, into @map. */
void ng_add_subscription(struct arena *arena, struct dict *map,
			 const struct subscription_report *report);

#endif
