/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft.c - the relay's table in nf_tables: notrack for its ports, pinholes for active calls
 *
 * A batch of commands adds and removes elements of a set, in one transaction. If the kernel's state
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
#include "firewall/talk.h"

/* The wait before a repair doubles, if another program changes the table repeatedly. */
#define REPAIR_MS      1000
#define REPAIR_MAX_MS  60000
#define REPAIR_CALM_MS (2 * REPAIR_MAX_MS)

/* Hashed as bytes: initialize it from zeroed memory. */
struct port_key {
	uint8_t addr[16];
	uint16_t port, family;
};

/*
 * @wanted: it should be open; @open: it is open in the kernel; @queued: it is in nft.changed, since
 * the two differ or differed.
 */
struct port {
	UT_hash_handle hh;
	struct port *prev, *next;
	struct port_key key;
	struct endpoint local;
	bool wanted, open, queued;
};

/**
 * struct nft - the desired state of the table
 * @made: the kernel's table agrees with @all, but for @changed; @begun: @made was true once
 * @failing: the last transaction was refused, and this was logged
 * @repair_ms: wait before the next repair; @repaired_ms: clock_ms() of the last one
 * @next_try_ms: clock_ms() of the next attempt, if @made is false
 */
struct nft {
	struct nft_talk talk;
	struct nft_shape shape;
	struct nft_batch batch;
	struct port *all, *changed;
	bool made, begun, failing;
	struct firewall_counters counters;
	int64_t repair_ms, repaired_ms, next_try_ms;
};

struct nft *nft_open(const struct nft_conf *conf, int *error)
{
	struct nft *nft = calloc(1, sizeof(*nft));

	*error = -ENOMEM;
	if (!nft)
		return NULL;
	nft->talk = (struct nft_talk){ -1, -1 };
	nft->shape = (struct nft_shape){ .addrs = calloc(conf->n_addrs + 1, sizeof(*conf->addrs)),
					 .n_addrs = conf->n_addrs,
					 .port_min = conf->port_min,
					 .port_max = conf->port_max,
					 .pinhole = conf->mode == FIREWALL_PINHOLE };
	if (nft->shape.addrs) {
		memcpy(nft->shape.addrs, conf->addrs, conf->n_addrs * sizeof(*conf->addrs));
		*error = nft_talk_open(&nft->talk);
	}
	if (!*error)
		return nft;
	free(nft->shape.addrs);
	free(nft);
	return NULL;
}

static void free_ports(struct nft *nft)
{
	struct port *port = nft->all, *next;

	HASH_CLEAR(hh, nft->all);
	for (; port; port = next) {
		next = port->hh.next;
		free(port);
	}
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
	free_ports(nft);
	nft_batch_fini(&nft->batch);
	nft_talk_close(&nft->talk);
	free(nft->shape.addrs);
	free(nft);
}

/* --- Ports ------------------------------------------------------------------------------------ */

static struct port_key key_of(const struct endpoint *local)
{
	struct port_key key = { .port = endpoint_port(local), .family = local->sa.sa_family };

	if (key.family == AF_INET)
		memcpy(key.addr, &local->in4.sin_addr, sizeof(local->in4.sin_addr));
	else
		memcpy(key.addr, &local->in6.sin6_addr, sizeof(local->in6.sin6_addr));
	return key;
}

static void enqueue(struct nft *nft, struct port *port)
{
	if (port->queued)
		return;
	DL_APPEND(nft->changed, port);
	port->queued = true;
}

static struct port *port_find(const struct nft *nft, const struct endpoint *local)
{
	struct port_key key = key_of(local);
	struct port *port;

	HASH_FIND(hh, nft->all, &key, sizeof(key), port);
	return port;
}

int nft_open_port(struct nft *nft, const struct endpoint *local)
{
	struct port *port;

	if (!nft || !nft->shape.pinhole)
		return 0;
	port = port_find(nft, local);
	if (!port) {
		port = calloc(1, sizeof(*port));
		if (!port)
			return -ENOMEM;
		port->key = key_of(local);
		port->local = *local;
		HASH_ADD(hh, nft->all, key, sizeof(port->key), port);
		if (!port->hh.tbl) {
			free(port);
			return -ENOMEM;
		}
	}
	port->wanted = true;
	enqueue(nft, port);
	return 0;
}

void nft_close_port(struct nft *nft, const struct endpoint *local)
{
	struct port *port = nft && nft->shape.pinhole ? port_find(nft, local) : NULL;

	if (!port)
		return;
	port->wanted = false;
	enqueue(nft, port);
}

size_t nft_count(const struct nft *nft)
{
	const struct port *port, *next;
	size_t count = 0;

	if (nft)
		HASH_ITER(hh, nft->all, port, next)
			count += port->open;
	return count;
}

/* --- Into the kernel -------------------------------------------------------------------------- */

static void write_all(struct nft *nft)
{
	struct port *port, *next;

	nft_put_table(&nft->batch, &nft->shape);
	HASH_ITER(hh, nft->all, port, next)
		if (port->wanted)
			nft_put_port(&nft->batch, &port->local, true);
}

static void write_changes(struct nft *nft)
{
	const struct port *port;

	DL_FOREACH(nft->changed, port)
		if (!port->wanted && port->open)
			nft_put_port(&nft->batch, &port->local, false);
	DL_FOREACH(nft->changed, port)
		if (port->wanted && !port->open)
			nft_put_port(&nft->batch, &port->local, true);
}

/* After a successful transaction: open is as wanted; frees ports that are closed. */
static void settle(struct nft *nft)
{
	struct port *port = nft->changed, *next;

	nft->changed = NULL;
	for (; port; port = next) {
		next = port->next;
		port->queued = false;
		port->open = port->wanted;
		if (port->wanted)
			continue;
		assert(nft->all); /* every port is in it */
		HASH_DEL(nft->all, port);
		free(port);
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

static int create_table(struct nft *nft)
{
	int error = transact(nft, write_all);

	nft->made = !error;
	nft->next_try_ms = clock_ms() + REPAIR_MS;
	log_result(nft, error);
	return error;
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

void nft_dispatch(struct nft *nft)
{
	int64_t now_ms = clock_ms();

	if (!nft_talk_was_changed(&nft->talk) || !nft->made)
		return;
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

struct firewall_counters nft_counters(const struct nft *nft)
{
	return nft ? nft->counters : (struct firewall_counters){ 0 };
}

void nft_tick(struct nft *nft)
{
	nft_flush(nft);
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
