/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portmap.h - has ports for media forwarded by the nearest router: pairs that are mapped ahead
 *
 * The control thread decides (nat/portmap_place.h); a thread asks the routers, one request at a
 * time, and writes the file of mappings before the first request about a pair. So no command waits
 * for a router or a disk. A call takes a mapped pair from the pool of ports (port/pool.h), or is
 * refused while there is none. Media that flows does not depend on any of this.
 */
#ifndef RTPRELAY_NAT_PORTMAP_H
#define RTPRELAY_NAT_PORTMAP_H

#include "nat/portmap_place.h"
#include "port/pool.h"

struct portmap;

/**
 * struct portmap_conf
 * @dir: state-dir, or NULL: after a crash mappings end by their lifetime
 * @wake, @arg: portmap_work() has something to do now
 */
struct portmap_conf {
	struct portmap_rules rules;
	const char *dir;
	void (*wake)(void *arg);
	void *arg;
};

/* NULL: out of memory */
struct portmap *portmap_new(const struct portmap_conf *conf);
/**
 * portmap_add() - has ports of this address mapped from now on; others are not taken from @pool
 * @pool: must stay; one that was added before is left as it is
 * Return: 0; -ENOMEM
 */
int portmap_add(struct portmap *portmap, const struct endpoint *bind, struct port_pool *pool);
/*
 * After all are added: reads what an earlier daemon has left. Mappings that do not fit any more are
 * ended. 0; -errno: the file cannot be read; -ENOMEM; -E2BIG: mappings of too many addresses, which
 * are left to end by their lifetime
 */
int portmap_read(struct portmap *portmap);
/* Is there anything to do: an address, or mappings to end? */
bool portmap_is_needed(const struct portmap *portmap);
/* After calls were restored: starts the thread. @media: as that of external_run(). 0; -errno */
int portmap_run(struct portmap *portmap, const struct addr_ports *media, size_t n_media);
/* Does not wait for a thread that waits for a router. Takes NULL. */
void portmap_free(struct portmap *portmap);

/* Control thread only, all of these; they take NULL for @portmap. */
size_t portmap_count(const struct portmap *portmap);
const struct portmap_place *portmap_at(const struct portmap *portmap, size_t index);
/* The place of this pool; NULL: its ports are not mapped */
const struct portmap_place *portmap_of(const struct portmap *portmap, const struct port_pool *pool);
struct portmap_counters portmap_counters(const struct portmap *portmap);
/* Readable: call portmap_dispatch() */
int portmap_fd(const struct portmap *portmap);
/* @news: a set of enum portmap_news; @error: of the file, or 0 */
typedef void portmap_fn(void *arg, const struct portmap_place *place, unsigned int news, int error);
/* Takes over what the routers said, tells it, and asks what is to be asked next. */
void portmap_dispatch(struct portmap *portmap, portmap_fn *fn, void *arg);
/* Once a second, and after conf.wake: asks what is to be asked. */
void portmap_work(struct portmap *portmap);
/* The daemon ends. @keep_busy: calls go on in the next one, so their mappings stay. */
void portmap_end(struct portmap *portmap, bool keep_busy);
/* After portmap_end(): nothing is left to be done. */
bool portmap_is_done(const struct portmap *portmap);

#endif
