/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_start.c - the address outside of a NAT (nat/external.h) from the configuration, and what
 * becomes of it
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "call/table.h"
#include "external_start.h"
#include "nat/external_file.h"
#include "nat/external_router.h"
#include "port/iface.h"
#include "relay.h"

unsigned int external_check_conf(const struct conf *conf)
{
	const struct conf_list *list = &conf->external_address;
	struct external_source source;
	unsigned int mistakes = 0;
	bool used = false;

	for (size_t i = 0; i < list->count; i++) {
		const char *error = external_source_read(list->item[i], &source);

		if (error)
			log_err("external-address %s: %s", list->item[i], error);
		else if (source.kind == EXTERNAL_UPNP && !external_has_upnp())
			log_warn("external-address upnp: has no effect: this daemon is built "
				 "without libminiupnpc");
		mistakes += error != NULL;
	}
	/* As configured: an interface with another mistake is not in the table. */
	for (size_t i = 0; i < conf->interface.count; i++)
		used = used || strstr(conf->interface.item[i], "!auto");
	if (used && !list->count) {
		log_err("interface: !auto needs external-address: where to ask for the address");
		mistakes++;
	} else if (list->count && !used) {
		log_notice("external-address: has no effect: no interface is NAME/ADDRESS!auto");
	}
	return mistakes;
}

/* --- What is known ---------------------------------------------------------------------------- */

/* New calls and later SDP use what is known. */
static void set_ifaces(const struct relay *relay, const struct external_place *place)
{
	bool last_will_do = relay->conf.external_address_unknown == EXTERNAL_ADDRESS_LAST;
	bool known = place->knowledge == EXTERNAL_FOUND ||
		     (place->knowledge == EXTERNAL_LAST && last_will_do);

	iface_set_advertised(relay->ifaces, &place->bind,
			     endpoint_is_set(&place->address) ? &place->address : &place->bind,
			     !known);
}

static void read_last(struct relay *relay)
{
	const char *dir = relay->conf.state_dir;
	const struct external_place *place;
	int error = dir ? external_file_read(dir, relay->external) : 0;

	if (error)
		log_warn("external-address: the last addresses cannot be read from %s/%s: %s", dir,
			 EXTERNAL_ADDRESS_FILE, strerror(-error));
	for (size_t i = 0; (place = external_at(relay->external, i)); i++)
		set_ifaces(relay, place);
}

static void write_last(const struct relay *relay)
{
	const char *dir = relay->conf.state_dir;
	int error = dir ? external_file_write(dir, relay->external) : 0;

	if (error)
		log_err("external-address: the address cannot be saved in %s/%s: %s", dir,
			EXTERNAL_ADDRESS_FILE, strerror(-error));
}

/* --- News ------------------------------------------------------------------------------------- */

static void tell(struct relay *relay, enum happening_kind kind, const char *why)
{
	const struct happening happening = { .kind = kind, .why = why };

	events_tell(&relay->events, &happening);
}

static void address_changed(struct relay *relay, const struct external_place *place)
{
	char bind[ENDPOINT_TEXT], address[ENDPOINT_TEXT], why[2 * ENDPOINT_TEXT + 128];

	endpoint_print_addr(&place->bind, bind);
	endpoint_print_addr(&place->address, address);
	snprintf(why, sizeof(why), "%s is %s outside of the NAT, says %.80s", bind, address,
		 place->source);
	log_notice("external-address: %s: SDP names it from now on%s", why,
		   call_table_count(relay->calls) ? "; media of earlier calls arrives again after "
						    "their next offer and answer"
						  : "");
	set_ifaces(relay, place);
	write_last(relay);
	relay->unfollowed = true; /* other parts learn of it */
	relay_follow(relay);
	tell(relay, ADDRESS_CHANGED, why);
}

static void address_fails(struct relay *relay, const struct external_place *place)
{
	char bind[ENDPOINT_TEXT], address[ENDPOINT_TEXT], why[EXTERNAL_WHYS + ENDPOINT_TEXT + 2];

	endpoint_print_addr(&place->bind, bind);
	snprintf(why, sizeof(why), "%s: %s", bind, place->why);
	if (place->knowledge == EXTERNAL_FOUND)
		log_warn("external-address: no source confirms the address of %s; %s is still "
			 "used",
			 why, endpoint_print_addr(&place->address, address));
	else if (place->knowledge == EXTERNAL_LAST &&
		 relay->conf.external_address_unknown == EXTERNAL_ADDRESS_LAST)
		log_warn("external-address: no source knows the address of %s; the last one, %s, "
			 "is used",
			 why, endpoint_print_addr(&place->address, address));
	else
		log_err("external-address: no source knows the address of %s; calls are refused",
			why);
	tell(relay, ADDRESS_FAILING, why);
}

static void address_confirmed(const struct relay *relay, const struct external_place *place)
{
	char bind[ENDPOINT_TEXT], address[ENDPOINT_TEXT];

	set_ifaces(relay, place);
	log_notice("external-address: %s is still %s outside of the NAT, says %s",
		   endpoint_print_addr(&place->bind, bind),
		   endpoint_print_addr(&place->address, address), place->source);
}

static void on_news(void *arg, const struct external_place *place, enum external_news news)
{
	struct relay *relay = arg;

	switch (news) {
	case EXTERNAL_SAME:
		break;
	case EXTERNAL_CHANGED:
		address_changed(relay, place);
		break;
	case EXTERNAL_CONFIRMED:
		address_confirmed(relay, place);
		break;
	case EXTERNAL_FAILS:
		address_fails(relay, place);
		break;
	}
}

void external_news_came(struct relay *relay)
{
	external_dispatch(relay->external, on_news, relay);
}

/* --- Start ------------------------------------------------------------------------------------ */

static bool is_listed(const struct endpoint *list, size_t n, const struct endpoint *bind)
{
	for (size_t i = 0; i < n; i++)
		if (endpoint_addr_eq(&list[i], bind))
			return true;
	return false;
}

int external_prepare(struct relay *relay)
{
	size_t all = iface_count(relay->ifaces);
	struct endpoint *bind = calloc(all + 1, sizeof(*bind));
	struct external_conf conf = { .bind = bind,
				      .sources = &relay->conf.external_address,
				      .interval_s = relay->conf.external_address_interval_s };

	for (size_t i = 0; bind && i < all; i++) {
		const struct iface_addr *addr = iface_at(relay->ifaces, i);

		if (addr->found && !is_listed(bind, conf.n_bind, &addr->bind))
			bind[conf.n_bind++] = addr->bind;
	}
	if (conf.n_bind)
		relay->external = external_new(&conf);
	free(bind);
	if (!bind || (conf.n_bind && !relay->external)) {
		log_err("external-address: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	if (relay->external)
		read_last(relay);
	return 0;
}

int external_start(struct relay *relay)
{
	int error = relay->external ? external_run(relay->external, relay->media,
						   iface_count(relay->ifaces))
				    : 0;

	if (error)
		log_err("external-address: the thread cannot be started: %s", strerror(-error));
	return error;
}
