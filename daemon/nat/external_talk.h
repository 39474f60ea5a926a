/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_talk.h - a datagram to a server, again until the reply is there
 *
 * Waits: for the thread of nat/external.c.
 */
#ifndef RTPRELAY_NAT_EXTERNAL_TALK_H
#define RTPRELAY_NAT_EXTERNAL_TALK_H

#include "nat/external_question.h"

/**
 * external_read_fn - reads a datagram that came back
 * Return: 0: it is the reply; -EAGAIN: it is not; other -errno: it is, and an error
 */
typedef int external_read_fn(void *arg, const uint8_t *data, size_t len);

/**
 * external_open() - a UDP socket at the address of the question and a port that is not for media
 * Return: descriptor, non-blocking, connected to @to; -errno
 */
int external_open(const struct external_question *question, const struct endpoint *to);
/**
 * external_talk() - sends @request, up to four times in 3.75 s, and reads what comes back
 * Return: that of @read; -ETIMEDOUT; -ECANCELED: stop; other -errno of the socket
 */
int external_talk(const struct external_question *question, int fd, const void *request, size_t len,
		  external_read_fn *read, void *arg);
/* The same, sent to @to: of a socket that is connected to where the reply has to come from. */
int external_talk_to(const struct external_question *question, int fd, const struct endpoint *to,
		     const void *request, size_t len, external_read_fn *read, void *arg);
/* Fills @why, and returns @error. */
__attribute__((format(printf, 3, 4))) int external_no(char why[EXTERNAL_WHY], int error,
						      const char *format, ...);

#endif
