/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * msg.c - table inet rtprelay as messages of one transaction for nf_tables
 *
 * `nft list table inet rtprelay` shows, for IPv4 and, if there is such an address, IPv6:
 *
 *	set relay4 { type ipv4_addr; elements = { 198.51.100.20 } }
 *	set open4 { type ipv4_addr . inet_service; elements = { 198.51.100.20 . 30000, ... } }
 *	chain prerouting { type filter hook prerouting priority raw;
 *		ip daddr @relay4 udp dport 30000-40000 notrack }
 *	chain output { type filter hook output priority raw;
 *		ip saddr @relay4 udp sport 30000-40000 notrack }
 *	chain input { type filter hook input priority filter;
 *		ip daddr @relay4 udp dport 30000-40000 ip daddr . udp dport != @open4 counter drop }
 */
#include <stdlib.h>
#include "base/count.h"
#include "firewall/msg.h" /* first: <netinet/in.h> and <linux/in.h> agree in this order only */
#include <libmnl/libmnl.h>
#include <libnftnl/batch.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* Larger than any single message. */
#define MESSAGE_ROOM 32768
/* Open ports in one message: an attribute is at most 64 KiB. */
#define ELEMS_MAX 256

/* nft's numbers of data types (its datatype.h), so that nft can list the sets; six bits each. */
#define TYPE_IPADDR	  7U
#define TYPE_IP6ADDR	  8U
#define TYPE_INET_SERVICE 13U
#define TYPE_CONCAT(a, b) ((a) << 6 | (b))

#define PRIORITY_RAW	-300 /* before connection tracking */
#define PRIORITY_FILTER 0

/* The differences between IPv4 and IPv6. */
static const struct family {
	uint8_t nfproto;
	uint32_t type, addr_len, saddr, daddr; /* offsets in the network header */
	enum nft_registers port_reg;	       /* after an address in NFT_REG_1 */
	const char *relay, *open;	       /* sets */
	uint32_t relay_id, open_id;
} families[] = {
	{ NFPROTO_IPV4, TYPE_IPADDR, 4, 12, 16, NFT_REG32_01, "relay4", "open4", 1, 2 },
	{ NFPROTO_IPV6, TYPE_IP6ADDR, 16, 8, 24, NFT_REG_2, "relay6", "open6", 3, 4 },
};

/* The elements of one message: all of one set, and all added or all removed. */
struct nft_elems {
	struct nftnl_set *set;
	const struct family *family;
	bool add;
	unsigned int count;
};

static const struct family *family_of(const struct endpoint *ep)
{
	return &families[ep->sa.sa_family == AF_INET6];
}

static const void *addr_of(const struct endpoint *ep)
{
	return ep->sa.sa_family == AF_INET6 ? (const void *)&ep->in6.sin6_addr
					    : (const void *)&ep->in4.sin_addr;
}

/* --- Messages --------------------------------------------------------------------------------- */

static bool reserve(struct nft_batch *batch)
{
	size_t size = batch->size ? batch->size * 2 : (size_t)MESSAGE_ROOM * 2;
	char *data;

	if (batch->failed)
		return false;
	if (batch->size - batch->len >= MESSAGE_ROOM)
		return true;
	data = realloc(batch->data, size);
	batch->failed = !data;
	if (data) {
		memset(data + batch->size, 0,
		       size - batch->size); /* libmnl does not write padding bytes */
		batch->data = data;
		batch->size = size;
	}
	return data;
}

static void fail_if(struct nft_batch *batch, bool failed)
{
	batch->failed = batch->failed || failed;
}

/* Begins a message; message_end() completes it. NULL: out of memory, now or earlier. */
static struct nlmsghdr *message(struct nft_batch *batch, uint16_t type, uint16_t flags)
{
	if (!reserve(batch))
		return NULL;
	return nftnl_nlmsg_build_hdr(batch->data + batch->len, type, NFPROTO_INET, flags,
				     ++batch->seq);
}

static void message_end(struct nft_batch *batch, const struct nlmsghdr *nlh)
{
	batch->len += MNL_ALIGN(nlh->nlmsg_len);
}

void nft_batch_begin(struct nft_batch *batch)
{
	batch->len = 0;
	batch->failed = false;
	if (reserve(batch))
		message_end(batch, nftnl_batch_begin(batch->data + batch->len, ++batch->seq));
}

static void put_table(struct nft_batch *batch, uint16_t type, uint16_t flags)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct nlmsghdr *nlh = message(batch, type, flags);

	if (table && nlh) {
		fail_if(batch, nftnl_table_set_str(table, NFTNL_TABLE_NAME, NFT_TABLE));
		nftnl_table_nlmsg_build_payload(nlh, table);
		message_end(batch, nlh);
	}
	fail_if(batch, !table);
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

static struct nftnl_set *set_new(struct nft_batch *batch, const char *name, uint32_t id)
{
	struct nftnl_set *set = nftnl_set_alloc();

	fail_if(batch, !set || nftnl_set_set_str(set, NFTNL_SET_TABLE, NFT_TABLE) ||
			       nftnl_set_set_str(set, NFTNL_SET_NAME, name));
	if (set)
		nftnl_set_set_u32(set, NFTNL_SET_ID, id);
	return set;
}

static void put_set(struct nft_batch *batch, const char *name, uint32_t id, uint32_t type,
		    uint32_t key_len)
{
	struct nftnl_set *set = set_new(batch, name, id);
	struct nlmsghdr *nlh = message(batch, NFT_MSG_NEWSET, NLM_F_CREATE);

	if (set && nlh) {
		nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
		nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, type);
		nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, key_len);
		nftnl_set_nlmsg_build_payload(nlh, set);
		message_end(batch, nlh);
	}
	if (set)
		nftnl_set_free(set);
}

/* Writes the elements collected in @batch->elems. */
static void elems_flush(struct nft_batch *batch)
{
	struct nft_elems *elems = batch->elems;
	struct nlmsghdr *nlh = NULL;

	if (!elems)
		return;
	batch->elems = NULL;
	if (elems->count)
		nlh = message(batch, elems->add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
			      elems->add ? NLM_F_CREATE : 0);
	if (nlh) {
		nftnl_set_elems_nlmsg_build_payload(nlh, elems->set);
		message_end(batch, nlh);
	}
	nftnl_set_free(elems->set);
	free(elems);
}

static struct nft_elems *elems_new(struct nft_batch *batch, const char *name, uint32_t id)
{
	struct nft_elems *elems = calloc(1, sizeof(*elems));

	fail_if(batch, !elems);
	if (!elems)
		return NULL;
	elems->set = set_new(batch, name, id);
	if (elems->set)
		return elems;
	free(elems);
	return NULL;
}

static void elems_add(struct nft_batch *batch, const void *key, uint32_t len)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();

	fail_if(batch, !elem || nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, key, len));
	if (!elem)
		return;
	nftnl_set_elem_add(batch->elems->set, elem); /* the set owns it now */
	batch->elems->count++;
}

static bool has_family(const struct nft_shape *shape, const struct family *family)
{
	for (size_t i = 0; i < shape->n_addrs; i++)
		if (family_of(&shape->addrs[i]) == family)
			return true;
	return false;
}

static void put_relay_set(struct nft_batch *batch, const struct nft_shape *shape,
			  const struct family *family)
{
	put_set(batch, family->relay, family->relay_id, family->type, family->addr_len);
	batch->elems = elems_new(batch, family->relay, family->relay_id);
	if (!batch->elems)
		return;
	batch->elems->add = true;
	for (size_t i = 0; i < shape->n_addrs; i++)
		if (family_of(&shape->addrs[i]) == family)
			elems_add(batch, addr_of(&shape->addrs[i]), family->addr_len);
	elems_flush(batch);
}

void nft_put_port(struct nft_batch *batch, const struct endpoint *local, bool add)
{
	const struct family *family = family_of(local);
	uint8_t key[20] = { 0 }; /* the port is padded to four bytes */
	uint16_t port = htons(endpoint_port(local));

	if (batch->elems && (batch->elems->family != family || batch->elems->add != add ||
			     batch->elems->count == ELEMS_MAX))
		elems_flush(batch);
	if (!batch->elems)
		batch->elems = elems_new(batch, family->open, family->open_id);
	if (!batch->elems)
		return;
	batch->elems->family = family;
	batch->elems->add = add;
	memcpy(key, addr_of(local), family->addr_len);
	memcpy(key + family->addr_len, &port, sizeof(port));
	elems_add(batch, key, family->addr_len + 4);
}

/* --- Chains and rules ------------------------------------------------------------------------- */

static void put_chain(struct nft_batch *batch, const char *name, uint32_t hook, int32_t priority)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nlmsghdr *nlh = message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	if (chain && nlh) {
		fail_if(batch, nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, NFT_TABLE) ||
				       nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name) ||
				       nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter"));
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, hook);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, priority);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nftnl_chain_nlmsg_build_payload(nlh, chain);
		message_end(batch, nlh);
	}
	fail_if(batch, !chain);
	if (chain)
		nftnl_chain_free(chain);
}

/* A rule being written. If an expression cannot be allocated, the batch fails. */
struct rule {
	struct nft_batch *batch;
	struct nftnl_rule *rule;
};

static struct nftnl_expr *expr(const struct rule *rule, const char *name)
{
	struct nftnl_expr *made = nftnl_expr_alloc(name);

	fail_if(rule->batch, !made);
	if (made)
		nftnl_rule_add_expr(rule->rule, made);
	return made;
}

static void load_meta(const struct rule *rule, uint32_t key)
{
	struct nftnl_expr *meta = expr(rule, "meta");

	if (!meta)
		return;
	nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

static void load(const struct rule *rule, uint32_t base, uint32_t offset, uint32_t len,
		 uint32_t reg)
{
	struct nftnl_expr *payload = expr(rule, "payload");

	if (!payload)
		return;
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

static void compare(const struct rule *rule, uint32_t op, const void *data, uint32_t len)
{
	struct nftnl_expr *cmp = expr(rule, "cmp");

	if (!cmp)
		return;
	nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_OP, op);
	fail_if(rule->batch, nftnl_expr_set(cmp, NFTNL_EXPR_CMP_DATA, data, len));
}

static void look_up(const struct rule *rule, const char *set, uint32_t id, uint32_t flags)
{
	struct nftnl_expr *lookup = expr(rule, "lookup");

	if (!lookup)
		return;
	nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	fail_if(rule->batch, nftnl_expr_set_str(lookup, NFTNL_EXPR_LOOKUP_SET, set));
	nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SET_ID, id);
	if (flags)
		nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_FLAGS, flags);
}

/* Matches UDP with a relay address at offset @addr and a port of the range at offset @port. */
static void match_range(const struct rule *rule, const struct nft_shape *shape,
			const struct family *family, uint32_t addr, uint32_t port)
{
	uint16_t low = htons(shape->port_min), high = htons(shape->port_max);
	uint8_t udp = IPPROTO_UDP;

	load_meta(rule, NFT_META_NFPROTO);
	compare(rule, NFT_CMP_EQ, &family->nfproto, sizeof(family->nfproto));
	load(rule, NFT_PAYLOAD_NETWORK_HEADER, addr, family->addr_len, NFT_REG_1);
	look_up(rule, family->relay, family->relay_id, 0);
	load_meta(rule, NFT_META_L4PROTO);
	compare(rule, NFT_CMP_EQ, &udp, sizeof(udp));
	load(rule, NFT_PAYLOAD_TRANSPORT_HEADER, port, sizeof(low), NFT_REG_1);
	compare(rule, NFT_CMP_GTE, &low, sizeof(low));
	compare(rule, NFT_CMP_LTE, &high, sizeof(high));
}

static void drop_closed(const struct rule *rule, const struct family *family)
{
	struct nftnl_expr *drop;

	load(rule, NFT_PAYLOAD_NETWORK_HEADER, family->daddr, family->addr_len, NFT_REG_1);
	load(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, family->port_reg);
	look_up(rule, family->open, family->open_id, NFT_LOOKUP_F_INV);
	expr(rule, "counter");
	drop = expr(rule, "immediate");
	if (!drop)
		return;
	nftnl_expr_set_u32(drop, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(drop, NFTNL_EXPR_IMM_VERDICT, NF_DROP);
}

static void put_rule(struct nft_batch *batch, const struct nft_shape *shape,
		     const struct family *family, const char *chain)
{
	bool output = !strcmp(chain, "output");
	struct rule rule = { batch, nftnl_rule_alloc() };
	struct nlmsghdr *nlh = message(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);

	if (rule.rule && nlh) {
		fail_if(batch, nftnl_rule_set_str(rule.rule, NFTNL_RULE_TABLE, NFT_TABLE) ||
				       nftnl_rule_set_str(rule.rule, NFTNL_RULE_CHAIN, chain));
		match_range(&rule, shape, family, output ? family->saddr : family->daddr,
			    output ? 0 : 2);
		if (!strcmp(chain, "input"))
			drop_closed(&rule, family);
		else
			expr(&rule, "notrack");
		nftnl_rule_nlmsg_build_payload(nlh, rule.rule);
		message_end(batch, nlh);
	}
	fail_if(batch, !rule.rule);
	if (rule.rule)
		nftnl_rule_free(rule.rule);
}

void nft_put_table(struct nft_batch *batch, const struct nft_shape *shape)
{
	nft_put_nothing(batch);
	put_table(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	put_chain(batch, "prerouting", NF_INET_PRE_ROUTING, PRIORITY_RAW);
	put_chain(batch, "output", NF_INET_LOCAL_OUT, PRIORITY_RAW);
	if (shape->pinhole)
		put_chain(batch, "input", NF_INET_LOCAL_IN, PRIORITY_FILTER);
	for (size_t i = 0; i < COUNT(families); i++) {
		const struct family *family = &families[i];

		if (!has_family(shape, family))
			continue;
		put_relay_set(batch, shape, family);
		put_rule(batch, shape, family, "prerouting");
		put_rule(batch, shape, family, "output");
		if (!shape->pinhole)
			continue;
		put_set(batch, family->open, family->open_id,
			TYPE_CONCAT(family->type, TYPE_INET_SERVICE), family->addr_len + 4);
		put_rule(batch, shape, family, "input");
	}
}

void nft_batch_end(struct nft_batch *batch)
{
	elems_flush(batch);
	if (reserve(batch))
		message_end(batch, nftnl_batch_end(batch->data + batch->len, ++batch->seq));
}

void nft_batch_fini(struct nft_batch *batch)
{
	elems_flush(batch);
	free(batch->data);
	*batch = (struct nft_batch){ 0 };
}
