/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * news.h - handles events of bridges (from media threads) and flows (from the kernel): passes them
 * to the media, the log, the journal and watchers
 *
 * Control thread only.
 */
#ifndef RTPRELAY_CALL_NEWS_H
#define RTPRELAY_CALL_NEWS_H

#include "call/tree.h"
#include "kernel/kmod.h"

/* bridge_event_fn for the worker pool; @arg is the struct call_table. */
bridge_event_fn call_bridge_event;

/* bridge_stun_fn: for the agents of ICE of its media */
bridge_stun_fn call_bridge_stun;

/* kmod_event_fn; @arg is the struct call_table. */
kmod_event_fn call_kmod_event;
/* The kernel module was loaded, unloaded or replaced: updates the paths of all medias. */
void call_table_follow(struct call_table *table);
/* The recorder's answer to call_table_conf.tap_open, or later news: see tap_reader_told(). */
void call_tap_told(struct call_table *table, bool open, const char *why);

#endif
