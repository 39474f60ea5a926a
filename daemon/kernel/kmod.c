/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmod.c - libmnl: flows out, counters and events in
 *
 * Whether there is a module, when it comes or goes, and what it has to say. Whatever was lost on the way
 * (buffers overrun, a module that went) is found out by comparing with a dump. Nothing here waits.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/log.h"
#include "kernel/kmod.h"
#include "kernel/send.h"
#include "kernel/table.h"

#define PROBE_MS     10000
#define NEWS_AT_ONCE 256 /* datagrams of news before others have their turn */

/**
 * struct kmod - the kernel path
 * @info: as last asked for
 * @base: counters of the namespace when the module was found; @past: counted by modules that have gone
 * @telling: flows' news are being told
 * @probed_ms: when a flow that waits for room was last tried, though none was known of
 */
struct kmod {
	struct kmod_conf conf;
	struct kmod_info info;
	struct flow_table flows;
	bool telling;
	int64_t probed_ms;
	uint64_t base[RTPRELAY_C_MAX + 1], past[RTPRELAY_C_MAX + 1];
	struct talk talk;
};

static void tell(struct kmod *kmod, enum kmod_event event, struct kmod_flow *flow,
		 const struct kmod_stranger *stranger)
{
	if (kmod->conf.event)
		kmod->conf.event(kmod->conf.arg, event, flow, stranger);
}

/* The owner may forget this flow and others while he is being told. */
static void tell_news(struct kmod *kmod)
{
	struct kmod_flow *flow;
	enum kmod_event event;

	if (kmod->telling)
		return; /* he has called us from there */
	kmod->telling = true;
	while ((flow = flow_table_news(&kmod->flows, &event)))
		tell(kmod, event, flow, NULL);
	kmod->telling = false;
}

/* --- The module comes and goes ------------------------------------------------------------------ */

/* What was counted since the module was found. */
static void add_counters(const struct kmod *kmod, uint64_t sum[RTPRELAY_C_MAX + 1])
{
	for (int i = 0; i <= RTPRELAY_C_MAX; i++)
		if (kmod->info.counters[i] > kmod->base[i])
			sum[i] += kmod->info.counters[i] - kmod->base[i];
}

static void went(struct kmod *kmod)
{
	kmod->talk.family.id = 0;
	kmod->talk.lost = false;
	add_counters(kmod, kmod->past);
	memset(&kmod->info, 0, sizeof(kmod->info));
	memset(kmod->base, 0, sizeof(kmod->base));
	flow_table_lost(&kmod->flows);
	log_notice("kernel module was unloaded: media is relayed in user space until it is loaded");
	tell(kmod, KMOD_WENT, NULL, NULL);
}

static const char *feature_names(uint32_t features, char *text, size_t size)
{
	static const char *const names[] = { "RTP statistics", "events", "IPv4 to IPv6", "tap" };
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (features & 1u << i && at < size)
			at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "",
					       names[i]);
	return text;
}

/* 0: the module can be used from now on */
static int came(struct kmod *kmod, const struct kmod_family *family)
{
	struct talk *talk = &kmod->talk;
	char text[80];
	int error;

	talk->family = *family;
	error = family->event_group ? talk->link->ops->join(talk->link, family->event_group)
				    : -ENOPROTOOPT;
	if (!error)
		error = talk_ask_info(talk, &kmod->info);
	if (error) {
		log_warn("kernel module cannot be used: %s: media is relayed in user space",
			 strerror(-error));
		talk->family.id = 0;
		talk->lost = false;
		return error;
	}
	memcpy(kmod->base, kmod->info.counters, sizeof(kmod->base));
	kmod->flows.features = kmod->info.features;
	log_notice("kernel module version %u: %s; flows: %u", family->version,
		   feature_names(kmod->info.features, text, sizeof(text)), kmod->info.flows);
	return 0;
}

/* Something was lost: is the module there, is it the same, does it hold what it should? */
static void look_again(struct kmod *kmod)
{
	struct talk *talk = &kmod->talk;
	struct kmod_family family;
	int error;

	talk->lost = false;
	if (talk->family.id) {
		error = talk_ask_info(talk, &kmod->info);
		if (!error)
			error = flow_table_compare(&kmod->flows);
		if (error && error != -ENOENT) {
			log_warn("kernel module does not answer: %s", strerror(-error));
			talk->lost = true;
		}
		if (error != -ENOENT)
			return;
		went(kmod);
	}
	if (!talk_ask_family(talk, RTPRELAY_FAMILY, &family) && !came(kmod, &family))
		tell(kmod, KMOD_CAME, NULL, NULL);
	talk->lost = false;
}

/* Rounds after the first are for what was lost in it, and for what the told ones ask for. */
void kmod_flush(struct kmod *kmod)
{
	if (!kmod)
		return;
	for (int round = 0; round < 4; round++) {
		if (kmod->talk.lost)
			look_again(kmod);
		if (kmod->talk.family.id)
			flow_table_flush(&kmod->flows);
		tell_news(kmod);
		if (!kmod->talk.lost && !flow_table_busy(&kmod->flows))
			return;
	}
}

void kmod_tick(struct kmod *kmod, int64_t now_ms)
{
	if (!kmod || !kmod->flows.waiting || now_ms - kmod->probed_ms < PROBE_MS)
		return;
	kmod->probed_ms = now_ms;
	if (!kmod->flows.room)
		kmod->flows.room = 1;
}

void kmod_adopt(struct kmod *kmod)
{
	if (!kmod_available(kmod))
		return;
	kmod->talk.lost = true;
	kmod_flush(kmod);
}

/* --- News --------------------------------------------------------------------------------------- */

static void hear_flow(struct kmod *kmod, const struct kmod_message *m)
{
	struct kmod_flow *flow = flow_table_hear(&kmod->flows, m);

	if (!flow)
		return;
	if (m->said == KMOD_SAID_REFUSED)
		tell(kmod, KMOD_STRANGER, flow, &m->stranger);
	else
		tell(kmod, m->said == KMOD_SAID_IDLE ? KMOD_IDLE : KMOD_RESUMED, flow, NULL);
}

static void hear(struct kmod *kmod, const struct kmod_message *m)
{
	switch (m->said) {
	case KMOD_SAID_CAME:
		if (kmod->talk.family.id == m->family.id)
			break; /* it was found in the meantime */
		if (kmod->talk.family.id)
			went(kmod);
		if (!came(kmod, &m->family))
			tell(kmod, KMOD_CAME, NULL, NULL);
		break;
	case KMOD_SAID_GONE:
		if (kmod->talk.family.id)
			went(kmod);
		break;
	case KMOD_SAID_IDLE:
	case KMOD_SAID_RESUMED:
	case KMOD_SAID_REFUSED:
		hear_flow(kmod, m);
		break;
	default:
		break;
	}
}

static void hear_all(struct kmod *kmod, const void *data, size_t len)
{
	const struct nlmsghdr *nlh = data;
	struct kmod_message m;
	int left = (int)len;

	for (; kmod_message_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		kmod_read_message(nlh, RTPRELAY_FAMILY, kmod->talk.family.id, &m);
		hear(kmod, &m);
	}
}

void kmod_dispatch(struct kmod *kmod)
{
	struct kmod_link *link = kmod->talk.link;
	uint8_t data[8192] __attribute__((aligned(8)));

	for (int i = 0; i < NEWS_AT_ONCE; i++) {
		ssize_t got = link->ops->receive(link, KMOD_NEWS, data, sizeof(data));

		if (got == -ENOBUFS)
			kmod->talk.lost = true;
		else if (got <= 0)
			break;
		else
			hear_all(kmod, data, (size_t)got);
	}
	kmod_flush(kmod);
}

/* --- Start and end ------------------------------------------------------------------------------ */

/* News of families first, so that a module that comes while it is being asked for is not missed. */
static void find_module(struct kmod *kmod)
{
	struct talk *talk = &kmod->talk;
	struct kmod_family family = { 0 };

	if (talk_ask_family(talk, "nlctrl", &family) || !family.event_group ||
	    talk->link->ops->join(talk->link, family.event_group))
		log_warn("kernel module: it will not be noticed when it is loaded later");
	if (talk_ask_family(talk, RTPRELAY_FAMILY, &family))
		log_notice("no kernel module: media is relayed in user space until rtprelay.ko is "
			   "loaded");
	else
		came(kmod, &family);
	talk->lost = false;
}

struct kmod *kmod_open(const struct kmod_conf *conf)
{
	struct kmod *kmod = calloc(1, sizeof(*kmod));

	if (!kmod) {
		conf->link->ops->close(conf->link);
		return NULL;
	}
	kmod->conf = *conf;
	kmod->talk.link = conf->link;
	kmod->flows.talk = &kmod->talk;
	kmod->flows.owns = conf->owns;
	kmod->flows.arg = conf->arg;
	find_module(kmod);
	return kmod;
}

void kmod_close(struct kmod *kmod, bool remove)
{
	if (!kmod)
		return;
	kmod->conf.event = NULL;
	flow_table_forget(&kmod->flows, remove);
	if (remove)
		kmod_flush(kmod);
	flow_table_free(&kmod->flows);
	kmod->talk.link->ops->close(kmod->talk.link);
	free(kmod);
}

void kmod_let_go(struct kmod *kmod)
{
	if (!kmod)
		return;
	kmod->conf.event = NULL;
	kmod->talk.family.id = 0;
	kmod->talk.lost = false;
	flow_table_lost(&kmod->flows);
}

int kmod_news_fd(const struct kmod *kmod)
{
	return kmod ? kmod->talk.link->news_fd : -1;
}

bool kmod_available(const struct kmod *kmod)
{
	return kmod && kmod->talk.family.id;
}

uint32_t kmod_features(const struct kmod *kmod)
{
	return kmod_available(kmod) ? kmod->info.features : 0;
}

size_t kmod_count(const struct kmod *kmod)
{
	return kmod ? kmod->flows.n_installed : 0;
}

struct kmod_flow *kmod_set(struct kmod *kmod, const struct flow_spec *spec, void *owner)
{
	return kmod_available(kmod) ? flow_table_set(&kmod->flows, spec, owner) : NULL;
}

void kmod_totals(struct kmod *kmod, uint64_t counters[RTPRELAY_C_MAX + 1])
{
	memset(counters, 0, (RTPRELAY_C_MAX + 1) * sizeof(*counters));
	if (!kmod)
		return;
	if (kmod->talk.family.id && talk_ask_info(&kmod->talk, &kmod->info))
		kmod->talk.lost = true;
	memcpy(counters, kmod->past, sizeof(kmod->past));
	add_counters(kmod, counters);
}
