/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * deny.c - where media is never sent to: kinds of addresses, the relay's own sockets, media-deny
 *
 * Addresses are sorted for bsearch(); rules and ranges of ports are few, and searched linearly.
 */
#include <stdlib.h>
#include "packet/deny.h"

struct addr_set {
	const struct endpoint *addr; /* sorted, each once */
	size_t count;
};

struct deny {
	unsigned int references;
	size_t n_rules, n_media;
	struct addr_set local, broadcast;
	struct deny_rule *rules;
	struct addr_ports *media; /* in the order given */
	struct endpoint addrs[];  /* of both sets */
};

/* --- Reading a rule --------------------------------------------------------------------------- */

/* "5060" or "5060-5061" */
static bool parse_ports(struct str text, struct deny_rule *rule)
{
	bool range = text.len && memchr(text.s, '-', text.len);
	struct str from = str_split(&text, '-');
	uint64_t low, high;

	if (!str_to_u64(from, UINT16_MAX, &low))
		return false;
	high = low;
	if (range && !str_to_u64(text, UINT16_MAX, &high))
		return false;
	rule->port_min = (uint16_t)low;
	rule->port_max = (uint16_t)high;
	return low <= high;
}

static bool parse_local(struct str text, struct deny_rule *rule)
{
	rule->local = true;
	if (!text.len) {
		rule->spare_media = true;
		return true;
	}
	return text.s[0] == ':' && parse_ports((struct str){ text.s + 1, text.len - 1 }, rule);
}

/* "[2001:db8::1]:5060", "[2001:db8::/32]:5060" */
static bool parse_bracketed(struct str text, struct deny_rule *rule)
{
	struct str rest = { text.s + 1, text.len - 1 };
	bool closed = rest.len && memchr(rest.s, ']', rest.len);
	struct str net = str_split(&rest, ']');

	if (!closed || !cidr_parse(net, &rule->net) || rule->net.net.sa.sa_family != AF_INET6)
		return false;
	return !rest.len ||
	       (rest.s[0] == ':' && parse_ports((struct str){ rest.s + 1, rest.len - 1 }, rule));
}

bool deny_parse(struct str text, struct deny_rule *rule)
{
	struct str net = text, ports;
	const char *colon;

	*rule = (struct deny_rule){ .port_max = UINT16_MAX, .why = "media-deny" };
	if (str_starts(text, STR("local")))
		return parse_local((struct str){ text.s + 5, text.len - 5 }, rule);
	if (text.len && text.s[0] == '[')
		return parse_bracketed(text, rule);
	if (cidr_parse(text, &rule->net))
		return true;
	colon = text.len ? memrchr(text.s, ':', text.len) : NULL;
	if (!colon)
		return false;
	net.len = (size_t)(colon - text.s);
	ports = (struct str){ colon + 1, text.len - net.len - 1 };
	/* An IPv6 address without brackets and without "/": where its port begins is ambiguous. */
	if (memchr(net.s, ':', net.len) && !memchr(net.s, '/', net.len))
		return false;
	return cidr_parse(net, &rule->net) && parse_ports(ports, rule);
}

/* --- Making a set ----------------------------------------------------------------------------- */

/* Copies to @room, sorts, and keeps each address once. */
static struct addr_set make_set(struct endpoint **room, const struct endpoint *addr, size_t count)
{
	struct endpoint *at = *room;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (endpoint_is_set(&addr[i]))
			at[kept++] = addr[i];
	count = kept;
	qsort(at, count, sizeof(*at), endpoint_addr_cmp);
	kept = 0;
	for (size_t i = 0; i < count; i++)
		if (!kept || !endpoint_addr_eq(&at[kept - 1], &at[i]))
			at[kept++] = at[i];
	*room += kept;
	return (struct addr_set){ at, kept };
}

struct deny *deny_new(const struct deny_conf *conf)
{
	size_t addrs = (conf->n_local + conf->n_broadcast) * sizeof(struct endpoint);
	struct deny *deny = malloc(sizeof(*deny) + addrs);
	struct endpoint *room;

	if (!deny)
		return NULL;
	*deny = (struct deny){ .references = 1,
			       .n_rules = conf->n_rules,
			       .n_media = conf->n_media };
	deny->rules = malloc((conf->n_rules + 1) * sizeof(*deny->rules));
	deny->media = malloc((conf->n_media + 1) * sizeof(*deny->media));
	if (!deny->rules || !deny->media) {
		deny_put(deny);
		return NULL;
	}
	for (size_t i = 0; i < conf->n_rules; i++)
		deny->rules[i] = conf->rules[i];
	for (size_t i = 0; i < conf->n_media; i++)
		deny->media[i] = conf->media[i];
	room = deny->addrs;
	deny->local = make_set(&room, conf->local, conf->n_local);
	deny->broadcast = make_set(&room, conf->broadcast, conf->n_broadcast);
	return deny;
}

struct deny *deny_get(struct deny *deny)
{
	if (deny)
		__atomic_fetch_add(&deny->references, 1, __ATOMIC_RELAXED);
	return deny;
}

void deny_put(struct deny *deny)
{
	if (!deny || __atomic_fetch_sub(&deny->references, 1, __ATOMIC_ACQ_REL) > 1)
		return;
	free(deny->rules);
	free(deny->media);
	free(deny);
}

static bool same_set(const struct addr_set *a, const struct addr_set *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!endpoint_addr_eq(&a->addr[i], &b->addr[i]))
			return false;
	return true;
}

static bool same_rule(const struct deny_rule *a, const struct deny_rule *b)
{
	bool same_net =
		a->net.net.sa.sa_family == b->net.net.sa.sa_family && a->net.bits == b->net.bits &&
		(!endpoint_is_set(&a->net.net) || endpoint_addr_eq(&a->net.net, &b->net.net));

	return same_net && a->local == b->local && a->spare_media == b->spare_media &&
	       a->port_min == b->port_min && a->port_max == b->port_max;
}

bool deny_same(const struct deny *a, const struct deny *b)
{
	if (!a || !b || a->n_rules != b->n_rules || a->n_media != b->n_media)
		return a == b;
	for (size_t i = 0; i < a->n_rules; i++)
		if (!same_rule(&a->rules[i], &b->rules[i]))
			return false;
	for (size_t i = 0; i < a->n_media; i++)
		if (!addr_ports_eq(&a->media[i], &b->media[i]))
			return false;
	return same_set(&a->local, &b->local) && same_set(&a->broadcast, &b->broadcast);
}

/* --- Asking it -------------------------------------------------------------------------------- */

static bool has(const struct addr_set *set, const struct endpoint *ep)
{
	return set->count &&
	       bsearch(ep, set->addr, set->count, sizeof(*set->addr), endpoint_addr_cmp);
}

bool deny_has_media(const struct deny *deny, const struct endpoint *addr)
{
	for (size_t i = 0; deny && i < deny->n_media; i++)
		if (endpoint_addr_eq(&deny->media[i].addr, addr))
			return true;
	return false;
}

static bool is_media_port(const struct deny *deny, const struct endpoint *ep)
{
	for (size_t i = 0; i < deny->n_media; i++)
		if (addr_ports_has(&deny->media[i], ep))
			return true;
	return false;
}

static bool rule_has(const struct deny *deny, const struct deny_rule *rule,
		     const struct endpoint *ep)
{
	sa_family_t family = rule->net.net.sa.sa_family;
	uint16_t port = endpoint_port(ep);

	if (port < rule->port_min || port > rule->port_max)
		return false;
	if (!rule->local)
		return cidr_has(&rule->net, ep);
	if ((family != AF_UNSPEC && family != ep->sa.sa_family) ||
	    !(has(&deny->local, ep) || endpoint_kind(ep) == ENDPOINT_LOOPBACK))
		return false;
	return !rule->spare_media || !is_media_port(deny, ep);
}

const char *deny_why(const struct deny *deny, const struct endpoint *from,
		     const struct endpoint *to)
{
	static const char *const kinds[] = {
		[ENDPOINT_UNSPECIFIED] = "unspecified address",
		[ENDPOINT_LOOPBACK] = "loopback address",
		[ENDPOINT_LINK_LOCAL] = "link-local address",
		[ENDPOINT_MULTICAST] = "multicast address",
		[ENDPOINT_BROADCAST] = "broadcast address",
		[ENDPOINT_MAPPED] = "IPv4 address written as IPv6",
	};
	enum endpoint_kind kind = endpoint_kind(to);

	if (kind != ENDPOINT_HOST && kind != endpoint_kind(from))
		return kinds[kind];
	if (!deny)
		return NULL;
	for (size_t i = 0; i < deny->n_rules; i++)
		if (rule_has(deny, &deny->rules[i], to))
			return deny->rules[i].why;
	return has(&deny->broadcast, to) ? kinds[ENDPOINT_BROADCAST] : NULL;
}
