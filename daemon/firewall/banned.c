/* SPDX-License-Identifier: GPL-2.0-or-later */
/* banned.c - banned addresses in what nf_tables tells of the sets banned4 and banned6 */
#include <string.h>
#include "firewall/banned.h" /* first: <netinet/in.h> and <linux/in.h> agree in this order only */
#include "firewall/shape.h"
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

/* NULL: there is none */
static const struct nlattr *attr_of(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static const struct nlattr *attr_in(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr;

	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

/* NULL: there is none */
static const char *text_of(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr = attr_of(nlh, type);

	return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str(attr)
									 : NULL;
}

/* Bytes of an address of the set; 0: it is another set, table or family */
static uint16_t key_len(const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(nlh);
	const char *table, *set;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*head) || head->nfgen_family != NFPROTO_INET)
		return 0;
	table = text_of(nlh, NFTA_SET_ELEM_LIST_TABLE);
	set = text_of(nlh, NFTA_SET_ELEM_LIST_SET);
	if (!table || !set || strcmp(table, NFT_TABLE) != 0)
		return 0;
	return !strcmp(set, NFT_BANNED "4") ? 4 : !strcmp(set, NFT_BANNED "6") ? 16 : 0;
}

bool nft_is_of_banned(const struct nlmsghdr *nlh)
{
	return key_len(nlh);
}

/* False: it has no key of this length */
static bool read_key(const struct nlattr *elem, uint16_t len, struct endpoint *addr)
{
	const struct nlattr *key = attr_in(attr_in(elem, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);

	if (!key || mnl_attr_get_payload_len(key) != len)
		return false;
	memset(addr, 0, sizeof(*addr));
	addr->sa.sa_family = len == 4 ? AF_INET : AF_INET6;
	memcpy(len == 4 ? (void *)&addr->in4.sin_addr : (void *)&addr->in6.sin6_addr,
	       mnl_attr_get_payload(key), len);
	return true;
}

void nft_banned_read(const struct nlmsghdr *nlh, nft_banned_fn *fn, void *arg)
{
	bool added = NFNL_MSG_TYPE(nlh->nlmsg_type) == NFT_MSG_NEWSETELEM;
	uint16_t len = key_len(nlh);
	const struct nlattr *all = len ? attr_of(nlh, NFTA_SET_ELEM_LIST_ELEMENTS) : NULL;
	const struct nlattr *elem;
	struct endpoint addr;

	if (!all)
		return;
	mnl_attr_for_each_nested(elem, all)
		if (mnl_attr_get_type(elem) == NFTA_LIST_ELEM && read_key(elem, len, &addr))
			fn(arg, &addr, added);
}
