/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * others.h - the addresses that other programs have banned, in the relay's own sets
 *
 * Allocates memory, uses no socket. A zeroed struct is an empty list.
 */
#ifndef RTPRELAY_NFT_OTHERS_H
#define RTPRELAY_NFT_OTHERS_H

#include <stddef.h>
#include "base/endpoint.h"

#define NFT_OTHERS_MAX 65536

struct nft_other;

/**
 * struct nft_others - @full: there were more, or memory was short, and this was logged
 */
struct nft_others {
	struct nft_other *all;
	size_t count;
	bool full;
};

/* True: the list has changed. @addr: its port is ignored */
bool nft_others_add(struct nft_others *others, const struct endpoint *addr);
bool nft_others_remove(struct nft_others *others, const struct endpoint *addr);
bool nft_others_has(const struct nft_others *others, const struct endpoint *addr);
void nft_others_each(const struct nft_others *others,
		     void (*fn)(void *arg, const struct endpoint *addr), void *arg);
/* True: there were some. */
bool nft_others_clear(struct nft_others *others);

#endif
