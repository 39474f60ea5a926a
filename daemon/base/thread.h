/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thread.h - starts a thread with all signals blocked: the control thread handles signals */
#ifndef RTPRELAY_THREAD_H
#define RTPRELAY_THREAD_H

#include <pthread.h>

/* @name: as ps and top show it, at most 15 characters. Return: 0; -errno */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);

#endif
