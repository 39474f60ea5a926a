/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorder_start.h - starts the recorder's thread, with recording-dir */
#ifndef RTPRELAY_RECORDER_START_H
#define RTPRELAY_RECORDER_START_H

struct relay;

/* After the media threads, before calls are restored. Return: 0; -errno: it is logged */
int recorder_start(struct relay *relay);
/* After calls are restored: finishes recordings of calls that are gone. Return: 0 */
int recorder_leftovers(struct relay *relay);
/* Once a second: what is known of recording-dir. */
void recorder_tick(struct relay *relay);
/* call_table_conf.tap_open, with struct relay, which has a kernel_source */
void recorder_open_tap(void *arg);
/*
 * All calls have ended. Before the media threads do. If a disk keeps the recorder's thread from
 * ending, relay->recorder_hangs, and what it uses stays.
 */
void recorder_stop(struct relay *relay);

#endif
