/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * news.h - what media threads and the kernel report of bridges and flows: to the media, the log, the journal
 * and whoever watches
 *
 * Control thread only.
 */
#ifndef RTPRELAY_CALL_NEWS_H
#define RTPRELAY_CALL_NEWS_H

#include "call/tree.h"
#include "kernel/kmod.h"

/* bridge_event_fn for the worker pool; @arg is the struct call_table. */
bridge_event_fn call_bridge_event;

/* kmod_event_fn; @arg is the struct call_table. */
kmod_event_fn call_kmod_event;
/* There is a kernel path from now on, none any more, or it is another module: all medias follow. */
void call_table_follow(struct call_table *table);

#endif
