/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft.h - the relay's table in nf_tables: notrack for its ports, pinholes for living calls
 *
 * Holds what is wanted and makes the kernel hold the same, in transactions. All functions but nft_open()
 * take NULL for a relay without firewall. Control thread only.
 */
#ifndef RTPRELAY_NFT_H
#define RTPRELAY_NFT_H

#include "base/endpoint.h"

enum firewall_mode {
	FIREWALL_NONE,	  /* default */
	FIREWALL_NOTRACK, /* no connection tracking for the relay's ports */
	FIREWALL_PINHOLE, /* ... and ports of no call are dropped */
};

struct nft;

/**
 * struct nft_conf - what the table is made for
 * @addrs: the relay's addresses, copied; ports don't count
 * @mode: not FIREWALL_NONE
 */
struct nft_conf {
	const struct endpoint *addrs;
	size_t n_addrs;
	uint16_t port_min, port_max;
	enum firewall_mode mode;
};

/* Sockets and memory; the table of an earlier daemon stays as it is until nft_flush(). NULL and *error: -errno */
struct nft *nft_open(const struct nft_conf *conf, int *error);
/* Removes the table, unless @keep: calls go on without us, and so must their ports. */
void nft_close(struct nft *nft, bool keep);

/* A port of a call opens, with the next nft_flush(). 0; -ENOMEM */
int nft_open_port(struct nft *nft, const struct endpoint *local);
/* ... closes. Cannot fail; of a port that isn't open: nothing. */
void nft_close_port(struct nft *nft, const struct endpoint *local);
/**
 * nft_flush() - makes it all so, in one transaction: after each batch of commands
 * Return: 0; -errno: logged, and tried again by nft_tick(); what is in the kernel is as it was
 */
int nft_flush(struct nft *nft);

/* -1: nothing to wait for */
int nft_news_fd(const struct nft *nft);
/* When it is readable: somebody has changed the tables. If ours, it is made anew. */
void nft_dispatch(struct nft *nft);
/* About once a second: tries again what failed. */
void nft_tick(struct nft *nft);
/* Names and meaning: include/counter_names.h */
struct firewall_counters {
	uint64_t errors, repairs;
};
struct firewall_counters nft_counters(const struct nft *nft);
/* Ports open now. */
size_t nft_count(const struct nft *nft);

/*
 * Is there a table of ours in the kernel, though this daemon makes none? One that was killed may have left
 * it, and it would close the ports of new calls. False also when the kernel can't be asked.
 */
bool nft_left_over(void);

#endif
