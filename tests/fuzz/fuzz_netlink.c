/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_netlink.c - any netlink answers and events, for each request that the daemon sends
 *
 * The input is a row of datagrams, each preceded by its length in two bytes (little-endian): what
 * is read next from either socket. A length above 8191 stands for a buffer overrun (ENOBUFS).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "daemon/kernel/kmod.h"
#include "daemon/base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct said {
	struct kmod_link link;
	const uint8_t *data;
	size_t left;
	struct kmod_flow *flow[3];
};

static int take_all(struct kmod_link *link, const void *data, size_t len)
{
	(void)link;
	(void)data;
	assert(len >= 16);
	return 0;
}

static ssize_t say_next(struct kmod_link *link, enum kmod_channel channel, void *data, size_t size)
{
	struct said *said = (struct said *)link;
	size_t len;

	(void)channel;
	if (said->left < 2)
		return -EAGAIN;
	len = (size_t)said->data[0] | (size_t)said->data[1] << 8;
	said->data += 2;
	said->left -= 2;
	if (len > 8191)
		return -ENOBUFS;
	if (len > said->left)
		len = said->left;
	assert(len <= size);
	memcpy(data, said->data, len);
	said->data += len;
	said->left -= len;
	return (ssize_t)len;
}

static int join(struct kmod_link *link, uint32_t group)
{
	(void)link;
	return group ? 0 : -EINVAL;
}

static void stay(struct kmod_link *link)
{
	(void)link;
}

/* Reads the flow, and sometimes forgets one. */
static void on_event(void *arg, enum kmod_event event, struct kmod_flow *flow,
		     const struct kmod_stranger *unknown)
{
	struct said *said = arg;
	struct flow_state state;

	assert(!unknown == (event != KMOD_STRANGER));
	if (!flow)
		return;
	kmod_flows_read(&flow, 1, &state);
	assert(state.rtcp_len <= sizeof(state.rtcp));
	if (event == KMOD_IDLE && flow == said->flow[0]) {
		kmod_forget(flow);
		said->flow[0] = NULL;
	}
}

static bool owns(void *arg, const struct endpoint *local)
{
	(void)arg;
	return endpoint_port(local) % 2;
}

static void set_flows(struct kmod *kmod, struct said *said)
{
	struct flow_spec spec;

	memset(&spec, 0, sizeof(spec));
	endpoint_parse(str_of("192.0.2.1:30000"), -1, &spec.local);
	endpoint_parse(str_of("203.0.113.7:6000"), -1, &spec.src);
	spec.out = spec.local;
	spec.dst = spec.src;
	spec.kind = RTPRELAY_KIND_RTP;
	spec.idle_s = 60;
	memcpy(spec.cookie, "0123456789abcdef", FLOW_COOKIE);
	for (int i = 0; i < 3; i++) {
		endpoint_set_port(&spec.local, (uint16_t)(30000 + i));
		said->flow[i] = kmod_set(kmod, &spec, said);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct kmod_link_ops ops = { take_all, say_next, join, stay };
	struct said said = { .link = { &ops, -1 }, .data = data, .left = size };
	const struct kmod_conf conf = {
		.link = &said.link, .event = on_event, .owns = owns, .arg = &said
	};
	uint64_t counters[RTPRELAY_C_MAX + 1];
	struct kmod *kmod;

	log_set_level(LOG_LEVEL_ERR);
	kmod = kmod_open(&conf);
	assert(kmod);
	set_flows(kmod, &said);
	kmod_adopt(kmod);
	kmod_dispatch(kmod);
	kmod_totals(kmod, counters);
	set_flows(kmod, &said);
	kmod_flush(kmod);
	if (said.flow[1])
		kmod_drop(said.flow[1]);
	kmod_dispatch(kmod);
	kmod_close(kmod, true);
	return 0;
}
