/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.c - the IPsec policies of this network namespace, and news of changes
 *
 * Marks, users and the order of policies are not looked at: a flow that a policy may concern is
 * left to the stack, which knows.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/netlink.h"
#include "kernel/policy.h"

#define NEWS_BYTES 32768

/* @known: all of them are in @selector */
struct policies {
	int news;
	struct xfrm_selector *selector;
	size_t n;
	bool known;
};

/* A policy without a template lets packets pass as they are, unless it blocks them. */
static bool is_strict(const struct nlmsghdr *nlh, const struct xfrm_userpolicy_info *info)
{
	bool transforms = false, of_device = false;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(*info)) {
		if (mnl_attr_get_type(attr) == XFRMA_TMPL)
			transforms = mnl_attr_get_payload_len(attr) > 0;
		/* Of packets of an xfrm device, which is no Ethernet device. */
		if (mnl_attr_get_type(attr) == XFRMA_IF_ID && mnl_attr_get_payload_len(attr) == 4)
			of_device = mnl_attr_get_u32(attr);
	}
	return (transforms || info->action == XFRM_POLICY_BLOCK) && !of_device;
}

static int take_policy(const struct nlmsghdr *nlh, void *data)
{
	const struct xfrm_userpolicy_info *info = mnl_nlmsg_get_payload(nlh);
	struct policies *policies = data;
	struct xfrm_selector *more;

	if (nlh->nlmsg_type != XFRM_MSG_NEWPOLICY || mnl_nlmsg_get_payload_len(nlh) < sizeof(*info))
		return MNL_CB_OK;
	if (!is_strict(nlh, info))
		return MNL_CB_OK;
	more = realloc(policies->selector, (policies->n + 1) * sizeof(*more));
	if (!more) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	policies->selector = more;
	more[policies->n++] = info->sel;
	return MNL_CB_OK;
}

static int read_all(struct policies *policies)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	int error;

	nlh->nlmsg_type = XFRM_MSG_GETPOLICY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct xfrm_userpolicy_id));
	policies->n = 0;
	error = netlink_ask(NETLINK_XFRM, nlh, take_policy, policies);
	policies->known = !error;
	return error;
}

static int subscribe(struct policies *policies)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int group = XFRMNLGRP_POLICY;

	policies->news = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_XFRM);
	if (policies->news < 0 ||
	    bind(policies->news, (const struct sockaddr *)&any, sizeof(any)) ||
	    setsockopt(policies->news, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return -errno;
	return 0;
}

struct policies *policies_open(int *error)
{
	struct policies *policies = malloc(sizeof(*policies));

	*error = -ENOMEM;
	if (!policies)
		return NULL;
	*policies = (struct policies){ .news = -1 };
	*error = subscribe(policies);
	if (!*error)
		*error = read_all(policies);
	if (!*error)
		return policies;
	policies_close(policies);
	return NULL;
}

void policies_close(struct policies *policies)
{
	if (!policies)
		return;
	if (policies->news >= 0)
		close(policies->news);
	free(policies->selector);
	free(policies);
}

int policies_fd(const struct policies *policies)
{
	return policies ? policies->news : -1;
}

bool policies_changed(struct policies *policies)
{
	_Alignas(struct nlmsghdr) char news[NEWS_BYTES];
	bool changed = false;
	ssize_t len;

	if (!policies)
		return false;
	/* What it says does not matter, nor whether some was lost: all are read again. */
	while ((len = netlink_receive(policies->news, news, sizeof(news))) >= 0 || len == -ENOBUFS)
		changed = true;
	if (changed || !policies->known)
		read_all(policies);
	return changed;
}

static bool in_prefix(const struct endpoint *ep, const xfrm_address_t *prefix, uint8_t bits)
{
	bool v4 = ep->sa.sa_family == AF_INET;
	const uint8_t *addr =
		v4 ? (const uint8_t *)&ep->in4.sin_addr : (const uint8_t *)&ep->in6.sin6_addr;
	const uint8_t *want = v4 ? (const uint8_t *)&prefix->a4 : (const uint8_t *)prefix->a6;
	uint8_t most = v4 ? 32 : 128;

	if (!endpoint_is_set(ep))
		return true;
	bits = bits < most ? bits : most;
	if (memcmp(addr, want, bits / 8) != 0)
		return false;
	return !(bits % 8) || !((addr[bits / 8] ^ want[bits / 8]) >> (8 - bits % 8));
}

static bool has_port(const struct endpoint *ep, uint16_t port, uint16_t mask)
{
	return !endpoint_is_set(ep) || !((htons(endpoint_port(ep)) ^ port) & mask);
}

static bool selects(const struct xfrm_selector *sel, const struct endpoint *from,
		    const struct endpoint *to)
{
	return (!sel->family || sel->family == to->sa.sa_family) &&
	       (!sel->proto || sel->proto == IPPROTO_UDP) &&
	       in_prefix(from, &sel->saddr, sel->prefixlen_s) &&
	       in_prefix(to, &sel->daddr, sel->prefixlen_d) &&
	       has_port(from, sel->sport, sel->sport_mask) &&
	       has_port(to, sel->dport, sel->dport_mask);
}

bool policies_apply(const struct policies *policies, const struct endpoint *from,
		    const struct endpoint *to)
{
	if (!policies)
		return false;
	for (size_t i = 0; i < policies->n; i++)
		if (selects(&policies->selector[i], from, to))
			return true;
	return !policies->known;
}
