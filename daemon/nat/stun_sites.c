/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stun_sites.c - the sockets of the STUN service, from the values of listen-stun */
#include <errno.h>
#include "nat/stun_sites.h"

/* A value of the list: an address with its first port, and what it is outside of a NAT. */
struct listener {
	struct endpoint bind, named;
};

static const char *parse(struct str text, struct listener *at)
{
	struct str bind = str_split(&text, '!');

	if (!endpoint_parse(bind, STUN_PORT, &at->bind))
		return "is not ADDRESS, ADDRESS:PORT or [V6]:PORT";
	if (endpoint_port(&at->bind) == 0 || endpoint_port(&at->bind) == UINT16_MAX)
		return "the port must be 1 to 65534: the next one is used too";
	if (!endpoint_is_unicast(&at->bind))
		return "is not the address of a host: name the address that clients send to";
	at->named = (struct endpoint){ 0 };
	if (text.len && !endpoint_parse_addr(text, at->bind.sa.sa_family, &at->named))
		return "after ! there must be an address of the same family";
	return NULL;
}

struct str stun_sites_prefix(struct str text, bool *tcp)
{
	const struct str prefix = STR("tcp:");

	*tcp = str_starts(text, prefix);
	return *tcp ? (struct str){ text.s + prefix.len, text.len - prefix.len } : text;
}

/* Replies by TCP name no address of the relay, and no second port is needed. */
static const char *add_tcp(struct stun_sites *sites, struct str text)
{
	struct endpoint at;

	if (memchr(text.s, '!', text.len))
		return "by TCP nothing is advertised: write it without !";
	if (!endpoint_parse(text, STUN_PORT, &at) || !endpoint_port(&at))
		return "is not tcp:ADDRESS, tcp:ADDRESS:PORT or tcp:[V6]:PORT";
	if (!endpoint_is_unicast(&at))
		return "is not the address of a host: name the address that clients connect to";
	for (size_t i = 0; i < sites->n_tcp; i++)
		if (endpoint_eq(&sites->tcp[i], &at))
			return "is in the list twice";
	if (sites->n_tcp == STUN_SITES_MAX)
		return "too many addresses";
	sites->tcp[sites->n_tcp++] = at;
	return NULL;
}

static void find_advertised(struct listener *at, const struct addr_ports *media, size_t n_bound)
{
	for (size_t i = 0; i < n_bound && !endpoint_is_set(&at->named); i++)
		if (endpoint_addr_eq(&media[i].addr, &at->bind))
			at->named = media[n_bound + i].addr;
	if (!endpoint_is_set(&at->named))
		at->named = at->bind;
	endpoint_set_port(&at->named, endpoint_port(&at->bind));
}

static bool is_taken(const struct stun_sites *sites, const struct listener *at)
{
	uint16_t port = endpoint_port(&at->bind);

	for (size_t i = 0; i < sites->n; i++)
		for (size_t j = 0; j < sites->site[i].n; j++) {
			uint16_t other = endpoint_port(&sites->site[i].bind[j]);

			if (endpoint_addr_eq(&sites->site[i].bind[j], &at->bind) &&
			    (other == port || other == port + 1))
				return true;
		}
	return false;
}

static void add_sockets(struct stun_site *site, const struct listener *at)
{
	for (unsigned int i = 0; i < 2; i++) {
		uint16_t port = (uint16_t)(endpoint_port(&at->bind) + i);

		site->bind[site->n] = at->bind;
		site->named[site->n] = at->named;
		endpoint_set_port(&site->bind[site->n], port);
		endpoint_set_port(&site->named[site->n++], port);
	}
}

/* A site with one address that @at may be the second one of; NULL: none */
static struct stun_site *find_single(struct stun_sites *sites, const struct listener *at)
{
	for (size_t i = 0; i < sites->n; i++) {
		struct stun_site *site = &sites->site[i];

		if (site->n == 2 && site->bind[0].sa.sa_family == at->bind.sa.sa_family &&
		    endpoint_port(&site->bind[0]) == endpoint_port(&at->bind))
			return site;
	}
	return NULL;
}

static const char *add(struct stun_sites *sites, const struct listener *at)
{
	struct stun_site *site = find_single(sites, at);

	if (is_taken(sites, at))
		return "is in the list twice: each address is used with its port and the next one";
	if (!site && sites->n == STUN_SITES_MAX)
		return "too many addresses";
	if (!site) {
		site = &sites->site[sites->n++];
		site->n = 0;
	}
	add_sockets(site, at);
	return NULL;
}

int stun_sites_read(struct stun_sites *sites, const struct conf_list *list,
		    const struct addr_ports *media, size_t n_bound, size_t *item,
		    const char **error)
{
	struct listener at;

	sites->n = sites->n_tcp = 0;
	*error = NULL;
	for (size_t i = 0; i < list->count && !*error; i++) {
		bool tcp;
		struct str text = stun_sites_prefix(str_of(list->item[i]), &tcp);

		*item = i;
		*error = tcp ? add_tcp(sites, text) : parse(text, &at);
		if (*error)
			break;
		if (tcp)
			continue;
		find_advertised(&at, media, n_bound);
		*error = add(sites, &at);
	}
	return *error ? -EINVAL : 0;
}

bool stun_sites_discover(const struct stun_sites *sites)
{
	for (size_t i = 0; i < sites->n; i++)
		if (sites->site[i].n == STUN_SITE_SOCKETS)
			return true;
	return false;
}
