/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * msg.c - table inet rtprelay as messages of one transaction for nf_tables
 *
 * `nft list table inet rtprelay` shows, for IPv4 and, if there is such an address, IPv6:
 *
 *	set relay4 { type ipv4_addr; elements = { 198.51.100.20 } }
 *	counter banned { packets 0 bytes 0 }
 *	set banned4 { type ipv4_addr; elements = { 203.0.113.66, ... } }
 *	set open4 { type ipv4_addr . inet_service; elements = { 198.51.100.20 . 30000, ... } }
 *	chain banned { type filter hook prerouting priority -450;
 *		ip saddr @banned4 ip daddr @relay4 udp dport 30000-40000 counter name banned drop }
 *	chain prerouting { type filter hook prerouting priority raw;
 *		ip daddr @relay4 udp dport 30000-40000 notrack }
 *	chain output { type filter hook output priority raw;
 *		ip saddr @relay4 udp sport 30000-40000 notrack }
 *	chain input { type filter hook input priority filter;
 *		ip daddr @relay4 udp dport 30000-40000 ip daddr . udp dport != @open4 counter drop }
 *
 * Addresses with other ports have sets (relay4_2, relay4_3, ...) and rules of their own.
 *
 * The kernel module takes its packets before connection tracking, and so before most rules of a
 * firewall. The chain of bans comes first. firewall/rule.c writes the rules.
 */
#include <stdio.h>
#include "base/count.h"
#include "firewall/msg.h" /* first: <netinet/in.h> and <linux/in.h> agree in this order only */
#include "firewall/rule.h"
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* nft's numbers of data types (its datatype.h), so that nft can list the sets; six bits each. */
#define TYPE_IPADDR	  7U
#define TYPE_IP6ADDR	  8U
#define TYPE_INET_SERVICE 13U
#define TYPE_CONCAT(a, b) ((a) << 6 | (b))

/* Above all numbers of sets below; those of further ranges of ports are higher by multiples. */
#define SET_IDS 16U

#define PRIORITY_BANNED -450 /* before the module's hook, which comes before connection tracking */
#define PRIORITY_RAW	-300 /* before connection tracking */
#define PRIORITY_FILTER 0

static const struct nft_family families[] = {
	{ .nfproto = NFPROTO_IPV4,
	  .type = TYPE_IPADDR,
	  .addr_len = 4,
	  .saddr = 12,
	  .daddr = 16,
	  .port_reg = NFT_REG32_01,
	  .relay = { "relay4", 1 },
	  .open = { "open4", 2 },
	  .banned = { NFT_BANNED "4", 5 } },
	{ .nfproto = NFPROTO_IPV6,
	  .type = TYPE_IP6ADDR,
	  .addr_len = 16,
	  .saddr = 8,
	  .daddr = 24,
	  .port_reg = NFT_REG_2,
	  .relay = { "relay6", 3 },
	  .open = { "open6", 4 },
	  .banned = { NFT_BANNED "6", 6 } },
};

static const struct nft_family *family_of(const struct endpoint *ep)
{
	return &families[ep->sa.sa_family == AF_INET6];
}

static const void *addr_of(const struct endpoint *ep)
{
	return ep->sa.sa_family == AF_INET6 ? (const void *)&ep->in6.sin6_addr
					    : (const void *)&ep->in4.sin_addr;
}

/* --- The table -------------------------------------------------------------------------------- */

static void put_table(struct nft_batch *batch, uint16_t type, uint16_t flags)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct nlmsghdr *nlh = nft_message(batch, type, flags);

	if (table && nlh) {
		nft_fail_if(batch, nftnl_table_set_str(table, NFTNL_TABLE_NAME, NFT_TABLE));
		nftnl_table_nlmsg_build_payload(nlh, table);
		nft_message_end(batch, nlh);
	}
	nft_fail_if(batch, !table);
	if (table)
		nftnl_table_free(table);
}

/* Deleting a table that does not exist is an error, so it is created first. */
void nft_put_nothing(struct nft_batch *batch)
{
	put_table(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_table(batch, NFT_MSG_DELTABLE, 0);
}

/* --- Sets ------------------------------------------------------------------------------------- */

static void put_set(struct nft_batch *batch, const struct nft_set_name *which, uint32_t type,
		    uint32_t key_len)
{
	struct nftnl_set *set = nft_set_of(batch, which);
	struct nlmsghdr *nlh = nft_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE);

	if (set && nlh) {
		nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
		nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, type);
		nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, key_len);
		nftnl_set_nlmsg_build_payload(nlh, set);
		nft_message_end(batch, nlh);
	}
	if (set)
		nftnl_set_free(set);
}

static bool has_family(const struct nft_shape *shape, const struct nft_family *family)
{
	for (size_t i = 0; i < shape->n_relay; i++)
		if (family_of(&shape->relay[i].addr) == family)
			return true;
	return false;
}

/* Is it the first address of the family with this range of ports? */
static bool begins_range(const struct nft_shape *shape, size_t index)
{
	const struct addr_ports *at = &shape->relay[index];

	for (size_t i = 0; i < index; i++)
		if (family_of(&shape->relay[i].addr) == family_of(&at->addr) &&
		    addr_ports_same_range(&shape->relay[i], at))
			return false;
	return true;
}

/* @number: 1 for the first range of the family */
static void name_range(struct nft_range *range, const struct nft_family *family,
		       const struct addr_ports *at, unsigned int number)
{
	range->port_min = at->port_min;
	range->port_max = at->port_max;
	if (number == 1)
		snprintf(range->name, sizeof(range->name), "%s", family->relay.name);
	else
		snprintf(range->name, sizeof(range->name), "%s_%u", family->relay.name, number);
	range->set =
		(struct nft_set_name){ range->name, family->relay.id + (number - 1) * SET_IDS };
}

static void put_relay_set(struct nft_batch *batch, const struct nft_shape *shape,
			  const struct nft_family *family, const struct nft_range *range)
{
	put_set(batch, &range->set, family->type, family->addr_len);
	for (size_t i = 0; i < shape->n_relay; i++) {
		const struct addr_ports *at = &shape->relay[i];

		if (family_of(&at->addr) == family && at->port_min == range->port_min &&
		    at->port_max == range->port_max)
			nft_put_elem(batch, &range->set, true, addr_of(&at->addr),
				     family->addr_len);
	}
}

void nft_put_port(struct nft_batch *batch, const struct endpoint *local, bool add)
{
	const struct nft_family *family = family_of(local);
	uint8_t key[20] = { 0 }; /* the port is padded to four bytes */
	uint16_t port = htons(endpoint_port(local));

	memcpy(key, addr_of(local), family->addr_len);
	memcpy(key + family->addr_len, &port, sizeof(port));
	nft_put_elem(batch, &family->open, add, key, family->addr_len + 4);
}

void nft_put_banned(struct nft_batch *batch, const struct endpoint *addr, bool add)
{
	const struct nft_family *family = family_of(addr);

	nft_put_elem(batch, &family->banned, add, addr_of(addr), family->addr_len);
}

/* --- The counter of banned packets ------------------------------------------------------------ */

static void put_counter(struct nft_batch *batch)
{
	struct nftnl_obj *obj = nftnl_obj_alloc();
	struct nlmsghdr *nlh = nft_message(batch, NFT_MSG_NEWOBJ, NLM_F_CREATE);

	if (obj && nlh) {
		nftnl_obj_set_str(obj, NFTNL_OBJ_TABLE, NFT_TABLE);
		nftnl_obj_set_str(obj, NFTNL_OBJ_NAME, NFT_BANNED);
		nftnl_obj_set_u32(obj, NFTNL_OBJ_FAMILY, NFPROTO_INET);
		nftnl_obj_set_u32(obj, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
		nftnl_obj_nlmsg_build_payload(nlh, obj);
		nft_message_end(batch, nlh);
	}
	nft_fail_if(batch, !obj);
	if (obj)
		nftnl_obj_free(obj);
}

/* --- Chains and the whole table --------------------------------------------------------------- */

static void put_chain(struct nft_batch *batch, const char *name, uint32_t hook, int32_t priority)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nlmsghdr *nlh = nft_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	if (chain && nlh) {
		nft_fail_if(batch, nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, NFT_TABLE) ||
					   nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name) ||
					   nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter"));
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, hook);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, priority);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nftnl_chain_nlmsg_build_payload(nlh, chain);
		nft_message_end(batch, nlh);
	}
	nft_fail_if(batch, !chain);
	if (chain)
		nftnl_chain_free(chain);
}

static void put_range(struct nft_batch *batch, const struct nft_shape *shape,
		      const struct nft_family *family, const struct nft_range *range)
{
	put_relay_set(batch, shape, family, range);
	if (shape->pinhole && range->set.id == family->relay.id)
		put_set(batch, &family->open, TYPE_CONCAT(family->type, TYPE_INET_SERVICE),
			family->addr_len + 4);
	nft_put_rule(batch, range, family, NFT_RULE_BANNED);
	nft_put_rule(batch, range, family, NFT_RULE_PREROUTING);
	nft_put_rule(batch, range, family, NFT_RULE_OUTPUT);
	if (shape->pinhole)
		nft_put_rule(batch, range, family, NFT_RULE_INPUT);
}

static void put_family(struct nft_batch *batch, const struct nft_shape *shape,
		       const struct nft_family *family)
{
	unsigned int number = 0;

	for (size_t i = 0; i < shape->n_relay; i++) {
		struct nft_range range;

		if (family_of(&shape->relay[i].addr) != family || !begins_range(shape, i))
			continue;
		name_range(&range, family, &shape->relay[i], ++number);
		put_range(batch, shape, family, &range);
	}
}

void nft_put_table(struct nft_batch *batch, const struct nft_shape *shape)
{
	nft_put_nothing(batch);
	put_table(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_counter(batch);
	put_chain(batch, "banned", NF_INET_PRE_ROUTING, PRIORITY_BANNED);
	put_chain(batch, "prerouting", NF_INET_PRE_ROUTING, PRIORITY_RAW);
	put_chain(batch, "output", NF_INET_LOCAL_OUT, PRIORITY_RAW);
	if (shape->pinhole)
		put_chain(batch, "input", NF_INET_LOCAL_IN, PRIORITY_FILTER);
	for (size_t i = 0; i < COUNT(families); i++) {
		const struct nft_family *family = &families[i];

		/* Also if the relay has no address of this family: then bans are without effect. */
		put_set(batch, &family->banned, family->type, family->addr_len);
		if (has_family(shape, family))
			put_family(batch, shape, family);
	}
}
