/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * destinations.c - makes the set of forbidden destinations from configuration and local addresses
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/count.h"
#include "base/host_addrs.h"
#include "base/log.h"
#include "base/resolve.h"
#include "call/timeout_post.h"
#include "destinations.h"

#define SELF "%%CC_SELF%%:"

/* --- Rules of the configuration --------------------------------------------------------------- */

static int add_rule(struct destinations *d, const struct deny_rule *rule)
{
	struct deny_rule *more = realloc(d->rules, (d->n_rules + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	d->rules = more;
	d->rules[d->n_rules++] = *rule;
	return 0;
}

static int add_socket(struct destinations *d, const struct endpoint *ep, const char *why)
{
	const struct deny_rule rule = {
		.net = { .net = *ep, .bits = ep->sa.sa_family == AF_INET ? 32 : 128 },
		.local = endpoint_is_any(ep),
		.port_min = endpoint_port(ep),
		.port_max = endpoint_port(ep),
		.why = why,
	};

	return add_rule(d, &rule);
}

/* At the addresses that a NAT in front of the relay maps to that of the socket. */
static int add_advertised(struct destinations *d, const struct deny_rule *rule)
{
	const struct endpoint *ep = &rule->net.net;
	size_t n = d->conf.n_media / 2;
	int error = 0;

	for (size_t i = 0; i < n && !error; i++) {
		struct endpoint advertised = d->conf.media[n + i].addr;

		if (!endpoint_addr_eq(&d->conf.media[i].addr, ep) ||
		    endpoint_addr_eq(&d->conf.media[i].addr, &advertised))
			continue;
		if (!endpoint_is_set(&advertised) || endpoint_is_any(&advertised))
			continue; /* not known yet */
		endpoint_set_port(&advertised, rule->port_min);
		error = add_socket(d, &advertised, rule->why);
	}
	return error;
}

/* What cannot be resolved is an error where it is opened. */
static int add_text(struct destinations *d, const char *text, bool loopback, const char *why)
{
	struct endpoint addrs[8];
	int n = endpoint_resolve(text, addrs, COUNT(addrs)), error = 0;

	for (int i = 0; i < n && !error; i++) {
		if (loopback && endpoint_is_any(&addrs[i]) && addrs[i].sa.sa_family == AF_INET)
			addrs[i].in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		else if (loopback && endpoint_is_any(&addrs[i]))
			addrs[i].in6.sin6_addr = in6addr_loopback;
		error = add_socket(d, &addrs[i], why);
	}
	return error;
}

static int add_control(struct destinations *d, const struct conf_list *listen)
{
	int error = 0;

	for (size_t i = 0; i < listen->count && !error; i++) {
		const char *text = endpoint_unprefixed(listen->item[i]);

		if (text)
			error = add_text(d, text, false, "control socket of the relay");
	}
	return error;
}

/* PORT without HOST listens at the loopback addresses. */
static int add_http(struct destinations *d, const struct conf_list *listen)
{
	int error = 0;

	for (size_t i = 0; i < listen->count && !error; i++) {
		const char *text = listen->item[i];

		error = add_text(d, text, !strchr(text, ':'), "HTTP socket of the relay");
	}
	return error;
}

/* %%CC_SELF%% is the proxy that asks: it may be on this host. */
static int add_self(struct destinations *d, const char *port, const char *why)
{
	struct deny_rule rule = { .local = true, .why = why };
	uint64_t number;

	if (!str_to_u64(str_of(port), UINT16_MAX, &number))
		return 0;
	rule.port_min = rule.port_max = (uint16_t)number;
	return add_rule(d, &rule);
}

static int add_notify(struct destinations *d, const struct conf_list *notify)
{
	static const char why[] = "listener for time-outs (notify)";
	int error = 0;

	for (size_t i = 0; i < notify->count && !error; i++) {
		const char *text = endpoint_unprefixed(notify->item[i]);
		char address[300];

		if (timeout_post_is(notify->item[i]))
			text = timeout_post_address(notify->item[i], address, sizeof(address))
				       ? address
				       : NULL;
		if (text && str_starts(str_of(text), STR(SELF)))
			error = add_self(d, text + strlen(SELF), why);
		else if (text)
			error = add_text(d, text, false, why);
	}
	return error;
}

static int add_homer(struct destinations *d, const char *homer)
{
	const struct str udp = STR("udp:");

	if (!homer)
		return 0;
	if (str_starts(str_of(homer), udp))
		homer += udp.len;
	return add_text(d, homer, false, "Homer server (homer)");
}

/* As bound, and as they are named: for listen-stun=ADDRESS!ADVERTISED only this tells it. */
static int add_stun(struct destinations *d, const struct stun_sites *sites)
{
	static const char why[] = "STUN socket of the relay";
	int error = 0;

	for (size_t i = 0; sites && i < sites->n; i++)
		for (size_t j = 0; j < sites->site[i].n && !error; j++) {
			const struct endpoint *bound = &sites->site[i].bind[j];
			const struct endpoint *named = &sites->site[i].named[j];

			error = add_socket(d, bound, why);
			if (!error && !endpoint_eq(bound, named))
				error = add_socket(d, named, why);
		}
	return error;
}

/* The rules that follow the addresses outside of a NAT, after those that stay. */
static int add_changing(struct destinations *d)
{
	size_t n;
	int error;

	d->n_fixed = d->n_rules;
	error = add_stun(d, d->conf.stun);
	n = d->n_rules;
	for (size_t i = 0; i < n && !error; i++) {
		const struct deny_rule rule = d->rules[i]; /* the list may move */

		if (i < d->n_sockets || i >= d->n_fixed)
			error = add_advertised(d, &rule);
	}
	return error;
}

static bool is_none(const char *text)
{
	return !strcmp(text, "none");
}

bool destinations_valid(const char *text)
{
	struct deny_rule rule;

	return is_none(text) || deny_parse(str_of(text), &rule);
}

static int add_configured(struct destinations *d, const struct conf_list *list)
{
	struct deny_rule rule;
	int error = 0;

	for (size_t i = 0; i < list->count && !error; i++) {
		if (is_none(list->item[i]))
			continue;
		error = -EINVAL;
		if (deny_parse(str_of(list->item[i]), &rule))
			error = add_rule(d, &rule);
	}
	return error;
}

/* --- Addresses of this host ------------------------------------------------------------------- */

/* Those of the interfaces too: they are known even if the system does not tell. */
static struct deny *make_deny(const struct destinations *d, const struct host_addrs *host)
{
	size_t n = host->n_local + d->conf.n_media;
	struct endpoint *local = calloc(n + 1, sizeof(*local));
	struct deny_conf conf = { .rules = d->rules,
				  .n_rules = d->n_rules,
				  .local = local,
				  .n_local = n,
				  .broadcast = host->broadcast,
				  .n_broadcast = host->n_broadcast,
				  .media = d->conf.media,
				  .n_media = d->conf.n_media };
	struct deny *deny = NULL;

	if (!local)
		return NULL;
	for (size_t i = 0; i < n; i++)
		local[i] =
			i < host->n_local ? host->local[i] : d->conf.media[i - host->n_local].addr;
	deny = deny_new(&conf);
	free(local);
	return deny;
}

/* True: there is another set. On failure the old one stays; the next second tries again. */
static bool read_addresses(struct destinations *d)
{
	struct host_addrs host;
	int error = host_addrs_read(&host);
	struct deny *deny;

	if (error && !d->stale)
		log_warn("media-deny: the addresses of this host cannot be read: %s; those of "
			 "\"interface\" are used",
			 strerror(-error));
	d->stale = error;
	if (error && d->deny)
		return false;
	deny = make_deny(d, &host);
	host_addrs_free(&host);
	d->stale = error || !deny;
	if (!deny || deny_same(deny, d->deny)) {
		deny_put(deny);
		return false;
	}
	deny_put(d->deny);
	d->deny = deny;
	return true;
}

bool destinations_news(struct destinations *d)
{
	bool news = d->fd >= 0 && host_addrs_changed(d->fd);

	d->changed |= news;
	return news;
}

void destinations_set_media(struct destinations *d, const struct addr_ports *media, size_t n_media)
{
	d->conf.media = media;
	d->conf.n_media = n_media;
	d->changed = true;
	/* Where phones outside of a NAT send to follows the address of the NAT. */
	d->n_rules = d->n_fixed;
	if (add_changing(d))
		log_err("media-deny: out of memory: calls may name sockets of the relay, at its "
			"address outside, as a phone");
}

bool destinations_refresh(struct destinations *d)
{
	bool due;

	destinations_news(d);
	due = d->changed || d->stale;
	d->changed = false;
	return due && read_addresses(d);
}

/* --- Start and end ---------------------------------------------------------------------------- */

static int add_rules(struct destinations *d)
{
	int error = 0;

	for (size_t i = 0; i < d->conf.n_control && !error; i++)
		error = add_control(d, d->conf.control[i]);
	if (!error)
		error = add_http(d, d->conf.http);
	if (!error)
		error = add_notify(d, d->conf.notify);
	if (!error)
		error = add_homer(d, d->conf.homer);
	if (!error && d->conf.dtmf)
		error = add_text(d, d->conf.dtmf, false, "receiver of DTMF keys (dtmf-log-dest)");
	d->n_sockets = d->n_rules;
	if (!error)
		error = add_configured(d, d->conf.media_deny);
	return error ? error : add_changing(d);
}

int destinations_open(struct destinations *d, const struct destinations_conf *conf)
{
	int error;

	*d = (struct destinations){ .conf = *conf };
	error = add_rules(d);
	/* First watched, then read: so no change is missed. */
	d->fd = host_addrs_watch();
	if (d->fd < 0)
		log_warn("media-deny: changes of this host's addresses are not noticed: %s",
			 strerror(-d->fd));
	if (!error)
		read_addresses(d);
	return error || d->deny ? error : -ENOMEM;
}

void destinations_close(struct destinations *d)
{
	if (d->fd >= 0)
		close(d->fd);
	deny_put(d->deny);
	free(d->rules);
	*d = (struct destinations){ .fd = -1 };
}
