/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gateway.c - the router that an address of this host sends to the Internet by */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include "base/netlink.h"
#include "nat/gateway.h"

/* Any address of the Internet: 192.0.0.9 and 2001:1::1 are those of PCP itself (RFC 7723). */
static struct endpoint outside(int family)
{
	struct endpoint ep = { 0 };

	endpoint_parse_addr(family == AF_INET ? STR("192.0.0.9") : STR("2001:1::1"), family, &ep);
	return ep;
}

static const void *bytes_of(const struct endpoint *ep)
{
	return ep->sa.sa_family == AF_INET ? (const void *)&ep->in4.sin_addr
					   : (const void *)&ep->in6.sin6_addr;
}

static struct nlmsghdr *put_request(void *memory, const struct endpoint *bind)
{
	int family = bind->sa.sa_family;
	size_t size = family == AF_INET ? 4 : 16;
	const struct endpoint to = outside(family);
	struct nlmsghdr *header = mnl_nlmsg_put_header(memory);
	struct rtmsg *route;

	header->nlmsg_type = RTM_GETROUTE;
	header->nlmsg_flags = NLM_F_REQUEST;
	route = mnl_nlmsg_put_extra_header(header, sizeof(*route));
	route->rtm_family = (unsigned char)family;
	route->rtm_dst_len = route->rtm_src_len = (unsigned char)(8 * size);
	mnl_attr_put(header, RTA_DST, size, bytes_of(&to));
	mnl_attr_put(header, RTA_SRC, size, bytes_of(bind));
	return header;
}

/* Of IPv6, a gateway may be link-local: the device is its scope. */
static int take_route(const struct nlmsghdr *header, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(header);
	struct endpoint *gateway = data;
	const struct nlattr *attr;
	uint32_t device = 0;

	mnl_attr_for_each(attr, header, sizeof(*route)) {
		uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);

		if (type == RTA_OIF && len == sizeof(device))
			device = mnl_attr_get_u32(attr);
		if (type == RTA_GATEWAY && route->rtm_family == AF_INET && len == 4) {
			gateway->sa.sa_family = AF_INET;
			memcpy(&gateway->in4.sin_addr, mnl_attr_get_payload(attr), len);
		} else if (type == RTA_GATEWAY && route->rtm_family == AF_INET6 && len == 16) {
			gateway->sa.sa_family = AF_INET6;
			memcpy(&gateway->in6.sin6_addr, mnl_attr_get_payload(attr), len);
		}
	}
	if (gateway->sa.sa_family == AF_INET6 && endpoint_kind(gateway) == ENDPOINT_LINK_LOCAL)
		gateway->in6.sin6_scope_id = device;
	return MNL_CB_OK;
}

int gateway_find(const struct endpoint *bind, struct endpoint *gateway)
{
	_Alignas(struct nlmsghdr) char memory[256];
	int error;

	*gateway = (struct endpoint){ 0 };
	error = netlink_ask(NETLINK_ROUTE, put_request(memory, bind), take_route, gateway);
	if (error)
		return error;
	return endpoint_is_set(gateway) ? 0 : -ENETUNREACH;
}
