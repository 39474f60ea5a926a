/* SPDX-License-Identifier: GPL-2.0-or-later */
/* msg.h - table inet rtprelay as messages of one transaction for nf_tables */
#ifndef RTPRELAY_NFT_MSG_H
#define RTPRELAY_NFT_MSG_H

#include "firewall/batch.h"

/* Removes the table, whether it exists or not. */
void nft_put_nothing(struct nft_batch *batch);
/* Replaces the table, if any, by a new one without open ports. */
void nft_put_table(struct nft_batch *batch, const struct nft_shape *shape);
/* Adds (or removes) an open port. Elements are collected; nft_batch_end() writes the rest. */
void nft_put_port(struct nft_batch *batch, const struct endpoint *local, bool add);
/* The same for a banned address; its port is ignored. */
void nft_put_banned(struct nft_batch *batch, const struct endpoint *addr, bool add);

#endif
