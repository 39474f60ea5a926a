/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_ask.h - asks one source for the address outside of a NAT
 *
 * Waits for DNS, servers and disks: for a thread of its own.
 */
#ifndef RTPRELAY_NAT_EXTERNAL_ASK_H
#define RTPRELAY_NAT_EXTERNAL_ASK_H

#include "base/addr_ports.h"
#include "nat/external_source.h"

#define EXTERNAL_WHY 160

/**
 * struct external_question
 * @bind: the address here, port 0
 * @media: ports for media, where replies would not arrive; with the addresses they are at
 * @stop_fd: readable: the thread has to end
 */
struct external_question {
	struct endpoint bind;
	const struct addr_ports *media;
	size_t n_media;
	int stop_fd;
};

/**
 * external_ask() - asks @source
 * @why: EXTERNAL_WHY bytes, set unless 0 or -ECANCELED is returned
 * Return: 0, and *address, whose scope is not checked; -ECANCELED: @stop_fd; other -errno: no
 * answer, *why
 */
int external_ask(const struct external_source *source, const struct external_question *question,
		 struct endpoint *address, char why[EXTERNAL_WHY]);

/* For the sources: fills @why, and returns @error. */
__attribute__((format(printf, 3, 4))) int external_no(char why[EXTERNAL_WHY], int error,
						      const char *format, ...);
/**
 * external_socket() - a UDP socket at the address of the question and a port that is not for media
 * Return: descriptor, non-blocking, connected to @to; -errno
 */
int external_socket(const struct external_question *question, const struct endpoint *to);
/* Waits until @fd is readable. 0; -ETIMEDOUT; -ECANCELED: stop */
int external_wait(const struct external_question *question, int fd, int64_t until_ms);

#endif
