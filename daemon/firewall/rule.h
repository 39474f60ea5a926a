/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.h - the rules of table inet rtprelay; for firewall/msg.c, which has the whole table */
#ifndef RTPRELAY_NFT_RULE_H
#define RTPRELAY_NFT_RULE_H

#include "firewall/batch.h"

enum nft_rule_kind {
	NFT_RULE_BANNED,     /* drops packets from banned addresses to the relay's ports */
	NFT_RULE_PREROUTING, /* no connection tracking for packets to the relay's ports */
	NFT_RULE_OUTPUT,     /* ... nor from them */
	NFT_RULE_INPUT,	     /* drops packets to ports that are not open */
};

/* Adds the rule for the addresses and ports of @range to its chain. */
void nft_put_rule(struct nft_batch *batch, const struct nft_range *range,
		  const struct nft_family *family, enum nft_rule_kind kind);

#endif
