/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_kmod.c - the kernel module's end of netlink, without a kernel
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include "fake_kmod.h"

#define GROUP_NOTIFY 16
#define GROUP_EVENT  21

/* --- Messages --------------------------------------------------------------------------------- */

static void put(struct fake_kmod *fake, enum kmod_channel channel, const struct nlmsghdr *nlh,
		int error)
{
	struct fake_queue *q = &fake->queue[channel];
	struct fake_message *m = &q->message[(q->first + q->count) % FAKE_MESSAGES];

	if (channel == KMOD_ANSWERS && nlh && fake->lose_answers) {
		if (--fake->lose_answers == 0)
			put(fake, channel, NULL, -ENOBUFS);
		return;
	}
	if (q->count == FAKE_MESSAGES)
		abort();
	q->count++;
	m->error = error;
	m->len = nlh ? nlh->nlmsg_len : 0;
	if (m->len > sizeof(m->data))
		abort();
	if (nlh)
		memcpy(m->data, nlh, m->len);
}

static struct nlmsghdr *begin(void *buf, uint16_t type, uint32_t seq, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = type;
	nlh->nlmsg_seq = seq;
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static void ack(struct fake_kmod *fake, uint32_t seq, int error, const char *sentence)
{
	uint8_t buf[512] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_CAPPED;
	nlh->nlmsg_seq = seq;
	err->error = error;
	if (sentence) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, sentence);
	}
	put(fake, KMOD_ANSWERS, nlh, 0);
}

static void done(struct fake_kmod *fake, uint32_t seq)
{
	uint8_t buf[64] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = seq;
	*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = 0;
	put(fake, KMOD_ANSWERS, nlh, 0);
}

static void put_endpoint(struct nlmsghdr *nlh, uint16_t type, const struct endpoint *ep)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	if (ep->sa.sa_family == AF_INET)
		mnl_attr_put_u32(nlh, RTPRELAY_EP_IPV4, ep->in4.sin_addr.s_addr);
	else
		mnl_attr_put(nlh, RTPRELAY_EP_IPV6, 16, &ep->in6.sin6_addr);
	mnl_attr_put_u16(nlh, RTPRELAY_EP_PORT, ep->in4.sin_port);
	mnl_attr_nest_end(nlh, nest);
}

static void put_name(struct nlmsghdr *nlh, const struct fake_flow *flow)
{
	put_endpoint(nlh, RTPRELAY_A_LOCAL, &flow->local);
	if (flow->has_cookie)
		mnl_attr_put(nlh, RTPRELAY_A_COOKIE, FLOW_COOKIE, flow->cookie);
	if (flow->seen_ago_ms >= 0)
		mnl_attr_put_u64(nlh, RTPRELAY_A_LAST_SEEN, (uint64_t)flow->seen_ago_ms);
}

/* As the module does, without those that are 0. */
static void put_counters(struct nlmsghdr *nlh, const struct fake_flow *flow)
{
	const struct {
		uint16_t type;
		uint64_t value;
	} counters[] = {
		{ RTPRELAY_C_PACKETS, flow->packets },
		{ RTPRELAY_C_BYTES, flow->bytes },
		{ RTPRELAY_C_DROP_SOURCE, flow->refused },
		{ RTPRELAY_C_DROP_BLOCKED, flow->blocked },
		{ RTPRELAY_C_DROP_TTL, flow->ttl },
		{ RTPRELAY_C_DROP_NOMEM, flow->nomem },
		{ RTPRELAY_C_DROP_XMIT, flow->unsent },
	};
	struct nlattr *nest = mnl_attr_nest_start(nlh, RTPRELAY_A_COUNTERS);

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		if (counters[i].value)
			mnl_attr_put_u64(nlh, counters[i].type, counters[i].value);
	mnl_attr_nest_end(nlh, nest);
}

static void put_rtp(struct nlmsghdr *nlh, const struct fake_flow *flow)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, RTPRELAY_A_RTP);

	if (flow->kind == RTPRELAY_KIND_OPAQUE) {
		mnl_attr_put_u32(nlh, RTPRELAY_RTP_SEQ, flow->expected);
		mnl_attr_nest_end(nlh, nest);
		return;
	}
	mnl_attr_put_u32(nlh, RTPRELAY_RTP_SSRC, flow->ssrc);
	mnl_attr_put_u8(nlh, RTPRELAY_RTP_PT, 8);
	mnl_attr_put_u32(nlh, RTPRELAY_RTP_SEQ, 0x10000 + flow->expected);
	mnl_attr_put_u32(nlh, RTPRELAY_RTP_EXPECTED, flow->expected);
	mnl_attr_put_u32(nlh, RTPRELAY_RTP_LOST, flow->lost);
	mnl_attr_put_u32(nlh, RTPRELAY_RTP_REORDERED, flow->reordered);
	mnl_attr_put_u32(nlh, RTPRELAY_RTP_DUPLICATE, flow->duplicate);
	mnl_attr_put_u32(nlh, RTPRELAY_RTP_GAPS, flow->gaps);
	mnl_attr_put_u32(nlh, RTPRELAY_RTP_JITTER, 16);
	mnl_attr_put_u32(nlh, RTPRELAY_RTP_CLOCK, 8000);
	mnl_attr_nest_end(nlh, nest);
}

static void tell_flow(struct fake_kmod *fake, uint32_t seq, uint8_t cmd, uint16_t flags,
		      const struct fake_flow *flow)
{
	uint8_t buf[1024] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = begin(buf, fake->id, seq, cmd);

	nlh->nlmsg_flags |= flags;
	put_name(nlh, flow);
	put_endpoint(nlh, RTPRELAY_A_OUT, &flow->out);
	put_endpoint(nlh, RTPRELAY_A_DST, &flow->dst);
	put_counters(nlh, flow);
	if (flow->silent)
		mnl_attr_put(nlh, RTPRELAY_A_SILENT, 0, NULL);
	if (flow->ssrc)
		put_rtp(nlh, flow);
	if (flow->rtcp_len && !(flags & NLM_F_MULTI))
		mnl_attr_put(nlh, RTPRELAY_A_RTCP, flow->rtcp_len, flow->rtcp);
	if (flow->rtcp_len && flow->rtcp_ago_us >= 0 && !(flags & NLM_F_MULTI))
		mnl_attr_put_u64(nlh, RTPRELAY_A_RTCP_AGE, (uint64_t)flow->rtcp_ago_us);
	put(fake, KMOD_ANSWERS, nlh, 0);
}

static void tell_family(struct fake_kmod *fake, enum kmod_channel channel, uint32_t seq,
			uint8_t cmd, const char *name, uint16_t id, const char *group,
			uint32_t group_id)
{
	uint8_t buf[512] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = begin(buf, GENL_ID_CTRL, seq, cmd);
	struct nlattr *groups, *entry;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, id);
	mnl_attr_put_u32(nlh, CTRL_ATTR_VERSION, 1);
	groups = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	entry = mnl_attr_nest_start(nlh, 1);
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, group_id);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, group);
	mnl_attr_nest_end(nlh, entry);
	mnl_attr_nest_end(nlh, groups);
	put(fake, channel, nlh, 0);
}

/* --- Commands --------------------------------------------------------------------------------- */

struct request {
	const struct nlattr *a[RTPRELAY_A_MAX + 1];
};

static int keep(const struct nlattr *attr, void *data)
{
	struct request *r = data;

	if (mnl_attr_get_type(attr) <= RTPRELAY_A_MAX)
		r->a[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static struct endpoint get_endpoint(const struct nlattr *nest)
{
	struct endpoint ep;
	const struct nlattr *attr;

	memset(&ep, 0, sizeof(ep));
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == RTPRELAY_EP_PORT) {
			ep.in4.sin_port = mnl_attr_get_u16(attr);
		} else if (mnl_attr_get_type(attr) == RTPRELAY_EP_IPV4) {
			ep.in4.sin_family = AF_INET;
			ep.in4.sin_addr.s_addr = mnl_attr_get_u32(attr);
		} else {
			ep.in6.sin6_family = AF_INET6;
			memcpy(&ep.in6.sin6_addr, mnl_attr_get_payload(attr), 16);
		}
	}
	return ep;
}

struct fake_flow *fake_kmod_find(struct fake_kmod *fake, const struct endpoint *local)
{
	for (size_t i = 0; i < FAKE_FLOWS; i++)
		if (fake->flows[i].used && endpoint_eq(&fake->flows[i].local, local))
			return &fake->flows[i];
	return NULL;
}

static struct fake_flow *place(struct fake_kmod *fake)
{
	for (size_t i = 0; i < FAKE_FLOWS; i++)
		if (!fake->flows[i].used)
			return &fake->flows[i];
	abort();
}

size_t fake_kmod_count(const struct fake_kmod *fake)
{
	size_t count = 0;

	for (size_t i = 0; i < FAKE_FLOWS; i++)
		count += fake->flows[i].used;
	return count;
}

static void set_conf(struct fake_flow *flow, const struct request *r)
{
	flow->used = true;
	flow->local = get_endpoint(r->a[RTPRELAY_A_LOCAL]);
	flow->src = (struct endpoint){ .sa = { .sa_family = AF_UNSPEC } };
	if (r->a[RTPRELAY_A_SRC])
		flow->src = get_endpoint(r->a[RTPRELAY_A_SRC]);
	flow->out = get_endpoint(r->a[RTPRELAY_A_OUT]);
	flow->dst = get_endpoint(r->a[RTPRELAY_A_DST]);
	flow->kind = mnl_attr_get_u8(r->a[RTPRELAY_A_KIND]);
	flow->flags = mnl_attr_get_u32(r->a[RTPRELAY_A_FLAGS]) & ~(uint32_t)RTPRELAY_FLOW_CARRY;
	flow->idle_s = mnl_attr_get_u32(r->a[RTPRELAY_A_IDLE]);
	flow->has_dscp = r->a[RTPRELAY_A_DSCP];
	flow->dscp = flow->has_dscp ? mnl_attr_get_u8(r->a[RTPRELAY_A_DSCP]) : 0;
	flow->has_clocks = r->a[RTPRELAY_A_CLOCKS];
	flow->has_no_mux = r->a[RTPRELAY_A_NO_MUX];
	flow->no_mux = flow->has_no_mux ? mnl_attr_get_u32(r->a[RTPRELAY_A_NO_MUX]) : 0;
	flow->has_cookie = r->a[RTPRELAY_A_COOKIE];
	if (flow->has_cookie)
		memcpy(flow->cookie, mnl_attr_get_payload(r->a[RTPRELAY_A_COOKIE]), FLOW_COOKIE);
}

static void flow_add(struct fake_kmod *fake, const struct nlmsghdr *nlh, const struct request *r)
{
	struct endpoint local = get_endpoint(r->a[RTPRELAY_A_LOCAL]);
	struct fake_flow *flow = fake_kmod_find(fake, &local);
	bool carry = mnl_attr_get_u32(r->a[RTPRELAY_A_FLAGS]) & RTPRELAY_FLOW_CARRY;

	/* Generic netlink reads both flags together as a dump. */
	if ((nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
		ack(fake, nlh->nlmsg_seq, -EOPNOTSUPP, "");
		return;
	}
	/* To replace, not to create: as the module, which has made the device before. */
	if (!(nlh->nlmsg_flags & NLM_F_CREATE) && !flow) {
		fake->n_taps++;
		ack(fake, nlh->nlmsg_seq, fake->refuse_add ? fake->refuse_add : -ENOENT,
		    fake->refuse_add ? fake->sentence : "no flow has this local endpoint");
		return;
	}
	fake->n_adds++;
	fake->n_carried += carry;
	if (fake->refuse_add) {
		ack(fake, nlh->nlmsg_seq, fake->refuse_add, fake->sentence);
		return;
	}
	if (!flow && fake_kmod_count(fake) >= fake->limit) {
		ack(fake, nlh->nlmsg_seq, -ENOSPC, "the limit of flows is reached");
		return;
	}
	if (flow && !carry)
		tell_flow(fake, nlh->nlmsg_seq, RTPRELAY_CMD_FLOW_ADD, 0, flow);
	if (!flow || !carry) {
		flow = flow ? flow : place(fake);
		*flow = (struct fake_flow){ .seen_ago_ms = -1 };
	}
	set_conf(flow, r);
	ack(fake, nlh->nlmsg_seq, 0, NULL);
}

static void flow_one(struct fake_kmod *fake, const struct nlmsghdr *nlh, const struct request *r,
		     uint8_t cmd)
{
	struct endpoint local = get_endpoint(r->a[RTPRELAY_A_LOCAL]);
	struct fake_flow *flow = fake_kmod_find(fake, &local);

	fake->n_dels += cmd == RTPRELAY_CMD_FLOW_DEL;
	fake->n_gets += cmd == RTPRELAY_CMD_FLOW_GET;
	if (flow)
		tell_flow(fake, nlh->nlmsg_seq, cmd, 0, flow);
	if (flow && cmd == RTPRELAY_CMD_FLOW_DEL) {
		fake->past_packets += flow->packets;
		flow->used = false;
	}
	if (!flow)
		ack(fake, nlh->nlmsg_seq, -ENOENT, "no flow has this local endpoint");
	else if (nlh->nlmsg_flags & NLM_F_ACK)
		ack(fake, nlh->nlmsg_seq, 0, NULL);
}

static void dump(struct fake_kmod *fake, const struct nlmsghdr *nlh)
{
	for (size_t i = 0; i < FAKE_FLOWS; i++)
		if (fake->flows[i].used)
			tell_flow(fake, nlh->nlmsg_seq, RTPRELAY_CMD_FLOW_GET, NLM_F_MULTI,
				  &fake->flows[i]);
	done(fake, nlh->nlmsg_seq);
}

static void put_totals(struct nlmsghdr *nlh, uint64_t packets, const uint64_t *totals)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, RTPRELAY_A_COUNTERS);

	mnl_attr_put_u64(nlh, RTPRELAY_C_PACKETS, packets + totals[RTPRELAY_C_PACKETS]);
	for (unsigned int i = RTPRELAY_C_PACKETS + 1; i <= RTPRELAY_C_MAX; i++)
		mnl_attr_put_u64(nlh, (uint16_t)i, totals[i]);
	mnl_attr_nest_end(nlh, nest);
}

static void info(struct fake_kmod *fake, const struct nlmsghdr *request)
{
	uint8_t buf[512] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = begin(buf, fake->id, request->nlmsg_seq, RTPRELAY_CMD_INFO);
	struct fake_flow sum = { .packets = fake->past_packets };

	for (size_t i = 0; i < FAKE_FLOWS; i++)
		if (fake->flows[i].used)
			sum.packets += fake->flows[i].packets;
	mnl_attr_put_u32(nlh, RTPRELAY_A_FEATURES, fake->features);
	mnl_attr_put_u32(nlh, RTPRELAY_A_LIMIT, fake->limit);
	mnl_attr_put_u32(nlh, RTPRELAY_A_FLOWS, (uint32_t)fake_kmod_count(fake));
	put_totals(nlh, sum.packets, fake->totals);
	put(fake, KMOD_ANSWERS, nlh, 0);
	ack(fake, request->nlmsg_seq, 0, NULL);
}

static void list_families(struct fake_kmod *fake, uint32_t seq)
{
	tell_family(fake, KMOD_ANSWERS, seq, CTRL_CMD_NEWFAMILY, "nlctrl", GENL_ID_CTRL, "notify",
		    GROUP_NOTIFY);
	if (fake->loaded)
		tell_family(fake, KMOD_ANSWERS, seq, CTRL_CMD_NEWFAMILY, RTPRELAY_FAMILY, fake->id,
			    RTPRELAY_GROUP_EVENT, GROUP_EVENT);
	tell_family(fake, KMOD_ANSWERS, seq, CTRL_CMD_NEWFAMILY, "ethtool", 99, "monitor", 7);
	done(fake, seq);
}

static void ctrl(struct fake_kmod *fake, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct genlmsghdr));
	const char *name = mnl_attr_get_str(attr);

	if (nlh->nlmsg_flags & NLM_F_DUMP) {
		list_families(fake, nlh->nlmsg_seq);
		return;
	}
	fake->n_named += !strcmp(name, RTPRELAY_FAMILY);
	if (!strcmp(name, "nlctrl"))
		tell_family(fake, KMOD_ANSWERS, nlh->nlmsg_seq, CTRL_CMD_NEWFAMILY, name,
			    GENL_ID_CTRL, "notify", GROUP_NOTIFY);
	else if (fake->loaded)
		tell_family(fake, KMOD_ANSWERS, nlh->nlmsg_seq, CTRL_CMD_NEWFAMILY, name, fake->id,
			    RTPRELAY_GROUP_EVENT, GROUP_EVENT);
	else
		ack(fake, nlh->nlmsg_seq, -ENOENT, NULL);
	if (fake->loaded || !strcmp(name, "nlctrl"))
		ack(fake, nlh->nlmsg_seq, 0, NULL);
}

static void command(struct fake_kmod *fake, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct request r = { .a = { NULL } };

	fake->n_requests++;
	if (nlh->nlmsg_type == GENL_ID_CTRL) {
		ctrl(fake, nlh);
		return;
	}
	if (!fake->loaded || nlh->nlmsg_type != fake->id) {
		ack(fake, nlh->nlmsg_seq, -ENOENT, NULL);
		return;
	}
	mnl_attr_parse(nlh, sizeof(*genl), keep, &r);
	if (genl->cmd == RTPRELAY_CMD_INFO)
		info(fake, nlh);
	else if (genl->cmd == RTPRELAY_CMD_FLOW_ADD)
		flow_add(fake, nlh, &r);
	else if (nlh->nlmsg_flags & NLM_F_DUMP)
		dump(fake, nlh);
	else
		flow_one(fake, nlh, &r, genl->cmd);
}

/* --- The link --------------------------------------------------------------------------------- */

static struct fake_kmod *fake_of(struct kmod_link *link)
{
	return (struct fake_kmod *)link; /* its first member */
}

static int fake_send(struct kmod_link *link, const void *data, size_t len)
{
	struct fake_kmod *fake = fake_of(link);
	const struct nlmsghdr *nlh = data;
	int left = (int)len;

	fake->n_sends++;
	if (fake->send_error)
		return fake->send_error;
	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		command(fake, nlh);
	return 0;
}

static ssize_t fake_receive(struct kmod_link *link, enum kmod_channel channel, void *data,
			    size_t size)
{
	struct fake_queue *q = &fake_of(link)->queue[channel];
	struct fake_message *m = &q->message[q->first];
	ssize_t len = (ssize_t)m->len;

	if (!q->count)
		return -EAGAIN;
	q->first = (q->first + 1) % FAKE_MESSAGES;
	q->count--;
	if (m->error)
		return m->error;
	if (m->len > size)
		abort();
	memcpy(data, m->data, m->len);
	return len;
}

static int fake_join(struct kmod_link *link, uint32_t group)
{
	fake_of(link)->n_joins++;
	return group == GROUP_NOTIFY || group == GROUP_EVENT ? 0 : -EINVAL;
}

static void fake_close(struct kmod_link *link)
{
	fake_of(link)->closed = true;
}

void fake_kmod_init(struct fake_kmod *fake, bool loaded)
{
	static const struct kmod_link_ops ops = { fake_send, fake_receive, fake_join, fake_close };

	memset(fake, 0, sizeof(*fake));
	fake->link = (struct kmod_link){ &ops, -1 };
	fake->id = 30;
	fake->loaded = loaded;
	fake->features = 0x1f;
	fake->limit = 200000;
}

void fake_kmod_load(struct fake_kmod *fake, bool loaded)
{
	fake->loaded = loaded;
	memset(fake->flows, 0, sizeof(fake->flows));
	fake->past_packets = 0;
	if (loaded)
		fake->id++;
	tell_family(fake, KMOD_NEWS, 0, loaded ? CTRL_CMD_NEWFAMILY : CTRL_CMD_DELFAMILY,
		    RTPRELAY_FAMILY, fake->id, RTPRELAY_GROUP_EVENT, GROUP_EVENT);
}

struct fake_flow *fake_kmod_leave(struct fake_kmod *fake, const struct endpoint *local,
				  const uint8_t *cookie)
{
	struct fake_flow *flow = place(fake);

	*flow = (struct fake_flow){ .used = true,
				    .local = *local,
				    .out = *local,
				    .dst = *local,
				    .seen_ago_ms = -1,
				    .has_cookie = cookie };
	if (cookie)
		memcpy(flow->cookie, cookie, FLOW_COOKIE);
	return flow;
}

void fake_kmod_silent(struct fake_kmod *fake, struct fake_flow *flow, bool silent)
{
	uint8_t buf[512] __attribute__((aligned(8)));
	struct nlmsghdr *nlh =
		begin(buf, fake->id, 0, silent ? RTPRELAY_EVENT_IDLE : RTPRELAY_EVENT_RESUMED);

	flow->silent = silent;
	put_name(nlh, flow);
	put(fake, KMOD_NEWS, nlh, 0);
}

void fake_kmod_stranger(struct fake_kmod *fake, struct fake_flow *flow,
			const struct endpoint *source, uint32_t ssrc, uint16_t seq, uint8_t pt)
{
	uint8_t buf[512] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = begin(buf, fake->id, 0, RTPRELAY_EVENT_REFUSED);
	struct nlattr *nest;

	put_name(nlh, flow);
	put_endpoint(nlh, RTPRELAY_A_SRC, source);
	mnl_attr_put_u32(nlh, RTPRELAY_A_REFUSED, 1);
	nest = mnl_attr_nest_start(nlh, RTPRELAY_A_RTP);
	if (flow->kind != RTPRELAY_KIND_OPAQUE) {
		mnl_attr_put_u32(nlh, RTPRELAY_RTP_SSRC, ssrc);
		mnl_attr_put_u8(nlh, RTPRELAY_RTP_PT, pt);
	}
	mnl_attr_put_u32(nlh, RTPRELAY_RTP_SEQ, seq);
	mnl_attr_nest_end(nlh, nest);
	put(fake, KMOD_NEWS, nlh, 0);
}

void fake_kmod_overrun(struct fake_kmod *fake, enum kmod_channel channel)
{
	fake->queue[channel].count = 0;
	put(fake, channel, NULL, -ENOBUFS);
}
