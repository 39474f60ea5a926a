/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmod.c - the kernel path: sets flows in the kernel module, receives its counters and events
 *
 * Detects loading and unloading of the module, and reads its events. After a loss (buffer overrun,
 * module unloaded) the table is compared with a dump of the kernel's flows. No function here
 * blocks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/count.h"
#include "base/log.h"
#include "kernel/kmod.h"
#include "kernel/send.h"
#include "kernel/table.h"

#define PROBE_MS     10000
#define NEWS_AT_ONCE 256 /* datagrams of news read in one turn of the event loop */

/**
 * struct kmod - the kernel path
 * @info: as last read
 * @base: counters of the namespace when the module was found; @past: sums of modules that were
 *        unloaded
 * @sending: send_news() is running
 * @probed_ms: when a flow that waits for room was last retried without known room
 */
struct kmod {
	struct kmod_conf conf;
	struct kmod_info info;
	struct flow_table flows;
	bool sending;
	int64_t probed_ms;
	uint64_t base[RTPRELAY_C_MAX + 1], past[RTPRELAY_C_MAX + 1];
	struct talk talk;
};

static void send_event(struct kmod *kmod, enum kmod_event event, struct kmod_flow *flow,
		       const struct kmod_stranger *refused)
{
	if (kmod->conf.event)
		kmod->conf.event(kmod->conf.arg, event, flow, refused);
}

/* The event function may forget this flow and others. */
static void send_news(struct kmod *kmod)
{
	struct kmod_flow *flow;
	enum kmod_event event;

	if (kmod->sending)
		return; /* called from the event function */
	kmod->sending = true;
	while ((flow = flow_table_news(&kmod->flows, &event)))
		send_event(kmod, event, flow, NULL);
	kmod->sending = false;
}

/* --- The module: loaded, unloaded ------------------------------------------------------------- */

/* Adds the counts since the module was found. */
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
	send_event(kmod, KMOD_WENT, NULL, NULL);
}

static const char *feature_names(uint32_t features, char *text, size_t size)
{
	static const char *const names[] = { "RTP statistics", "events", "IPv4 to IPv6", "tap",
					     "RTCP by form",   "expiry", "device" };
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < COUNT(names); i++)
		if (features & 1u << i && at < size)
			at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "",
					       names[i]);
	return text;
}

/* Return: 0, the module can be used from now on; -errno */
static int came(struct kmod *kmod, const struct kmod_family *family)
{
	struct talk *talk = &kmod->talk;
	char text[120];
	int error;

	talk->family = *family;
	error = family->event_group ? talk->link->ops->join(talk->link, family->event_group)
				    : -ENOPROTOOPT;
	if (!error)
		error = talk_ask_info(talk, &kmod->info);
	if (error) {
		log_warn("kernel module cannot be used: %s: media is relayed in user space; see "
			 "rtprelayctl doctor",
			 strerror(-error));
		talk->family.id = 0;
		talk->lost = false;
		return error;
	}
	memcpy(kmod->base, kmod->info.counters, sizeof(kmod->base));
	kmod->flows.features = kmod->info.features;
	log_notice("kernel module is in use: protocol version %u, features: %s; flows: %u",
		   family->version, feature_names(kmod->info.features, text, sizeof(text)),
		   kmod->info.flows);
	return 0;
}

/* After a loss: checks that the module is loaded, is the same one, and has the required flows. */
static void resynchronize(struct kmod *kmod)
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
			log_warn("kernel module does not answer: %s; trying again",
				 strerror(-error));
			talk->lost = true;
		}
		if (error != -ENOENT)
			return;
		went(kmod);
	}
	/* A module that an operator has unloaded is not loaded again. */
	if (!talk_find_family(talk, RTPRELAY_FAMILY, &family) && !came(kmod, &family))
		send_event(kmod, KMOD_CAME, NULL, NULL);
	talk->lost = false;
}

/* Further rounds handle losses in the first one, and changes made by event functions. */
void kmod_flush(struct kmod *kmod)
{
	if (!kmod)
		return;
	for (int round = 0; round < 4; round++) {
		if (kmod->talk.lost)
			resynchronize(kmod);
		if (kmod->talk.family.id)
			flow_table_flush(&kmod->flows);
		send_news(kmod);
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

/* --- News ------------------------------------------------------------------------------------- */

static void take_flow_event(struct kmod *kmod, const struct kmod_message *m)
{
	struct kmod_flow *flow = flow_table_event(&kmod->flows, m);

	if (!flow)
		return;
	if (m->said == KMOD_SAID_REFUSED)
		send_event(kmod, KMOD_STRANGER, flow, &m->refused);
	else
		send_event(kmod, m->said == KMOD_SAID_IDLE ? KMOD_IDLE : KMOD_RESUMED, flow, NULL);
}

static void take_message(struct kmod *kmod, const struct kmod_message *m)
{
	switch (m->said) {
	case KMOD_SAID_CAME:
		if (kmod->talk.family.id == m->family.id)
			break; /* already found */
		if (kmod->talk.family.id)
			went(kmod);
		if (!came(kmod, &m->family))
			send_event(kmod, KMOD_CAME, NULL, NULL);
		break;
	case KMOD_SAID_GONE:
		if (kmod->talk.family.id)
			went(kmod);
		break;
	case KMOD_SAID_IDLE:
	case KMOD_SAID_RESUMED:
	case KMOD_SAID_REFUSED:
		take_flow_event(kmod, m);
		break;
	default:
		break;
	}
}

static void take_datagram(struct kmod *kmod, const void *data, size_t len)
{
	const struct nlmsghdr *nlh = data;
	struct kmod_message m;
	int left = (int)len;

	for (; kmod_message_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		kmod_read_message(nlh, RTPRELAY_FAMILY, kmod->talk.family.id, &m);
		take_message(kmod, &m);
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
			take_datagram(kmod, data, (size_t)got);
	}
	kmod_flush(kmod);
}

/* --- Start and end ---------------------------------------------------------------------------- */

/* Subscribes to news of families first, so that a module loaded during the query is not missed. */
static void find_module(struct kmod *kmod)
{
	struct talk *talk = &kmod->talk;
	struct kmod_family family = { 0 };

	if (talk_ask_family(talk, "nlctrl", &family) || !family.event_group ||
	    talk->link->ops->join(talk->link, family.event_group))
		log_warn("kernel module: cannot watch for the module being loaded: restart the "
			 "daemon after loading it");
	if (talk_ask_family(talk, RTPRELAY_FAMILY, &family))
		log_notice("kernel module is not loaded: media is relayed in user space until "
			   "rtprelay.ko is loaded");
	else
		came(kmod, &family);
	talk->lost = false;
}

int kmod_probe(struct kmod_link *link)
{
	struct talk *talk = calloc(1, sizeof(*talk));
	struct kmod_info info;
	int error = -ENOMEM;

	if (talk) {
		talk->link = link;
		error = talk_ask_family(talk, RTPRELAY_FAMILY, &talk->family);
		if (!error && !talk->family.event_group)
			error = -ENOPROTOOPT;
		if (!error)
			error = talk_ask_info(talk, &info);
	}
	link->ops->close(link);
	free(talk);
	return error;
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
	kmod->flows.domain = conf->domain;
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
