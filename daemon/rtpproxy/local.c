/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * local.c - chooses the local address that a U or L asks for: I and E (bridging), L (address or
 * name), R (route)
 */
#include <unistd.h>
#include "call/call.h"
#include "port/iface.h"
#include "rtpproxy/local.h"

static bool has_family(struct iface_table *ifaces, struct str name, int family)
{
	for (size_t i = 0; i < iface_count(ifaces); i++) {
		const struct iface_addr *addr = iface_at(ifaces, i);

		if ((!name.len || str_eq(addr->name, name)) && !addr->gone &&
		    addr->bind.sa.sa_family == family)
			return true;
	}
	return false;
}

/* The interface's address of this family, else its first. Empty name: the first interface. */
static struct iface_addr *pick(struct iface_table *ifaces, struct str name, int family)
{
	return iface_pick(ifaces, name, has_family(ifaces, name, family) ? family : AF_UNSPEC,
			  NULL);
}

/*
 * The interface for I (internal) or E (external): the one with that name; otherwise I is the first
 * interface, and E the next one with another name. With only one interface, I is the family of its
 * first address, and E the other family. NULL: it has no address of the other family.
 */
static struct iface_addr *pick_by_letter(struct iface_table *ifaces, char letter, int family)
{
	const struct iface_addr *first = iface_at(ifaces, 0);
	int own = first->bind.sa.sa_family, other = own == AF_INET ? AF_INET6 : AF_INET;
	struct iface_addr *named;
	bool known;

	named = iface_pick(ifaces, letter == 'I' ? STR("internal") : STR("external"), AF_UNSPEC,
			   &known);
	if (known)
		return pick(ifaces, named->name, family);
	for (size_t i = 1; i < iface_count(ifaces); i++) {
		struct str next = iface_at(ifaces, i)->name;

		if (!str_eq(next, first->name))
			return pick(ifaces, letter == 'I' ? first->name : next, family);
	}
	if (!has_family(ifaces, first->name, other))
		return NULL;
	return iface_pick(ifaces, first->name, letter == 'I' ? own : other, NULL);
}

static enum rtpp_error by_letters(struct iface_table *ifaces, const char *letters, struct leg *leg)
{
	for (int i = 0; i < 2; i++) {
		char letter = letters[i] ? letters[i] : 'I'; /* a single letter is the sender's */

		leg->local[i] = pick_by_letter(ifaces, letter, leg->remote.sa.sa_family);
		if (!leg->local[i])
			return letter == 'E' ? RTPP_E_EXTERNAL : RTPP_E_INTERNAL;
	}
	return RTPP_OK;
}

static struct iface_addr *find_addr(struct iface_table *ifaces, const struct endpoint *addr)
{
	for (size_t i = 0; i < iface_count(ifaces); i++) {
		struct iface_addr *at = iface_at(ifaces, i);

		if (!at->gone &&
		    (endpoint_addr_eq(&at->bind, addr) || endpoint_addr_eq(&at->advertised, addr)))
			return at;
	}
	return NULL;
}

/* For the receiver; for the sender only if the address has the family of the sender's. */
static enum rtpp_error by_name(struct iface_table *ifaces, const struct rtpp_modifiers *mods,
			       struct leg *leg)
{
	struct iface_addr *local;
	bool known = true;

	if (mods->label.len)
		local = iface_pick(ifaces, mods->label, AF_UNSPEC, &known);
	else
		local = find_addr(ifaces, &mods->local);
	if (!local || !known)
		return RTPP_E_LOCAL_UNKNOWN;
	if (mods->label.len)
		local = pick(ifaces, local->name, leg->remote.sa.sa_family);
	leg->local[1] = local;
	if (local->bind.sa.sa_family == leg->remote.sa.sa_family)
		leg->local[0] = local;
	return RTPP_OK;
}

/* The source address that the kernel chooses for packets to @to. Nothing is sent. */
static bool route_to(const struct endpoint *to, struct endpoint *source)
{
	int fd = socket(to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct endpoint target = *to;
	socklen_t len = sizeof(*source);
	bool done;

	if (fd < 0)
		return false;
	endpoint_set_port(&target, 9);
	done = !connect(fd, &target.sa, endpoint_len(&target)) &&
	       !getsockname(fd, &source->sa, &len);
	close(fd);
	return done;
}

/* If no interface has the address of the route, the default interface of its family is used. */
static enum rtpp_error by_route(struct iface_table *ifaces, const struct rtpp_modifiers *mods,
				struct leg *leg)
{
	struct endpoint source = { 0 };

	if (!route_to(&mods->toward, &source))
		return RTPP_E_NO_ROUTE;
	leg->local[1] = find_addr(ifaces, &source);
	if (!leg->local[1])
		leg->local[1] = pick(ifaces, STR_NONE, mods->toward.sa.sa_family);
	if (!endpoint_is_any(&leg->remote) && route_to(&leg->remote, &source))
		leg->local[0] = find_addr(ifaces, &source);
	return RTPP_OK;
}

enum rtpp_error rtpp_locals(const struct rtpp_command *c, const struct rtpp_modifiers *mods,
			    struct leg *leg)
{
	struct iface_table *ifaces = c->env->calls->conf.ifaces;

	if (!has_family(ifaces, STR_NONE, leg->remote.sa.sa_family))
		return RTPP_E_FAMILY;
	if (mods->label.len || endpoint_is_set(&mods->local))
		return by_name(ifaces, mods, leg);
	if (endpoint_is_set(&mods->toward))
		return by_route(ifaces, mods, leg);
	return mods->bridge[0] ? by_letters(ifaces, mods->bridge, leg) : RTPP_OK;
}
