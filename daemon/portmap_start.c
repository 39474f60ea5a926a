/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portmap_start.c - ports that a router forwards (nat/portmap.h) from the configuration, and what
 * becomes of them
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include "nat/external_router.h"
#include "nat/portmap_file.h"
#include "port/iface.h"
#include "portmap_start.h"
#include "relay.h"

/* Only an address that has another one outside, of IPv4: IPv6 needs no other port. */
static bool is_mapped(const struct iface_addr *addr)
{
	return addr->bind.sa.sa_family == AF_INET && iface_has_outside(addr);
}

unsigned int portmap_check_conf(const struct conf *conf)
{
	unsigned int mistakes = 0;
	bool used = false;

	if (conf->port_mapping == PORT_MAPPING_OFF)
		return 0;
	for (size_t i = 0; i < conf->interface.count; i++)
		used = used || strchr(conf->interface.item[i], '!');
	if (!used)
		log_notice("port-mapping: has no effect: no interface is NAME/ADDRESS!auto or "
			   "NAME/ADDRESS!ADVERTISED");
	if (conf->port_mapping_max < 2 * conf->port_mapping_pool)
		log_warn("port-mapping-pool: %u pairs need %u mappings, but port-mapping-max is %u",
			 conf->port_mapping_pool, 2 * conf->port_mapping_pool,
			 conf->port_mapping_max);
	if (conf->port_mapping == PORT_MAPPING_UPNP && !external_has_upnp()) {
		log_err("port-mapping upnp: this daemon is built without libminiupnpc");
		mistakes++;
	}
	return mistakes;
}

/* --- News ------------------------------------------------------------------------------------- */

static void tell(struct relay *relay, enum happening_kind kind, const char *why)
{
	const struct happening happening = { .kind = kind, .why = why };

	events_tell(&relay->events, &happening);
}

static void state_changed(struct relay *relay, const struct portmap_place *place, const char *bind)
{
	char why[PORTMAP_WHYS + ENDPOINT_TEXT + 64];

	switch (place->state) {
	case PORTMAP_STARTS:
		return;
	case PORTMAP_WORKS:
		snprintf(why, sizeof(why), "the router forwards ports to %s, by %s", bind,
			 portmap_protocol_names[place->protocol]);
		log_notice("port-mapping: %s", why);
		tell(relay, PORTS_MAPPED, why);
		return;
	case PORTMAP_FULL:
		snprintf(why, sizeof(why), "%s: the router forwards no more ports: %s", bind,
			 place->why);
		log_warn("port-mapping: %s; calls are refused when no mapped pair is left", why);
		break;
	case PORTMAP_FAILING:
		snprintf(why, sizeof(why), "%s: %s", bind, place->why);
		log_err("port-mapping: the router does not forward ports to %s; calls are refused "
			"when no mapped pair is left",
			why);
		break;
	}
	tell(relay, PORTS_FAILING, why);
}

static void on_news(void *arg, const struct portmap_place *place, unsigned int news, int error)
{
	struct relay *relay = arg;
	char bind[ENDPOINT_TEXT], why[ENDPOINT_TEXT + 128];

	endpoint_print_addr(&place->bind, bind);
	if (error)
		log_err("port-mapping: the file of mappings cannot be written in %s: %s; after a "
			"crash they stay in the router until their time is over",
			relay->conf.state_dir, strerror(-error));
	if (news & PORTMAP_RESTARTED) {
		snprintf(why, sizeof(why),
			 "the router has lost what it forwarded to %s: it is asked again", bind);
		log_warn("port-mapping: %s", why);
		tell(relay, PORTS_MAPPED, why);
	}
	if (news & PORTMAP_MOVED) {
		snprintf(why, sizeof(why),
			 "%s: the router forwards another port for a call, which its phones "
			 "learn from the next offer or answer",
			 bind);
		log_warn("port-mapping: %s", why);
		tell(relay, PORTS_FAILING, why);
	}
	if (news & PORTMAP_STATE_NEWS)
		state_changed(relay, place, bind);
}

void portmap_news_came(struct relay *relay)
{
	portmap_dispatch(relay->portmap, on_news, relay);
}

/* --- Start ------------------------------------------------------------------------------------ */

static struct portmap_rules rules_of(const struct conf *conf)
{
	struct portmap_rules rules = { .pool = conf->port_mapping_pool,
				       .max = conf->port_mapping_max };

	switch (conf->port_mapping) {
	case PORT_MAPPING_OFF:
		break;
	case PORT_MAPPING_AUTO:
		for (int i = 0; i < PORTMAP_PROTOCOLS; i++)
			rules.allowed[i] = i != PORTMAP_UPNP || external_has_upnp();
		break;
	case PORT_MAPPING_PCP:
		rules.allowed[PORTMAP_PCP] = true;
		break;
	case PORT_MAPPING_NATPMP:
		rules.allowed[PORTMAP_NATPMP] = true;
		break;
	case PORT_MAPPING_UPNP:
		rules.allowed[PORTMAP_UPNP] = true;
		break;
	}
	return rules;
}

/* Not from within the command that has taken ports, but in the same turn of the loop. */
static void on_work(evutil_socket_t fd, short what, void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	(void)what;
	portmap_work(relay->portmap);
}

static void wake(void *arg)
{
	struct relay *relay = arg;

	if (relay->on_portmap_work)
		event_active(relay->on_portmap_work, EV_TIMEOUT, 0);
}

static int add_all(struct relay *relay)
{
	int error = 0;

	if (relay->conf.port_mapping == PORT_MAPPING_OFF)
		return 0;
	for (size_t i = 0; i < iface_count(relay->ifaces) && !error; i++) {
		const struct iface_addr *addr = iface_at(relay->ifaces, i);

		if (is_mapped(addr))
			error = portmap_add(relay->portmap, &addr->bind, addr->pool);
	}
	return error;
}

/* Without port-mapping there may be mappings of an earlier daemon, which have to be ended. */
int portmap_prepare(struct relay *relay)
{
	const struct portmap_conf conf = { .rules = rules_of(&relay->conf),
					   .dir = relay->conf.state_dir,
					   .wake = wake,
					   .arg = relay };
	int error;

	relay->portmap = portmap_new(&conf);
	error = relay->portmap ? add_all(relay) : -ENOMEM;
	if (error) {
		log_err("port-mapping: %s", strerror(-error));
		return error;
	}
	error = portmap_read(relay->portmap);
	if (error)
		log_warn("port-mapping: what the last daemon has left cannot be read from %s/%s: "
			 "%s",
			 conf.dir, PORTMAP_FILE, strerror(-error));
	if (portmap_is_needed(relay->portmap))
		return 0;
	portmap_free(relay->portmap);
	relay->portmap = NULL;
	return 0;
}

int portmap_start(struct relay *relay)
{
	int error = relay->portmap
			    ? portmap_run(relay->portmap, relay->media, iface_count(relay->ifaces))
			    : 0;

	if (!error && relay->portmap) {
		relay->on_portmap_work = event_new(relay->base, -1, 0, on_work, relay);
		error = relay->on_portmap_work ? 0 : -ENOMEM;
	}
	if (error)
		log_err("port-mapping: the thread cannot be started: %s", strerror(-error));
	else
		portmap_work(relay->portmap);
	return error;
}
