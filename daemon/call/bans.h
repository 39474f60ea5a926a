/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bans.h - the list of addresses whose media is dropped; for media threads, firewall and disk
 *
 * A ban concerns all packets from the address to the relay's ports for media, of whatever call.
 * What the other side of a call says is still sent there, and signalling is not concerned. Single
 * addresses only: networks are for media-deny, or for the administrator's own rules.
 *
 * The list survives a restart in a file of its own. Control thread only. All functions but
 * bans_open() take NULL: nothing is banned.
 */
#ifndef RTPRELAY_BANS_H
#define RTPRELAY_BANS_H

#include "call/bans_file.h"

struct bans;
struct nft;
struct worker_pool;

/**
 * struct bans_conf - who has to know the list
 * @nft: NULL: no firewall
 * @dir: where the list is kept; NULL: it ends with the daemon. Copied
 * @changed: called after each change, but not for what was read from the disk; or NULL
 */
struct bans_conf {
	struct worker_pool *workers;
	struct stun_service *stun; /* NULL: none */
	struct nft *nft;
	const char *dir;
	void (*changed)(void *arg);
	void *arg;
};

/* Is the list saved? */
enum bans_state {
	BANS_OK,
	BANS_OFF,	 /* there is no directory: it ends with the daemon */
	BANS_UNREADABLE, /* the file could not be read: it is left as it is, nothing is saved */
	BANS_FAILING,	 /* the last change could not be written; the next one tries again */
};
#define BANS_STATES 4
extern const char *const bans_state_names[BANS_STATES];

/*
 * Reads the list, and applies it, as far as it can be read. What cannot be read is logged. NULL:
 * out of memory
 */
struct bans *bans_open(const struct bans_conf *conf);
void bans_close(struct bans *bans);
/*
 * 0, also if it is banned already; -ENOSPC: there are BANS_MAX; -EINVAL: not that of a host;
 * -ENOMEM. With an error nothing has changed.
 */
int bans_add(struct bans *bans, const struct endpoint *addr);
/* 0; -ENOENT: it is not banned */
int bans_remove(struct bans *bans, const struct endpoint *addr);
/*
 * Passes all changes on to the media threads and to the disk; call it after each batch of commands,
 * before worker_pool_flush(). Without memory the next call tries again, and logs the first failure.
 */
void bans_flush(struct bans *bans);

bool bans_has(const struct bans *bans, const struct endpoint *addr);
/*
 * The same, or another program has banned it in the firewall's sets: BPF forwards its packets
 * before the firewall sees them, so its flows have to leave the kernel.
 */
bool bans_stop(const struct bans *bans, const struct endpoint *addr);
size_t bans_count(const struct bans *bans);
enum bans_state bans_state(const struct bans *bans);
/* In the order of addresses; NULL: there are not so many. Valid until the list changes. */
const struct ban *bans_at(const struct bans *bans, size_t n);

#endif
