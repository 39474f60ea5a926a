/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.c - the rules of table inet rtprelay, listed in firewall/msg.c, as expressions */
#include "firewall/rule.h" /* first: <netinet/in.h> and <linux/in.h> agree in this order only */
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* A rule being written. If an expression cannot be allocated, the batch fails. */
struct rule {
	struct nft_batch *batch;
	struct nftnl_rule *rule;
};

static struct nftnl_expr *expr(const struct rule *rule, const char *name)
{
	struct nftnl_expr *made = nftnl_expr_alloc(name);

	nft_fail_if(rule->batch, !made);
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
	nft_fail_if(rule->batch, nftnl_expr_set(cmp, NFTNL_EXPR_CMP_DATA, data, len));
}

static void look_up(const struct rule *rule, const struct nft_set_name *set, uint32_t flags)
{
	struct nftnl_expr *lookup = expr(rule, "lookup");

	if (!lookup)
		return;
	nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nft_fail_if(rule->batch, nftnl_expr_set_str(lookup, NFTNL_EXPR_LOOKUP_SET, set->name));
	nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SET_ID, set->id);
	if (flags)
		nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_FLAGS, flags);
}

static void match_family(const struct rule *rule, const struct nft_family *family)
{
	load_meta(rule, NFT_META_NFPROTO);
	compare(rule, NFT_CMP_EQ, &family->nfproto, sizeof(family->nfproto));
}

/* Matches UDP with a relay address at offset @addr and a port of the range at offset @port. */
static void match_range(const struct rule *rule, const struct nft_range *range,
			const struct nft_family *family, uint32_t addr, uint32_t port)
{
	uint16_t low = htons(range->port_min), high = htons(range->port_max);
	uint8_t udp = IPPROTO_UDP;

	load(rule, NFT_PAYLOAD_NETWORK_HEADER, addr, family->addr_len, NFT_REG_1);
	look_up(rule, &range->set, 0);
	load_meta(rule, NFT_META_L4PROTO);
	compare(rule, NFT_CMP_EQ, &udp, sizeof(udp));
	load(rule, NFT_PAYLOAD_TRANSPORT_HEADER, port, sizeof(low), NFT_REG_1);
	compare(rule, NFT_CMP_GTE, &low, sizeof(low));
	compare(rule, NFT_CMP_LTE, &high, sizeof(high));
}

static void drop(const struct rule *rule)
{
	struct nftnl_expr *verdict = expr(rule, "immediate");

	if (!verdict)
		return;
	nftnl_expr_set_u32(verdict, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(verdict, NFTNL_EXPR_IMM_VERDICT, NF_DROP);
}

static void drop_closed(const struct rule *rule, const struct nft_family *family)
{
	load(rule, NFT_PAYLOAD_NETWORK_HEADER, family->daddr, family->addr_len, NFT_REG_1);
	load(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, family->port_reg);
	look_up(rule, &family->open, NFT_LOOKUP_F_INV);
	expr(rule, "counter");
	drop(rule);
}

static void count_banned(const struct rule *rule)
{
	struct nftnl_expr *counter = expr(rule, "objref");

	if (!counter)
		return;
	nftnl_expr_set_u32(counter, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nft_fail_if(rule->batch,
		    nftnl_expr_set_str(counter, NFTNL_EXPR_OBJREF_IMM_NAME, NFT_BANNED));
}

static void notrack_incoming(const struct rule *rule, const struct nft_range *range,
			     const struct nft_family *family)
{
	match_range(rule, range, family, family->daddr, 2);
	expr(rule, "notrack");
}

static void notrack_outgoing(const struct rule *rule, const struct nft_range *range,
			     const struct nft_family *family)
{
	match_range(rule, range, family, family->saddr, 0);
	expr(rule, "notrack");
}

static void only_open(const struct rule *rule, const struct nft_range *range,
		      const struct nft_family *family)
{
	match_range(rule, range, family, family->daddr, 2);
	drop_closed(rule, family);
}

/* The set comes first: all packets of the host pass here, and hardly any is of a banned source. */
static void not_banned(const struct rule *rule, const struct nft_range *range,
		       const struct nft_family *family)
{
	load(rule, NFT_PAYLOAD_NETWORK_HEADER, family->saddr, family->addr_len, NFT_REG_1);
	look_up(rule, &family->banned, 0);
	match_range(rule, range, family, family->daddr, 2);
	count_banned(rule);
	drop(rule);
}

/* One for each family in its chain of this name. */
static const struct {
	const char *chain;
	void (*write)(const struct rule *rule, const struct nft_range *range,
		      const struct nft_family *family);
} kinds[] = {
	[NFT_RULE_BANNED] = { "banned", not_banned },
	[NFT_RULE_PREROUTING] = { "prerouting", notrack_incoming },
	[NFT_RULE_OUTPUT] = { "output", notrack_outgoing },
	[NFT_RULE_INPUT] = { "input", only_open },
};

void nft_put_rule(struct nft_batch *batch, const struct nft_range *range,
		  const struct nft_family *family, enum nft_rule_kind kind)
{
	struct rule rule = { batch, nftnl_rule_alloc() };
	struct nlmsghdr *nlh = nft_message(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);

	if (rule.rule && nlh) {
		nft_fail_if(batch, nftnl_rule_set_str(rule.rule, NFTNL_RULE_TABLE, NFT_TABLE) ||
					   nftnl_rule_set_str(rule.rule, NFTNL_RULE_CHAIN,
							      kinds[kind].chain));
		match_family(&rule, family);
		kinds[kind].write(&rule, range, family);
		nftnl_rule_nlmsg_build_payload(nlh, rule.rule);
		nft_message_end(batch, nlh);
	}
	nft_fail_if(batch, !rule.rule);
	if (rule.rule)
		nftnl_rule_free(rule.rule);
}
