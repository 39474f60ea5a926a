/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * msg.h - table inet rtprelay as messages of one transaction for nf_tables
 *
 * Allocates memory, uses no socket. The batch stores a failure; nft_talk_send() returns it.
 */
#ifndef RTPRELAY_NFT_MSG_H
#define RTPRELAY_NFT_MSG_H

#include "base/endpoint.h"

#define NFT_TABLE "rtprelay"

/* Addresses and ports that the table covers. */
struct nft_shape {
	struct endpoint *addrs; /* the relay's own; ports are ignored */
	size_t n_addrs;
	uint16_t port_min, port_max;
	bool pinhole; /* with an input chain and sets of open ports */
};

/* A transaction being written. A zeroed struct is an empty one. */
struct nft_batch {
	char *data;
	size_t len, size;
	uint32_t seq;
	struct nft_elems *elems; /* of the message being written */
	bool failed;		 /* out of memory */
};

void nft_batch_begin(struct nft_batch *batch);
void nft_batch_end(struct nft_batch *batch);
void nft_batch_fini(struct nft_batch *batch);

/* Removes the table, whether it exists or not. */
void nft_put_nothing(struct nft_batch *batch);
/* Replaces the table, if any, by a new one without open ports. */
void nft_put_table(struct nft_batch *batch, const struct nft_shape *shape);
/* Adds (or removes) an open port. Ports are collected; nft_batch_end() writes the rest. */
void nft_put_port(struct nft_batch *batch, const struct endpoint *local, bool add);

#endif
