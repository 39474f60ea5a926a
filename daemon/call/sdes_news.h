/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdes_news.h - counts and logs what happens to the SSRCs of SRTP that ends in the relay
 *
 * Control thread only.
 */
#ifndef RTPRELAY_SDES_NEWS_H
#define RTPRELAY_SDES_NEWS_H

#include "call/tree.h"

/* After BRIDGE_INDEXES. A line for the first time of each kind and direction; the others count. */
void sdes_news_tell(struct media *media);

#endif
