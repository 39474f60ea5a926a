/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * batch.h - a transaction for nf_tables being written: messages, and elements of sets
 *
 * Allocates memory, uses no socket. The batch stores a failure; nft_talk_send() returns it.
 */
#ifndef RTPRELAY_NFT_BATCH_H
#define RTPRELAY_NFT_BATCH_H

#include "firewall/shape.h"

struct nftnl_set;
struct nlmsghdr;

/* A zeroed struct is an empty one. */
struct nft_batch {
	char *data;
	size_t len, size;
	uint32_t seq;
	struct nft_elems *elems; /* collected for one message */
	bool failed;		 /* out of memory */
};

void nft_batch_begin(struct nft_batch *batch);
void nft_batch_end(struct nft_batch *batch);
void nft_batch_fini(struct nft_batch *batch);

/* Begins a message; nft_message_end() completes it. NULL: out of memory, now or earlier. */
struct nlmsghdr *nft_message(struct nft_batch *batch, uint16_t type, uint16_t flags);
void nft_message_end(struct nft_batch *batch, const struct nlmsghdr *nlh);
void nft_fail_if(struct nft_batch *batch, bool failed);

/* The set of the relay's table, for a message about it. NULL: out of memory */
struct nftnl_set *nft_set_of(struct nft_batch *batch, const struct nft_set_name *which);
/* Adds (or removes) an element. They are collected; nft_batch_end() writes the rest. */
void nft_put_elem(struct nft_batch *batch, const struct nft_set_name *set, bool add,
		  const void *key, uint32_t len);

#endif
