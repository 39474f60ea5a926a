/* SPDX-License-Identifier: GPL-2.0-or-later */
/* follow.c - addresses of devices that come and go: all parts that have to know learn of it */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "call/table.h"
#include "packet/pool.h"
#include "port/iface.h"
#include "relay.h"
#include "stun_start.h"

int relay_list_media(struct relay *relay)
{
	size_t n = iface_count(relay->ifaces);
	struct addr_ports *media = calloc(2 * n + 1, sizeof(*media));

	if (!media)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		media[i] = iface_bound(iface_at(relay->ifaces, i));
		media[n + i] = iface_advertised(iface_at(relay->ifaces, i));
	}
	free(relay->media);
	relay->media = media;
	relay->n_media = 2 * n;
	return 0;
}

/* Another daemon may have the address: it keeps it. */
static bool accept_ports(void *arg, const struct addr_ports *range)
{
	struct relay *relay = arg;
	struct addr_ports other;
	char text[ENDPOINT_TEXT];
	long pid = 0;
	int err = claims_add(&relay->claims, range, &other, &pid);

	if (err == -EADDRINUSE)
		log_err("interface: %s is not used: another rtprelayd (pid %ld) uses ports %u-%u "
			"of this address",
			endpoint_print_addr(&range->addr, text), pid, other.port_min,
			other.port_max);
	return err != -EADDRINUSE;
}

static int tell_parts(struct relay *relay)
{
	int err = relay_list_media(relay);

	if (err)
		return err;
	stun_follow(relay);
	destinations_set_media(&relay->destinations, relay->media, relay->n_media);
	claims_keep(&relay->claims, relay->media, iface_count(relay->ifaces));
	relay_apply_conf(relay);
	return nft_set_relay(relay->nft, relay->media, iface_count(relay->ifaces));
}

void relay_follow(struct relay *relay)
{
	int changed = iface_follow(relay->ifaces, accept_ports, relay);

	if (changed < 0)
		log_warn("interface: the addresses of this host cannot be read: %s",
			 strerror(-changed));
	if (changed)
		relay->unfollowed = true;
	if (relay->unfollowed && changed >= 0)
		relay->unfollowed = tell_parts(relay);
}
