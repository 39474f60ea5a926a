/* SPDX-License-Identifier: GPL-2.0-or-later */
/* others.c - the addresses that other programs have banned, in the relay's own sets */
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/log.h"
#include "firewall/others.h"

/* @addr: hashed as bytes: from zeroed memory, without port */
struct nft_other {
	UT_hash_handle hh;
	struct endpoint addr;
};

static struct endpoint key_of(const struct endpoint *addr)
{
	struct endpoint key;

	memset(&key, 0, sizeof(key));
	key.sa.sa_family = addr->sa.sa_family;
	if (addr->sa.sa_family == AF_INET)
		key.in4.sin_addr = addr->in4.sin_addr;
	else
		key.in6.sin6_addr = addr->in6.sin6_addr;
	return key;
}

static struct nft_other *find(const struct nft_others *others, const struct endpoint *addr)
{
	struct endpoint key = key_of(addr);
	struct nft_other *other;

	HASH_FIND(hh, others->all, &key, sizeof(key), other);
	return other;
}

static bool is_full(struct nft_others *others)
{
	if (!others->full)
		log_warn(
			"firewall: other programs have banned more than %d addresses, or memory is "
			"short: media of the further ones that BPF forwards goes on until its call "
			"ends; ban networks by media-deny",
			NFT_OTHERS_MAX);
	others->full = true;
	return false;
}

bool nft_others_add(struct nft_others *others, const struct endpoint *addr)
{
	struct nft_other *other;

	if (find(others, addr))
		return false;
	if (others->count >= NFT_OTHERS_MAX)
		return is_full(others);
	other = calloc(1, sizeof(*other));
	if (!other)
		return is_full(others);
	other->addr = key_of(addr);
	HASH_ADD(hh, others->all, addr, sizeof(other->addr), other);
	if (!other->hh.tbl) {
		free(other);
		return is_full(others);
	}
	others->count++;
	return true;
}

bool nft_others_remove(struct nft_others *others, const struct endpoint *addr)
{
	struct nft_other *other = find(others, addr);

	if (!other)
		return false;
	HASH_DEL(others->all, other);
	free(other);
	others->count--;
	return true;
}

bool nft_others_has(const struct nft_others *others, const struct endpoint *addr)
{
	return find(others, addr);
}

void nft_others_each(const struct nft_others *others,
		     void (*fn)(void *arg, const struct endpoint *addr), void *arg)
{
	const struct nft_other *other, *next;

	HASH_ITER(hh, others->all, other, next)
		fn(arg, &other->addr);
}

bool nft_others_clear(struct nft_others *others)
{
	struct nft_other *other = others->all, *next;
	bool any = other;

	HASH_CLEAR(hh, others->all);
	for (; other; other = next) {
		next = other->hh.next;
		free(other);
	}
	*others = (struct nft_others){ 0 };
	return any;
}
