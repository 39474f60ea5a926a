/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thread.h - what the crypto thread does */
#ifndef RTPRELAY_DTLS_THREAD_H
#define RTPRELAY_DTLS_THREAD_H

#include "dtls/state.h"

/* @arg: struct dtls_service. Ends with LETTER_STOP. */
void *dtls_thread_run(void *arg);
/* Executes the letters that wait; after the end of the thread, any other one may. */
void dtls_thread_read(struct dtls_service *service, int64_t now_ms);

#endif
