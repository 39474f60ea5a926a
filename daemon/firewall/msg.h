/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * msg.h - table inet rtprelay as messages of one transaction for nf_tables
 *
 * Pure but for memory: no socket. What goes wrong is remembered, so that it is asked once, at the end.
 */
#ifndef RTPRELAY_NFT_MSG_H
#define RTPRELAY_NFT_MSG_H

#include "base/endpoint.h"

#define NFT_TABLE "rtprelay"

/* What the table is about. */
struct nft_shape {
	struct endpoint *addrs; /* the relay's own; ports don't count */
	size_t n_addrs;
	uint16_t port_min, port_max;
	bool pinhole; /* with an input chain, and sets of open ports */
};

/* A transaction being written. Zeroed is empty. */
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

/* The table is gone afterwards, whether it was there or not. */
void nft_put_nothing(struct nft_batch *batch);
/* The table as it should be, without open ports, in place of whatever was there. */
void nft_put_table(struct nft_batch *batch, const struct nft_shape *shape);
/* Adds (or removes) an open port; the last is written by nft_batch_end(). */
void nft_put_port(struct nft_batch *batch, const struct endpoint *local, bool add);

#endif
