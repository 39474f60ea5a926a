/* SPDX-License-Identifier: GPL-2.0-or-later */
/* talk.h - two netlink sockets to nf_tables: for transactions, and for changes by others */
#ifndef RTPRELAY_NFT_TALK_H
#define RTPRELAY_NFT_TALK_H

#include "firewall/banned.h"
#include "firewall/msg.h"

struct nft_talk {
	int fd;	     /* transactions */
	int news_fd; /* readable when another program has changed nf_tables */
};

/* 0; -errno: the kernel has no such sockets */
int nft_talk_open(struct nft_talk *talk);
void nft_talk_close(struct nft_talk *talk);
/* Executes a transaction as a whole or not at all. 0; -errno of the first refused message */
int nft_talk_send(const struct nft_talk *talk, const struct nft_batch *batch);
/* Does the table exist? False also when the kernel does not answer. */
bool nft_talk_has_table(const struct nft_talk *talk);
/* Reads the counter of packets from banned addresses. 0; -errno: the kernel did not tell */
int nft_talk_banned(const struct nft_talk *talk, uint64_t *packets);
enum nft_news {
	NFT_NEWS_NONE,
	NFT_NEWS_REMOVED, /* a part of our table */
	NFT_NEWS_LOST,	  /* notifications */
};

/*
 * Reads all notifications: @fn for each address that another program has added to the sets of
 * banned ones, or removed there.
 */
enum nft_news nft_talk_news(const struct nft_talk *talk, nft_banned_fn *fn, void *arg);
/* @fn for each address in the sets of banned ones. 0; -ENOENT, no table; -errno: not for all */
int nft_talk_read_banned(const struct nft_talk *talk, nft_banned_fn *fn, void *arg);

#endif
