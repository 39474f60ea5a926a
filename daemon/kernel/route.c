/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.c - the way to a destination, as the kernel would choose it, and news of changes */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/count.h"
#include "base/netlink.h"
#include "kernel/route.h"

#define ANSWER_BYTES 8192

/* Each of these can change a route; addresses and links also take routes away without saying so. */
static const int groups[] = { RTNLGRP_LINK,	   RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
			      RTNLGRP_IPV4_ROUTE,  RTNLGRP_IPV6_ROUTE,	RTNLGRP_IPV4_RULE,
			      RTNLGRP_IPV6_RULE,   RTNLGRP_NEXTHOP,	RTNLGRP_TC,
			      RTNLGRP_IPV4_NETCONF };

struct routes {
	int ask, news;
	uint32_t seq;
};

static int open_socket(int *fd)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };

	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (*fd < 0 || bind(*fd, (const struct sockaddr *)&any, sizeof(any)))
		return -errno;
	return 0;
}

struct routes *routes_open(int *error)
{
	struct routes *routes = malloc(sizeof(*routes));

	*error = -ENOMEM;
	if (!routes)
		return NULL;
	*routes = (struct routes){ .ask = -1, .news = -1 };
	*error = open_socket(&routes->ask);
	if (!*error)
		*error = open_socket(&routes->news);
	/* An old kernel does not know all of them. */
	for (size_t i = 0; i < COUNT(groups) && !*error; i++)
		if (setsockopt(routes->news, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])) &&
		    errno != EINVAL)
			*error = -errno;
	if (!*error)
		return routes;
	routes_close(routes);
	return NULL;
}

void routes_close(struct routes *routes)
{
	if (!routes)
		return;
	if (routes->ask >= 0)
		close(routes->ask);
	if (routes->news >= 0)
		close(routes->news);
	free(routes);
}

int routes_fd(const struct routes *routes)
{
	return routes->news;
}

bool routes_changed(struct routes *routes)
{
	_Alignas(struct nlmsghdr) char news[ANSWER_BYTES];
	bool changed = false;
	ssize_t len;

	/* What it says does not matter, nor whether some was lost: all are asked again. */
	while ((len = netlink_receive(routes->news, news, sizeof(news))) >= 0 || len == -ENOBUFS)
		changed = true;
	return changed;
}

/* --- Asking ----------------------------------------------------------------------------------- */

static void put_address(struct nlmsghdr *nlh, uint16_t type, const struct endpoint *ep)
{
	if (ep->sa.sa_family == AF_INET)
		mnl_attr_put(nlh, type, sizeof(ep->in4.sin_addr), &ep->in4.sin_addr);
	else
		mnl_attr_put(nlh, type, sizeof(ep->in6.sin6_addr), &ep->in6.sin6_addr);
}

static size_t put_request(void *buf, uint32_t seq, const struct endpoint *from,
			  const struct endpoint *to, const struct flow_domain *domain)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	uint8_t bits = to->sa.sa_family == AF_INET ? 32 : 128;

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = seq;
	rtm->rtm_family = (uint8_t)to->sa.sa_family;
	rtm->rtm_dst_len = bits;
	rtm->rtm_src_len = bits;
	put_address(nlh, RTA_DST, to);
	put_address(nlh, RTA_SRC, from);
	mnl_attr_put_u8(nlh, RTA_IP_PROTO, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, RTA_SPORT, htons(endpoint_port(from)));
	mnl_attr_put_u16(nlh, RTA_DPORT, htons(endpoint_port(to)));
	if (domain->mark)
		mnl_attr_put_u32(nlh, RTA_MARK, domain->mark);
	mnl_attr_put_u32(nlh, RTA_UID, domain->uid);
	return nlh->nlmsg_len;
}

static void take_hop(struct endpoint *hop, int family, const void *addr, size_t len)
{
	memset(hop, 0, sizeof(*hop));
	if (family == AF_INET && len >= sizeof(hop->in4.sin_addr)) {
		memcpy(&hop->in4.sin_addr, addr, sizeof(hop->in4.sin_addr));
		hop->in4.sin_family = AF_INET;
	} else if (family == AF_INET6 && len >= sizeof(hop->in6.sin6_addr)) {
		memcpy(&hop->in6.sin6_addr, addr, sizeof(hop->in6.sin6_addr));
		hop->in6.sin6_family = AF_INET6;
	}
}

/* IPv4 by a router with an IPv6 address (RFC 5549). */
static void take_via(struct endpoint *hop, const struct nlattr *attr)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	if (len >= sizeof(*via))
		take_hop(hop, via->rtvia_family, via->rtvia_addr, len - sizeof(*via));
}

static void take_metrics(struct route *route, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == RTAX_MTU && mnl_attr_get_payload_len(attr) == 4)
			route->mtu = mnl_attr_get_u32(attr);
	}
}

/* Return: the type of the route, RTN_UNICAST */
static uint8_t take_route(const struct nlmsghdr *nlh, struct route *route)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm))
		return RTN_UNSPEC;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_OIF:
			if (mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
				route->device = mnl_attr_get_u32(attr);
			break;
		case RTA_GATEWAY:
			take_hop(&route->hop, rtm->rtm_family, mnl_attr_get_payload(attr),
				 mnl_attr_get_payload_len(attr));
			break;
		case RTA_VIA:
			take_via(&route->hop, attr);
			break;
		case RTA_METRICS:
			take_metrics(route, attr);
			break;
		default:
			break;
		}
	}
	return rtm->rtm_type;
}

/* @type: of the route. 0; the kernel's -errno; -EIO */
static int receive(struct routes *routes, struct route *route, uint8_t *type)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	const struct nlmsghdr *nlh = (const void *)answer;
	const struct nlmsgerr *error;
	ssize_t len;

	/* Answers that a lost one has left behind are skipped. */
	do {
		len = netlink_receive(routes->ask, answer, sizeof(answer));
		if (len < 0)
			return len == -EAGAIN ? -EIO : (int)len;
	} while (!netlink_message_ok(nlh, (int)len) || nlh->nlmsg_seq != routes->seq);
	if (nlh->nlmsg_type == RTM_NEWROUTE) {
		*type = take_route(nlh, route);
		return 0;
	}
	error = mnl_nlmsg_get_payload(nlh);
	return nlh->nlmsg_type == NLMSG_ERROR && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*error) &&
			       error->error < 0
		       ? error->error
		       : -EIO;
}

int routes_ask(struct routes *routes, const struct endpoint *from, const struct endpoint *to,
	       const struct flow_domain *domain, struct route *route, char *why, size_t size)
{
	_Alignas(struct nlmsghdr) char request[256];
	size_t len = put_request(request, ++routes->seq, from, to, domain);
	uint8_t type = RTN_UNSPEC;
	int error = send(routes->ask, request, len, 0) < 0 ? -errno : 0;
	char text[ENDPOINT_TEXT];

	*route = (struct route){ .device = 0 };
	if (!error)
		error = receive(routes, route, &type);
	if (!error && type == RTN_UNICAST && route->device)
		return 0;
	if (!error && type == RTN_LOCAL) {
		snprintf(why, size, "%s is an address of this host", endpoint_print_addr(to, text));
		return -EOPNOTSUPP;
	}
	snprintf(why, size, "no route to %s", endpoint_print_addr(to, text));
	return error ? error : -ENETUNREACH;
}
