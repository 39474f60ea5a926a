/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_ports.c - whose packets those of rtprelay0 are, by the endpoint that they were sent to */
#include <errno.h>
#include <stdlib.h>
#include "base/hash.h"
#include "record/kernel_ports.h"

/* All bytes count; those that are not used are 0. */
struct key {
	uint8_t addr[16];
	in_port_t port;
	uint16_t family;
};

struct entry {
	struct key key;
	struct kernel_port port;
	UT_hash_handle hh;
};

struct kernel_ports {
	struct entry *all;
};

static struct key key_of(const struct endpoint *local)
{
	struct key key = { .port = local->in4.sin_port, .family = local->sa.sa_family };

	if (local->sa.sa_family == AF_INET)
		memcpy(key.addr, &local->in4.sin_addr, sizeof(local->in4.sin_addr));
	else
		memcpy(key.addr, &local->in6.sin6_addr, sizeof(key.addr));
	return key;
}

static struct entry *find(const struct kernel_ports *ports, const struct endpoint *local)
{
	struct key key = key_of(local);
	struct entry *entry;

	HASH_FIND(hh, ports->all, &key, sizeof(key), entry);
	return entry;
}

struct kernel_ports *kernel_ports_new(void)
{
	return calloc(1, sizeof(struct kernel_ports));
}

void kernel_ports_free(struct kernel_ports *ports)
{
	struct entry *entry, *next;

	if (!ports)
		return;
	next = ports->all;
	HASH_CLEAR(hh, ports->all);
	while ((entry = next)) {
		next = entry->hh.next;
		free(entry);
	}
	free(ports);
}

int kernel_ports_set(struct kernel_ports *ports, const struct endpoint *local,
		     const struct kernel_port *port)
{
	struct entry *entry = find(ports, local);

	if (entry) {
		entry->port = *port;
		return 0;
	}
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->key = key_of(local);
	entry->port = *port;
	HASH_ADD(hh, ports->all, key, sizeof(entry->key), entry);
	if (entry->hh.tbl)
		return 0;
	free(entry);
	return -ENOMEM;
}

void kernel_ports_drop(struct kernel_ports *ports, const struct endpoint *local, uint32_t tap)
{
	struct entry *entry = find(ports, local);

	if (!entry || entry->port.tap != tap)
		return;
	HASH_DEL(ports->all, entry);
	free(entry);
}

const struct kernel_port *kernel_ports_find(const struct kernel_ports *ports,
					    const struct endpoint *local)
{
	const struct entry *entry = find(ports, local);

	return entry ? &entry->port : NULL;
}
