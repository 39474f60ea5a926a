/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listeners.c - the IP sockets that the daemon listens at, from the configuration */
#include <errno.h>
#include <stdlib.h>
#include "base/count.h"
#include "base/resolve.h"
#include "listeners.h"
#include "nat/stun_sites.h"
#include "protocols.h"

static int add(struct listeners *listeners, const struct listener *listener)
{
	struct listener *more = realloc(listeners->row, (listeners->n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	listeners->row = more;
	listeners->row[listeners->n++] = *listener;
	return 0;
}

/* PORT without HOST: all addresses, or those of loopback. */
static int add_text(struct listeners *listeners, struct listener listener, const char *address,
		    bool loopback)
{
	struct endpoint addrs[8];
	int n = endpoint_resolve(address, addrs, COUNT(addrs)), err = 0;

	loopback = loopback && !strchr(address, ':');
	for (int i = 0; i < n && !err; i++) {
		if (loopback && addrs[i].sa.sa_family == AF_INET)
			addrs[i].in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		else if (loopback)
			addrs[i].in6.sin6_addr = in6addr_loopback;
		listener.at = addrs[i];
		err = add(listeners, &listener);
	}
	return err;
}

static int add_protocol(struct listeners *listeners, const struct control_protocol *protocol,
			const struct conf_list *list)
{
	int err = 0;

	for (size_t i = 0; i < list->count && !err; i++) {
		struct listener listener = { .key = protocol->key, .text = list->item[i] };
		const char *address = listener.text;

		listener.tcp = protocol->frame;
		if (protocol->connections) {
			address = endpoint_unprefixed(listener.text);
			listener.tcp = str_starts(str_of(listener.text), STR("tcp"));
		}
		if (address)
			err = add_text(listeners, listener, address, false);
	}
	return err;
}

static int add_http(struct listeners *listeners, const struct conf_list *list)
{
	int err = 0;

	for (size_t i = 0; i < list->count && !err; i++) {
		const struct listener listener = { .key = "listen-http",
						   .text = list->item[i],
						   .tcp = true };

		err = add_text(listeners, listener, listener.text, true);
	}
	return err;
}

/* The value of the list that the socket is of; it has one more port. */
static const char *stun_text(const struct conf_list *list, const struct endpoint *at)
{
	struct endpoint bind;

	for (size_t i = 0; i < list->count; i++) {
		bool tcp;
		struct str rest = stun_sites_prefix(str_of(list->item[i]), &tcp);
		struct str address = str_split(&rest, '!');

		if (!tcp && endpoint_parse(address, STUN_PORT, &bind) &&
		    endpoint_addr_eq(&bind, at) && endpoint_port(at) - endpoint_port(&bind) <= 1)
			return list->item[i];
	}
	return "";
}

static int add_stun_tcp(struct listeners *listeners, const struct conf_list *list,
			const struct stun_sites *sites)
{
	size_t n = 0;
	int err = 0;

	/* In the order of the list. */
	for (size_t i = 0; i < list->count && n < sites->n_tcp && !err; i++) {
		struct listener listener = { .key = "listen-stun", .text = list->item[i] };

		stun_sites_prefix(str_of(listener.text), &listener.tcp);
		if (!listener.tcp)
			continue;
		listener.at = sites->tcp[n++];
		err = add(listeners, &listener);
	}
	return err;
}

static int add_stun(struct listeners *listeners, const struct conf_list *list,
		    const struct addr_ports *media, size_t n_bound)
{
	struct stun_sites sites;
	const char *error;
	size_t item;
	int err = 0;

	if (stun_sites_read(&sites, list, media, n_bound, &item, &error))
		return 0;
	for (size_t i = 0; i < sites.n; i++)
		for (size_t j = 0; j < sites.site[i].n && !err; j++) {
			const struct endpoint *at = &sites.site[i].bind[j];

			err = add(listeners, &(struct listener){ .key = "listen-stun",
								 .text = stun_text(list, at),
								 .at = *at });
		}
	return err ? err : add_stun_tcp(listeners, list, &sites);
}

int listeners_read(struct listeners *listeners, const struct conf *conf,
		   const struct addr_ports *media, size_t n_bound)
{
	int err = 0;

	*listeners = (struct listeners){ NULL, 0 };
	for (size_t i = 0; i < n_protocol_rows && !err; i++)
		err = add_protocol(listeners, protocol_rows[i].protocol,
				   protocol_listens(&protocol_rows[i], conf));
	if (!err)
		err = add_http(listeners, &conf->listen_http);
	if (!err)
		err = add_stun(listeners, &conf->listen_stun, media, n_bound);
	if (err)
		listeners_free(listeners);
	return err;
}

void listeners_free(struct listeners *listeners)
{
	free(listeners->row);
	*listeners = (struct listeners){ NULL, 0 };
}
