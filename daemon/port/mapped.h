/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapped.h - the pairs of a pool that a router forwards to; for port/pool.c */
#ifndef RTPRELAY_PORT_MAPPED_H
#define RTPRELAY_PORT_MAPPED_H

#include <stdbool.h>
#include <stdint.h>

/* @external: of RTP and RTCP; with 0 among them: not now */
struct mapped {
	uint16_t pair;
	uint16_t external[2];
};

/* @on: only such pairs are taken */
struct mapped_pairs {
	bool on;
	struct mapped *pair;
	unsigned int n, max;
};

/* Forgets all pairs; room for @max. 0; -ENOMEM: nothing is changed */
int mapped_start(struct mapped_pairs *list, unsigned int max);
void mapped_end(struct mapped_pairs *list);
struct mapped *mapped_find(const struct mapped_pairs *list, uint16_t pair);
/* 0; -ENOSPC */
int mapped_set(struct mapped_pairs *list, uint16_t pair, const uint16_t external[2]);
void mapped_remove(struct mapped_pairs *list, uint16_t pair);
bool mapped_is_now(const struct mapped *mapped);
/* The one with this port outside; *half: 0 is RTP, 1 is RTCP. NULL: none */
const struct mapped *mapped_by_outside(const struct mapped_pairs *list, uint16_t outside,
				       unsigned int *half);

#endif
