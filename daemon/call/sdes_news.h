/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdes_news.h - counts and logs what happens to keys and SSRCs of SRTP that ends in the relay
 *
 * Control thread only.
 */
#ifndef RTPRELAY_SDES_NEWS_H
#define RTPRELAY_SDES_NEWS_H

#include "call/tree.h"

/* After BRIDGE_INDEXES. A line for the first time of each kind and direction; the others count. */
void sdes_news_tell(struct media *media);

/*
 * After BRIDGE_UNAUTHENTIC, which comes once per stream. Anybody may cause it: it is one of the
 * REFUSALS_LINES that the relay writes in a minute, or none.
 */
void sdes_news_unauthentic(const struct media *media, enum side side, enum component comp,
			   int64_t now_ms);

/*
 * Before @media gets @now: a line at level debug for each key that is set, changed or removed, with
 * its suite. Never the key.
 */
void sdes_news_keys(const struct media *media, const struct media_sdes *now);

#endif
