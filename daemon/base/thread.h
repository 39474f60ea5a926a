/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thread.h - a thread that is not disturbed by signals: those are the control thread's */
#ifndef RTPRELAY_THREAD_H
#define RTPRELAY_THREAD_H

#include <pthread.h>

/* @name: shown by ps and top, at most 15 characters. Return: 0; -errno */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);

#endif
