/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft.h - the relay's table in nf_tables: notrack for its ports, pinholes for active calls, bans
 *
 * Keeps the desired state and applies it to the kernel in transactions. All functions but
 * nft_open() accept NULL, for a relay without firewall. Control thread only.
 */
#ifndef RTPRELAY_NFT_H
#define RTPRELAY_NFT_H

#include "base/addr_ports.h"

enum firewall_mode {
	FIREWALL_NONE,	  /* default */
	FIREWALL_NOTRACK, /* no connection tracking for the relay's ports */
	FIREWALL_PINHOLE, /* ... and packets to ports that no call uses are dropped */
};

struct nft;

/**
 * struct nft_conf - addresses and ports that the table covers
 * @relay: the relay's addresses with their ports, copied; may be repeated
 * @mode: not FIREWALL_NONE
 * @services: other ports of the relay, always open; copied
 * @others_changed: other programs have banned addresses in the table's sets, or ended bans; NULL:
 *	nobody has to know
 */
struct nft_conf {
	const struct addr_ports *relay;
	size_t n_relay;
	enum firewall_mode mode;
	const struct addr_ports *services;
	size_t n_services;
	void (*others_changed)(void *arg);
	void *arg;
};

/* Opens sockets only; nft_flush() replaces an earlier table. NULL and *error: -errno */
struct nft *nft_open(const struct nft_conf *conf, int *error);
/* Removes the table, unless @keep: the calls continue in the kernel and need their open ports. */
void nft_close(struct nft *nft, bool keep);

/* Other addresses and ports from the next nft_flush() on. 0; -ENOMEM: they stay as they were */
int nft_set_relay(struct nft *nft, const struct addr_ports *relay, size_t n_relay);
/* Opens a port of a call, with the next nft_flush(). 0; -ENOMEM */
int nft_open_port(struct nft *nft, const struct endpoint *local);
/* Closes it, with the next nft_flush(). Cannot fail; ignores a port that is not open. */
void nft_close_port(struct nft *nft, const struct endpoint *local);
/* Drops packets of @addr to the relay's ports, with the next nft_flush(). 0; -ENOMEM */
int nft_ban(struct nft *nft, const struct endpoint *addr);
/* Ends it, with the next nft_flush(). Cannot fail; ignores an address that is not banned. */
void nft_unban(struct nft *nft, const struct endpoint *addr);
/*
 * Has another program banned @addr, in the set banned4 or banned6, and not this daemon? So fail2ban
 * does it. Such bans last until the daemon ends, also when the table is created again.
 */
bool nft_banned_by_others(const struct nft *nft, const struct endpoint *addr);
/**
 * nft_flush() - applies all changes in one transaction; call it after each batch of commands
 * Return: 0; -errno: logged, and nft_tick() tries again; the kernel's state is unchanged
 */
int nft_flush(struct nft *nft);

/* Socket that is readable when another program changed the tables; -1: none */
int nft_news_fd(const struct nft *nft);
/*
 * Call it when the socket is readable. Restores the table if it was changed; takes over bans of
 * other programs.
 */
void nft_dispatch(struct nft *nft);
/* Call it about once a second. Repeats a failed transaction; reads how many packets were banned. */
void nft_tick(struct nft *nft);
/* Names and meaning: include/counter_names.h */
struct firewall_counters {
	uint64_t errors, repairs, banned;
};
struct firewall_counters nft_counters(const struct nft *nft);
/* Number of open ports. */
size_t nft_count(const struct nft *nft);

/*
 * Does table inet rtprelay exist, for a daemon with firewall=none? A killed daemon may have left
 * it, and it would drop packets to the ports of new calls. False also if the query fails.
 */
bool nft_left_over(void);

#endif
