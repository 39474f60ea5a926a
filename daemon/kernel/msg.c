/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * msg.c - netlink messages to and from the kernel module: written from structs, parsed into structs
 */
#include <errno.h>
#include <linux/genetlink.h>
#include "base/count.h"
#include "kernel/msg.h"

#define MAX_ERRNO 4095

struct endpoint flow_endpoint(const struct endpoint *ep)
{
	struct endpoint out;

	memset(&out, 0, sizeof(out));
	out.sa.sa_family = ep->sa.sa_family;
	if (ep->sa.sa_family == AF_INET)
		out.in4.sin_addr = ep->in4.sin_addr;
	else if (ep->sa.sa_family == AF_INET6)
		out.in6.sin6_addr = ep->in6.sin6_addr;
	else
		return out;
	out.in4.sin_port = ep->in4.sin_port; /* sin6_port has the same offset */
	return out;
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_eq(a, b) || (!endpoint_is_set(a) && !endpoint_is_set(b));
}

bool flow_spec_equal(const struct flow_spec *a, const struct flow_spec *b)
{
	for (int i = 0; i < FLOW_CLOCKS; i++)
		if (a->clocks[i].clock != b->clocks[i].clock || a->clocks[i].pt != b->clocks[i].pt)
			return false;
	return same_endpoint(&a->local, &b->local) && same_endpoint(&a->src, &b->src) &&
	       same_endpoint(&a->out, &b->out) && same_endpoint(&a->dst, &b->dst) &&
	       a->idle_s == b->idle_s && a->flags == b->flags && a->dscp == b->dscp &&
	       a->kind == b->kind && a->up[0] == b->up[0] && a->up[1] == b->up[1] &&
	       a->port.mux == b->port.mux && a->port.negotiated == b->port.negotiated &&
	       !memcmp(a->cookie, b->cookie, FLOW_COOKIE);
}

/* --- Requests --------------------------------------------------------------------------------- */

static struct nlmsghdr *begin(void *buf, uint16_t type, uint32_t seq, uint16_t flags, uint8_t cmd,
			      uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nlh->nlmsg_seq = seq;
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

size_t kmod_ask_family(void *buf, uint32_t seq, const char *name)
{
	struct nlmsghdr *nlh = begin(buf, GENL_ID_CTRL, seq, NLM_F_ACK, CTRL_CMD_GETFAMILY, 1);

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	return nlh->nlmsg_len;
}

size_t kmod_ask_families(void *buf, uint32_t seq)
{
	return begin(buf, GENL_ID_CTRL, seq, NLM_F_ACK | NLM_F_DUMP, CTRL_CMD_GETFAMILY, 1)
		->nlmsg_len;
}

size_t kmod_ask_info(void *buf, uint16_t family, uint32_t seq)
{
	return begin(buf, family, seq, NLM_F_ACK, RTPRELAY_CMD_INFO, RTPRELAY_NL_VERSION)
		->nlmsg_len;
}

size_t kmod_ask_dump(void *buf, uint16_t family, uint32_t seq)
{
	return begin(buf, family, seq, NLM_F_ACK | NLM_F_DUMP, RTPRELAY_CMD_FLOW_GET,
		     RTPRELAY_NL_VERSION)
		->nlmsg_len;
}

static void put_endpoint(struct nlmsghdr *nlh, uint16_t type, const struct endpoint *ep)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	if (ep->sa.sa_family == AF_INET)
		mnl_attr_put_u32(nlh, RTPRELAY_EP_IPV4, ep->in4.sin_addr.s_addr);
	else
		mnl_attr_put(nlh, RTPRELAY_EP_IPV6, sizeof(ep->in6.sin6_addr), &ep->in6.sin6_addr);
	mnl_attr_put_u16(nlh, RTPRELAY_EP_PORT, ep->in4.sin_port);
	mnl_attr_nest_end(nlh, nest);
}

size_t kmod_ask_flow(void *buf, uint16_t family, uint32_t seq, uint8_t cmd,
		     const struct endpoint *local, bool ack)
{
	struct nlmsghdr *nlh =
		begin(buf, family, seq, ack ? NLM_F_ACK : 0, cmd, RTPRELAY_NL_VERSION);

	put_endpoint(nlh, RTPRELAY_A_LOCAL, local);
	return nlh->nlmsg_len;
}

static void put_clocks(struct nlmsghdr *nlh, const struct flow_spec *spec)
{
	struct nlattr *nest, *entry;

	if (!spec->clocks[0].clock)
		return;
	nest = mnl_attr_nest_start(nlh, RTPRELAY_A_CLOCKS);
	for (int i = 0; i < FLOW_CLOCKS && spec->clocks[i].clock; i++) {
		entry = mnl_attr_nest_start(nlh, RTPRELAY_CLOCK_ENTRY);
		mnl_attr_put_u8(nlh, RTPRELAY_CLOCK_PT, spec->clocks[i].pt);
		mnl_attr_put_u32(nlh, RTPRELAY_CLOCK_RATE, spec->clocks[i].clock);
		mnl_attr_nest_end(nlh, entry);
	}
	mnl_attr_nest_end(nlh, nest);
}

void flow_types(const struct flow_spec *spec, uint8_t set[FLOW_TYPES])
{
	for (int pt = 0; pt < FLOW_TYPES * 8; pt++) {
		uint8_t bit = (uint8_t)(1 << pt % 8);

		if (spec->up[pt / 64] >> pt % 64 & 1)
			set[pt / 8] &= (uint8_t)~bit;
		else
			set[pt / 8] |= bit;
	}
}

static void put_types(struct nlmsghdr *nlh, const struct flow_spec *spec)
{
	uint8_t set[FLOW_TYPES] = { 0 };

	if (!(spec->up[0] | spec->up[1]))
		return;
	flow_types(spec, set);
	mnl_attr_put(nlh, RTPRELAY_A_PT_SET, sizeof(set), set);
}

/* In a user namespace, its user 0 is not the one that the module assumes. */
static void put_domain(struct nlmsghdr *nlh, const struct flow_domain *domain)
{
	if (domain->device) {
		mnl_attr_put_u32(nlh, RTPRELAY_A_IIF, domain->device);
		mnl_attr_put_u32(nlh, RTPRELAY_A_OIF, domain->device);
	}
	if (domain->mark)
		mnl_attr_put_u32(nlh, RTPRELAY_A_MARK, domain->mark);
	mnl_attr_put_u32(nlh, RTPRELAY_A_UID, domain->uid);
}

size_t kmod_ask_add(void *buf, uint16_t family, uint32_t seq, const struct flow_spec *spec,
		    const struct flow_domain *domain, uint32_t features, bool carry)
{
	const uint16_t flags = NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	struct nlmsghdr *nlh =
		begin(buf, family, seq, flags, RTPRELAY_CMD_FLOW_ADD, RTPRELAY_NL_VERSION);

	put_endpoint(nlh, RTPRELAY_A_LOCAL, &spec->local);
	if (endpoint_is_set(&spec->src))
		put_endpoint(nlh, RTPRELAY_A_SRC, &spec->src);
	put_endpoint(nlh, RTPRELAY_A_OUT, &spec->out);
	put_endpoint(nlh, RTPRELAY_A_DST, &spec->dst);
	mnl_attr_put_u8(nlh, RTPRELAY_A_KIND, spec->kind);
	mnl_attr_put_u32(nlh, RTPRELAY_A_FLAGS, spec->flags | (carry ? RTPRELAY_FLOW_CARRY : 0));
	if (spec->dscp >= 0)
		mnl_attr_put_u8(nlh, RTPRELAY_A_DSCP, (uint8_t)spec->dscp);
	mnl_attr_put_u32(nlh, RTPRELAY_A_IDLE, spec->idle_s);
	if (features & RTPRELAY_FEATURE_RTP) {
		put_types(nlh, spec);
		put_clocks(nlh, spec);
	}
	if (features & RTPRELAY_FEATURE_NO_MUX && !spec->port.mux)
		mnl_attr_put_u32(nlh, RTPRELAY_A_NO_MUX, spec->port.negotiated);
	if (features & RTPRELAY_FEATURE_DEVICE)
		put_domain(nlh, domain);
	mnl_attr_put(nlh, RTPRELAY_A_COOKIE, FLOW_COOKIE, spec->cookie);
	return nlh->nlmsg_len;
}

size_t kmod_ask_tap(void *buf, uint16_t family, uint32_t seq)
{
	/*
	 * To replace, and not to create, a flow that is not there: port 1 is nobody's, since RTP
	 * has even ports. With NLM_F_EXCL as well it would be a dump.
	 */
	const uint16_t flags = NLM_F_ACK | NLM_F_REPLACE;
	struct nlmsghdr *nlh =
		begin(buf, family, seq, flags, RTPRELAY_CMD_FLOW_ADD, RTPRELAY_NL_VERSION);
	struct endpoint any = { .in4 = { .sin_family = AF_INET, .sin_port = htons(1) } };

	any.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	put_endpoint(nlh, RTPRELAY_A_LOCAL, &any);
	put_endpoint(nlh, RTPRELAY_A_OUT, &any);
	put_endpoint(nlh, RTPRELAY_A_DST, &any);
	mnl_attr_put_u8(nlh, RTPRELAY_A_KIND, RTPRELAY_KIND_OPAQUE);
	mnl_attr_put_u32(nlh, RTPRELAY_A_FLAGS, RTPRELAY_FLOW_TAP);
	return nlh->nlmsg_len;
}

/* --- Answers ---------------------------------------------------------------------------------- */

/* Attributes of one level, by number; those above @max are skipped. */
struct attrs {
	const struct nlattr **tb;
	uint16_t max;
};

static int keep_attr(const struct nlattr *attr, void *data)
{
	struct attrs *attrs = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type <= attrs->max)
		attrs->tb[type] = attr;
	return MNL_CB_OK;
}

#define ATTRS(name, count)                                                                         \
	const struct nlattr *name[(count) + 1] = { NULL };                                         \
	struct attrs name##_attrs = { name, (count) }

static void parse_nested(const struct nlattr *nest, struct attrs *attrs)
{
	if (nest)
		mnl_attr_parse_nested(nest, keep_attr, attrs);
}

static bool has(const struct nlattr *attr, size_t len)
{
	return attr && mnl_attr_get_payload_len(attr) >= len;
}

/* 0 if the attribute is absent or too short. */
static uint32_t get_u32(const struct nlattr *attr)
{
	return has(attr, 4) ? mnl_attr_get_u32(attr) : 0;
}

static uint64_t get_u64(const struct nlattr *attr)
{
	return has(attr, 8) ? mnl_attr_get_u64(attr) : 0;
}

static uint8_t get_u8(const struct nlattr *attr)
{
	return has(attr, 1) ? mnl_attr_get_u8(attr) : 0;
}

/* Unset if a part is absent. */
static void get_endpoint(const struct nlattr *attr, struct endpoint *ep)
{
	ATTRS(tb, RTPRELAY_EP_MAX);

	memset(ep, 0, sizeof(*ep));
	parse_nested(attr, &tb_attrs);
	if (!has(tb[RTPRELAY_EP_PORT], 2))
		return;
	if (has(tb[RTPRELAY_EP_IPV4], 4)) {
		ep->in4.sin_family = AF_INET;
		ep->in4.sin_addr.s_addr = mnl_attr_get_u32(tb[RTPRELAY_EP_IPV4]);
	} else if (has(tb[RTPRELAY_EP_IPV6], sizeof(ep->in6.sin6_addr))) {
		ep->in6.sin6_family = AF_INET6;
		memcpy(&ep->in6.sin6_addr, mnl_attr_get_payload(tb[RTPRELAY_EP_IPV6]),
		       sizeof(ep->in6.sin6_addr));
	} else {
		return;
	}
	ep->in4.sin_port = mnl_attr_get_u16(tb[RTPRELAY_EP_PORT]);
}

static void get_counters(const struct nlattr *nest, uint64_t counters[RTPRELAY_C_MAX + 1])
{
	ATTRS(tb, RTPRELAY_C_MAX);

	parse_nested(nest, &tb_attrs);
	for (int i = RTPRELAY_C_PACKETS; i <= RTPRELAY_C_MAX; i++)
		counters[i] = get_u64(tb[i]);
}

static void get_sums(const struct nlattr *nest, struct flow_sums *sums)
{
	uint64_t counters[RTPRELAY_C_MAX + 1];

	get_counters(nest, counters);
	sums->packets = counters[RTPRELAY_C_PACKETS];
	sums->bytes = counters[RTPRELAY_C_BYTES];
	sums->lost = counters[RTPRELAY_C_DROP_NOMEM] + counters[RTPRELAY_C_DROP_XMIT];
	sums->refused = counters[RTPRELAY_C_DROP_SOURCE];
	sums->blocked = counters[RTPRELAY_C_DROP_BLOCKED];
	sums->ttl = counters[RTPRELAY_C_DROP_TTL];
}

static void get_rtp(const struct nlattr *nest, struct flow_rtp *rtp)
{
	ATTRS(tb, RTPRELAY_RTP_MAX);

	parse_nested(nest, &tb_attrs);
	if (!has(tb[RTPRELAY_RTP_SSRC], 4)) {
		rtp->numbered = has(tb[RTPRELAY_RTP_SEQ], 4);
		rtp->seq = get_u32(tb[RTPRELAY_RTP_SEQ]);
		return;
	}
	*rtp = (struct flow_rtp){
		.ssrc = get_u32(tb[RTPRELAY_RTP_SSRC]),
		.seq = get_u32(tb[RTPRELAY_RTP_SEQ]),
		.expected = get_u32(tb[RTPRELAY_RTP_EXPECTED]),
		.received = get_u32(tb[RTPRELAY_RTP_RECEIVED]),
		.lost = get_u32(tb[RTPRELAY_RTP_LOST]),
		.reordered = get_u32(tb[RTPRELAY_RTP_REORDERED]),
		.gaps = get_u32(tb[RTPRELAY_RTP_GAPS]),
		.duplicate = get_u32(tb[RTPRELAY_RTP_DUPLICATE]),
		.jitter = get_u32(tb[RTPRELAY_RTP_JITTER]),
		.clock = get_u32(tb[RTPRELAY_RTP_CLOCK]),
		.pt = get_u8(tb[RTPRELAY_RTP_PT]),
		.known = true,
	};
}

static void get_rtcp(const struct nlattr *attr, struct flow_state *state)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	if (len > sizeof(state->rtcp))
		len = sizeof(state->rtcp);
	state->rtcp_len = (uint16_t)len;
	if (len)
		memcpy(state->rtcp, mnl_attr_get_payload(attr), len);
}

/* -1: not reported. */
static int64_t get_ago(const struct nlattr *attr, int64_t most)
{
	uint64_t ago = get_u64(attr);

	if (!has(attr, 8))
		return -1;
	return ago > (uint64_t)most ? most : (int64_t)ago;
}

static void get_refused(const struct nlattr *tb[], struct kmod_stranger *refused)
{
	struct flow_rtp rtp = { .known = false };

	get_endpoint(tb[RTPRELAY_A_SRC], &refused->source);
	get_rtp(tb[RTPRELAY_A_RTP], &rtp);
	refused->count = get_u32(tb[RTPRELAY_A_REFUSED]);
	refused->rtp = rtp.known;
	refused->numbered = rtp.numbered;
	refused->ssrc = rtp.ssrc;
	refused->seq = (uint16_t)rtp.seq;
	refused->pt = rtp.pt;
}

static void read_flow(const struct nlattr *tb[], struct kmod_message *m)
{
	get_endpoint(tb[RTPRELAY_A_LOCAL], &m->local);
	if (tb[RTPRELAY_A_COOKIE] &&
	    mnl_attr_get_payload_len(tb[RTPRELAY_A_COOKIE]) == FLOW_COOKIE) {
		memcpy(m->cookie, mnl_attr_get_payload(tb[RTPRELAY_A_COOKIE]), FLOW_COOKIE);
		m->has_cookie = true;
	}
	/* A call does not last 24 days. */
	m->state.seen_ago_ms = get_ago(tb[RTPRELAY_A_LAST_SEEN], INT32_MAX);
	m->state.rtcp_ago_us = get_ago(tb[RTPRELAY_A_RTCP_AGE], INT32_MAX * INT64_C(1000));
	m->state.silent = tb[RTPRELAY_A_SILENT];
	if (m->said == KMOD_SAID_REFUSED) {
		get_refused(tb, &m->refused);
		return;
	}
	get_endpoint(tb[RTPRELAY_A_SRC], &m->src);
	get_endpoint(tb[RTPRELAY_A_OUT], &m->out);
	get_endpoint(tb[RTPRELAY_A_DST], &m->dst);
	m->kind = get_u8(tb[RTPRELAY_A_KIND]);
	m->flags = get_u32(tb[RTPRELAY_A_FLAGS]);
	get_sums(tb[RTPRELAY_A_COUNTERS], &m->state.sums);
	get_rtp(tb[RTPRELAY_A_RTP], &m->state.sums.rtp);
	get_rtcp(tb[RTPRELAY_A_RTCP], &m->state);
}

static void read_rtprelay(const struct nlmsghdr *nlh, uint8_t cmd, struct kmod_message *m)
{
	static const enum kmod_said saids[] = {
		[RTPRELAY_CMD_INFO] = KMOD_SAID_INFO,
		[RTPRELAY_CMD_FLOW_ADD] = KMOD_SAID_FLOW,
		[RTPRELAY_CMD_FLOW_DEL] = KMOD_SAID_FLOW,
		[RTPRELAY_CMD_FLOW_GET] = KMOD_SAID_FLOW,
		[RTPRELAY_EVENT_IDLE] = KMOD_SAID_IDLE,
		[RTPRELAY_EVENT_RESUMED] = KMOD_SAID_RESUMED,
		[RTPRELAY_EVENT_REFUSED] = KMOD_SAID_REFUSED,
	};
	ATTRS(tb, RTPRELAY_A_MAX);

	if (cmd >= COUNT(saids) || !saids[cmd])
		return;
	m->said = saids[cmd];
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), keep_attr, &tb_attrs);
	if (m->said == KMOD_SAID_INFO) {
		m->info.features = get_u32(tb[RTPRELAY_A_FEATURES]);
		m->info.limit = get_u32(tb[RTPRELAY_A_LIMIT]);
		m->info.flows = get_u32(tb[RTPRELAY_A_FLOWS]);
		get_counters(tb[RTPRELAY_A_COUNTERS], m->info.counters);
		return;
	}
	read_flow(tb, m);
	if (!endpoint_is_set(&m->local) ||
	    (m->said == KMOD_SAID_REFUSED && !endpoint_is_set(&m->refused.source)))
		m->said = KMOD_SAID_NOTHING;
}

/* A text attribute must end with NUL. */
static bool text_is(const struct nlattr *attr, const char *text)
{
	size_t len = strlen(text) + 1;

	return attr && mnl_attr_get_payload_len(attr) == len &&
	       !memcmp(mnl_attr_get_payload(attr), text, len);
}

static int read_group(const struct nlattr *attr, void *data)
{
	struct kmod_family *family = data;
	ATTRS(tb, CTRL_ATTR_MCAST_GRP_ID);

	parse_nested(attr, &tb_attrs);
	if (text_is(tb[CTRL_ATTR_MCAST_GRP_NAME], RTPRELAY_GROUP_EVENT) ||
	    text_is(tb[CTRL_ATTR_MCAST_GRP_NAME], "notify"))
		family->event_group = get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
	return MNL_CB_OK;
}

static void read_ctrl(const struct nlmsghdr *nlh, uint8_t cmd, const char *name,
		      struct kmod_message *m)
{
	ATTRS(tb, CTRL_ATTR_MCAST_GROUPS);

	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), keep_attr, &tb_attrs);
	if (!text_is(tb[CTRL_ATTR_FAMILY_NAME], name))
		return;
	if (cmd == CTRL_CMD_DELFAMILY) {
		m->said = KMOD_SAID_GONE;
		return;
	}
	if (cmd != CTRL_CMD_NEWFAMILY || !has(tb[CTRL_ATTR_FAMILY_ID], 2))
		return;
	/* The controller uses the same command for an answer and for a new family. */
	m->said = nlh->nlmsg_seq ? KMOD_SAID_FAMILY : KMOD_SAID_CAME;
	m->family.id = mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	m->family.version = get_u32(tb[CTRL_ATTR_VERSION]);
	if (tb[CTRL_ATTR_MCAST_GROUPS])
		mnl_attr_parse_nested(tb[CTRL_ATTR_MCAST_GROUPS], read_group, &m->family);
}

static void copy_text(char *to, size_t size, const struct nlattr *attr)
{
	const char *text = mnl_attr_get_payload(attr);
	size_t len = strnlen(text, mnl_attr_get_payload_len(attr));

	if (len >= size)
		len = size - 1;
	memcpy(to, text, len);
	to[len] = '\0';
}

/* 0 or -errno, whatever its sign was. */
static int errno_of(int error)
{
	return error <= 0 && error >= -MAX_ERRNO ? error : -EIO;
}

/* The kernel's error text follows the part of the request that it returns. */
static void read_error(const struct nlmsghdr *nlh, struct kmod_message *m)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t given_back = sizeof(*err), len = mnl_nlmsg_get_payload_len(nlh);
	ATTRS(tb, NLMSGERR_ATTR_MSG);

	if (len < sizeof(err->error))
		return;
	m->said = KMOD_SAID_ACK;
	m->error = errno_of(err->error);
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || len < sizeof(*err))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		given_back = sizeof(err->error) + (size_t)err->msg.nlmsg_len;
	if (given_back > len)
		return;
	mnl_attr_parse(nlh, (unsigned int)given_back, keep_attr, &tb_attrs);
	if (tb[NLMSGERR_ATTR_MSG])
		copy_text(m->text, sizeof(m->text), tb[NLMSGERR_ATTR_MSG]);
}

static void read_done(const struct nlmsghdr *nlh, struct kmod_message *m)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	m->said = KMOD_SAID_DONE;
	m->error = errno_of(error);
}

void kmod_read_message(const struct nlmsghdr *nlh, const char *name, uint16_t family,
		       struct kmod_message *m)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	memset(m, 0, sizeof(*m));
	m->seq = nlh->nlmsg_seq;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		read_error(nlh, m);
	else if (nlh->nlmsg_type == NLMSG_DONE)
		read_done(nlh, m);
	else if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
		return;
	else if (nlh->nlmsg_type == GENL_ID_CTRL)
		read_ctrl(nlh, genl->cmd, name, m);
	else if (family && nlh->nlmsg_type == family)
		read_rtprelay(nlh, genl->cmd, m);
}

/* --- Sums ------------------------------------------------------------------------------------- */

static void add_rtp(struct flow_rtp *sum, const struct flow_rtp *part)
{
	struct flow_rtp before = *sum;

	if (!part->known && !part->numbered)
		return;
	*sum = *part;
	if (!before.known || !part->known || before.ssrc != part->ssrc)
		return;
	sum->expected += before.expected;
	sum->received += before.received;
	sum->lost += before.lost;
	sum->reordered += before.reordered;
	sum->gaps += before.gaps;
	sum->duplicate += before.duplicate;
}

void flow_sums_add(struct flow_sums *sum, const struct flow_sums *part)
{
	sum->packets += part->packets;
	sum->bytes += part->bytes;
	sum->lost += part->lost;
	sum->refused += part->refused;
	sum->blocked += part->blocked;
	sum->ttl += part->ttl;
	add_rtp(&sum->rtp, &part->rtp);
}
