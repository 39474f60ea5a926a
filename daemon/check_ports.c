/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check_ports.c - does a listener have the port of another one, or one of those for media? */
#include <string.h>
#include "check_ports.h"
#include "listeners.h"

/* A socket at all addresses is also at each of them. */
static bool same_address(const struct endpoint *a, const struct endpoint *b)
{
	return a->sa.sa_family == b->sa.sa_family &&
	       (endpoint_is_any(a) || endpoint_is_any(b) || endpoint_addr_eq(a, b));
}

/* Two sockets of one value never clash. */
static bool clash(const struct listener *a, const struct listener *b)
{
	return a->tcp == b->tcp && a->text != b->text &&
	       endpoint_port(&a->at) == endpoint_port(&b->at) && same_address(&a->at, &b->at);
}

static const struct listener *find_clash(const struct listeners *listeners, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (clash(&listeners->row[i], &listeners->row[index]))
			return &listeners->row[i];
	return NULL;
}

/* A value may have two sockets: one line is enough. */
static unsigned int check_each_other(const struct listeners *listeners)
{
	unsigned int mistakes = 0;
	const char *told = NULL;

	for (size_t i = 0; i < listeners->n; i++) {
		const struct listener *listener = &listeners->row[i];
		const struct listener *other = find_clash(listeners, i);

		if (!other || listener->text == told)
			continue;
		told = listener->text;
		log_err("%s %s: port %u is also that of %s %s: set another port for one of them",
			listener->key, listener->text, endpoint_port(&listener->at), other->key,
			other->text);
		mistakes++;
	}
	return mistakes;
}

static const struct addr_ports *find_media(const struct listener *listener,
					   const struct addr_ports *media, size_t n_bound)
{
	for (size_t i = 0; i < n_bound; i++)
		if (endpoint_port(&listener->at) >= media[i].port_min &&
		    endpoint_port(&listener->at) <= media[i].port_max &&
		    same_address(&listener->at, &media[i].addr))
			return &media[i];
	return NULL;
}

/* Packets to ports without a call are dropped: commands too. It does not look at TCP. */
static bool is_dropped(const struct conf *conf, const struct listener *listener)
{
	return conf->firewall == FIREWALL_PINHOLE && !listener->tcp;
}

/* @dropped: only those that the firewall would drop; else only the others */
static unsigned int check_media(const struct conf *conf, const struct listeners *listeners,
				const struct addr_ports *media, size_t n_bound, bool dropped,
				enum log_level level)
{
	unsigned int mistakes = 0;
	const char *told = NULL;

	for (size_t i = 0; i < listeners->n; i++) {
		const struct listener *listener = &listeners->row[i];
		const struct addr_ports *range = find_media(listener, media, n_bound);
		char text[ENDPOINT_TEXT];

		if (!range || listener->text == told || !strcmp(listener->key, "listen-stun") ||
		    is_dropped(conf, listener) != dropped)
			continue;
		told = listener->text;
		log_msg(level,
			"%s %s: port %u is among those for media at %s, %u-%u, but %s: set another "
			"port, or port-min and port-max",
			listener->key, listener->text, endpoint_port(&listener->at),
			endpoint_print_addr(&range->addr, text), range->port_min, range->port_max,
			dropped ? "firewall=pinhole would drop what is sent to it"
				: "media is never sent to it");
		mistakes++;
	}
	return mistakes;
}

static unsigned int out_of_memory(void)
{
	log_err("out of memory");
	return 1;
}

unsigned int check_ports(const struct conf *conf, const struct addr_ports *media, size_t n_bound)
{
	struct listeners listeners;
	unsigned int mistakes;

	if (listeners_read(&listeners, conf, media, n_bound))
		return out_of_memory();
	mistakes = check_each_other(&listeners) +
		   check_media(conf, &listeners, media, n_bound, true, LOG_LEVEL_ERR);
	listeners_free(&listeners);
	return mistakes;
}

unsigned int check_ports_shared(const struct conf *conf, const struct addr_ports *media,
				size_t n_bound, enum log_level level)
{
	struct listeners listeners;
	unsigned int mistakes;

	if (listeners_read(&listeners, conf, media, n_bound))
		return out_of_memory();
	mistakes = check_media(conf, &listeners, media, n_bound, false, level);
	listeners_free(&listeners);
	return mistakes;
}
