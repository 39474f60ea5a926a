/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stun_start.c - the STUN service (nat/stun_service.h) from the configuration */
#include <errno.h>
#include "relay.h"
#include "stun_start.h"

/* Every second socket is the first port of an address. */
#define each_address(sites, i, j)                                                                  \
	for (size_t i = 0; i < (sites)->n; i++)                                                    \
		for (size_t j = 0; j < (sites)->site[i].n; j += 2)

size_t stun_list_ports(const struct stun_sites *sites, struct addr_ports *ports)
{
	size_t n = 0;

	each_address(sites, i, j)
	{
		const struct stun_site *site = &sites->site[i];

		ports[n++] = (struct addr_ports){ site->bind[j], endpoint_port(&site->bind[j]),
						  endpoint_port(&site->bind[j + 1]) };
	}
	return n;
}

static unsigned int check_ports(const struct stun_sites *sites, const struct addr_ports *media,
				size_t n_media)
{
	struct addr_ports ports[2 * STUN_SITES_MAX];
	size_t n = stun_list_ports(sites, ports);
	char text[ENDPOINT_TEXT];
	unsigned int mistakes = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n_media / 2; j++) {
			if (!endpoint_addr_eq(&ports[i].addr, &media[j].addr) ||
			    !addr_ports_overlap(&ports[i], &media[j]))
				continue;
			log_err("listen-stun %s: ports %u and %u are among those for media, %u-%u: "
				"set another port, or port-min and port-max",
				endpoint_print_addr(&ports[i].addr, text), ports[i].port_min,
				ports[i].port_max, media[j].port_min, media[j].port_max);
			mistakes++;
		}
	return mistakes;
}

static unsigned int check_allow(const struct conf_list *list)
{
	unsigned int mistakes = 0;
	struct cidr cidr;

	for (size_t i = 0; i < list->count; i++) {
		if (cidr_parse(str_of(list->item[i]), &cidr))
			continue;
		log_err("stun-allow %s: is not a network like 192.0.2.0/24 or 2001:db8::/32",
			list->item[i]);
		mistakes++;
	}
	return mistakes;
}

unsigned int stun_check(const struct conf *conf, const struct addr_ports *media, size_t n_media,
			struct stun_sites *sites)
{
	unsigned int mistakes = check_allow(&conf->stun_allow);
	const char *error;
	size_t item;

	if (stun_sites_read(sites, &conf->listen_stun, media, n_media / 2, &item, &error)) {
		log_err("listen-stun %s: %s", conf->listen_stun.item[item], error);
		return mistakes + 1;
	}
	mistakes += check_ports(sites, media, n_media);
	if (conf->stun_discovery == DISCOVERY_YES && !stun_sites_discover(sites)) {
		log_err("stun-discovery=yes: listen-stun must have two addresses of one family, "
			"with the same port");
		mistakes++;
	}
	return mistakes;
}

bool stun_is_low(const struct conf *conf)
{
	struct stun_sites sites;
	const char *error;
	bool low = false;
	size_t item;

	if (stun_sites_read(&sites, &conf->listen_stun, NULL, 0, &item, &error))
		return false; /* ends the start: stun_check() */
	each_address(&sites, i, j) low = low || endpoint_port(&sites.site[i].bind[j]) < 1024;
	for (size_t i = 0; i < sites.n_tcp; i++)
		low = low || endpoint_port(&sites.tcp[i]) < 1024;
	return low;
}

int stun_read_sites(struct relay *relay)
{
	return stun_check(&relay->conf, relay->media, relay->n_media, &relay->stun_sites) ? -EINVAL
											  : 0;
}

static struct stun_settings settings_of(const struct conf *conf)
{
	return (struct stun_settings){
		.rules = { .classic = conf->stun_classic,
			   .discovery = conf->stun_discovery != DISCOVERY_NO },
		.rates = { .rate = conf->stun_rate,
			   .burst = conf->stun_burst,
			   .total = conf->stun_total },
	};
}

void stun_apply_conf(struct relay *relay)
{
	const struct stun_settings settings = settings_of(&relay->conf);

	stun_service_set(relay->stun, &settings);
}

static bool is_named_the_same(const struct stun_sites *a, const struct stun_sites *b)
{
	each_address(a, i, j)
	{
		if (!endpoint_eq(&a->site[i].named[j], &b->site[i].named[j]))
			return false;
	}
	return true;
}

static void tell_addresses(const struct relay *relay)
{
	const struct stun_sites *sites = &relay->stun_sites;
	char bound[ENDPOINT_TEXT], named[ENDPOINT_TEXT];

	each_address(sites, i, j)
	{
		const struct stun_site *site = &sites->site[i];
		bool discover =
			site->n == STUN_SITE_SOCKETS && relay->conf.stun_discovery != DISCOVERY_NO;

		log_notice("stun: answers at %s and the next port, as %s; NAT discovery: %s",
			   endpoint_print(&site->bind[j], bound),
			   endpoint_print_addr(&site->named[j], named), discover ? "yes" : "no");
	}
	for (size_t i = 0; i < sites->n_tcp; i++)
		log_notice("stun: answers by TCP at %s", endpoint_print(&sites->tcp[i], bound));
}

void stun_follow(struct relay *relay)
{
	struct stun_sites sites;
	const char *error;
	size_t item;
	bool same;

	if (!relay->stun || stun_sites_read(&sites, &relay->conf.listen_stun, relay->media,
					    relay->n_media / 2, &item, &error))
		return; /* its text was valid at the start */
	same = is_named_the_same(&sites, &relay->stun_sites);
	relay->stun_sites = sites;
	stun_service_follow(relay->stun, &sites, relay->media, relay->n_media);
	if (!same)
		tell_addresses(relay);
}

int stun_start(struct relay *relay)
{
	const struct stun_service_conf conf = { .sites = &relay->stun_sites,
						.allow = &relay->conf.stun_allow,
						.settings = settings_of(&relay->conf),
						.media = relay->media,
						.n_media = relay->n_media };
	struct endpoint where;
	char text[ENDPOINT_TEXT];
	int error;

	if (!relay->stun_sites.n && !relay->stun_sites.n_tcp)
		return 0;
	relay->stun = stun_service_open(&conf, &error, &where);
	if (relay->stun)
		tell_addresses(relay);
	else if (endpoint_is_set(&where))
		log_err("listen-stun %s: %s", endpoint_print(&where, text), strerror(-error));
	else
		log_err("listen-stun: the service cannot be started: %s", strerror(-error));
	return relay->stun ? 0 : error;
}
