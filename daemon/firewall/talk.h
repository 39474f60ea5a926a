/* SPDX-License-Identifier: GPL-2.0-or-later */
/* talk.h - the two netlink sockets toward nf_tables: one for transactions, one for news of what others change */
#ifndef RTPRELAY_NFT_TALK_H
#define RTPRELAY_NFT_TALK_H

#include "firewall/msg.h"

struct nft_talk {
	int fd;	     /* transactions */
	int news_fd; /* readable when somebody else has changed something */
};

/* 0; -errno: no such sockets here */
int nft_talk_open(struct nft_talk *talk);
void nft_talk_close(struct nft_talk *talk);
/* One transaction, done when this returns, all of it or nothing. 0; -errno of the first message that was refused */
int nft_talk_send(const struct nft_talk *talk, const struct nft_batch *batch);
/* False also when the kernel doesn't say. */
bool nft_talk_has_table(const struct nft_talk *talk);
/* Reads all news. True: something of our table was removed, or news got lost. */
bool nft_talk_was_changed(const struct nft_talk *talk);

#endif
