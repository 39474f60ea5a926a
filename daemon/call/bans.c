/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bans.c - the list of addresses whose media is dropped; for media threads, firewall and disk
 *
 * Changes of one turn of the loop are passed on together: a set to the media threads, the list to
 * the disk; the firewall's table collects its elements itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/log.h"
#include "call/bans.h"
#include "firewall/nft.h"
#include "nat/stun_service.h"
#include "packet/pool.h"

/**
 * struct bans
 * @list: sorted by address
 * @untold: not all media threads have the list; @unsaved: nor has the disk
 * @state: in BANS_UNREADABLE and BANS_OFF nothing is written
 * @failing: for lack of memory, and this was logged
 */
struct bans {
	struct bans_conf conf;
	char *path; /* NULL: not kept */
	struct ban *list;
	size_t count, room;
	enum bans_state state;
	bool untold, unsaved, failing;
};

/* --- Media threads ---------------------------------------------------------------------------- */

static int tell_threads(const struct bans *bans)
{
	struct endpoint *addr = calloc(bans->count + 1, sizeof(*addr));
	struct banned *banned;
	int error = -ENOMEM;

	if (!addr)
		return -ENOMEM;
	for (size_t i = 0; i < bans->count; i++)
		addr[i] = bans->list[i].addr;
	banned = bans->count ? banned_new(addr, bans->count) : NULL;
	if (banned || !bans->count) {
		error = worker_pool_ban(bans->conf.workers, banned);
		stun_service_ban(bans->conf.stun, banned);
	}
	banned_put(banned);
	free(addr);
	return error;
}

static void tell(struct bans *bans)
{
	bool failed = tell_threads(bans);

	if (failed && !bans->failing)
		log_err("ban: out of memory: packets that the daemon forwards are not checked "
			"against the new list yet; trying again");
	bans->failing = bans->untold = failed;
}

static void save(struct bans *bans)
{
	if (bans->state == BANS_OFF || bans->state == BANS_UNREADABLE)
		return;
	bans->state = bans_file_write(bans->path, bans->list, bans->count) ? BANS_FAILING : BANS_OK;
}

void bans_flush(struct bans *bans)
{
	if (!bans)
		return;
	if (bans->untold)
		tell(bans);
	if (bans->unsaved)
		save(bans);
	bans->unsaved = false;
}

/* --- The list --------------------------------------------------------------------------------- */

/* Where it is, or would be. */
static size_t position(const struct bans *bans, const struct endpoint *addr)
{
	size_t low = 0, high = bans->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (endpoint_addr_cmp(&bans->list[middle].addr, addr) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct bans *bans, size_t at, const struct endpoint *addr)
{
	return at < bans->count && endpoint_addr_eq(&bans->list[at].addr, addr);
}

bool bans_has(const struct bans *bans, const struct endpoint *addr)
{
	return bans && is_at(bans, position(bans, addr), addr);
}

bool bans_stop(const struct bans *bans, const struct endpoint *addr)
{
	return bans && (bans_has(bans, addr) || nft_banned_by_others(bans->conf.nft, addr));
}

size_t bans_count(const struct bans *bans)
{
	return bans ? bans->count : 0;
}

const char *const bans_state_names[BANS_STATES] = {
	[BANS_OK] = "ok",
	[BANS_OFF] = "off",
	[BANS_UNREADABLE] = "unreadable",
	[BANS_FAILING] = "failing",
};

enum bans_state bans_state(const struct bans *bans)
{
	return bans ? bans->state : BANS_OFF;
}

const struct ban *bans_at(const struct bans *bans, size_t n)
{
	return n < bans_count(bans) ? &bans->list[n] : NULL;
}

static int make_room(struct bans *bans)
{
	size_t room = bans->room ? bans->room * 2 : 64;
	struct ban *list;

	if (bans->count >= BANS_MAX)
		return -ENOSPC;
	if (bans->count < bans->room)
		return 0;
	list = realloc(bans->list, room * sizeof(*list));
	if (!list)
		return -ENOMEM;
	bans->list = list;
	bans->room = room;
	return 0;
}

/* 0: added; -EEXIST; -EINVAL, -ENOSPC, -ENOMEM: nothing has changed */
static int insert(struct bans *bans, const struct endpoint *addr, int64_t since_s)
{
	size_t at = position(bans, addr);
	int error;

	if (!endpoint_is_unicast(addr))
		return -EINVAL;
	if (is_at(bans, at, addr))
		return -EEXIST;
	error = make_room(bans);
	if (!error)
		error = nft_ban(bans->conf.nft, addr);
	if (error)
		return error;
	memmove(&bans->list[at + 1], &bans->list[at], (bans->count - at) * sizeof(*bans->list));
	bans->list[at] = (struct ban){ *addr, since_s };
	endpoint_set_port(&bans->list[at].addr, 0);
	bans->count++;
	return 0;
}

static void changed(struct bans *bans)
{
	bans->untold = bans->unsaved = true;
	if (bans->conf.changed)
		bans->conf.changed(bans->conf.arg);
}

int bans_add(struct bans *bans, const struct endpoint *addr)
{
	int error = bans ? insert(bans, addr, time(NULL)) : -ENOMEM;

	if (!error)
		changed(bans);
	return error == -EEXIST ? 0 : error;
}

int bans_remove(struct bans *bans, const struct endpoint *addr)
{
	size_t at;

	if (!bans_has(bans, addr))
		return -ENOENT;
	at = position(bans, addr);
	nft_unban(bans->conf.nft, addr);
	bans->count--;
	memmove(&bans->list[at], &bans->list[at + 1], (bans->count - at) * sizeof(*bans->list));
	changed(bans);
	return 0;
}

/* --- Start and end ---------------------------------------------------------------------------- */

static int take(void *arg, const struct ban *ban)
{
	int error = insert(arg, &ban->addr, ban->since_s);

	return error == -EEXIST ? 0 : error;
}

static bool set_path(struct bans *bans, const char *dir)
{
	size_t size = dir ? strlen(dir) + sizeof("/" BANS_FILE) : 0;

	if (!dir)
		return true;
	bans->path = malloc(size);
	if (bans->path)
		snprintf(bans->path, size, "%s/" BANS_FILE, dir);
	return bans->path;
}

struct bans *bans_open(const struct bans_conf *conf)
{
	struct bans *bans = calloc(1, sizeof(*bans));

	if (!bans)
		return NULL;
	bans->conf = *conf;
	if (!set_path(bans, conf->dir)) {
		free(bans);
		return NULL;
	}
	if (!bans->path)
		bans->state = BANS_OFF;
	else if (bans_file_read(bans->path, take, bans))
		bans->state = BANS_UNREADABLE;
	if (bans->count)
		tell(bans);
	return bans;
}

void bans_close(struct bans *bans)
{
	if (!bans)
		return;
	free(bans->path);
	free(bans->list);
	free(bans);
}
