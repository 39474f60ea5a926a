/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_ask.h - asks one source for the address outside of a NAT
 *
 * Waits for DNS, servers and disks: for a thread of its own.
 */
#ifndef RTPRELAY_NAT_EXTERNAL_ASK_H
#define RTPRELAY_NAT_EXTERNAL_ASK_H

#include "nat/external_question.h"
#include "nat/external_source.h"

/**
 * external_ask() - asks @source
 * @why: EXTERNAL_WHY bytes, set unless 0 or -ECANCELED is returned
 * Return: 0, and *address, whose scope is not checked; -ECANCELED: @stop_fd; other -errno: no
 * answer, *why
 */
int external_ask(const struct external_source *source, const struct external_question *question,
		 struct endpoint *address, char why[EXTERNAL_WHY]);

#endif
