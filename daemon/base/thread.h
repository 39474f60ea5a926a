/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread.h - starts a thread with the filter of its kind, and all signals blocked: the
 * control thread handles them
 */
#ifndef RTPRELAY_THREAD_H
#define RTPRELAY_THREAD_H

#include <pthread.h>
#include "base/confine.h"

/* ps and top show the name of its kind. Return: 0; -errno */
int thread_start(pthread_t *thread, enum thread_kind kind, void *(*run)(void *), void *arg);

#endif
