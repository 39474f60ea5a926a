/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_stun.h - STUN servers outside: their addresses, and what they see of a socket */
#ifndef RTPRELAY_NAT_EXTERNAL_STUN_H
#define RTPRELAY_NAT_EXTERNAL_STUN_H

#include "nat/external_question.h"
#include "nat/external_source.h"

/* Addresses of one name. */
#define EXTERNAL_SERVERS_MAX 2

/* Waits for DNS. Return: number of addresses of the family; -errno and *why */
int external_stun_find(const struct external_source *source, int family,
		       struct endpoint server[EXTERNAL_SERVERS_MAX], char why[EXTERNAL_WHY]);
/* @fd: of external_open(). Return: 0, and *seen; -errno, as external_talk(), or of the reply */
int external_stun_ask(const struct external_question *question, int fd, int family,
		      struct endpoint *seen);

#endif
