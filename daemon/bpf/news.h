/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * news.h - the program's events, and which flows have become idle
 */
#ifndef RTPRELAY_BPF_NEWS_H
#define RTPRELAY_BPF_NEWS_H

#include "bpf/flow.h"

/* For bpf/map.c. 0; -errno */
int news_open(struct flow_map *map);
void news_close(struct flow_map *map);

/* Readable when there are events. */
int flow_map_news_fd(const struct flow_map *map);
/* Reads the events and reports them; call when the descriptor is readable. */
void flow_map_dispatch(struct flow_map *map);
/*
 * Looks at the next @most flows, in turn, and reports those that have become idle, or resumed
 * without an event. Called often enough that each flow has its turn once a second.
 */
void flow_map_scan(struct flow_map *map, uint32_t most);

#endif
