/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft.c - the relay's table in nf_tables: notrack for its ports, pinholes for active calls, bans
 *
 * A batch of commands adds and removes elements of sets, in one transaction. If the kernel's state
 * is not known (at start, after a refusal, when another program flushed the ruleset), the whole
 * table is created again, also in one transaction, so that no packet sees an incomplete table.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "firewall/nft.h"
#include "firewall/others.h"
#include "firewall/talk.h"

/* The wait before a repair doubles, if another program changes the table repeatedly. */
#define REPAIR_MS      1000
#define REPAIR_MAX_MS  60000
#define REPAIR_CALM_MS (2 * REPAIR_MAX_MS)

/* Hashed as bytes: initialize it from zeroed memory. @port 0: a banned address, no open port. */
struct elem_key {
	uint8_t addr[16];
	uint16_t port, family;
};

/*
 * An element of a set: an open port, or a banned address.
 * @wanted: it should be in the set; @there: it is, in the kernel; @queued: it is in nft.changed,
 * since the two differ or differed.
 */
struct elem {
	UT_hash_handle hh;
	struct elem *prev, *next;
	struct elem_key key;
	struct endpoint ep;
	bool wanted, there, queued;
};

/**
 * struct nft - the desired state of the table
 * @services: are added to each shape
 * @others: addresses that are banned, but not in @all; @others_changed: since this was told
 * @made: the kernel's table agrees with @all, but for @changed; @begun: @made was true once
 * @banned_read: value of the table's counter of banned packets when it was read last
 * @failing: the last transaction was refused, and this was logged
 * @repair_ms: wait before the next repair; @repaired_ms: clock_ms() of the last one
 * @next_try_ms: clock_ms() of the next attempt, if @made is false
 */
struct nft {
	struct nft_talk talk;
	struct nft_shape shape;
	struct addr_ports *services;
	size_t n_services;
	struct nft_batch batch;
	struct elem *all, *changed;
	struct nft_others others;
	void (*tell_others_changed)(void *arg);
	void *arg;
	bool made, begun, failing, others_changed;
	struct firewall_counters counters;
	uint64_t banned_read;
	int64_t repair_ms, repaired_ms, next_try_ms;
};

/* A copy of both lists. NULL: out of memory */
static struct addr_ports *join(const struct addr_ports *first, size_t n_first,
			       const struct addr_ports *second, size_t n_second)
{
	struct addr_ports *all = calloc(n_first + n_second + 1, sizeof(*all));

	for (size_t i = 0; all && i < n_first; i++)
		all[i] = first[i];
	for (size_t i = 0; all && second && i < n_second; i++)
		all[n_first + i] = second[i];
	return all;
}

static int set_shape(struct nft *nft, const struct addr_ports *relay, size_t n_relay)
{
	struct addr_ports *all = join(relay, n_relay, nft->services, nft->n_services);

	if (!all)
		return -ENOMEM;
	free(nft->shape.relay);
	nft->shape.relay = all;
	nft->shape.n_relay = n_relay + nft->n_services;
	return 0;
}

static int open_services(struct nft *nft)
{
	int error = 0;

	for (size_t i = 0; i < nft->n_services; i++) {
		struct endpoint local = nft->services[i].addr;
		unsigned int port = nft->services[i].port_min;

		for (; port <= nft->services[i].port_max && !error; port++) {
			endpoint_set_port(&local, (uint16_t)port);
			error = nft_open_port(nft, &local);
		}
	}
	return error;
}

static int set_conf(struct nft *nft, const struct nft_conf *conf)
{
	int error;

	nft->talk = (struct nft_talk){ -1, -1 };
	nft->shape.pinhole = conf->mode == FIREWALL_PINHOLE;
	nft->tell_others_changed = conf->others_changed;
	nft->arg = conf->arg;
	nft->services = join(conf->services, conf->n_services, NULL, 0);
	if (!nft->services)
		return -ENOMEM;
	nft->n_services = conf->n_services;
	error = set_shape(nft, conf->relay, conf->n_relay);
	return error ? error : open_services(nft);
}

static void free_elems(struct nft *nft)
{
	struct elem *elem = nft->all, *next;

	HASH_CLEAR(hh, nft->all);
	for (; elem; elem = next) {
		next = elem->hh.next;
		free(elem);
	}
}

static void nft_free(struct nft *nft)
{
	free_elems(nft);
	nft_others_clear(&nft->others);
	nft_batch_fini(&nft->batch);
	nft_talk_close(&nft->talk);
	free(nft->services);
	free(nft->shape.relay);
	free(nft);
}

struct nft *nft_open(const struct nft_conf *conf, int *error)
{
	struct nft *nft = calloc(1, sizeof(*nft));

	*error = -ENOMEM;
	if (!nft)
		return NULL;
	*error = set_conf(nft, conf);
	if (!*error)
		*error = nft_talk_open(&nft->talk);
	if (!*error)
		return nft;
	nft_free(nft);
	return NULL;
}

void nft_close(struct nft *nft, bool keep)
{
	int error;

	if (!nft)
		return;
	if (!keep && nft->made) {
		nft_batch_begin(&nft->batch);
		nft_put_nothing(&nft->batch);
		nft_batch_end(&nft->batch);
		error = nft_talk_send(&nft->talk, &nft->batch);
		if (error)
			log_warn("firewall: table inet " NFT_TABLE " could not be removed: %s",
				 strerror(-error));
	}
	nft_free(nft);
}

/* --- Elements --------------------------------------------------------------------------------- */

static struct elem_key key_of(const struct endpoint *ep)
{
	struct elem_key key = { .port = endpoint_port(ep), .family = ep->sa.sa_family };

	if (key.family == AF_INET)
		memcpy(key.addr, &ep->in4.sin_addr, sizeof(ep->in4.sin_addr));
	else
		memcpy(key.addr, &ep->in6.sin6_addr, sizeof(ep->in6.sin6_addr));
	return key;
}

static void enqueue(struct nft *nft, struct elem *elem)
{
	if (elem->queued)
		return;
	DL_APPEND(nft->changed, elem);
	elem->queued = true;
}

static struct elem *elem_find(const struct nft *nft, const struct endpoint *ep)
{
	struct elem_key key = key_of(ep);
	struct elem *elem;

	HASH_FIND(hh, nft->all, &key, sizeof(key), elem);
	return elem;
}

static struct elem *elem_new(struct nft *nft, const struct endpoint *ep)
{
	struct elem *elem = calloc(1, sizeof(*elem));

	if (!elem)
		return NULL;
	elem->key = key_of(ep);
	elem->ep = *ep;
	HASH_ADD(hh, nft->all, key, sizeof(elem->key), elem);
	if (elem->hh.tbl)
		return elem;
	free(elem);
	return NULL;
}

static int want(struct nft *nft, const struct endpoint *ep)
{
	struct elem *elem = elem_find(nft, ep);

	if (!elem)
		elem = elem_new(nft, ep);
	if (!elem)
		return -ENOMEM;
	elem->wanted = true;
	enqueue(nft, elem);
	return 0;
}

static void want_no_more(struct nft *nft, const struct endpoint *ep)
{
	struct elem *elem = elem_find(nft, ep);

	if (!elem)
		return;
	elem->wanted = false;
	enqueue(nft, elem);
}

int nft_open_port(struct nft *nft, const struct endpoint *local)
{
	return nft && nft->shape.pinhole ? want(nft, local) : 0;
}

void nft_close_port(struct nft *nft, const struct endpoint *local)
{
	if (nft && nft->shape.pinhole)
		want_no_more(nft, local);
}

static struct endpoint without_port(const struct endpoint *addr)
{
	struct endpoint ep = *addr;

	endpoint_set_port(&ep, 0);
	return ep;
}

int nft_ban(struct nft *nft, const struct endpoint *addr)
{
	const struct endpoint ep = without_port(addr);
	int error = nft ? want(nft, &ep) : 0;

	/* The set has it once. With the end of this ban it will not be there any more. */
	if (nft && !error)
		nft_others_remove(&nft->others, &ep);
	return error;
}

void nft_unban(struct nft *nft, const struct endpoint *addr)
{
	const struct endpoint ep = without_port(addr);

	if (nft)
		want_no_more(nft, &ep);
}

size_t nft_count(const struct nft *nft)
{
	const struct elem *elem, *next;
	size_t count = 0;

	if (nft)
		HASH_ITER(hh, nft->all, elem, next)
			count += elem->there && elem->key.port;
	return count;
}

/* --- Into the kernel -------------------------------------------------------------------------- */

static void put(struct nft *nft, const struct elem *elem, bool add)
{
	if (elem->key.port)
		nft_put_port(&nft->batch, &elem->ep, add);
	else
		nft_put_banned(&nft->batch, &elem->ep, add);
}

static void put_other(void *arg, const struct endpoint *addr)
{
	struct nft *nft = arg;

	nft_put_banned(&nft->batch, addr, true);
}

static void write_all(struct nft *nft)
{
	struct elem *elem, *next;

	nft_put_table(&nft->batch, &nft->shape);
	nft_others_each(&nft->others, put_other, nft);
	HASH_ITER(hh, nft->all, elem, next)
		if (elem->wanted)
			put(nft, elem, true);
}

static void write_changes(struct nft *nft)
{
	const struct elem *elem;

	DL_FOREACH(nft->changed, elem)
		if (!elem->wanted && elem->there)
			put(nft, elem, false);
	DL_FOREACH(nft->changed, elem)
		if (elem->wanted && !elem->there)
			put(nft, elem, true);
}

/* After a successful transaction: the kernel has what is wanted; frees elements that are not. */
static void settle(struct nft *nft)
{
	struct elem *elem = nft->changed, *next;

	nft->changed = NULL;
	for (; elem; elem = next) {
		next = elem->next;
		elem->queued = false;
		elem->there = elem->wanted;
		if (elem->wanted)
			continue;
		assert(nft->all); /* every element is in it */
		HASH_DEL(nft->all, elem);
		free(elem);
	}
}

static int transact(struct nft *nft, void (*write)(struct nft *))
{
	int error;

	nft_batch_begin(&nft->batch);
	write(nft);
	nft_batch_end(&nft->batch);
	error = nft_talk_send(&nft->talk, &nft->batch);
	if (!error)
		settle(nft);
	return error;
}

/* The caller logs the first failure: it ends the start. */
static void log_result(struct nft *nft, int error)
{
	nft->counters.errors += error != 0;
	if (!nft->begun) {
		nft->begun = !error;
		return;
	}
	if (error && !nft->failing)
		log_err("firewall: the kernel refused table inet " NFT_TABLE ": %s; trying again",
			strerror(-error));
	else if (!error && nft->failing)
		log_notice("firewall: table inet " NFT_TABLE " is restored");
	nft->failing = error;
}

/* The counter begins again at 0 when the table is created again. */
static void read_banned(struct nft *nft)
{
	uint64_t packets;

	if (nft->made && !nft_talk_banned(&nft->talk, &packets)) {
		nft->counters.banned += packets - nft->banned_read;
		nft->banned_read = packets;
	}
}

static int create_table(struct nft *nft)
{
	int error = transact(nft, write_all);

	nft->made = !error;
	nft->banned_read = 0;
	nft->next_try_ms = clock_ms() + REPAIR_MS;
	log_result(nft, error);
	return error;
}

/* The table is created again: its chains have rules for each range of ports. */
int nft_set_relay(struct nft *nft, const struct addr_ports *relay, size_t n_relay)
{
	int error = nft ? set_shape(nft, relay, n_relay) : 0;

	if (!nft || error)
		return error;
	read_banned(nft);
	nft->made = false;
	nft->next_try_ms = 0;
	return 0;
}

int nft_flush(struct nft *nft)
{
	if (!nft || (nft->made && !nft->changed))
		return 0;
	if (!nft->made)
		return nft->next_try_ms > clock_ms() ? -EAGAIN : create_table(nft);
	if (!transact(nft, write_changes))
		return 0;
	/* The kernel's table is not in the expected state. */
	return create_table(nft);
}

/* --- Changes by other programs ---------------------------------------------------------------- */

int nft_news_fd(const struct nft *nft)
{
	return nft ? nft->talk.news_fd : -1;
}

/* What the daemon has banned is no news. */
static void take_banned(void *arg, const struct endpoint *addr, bool added)
{
	struct nft *nft = arg;
	const struct elem *own = elem_find(nft, addr);
	bool changed;

	if (own && own->wanted)
		return;
	changed =
		added ? nft_others_add(&nft->others, addr) : nft_others_remove(&nft->others, addr);
	nft->others_changed = nft->others_changed || changed;
}

/* Without memory or answer, what was known remains. */
static void read_others_again(struct nft *nft)
{
	struct nft_others before = nft->others;
	int error;

	nft->others = (struct nft_others){ .full = before.full };
	error = nft_talk_read_banned(&nft->talk, take_banned, nft);
	nft->others_changed = true;
	if (error) {
		if (error != -ENOENT)
			log_warn("firewall: the bans of other programs cannot be read: %s",
				 strerror(-error));
		nft_others_clear(&nft->others);
		nft->others = before;
		return;
	}
	nft_others_clear(&before);
}

static void repair(struct nft *nft, int64_t now_ms)
{
	if (now_ms - nft->repaired_ms > REPAIR_CALM_MS)
		nft->repair_ms = 0;
	log_warn("firewall: table inet " NFT_TABLE
		 " was changed by another program, restoring it %s",
		 nft->repair_ms ? "later" : "now");
	nft->counters.repairs++;
	nft->made = false;
	nft->next_try_ms = now_ms + nft->repair_ms;
	nft->repaired_ms = now_ms;
	nft->repair_ms = nft->repair_ms ? nft->repair_ms * 2 : REPAIR_MS;
	if (nft->repair_ms > REPAIR_MAX_MS)
		nft->repair_ms = REPAIR_MAX_MS;
	nft_flush(nft);
}

void nft_dispatch(struct nft *nft)
{
	enum nft_news news = nft_talk_news(&nft->talk, take_banned, nft);

	if (news == NFT_NEWS_LOST && nft->made)
		read_others_again(nft);
	if (news != NFT_NEWS_NONE && nft->made)
		repair(nft, clock_ms());
	if (nft->others_changed && nft->tell_others_changed)
		nft->tell_others_changed(nft->arg);
	nft->others_changed = false;
}

bool nft_banned_by_others(const struct nft *nft, const struct endpoint *addr)
{
	return nft && nft_others_has(&nft->others, addr);
}

struct firewall_counters nft_counters(const struct nft *nft)
{
	return nft ? nft->counters : (struct firewall_counters){ 0 };
}

void nft_tick(struct nft *nft)
{
	nft_flush(nft);
	if (nft)
		read_banned(nft);
}

bool nft_left_over(void)
{
	struct nft_talk talk;
	bool found;

	if (nft_talk_open(&talk))
		return false;
	found = nft_talk_has_table(&talk);
	nft_talk_close(&talk);
	return found;
}
