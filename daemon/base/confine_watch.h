/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine_watch.h - for seccomp=log: the threads that are told of each call that no list has
 *
 * The kernel stops the caller, tells the descriptor of its filter, and goes on when it is answered.
 * The caller may hold any lock, of the allocator too: so one thread answers, which takes no lock,
 * and another one logs. They have no filter themselves.
 */
#ifndef RTPRELAY_CONFINE_WATCH_H
#define RTPRELAY_CONFINE_WATCH_H

#include "base/confine_calls.h"

/* Once. Return: 0; -errno. The threads end with the process. */
int confine_watch_start(void);
/* @fd: of the filter of this thread; it stays open. Return: 0; -errno */
int confine_watch_add(int fd, enum thread_kind kind);
unsigned long confine_watch_count(void);

#endif
