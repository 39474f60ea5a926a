/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * module.c - the kernel module as a backend: netlink requests, its answers and its news
 *
 * Detects loading and unloading of the module. No function here blocks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/count.h"
#include "base/log.h"
#include "base/netlink.h"
#include "kernel/module.h"
#include "kernel/talk.h"

#define NEWS_AT_ONCE 256 /* datagrams of news read in one turn of the event loop */

/**
 * struct module - talk.family.id: 0 while it is not there
 * @info: as last read
 * @base: counters of the namespace when the module was found; @past: sums of modules that were
 *        unloaded
 */
struct module {
	struct kernel_backend backend;
	struct flow_domain domain;
	struct kmod_info info;
	uint64_t base[RTPRELAY_C_MAX + 1], past[RTPRELAY_C_MAX + 1];
	struct talk talk;
};

static struct module *module_of(struct kernel_backend *backend)
{
	return (struct module *)backend;
}

/* Answers that talk.c has missed. */
static void take_loss(struct module *module)
{
	module->backend.lost |= module->talk.lost;
	module->talk.lost = false;
}

static void set_why(struct module *module, const char *why)
{
	snprintf(module->backend.why, sizeof(module->backend.why), "%s", why);
}

/* --- Loaded, unloaded ------------------------------------------------------------------------- */

/* Adds the counts since the module was found. */
static void add_counters(const struct module *module, uint64_t sum[RTPRELAY_C_MAX + 1])
{
	for (int i = 0; i <= RTPRELAY_C_MAX; i++)
		if (module->info.counters[i] > module->base[i])
			sum[i] += module->info.counters[i] - module->base[i];
}

static void module_went(struct kernel_backend *backend)
{
	struct module *module = module_of(backend);

	module->talk.family.id = 0;
	module->talk.lost = false;
	add_counters(module, module->past);
	memset(&module->info, 0, sizeof(module->info));
	memset(module->base, 0, sizeof(module->base));
	set_why(module, "it was unloaded");
	log_notice("kernel module was unloaded");
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
static int came(struct module *module, const struct kmod_family *family)
{
	struct talk *talk = &module->talk;
	char text[120];
	int error;

	talk->family = *family;
	error = family->event_group ? talk->link->ops->join(talk->link, family->event_group)
				    : -ENOPROTOOPT;
	if (!error)
		error = talk_ask_info(talk, &module->info);
	if (error) {
		set_why(module, strerror(-error));
		log_warn("kernel module cannot be used: %s; see rtprelayctl doctor",
			 strerror(-error));
		talk->family.id = 0;
		talk->lost = false;
		return error;
	}
	memcpy(module->base, module->info.counters, sizeof(module->base));
	module->backend.features = module->info.features;
	log_notice("kernel module is in use: protocol version %u, features: %s; flows: %u",
		   family->version, feature_names(module->info.features, text, sizeof(text)),
		   module->info.flows);
	return 0;
}

/* Subscribes to news of families first, so that a module loaded during the query is not missed. */
static int find_first(struct module *module)
{
	struct talk *talk = &module->talk;
	struct kmod_family family = { 0 };
	int error;

	if (talk_ask_family(talk, "nlctrl", &family) || !family.event_group ||
	    talk->link->ops->join(talk->link, family.event_group))
		log_warn("kernel module: cannot watch for the module being loaded: restart the "
			 "daemon after loading it");
	error = talk_ask_family(talk, RTPRELAY_FAMILY, &family);
	if (error)
		set_why(module, "rtprelay.ko is not loaded");
	else
		error = came(module, &family);
	return error;
}

static int module_find(struct kernel_backend *backend, bool first)
{
	struct module *module = module_of(backend);
	struct kmod_family family;
	int error;

	if (first) {
		error = find_first(module);
	} else {
		/* A module that an operator has unloaded is not loaded again. */
		error = talk_find_family(&module->talk, RTPRELAY_FAMILY, &family);
		if (!error)
			error = came(module, &family);
	}
	module->talk.lost = false;
	return error;
}

static int module_check(struct kernel_backend *backend)
{
	struct module *module = module_of(backend);
	int error = talk_ask_info(&module->talk, &module->info);

	take_loss(module);
	return error;
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

/* --- Flows ------------------------------------------------------------------------------------ */

/* Requests that are numbered from @seq on, and who gets their answers. */
struct asking {
	uint32_t seq, n;
	const struct kernel_answers *answers;
	void *arg;
};

static void take_answer(void *arg, const struct kmod_message *m)
{
	struct asking *a = arg;
	uint32_t at = m->seq - a->seq;

	if (at >= a->n)
		return;
	if (m->said == KMOD_SAID_FLOW)
		a->answers->state(a->arg, at, &m->state);
	if (m->said == KMOD_SAID_ACK)
		a->answers->done(a->arg, at, m->error, m->text);
}

static size_t put_change(const struct module *module, void *buf, uint32_t seq,
			 const struct kernel_change *change)
{
	uint16_t family = module->talk.family.id;

	if (change->set)
		return kmod_ask_add(buf, family, seq, change->spec, &module->domain,
				    module->backend.features, change->carry);
	return kmod_ask_flow(buf, family, seq, RTPRELAY_CMD_FLOW_DEL, &change->spec->local, true);
}

static void module_change(struct kernel_backend *backend, const struct kernel_change changes[],
			  uint32_t n, const struct kernel_answers *answers, void *arg)
{
	struct module *module = module_of(backend);
	struct talk *talk = &module->talk;
	struct asking a = { .n = n, .answers = answers, .arg = arg };
	size_t len = 0;

	a.seq = talk_next_seq(talk, KERNEL_BATCH);
	for (uint32_t i = 0; i < n; i++)
		len += put_change(module, talk->out + len, a.seq + i, &changes[i]);
	talk_exchange(talk, len, a.seq + n - 1, RTPRELAY_FAMILY, take_answer, &a);
	take_loss(module);
}

/* Only the last request asks for an ack: each one has an answer. */
static void module_read(struct kernel_backend *backend, const struct flow_spec *const specs[],
			uint32_t n, const struct kernel_answers *answers, void *arg)
{
	struct module *module = module_of(backend);
	struct talk *talk = &module->talk;
	struct asking a = { .n = n, .answers = answers, .arg = arg };
	size_t len = 0;

	a.seq = talk_next_seq(talk, KERNEL_BATCH);
	for (uint32_t i = 0; i < n; i++)
		len += kmod_ask_flow(talk->out + len, talk->family.id, a.seq + i,
				     RTPRELAY_CMD_FLOW_GET, &specs[i]->local, i + 1 == n);
	talk_exchange(talk, len, a.seq + n - 1, RTPRELAY_FAMILY, take_answer, &a);
	take_loss(module);
}

/* The context of a dump. */
struct dump {
	struct module *module;
	uint32_t seq;
	int error;
	kernel_told_fn *found;
	void *arg;
};

static void take_dump(void *arg, const struct kmod_message *m)
{
	struct dump *dump = arg;

	if (m->seq != dump->seq)
		return;
	if (m->said == KMOD_SAID_ACK || m->said == KMOD_SAID_DONE)
		dump->error = m->error;
	if (m->said == KMOD_SAID_FLOW)
		dump->found(dump->arg, &dump->module->backend, m);
}

static int module_dump(struct kernel_backend *backend, kernel_told_fn *found, void *arg)
{
	struct module *module = module_of(backend);
	struct talk *talk = &module->talk;
	struct dump dump = {
		.module = module, .seq = talk_next_seq(talk, 1), .found = found, .arg = arg
	};
	size_t len = kmod_ask_dump(talk->out, talk->family.id, dump.seq);
	int error = talk_exchange(talk, len, dump.seq, RTPRELAY_FAMILY, take_dump, &dump);

	take_loss(module);
	return error ? error : dump.error;
}

struct tap_answer {
	uint32_t seq;
	int error;
	char *why;
};

static void take_tap(void *arg, const struct kmod_message *m)
{
	struct tap_answer *a = arg;

	if (m->seq != a->seq || m->said != KMOD_SAID_ACK)
		return;
	a->error = m->error == -ENOENT ? 0 : m->error;
	snprintf(a->why, KERNEL_WHY, "%s", *m->text ? m->text : strerror(-m->error));
}

static int module_make_tap(struct kernel_backend *backend, char why[KERNEL_WHY])
{
	struct module *module = module_of(backend);
	struct talk *talk = &module->talk;
	struct tap_answer a = { .seq = talk_next_seq(talk, 1), .error = -EIO, .why = why };
	size_t len = kmod_ask_tap(talk->out, talk->family.id, a.seq);
	int error;

	snprintf(why, KERNEL_WHY, "the kernel module does not answer");
	error = talk_exchange(talk, len, a.seq, RTPRELAY_FAMILY, take_tap, &a);
	take_loss(module);
	return error ? error : a.error;
}

/* --- News ------------------------------------------------------------------------------------- */

static void take_message(struct module *module, const struct kmod_message *m)
{
	const struct kernel_sink *sink = &module->backend.sink;

	switch (m->said) {
	case KMOD_SAID_CAME:
		if (module->talk.family.id == m->family.id)
			break; /* already found */
		if (module->talk.family.id)
			sink->went(sink->arg, &module->backend);
		if (!came(module, &m->family))
			sink->came(sink->arg, &module->backend);
		take_loss(module);
		break;
	case KMOD_SAID_GONE:
		if (module->talk.family.id)
			sink->went(sink->arg, &module->backend);
		break;
	case KMOD_SAID_IDLE:
	case KMOD_SAID_RESUMED:
	case KMOD_SAID_REFUSED:
		sink->flow(sink->arg, &module->backend, m);
		break;
	default:
		break;
	}
}

static void take_datagram(struct module *module, const void *data, size_t len)
{
	const struct nlmsghdr *nlh = data;
	struct kmod_message m;
	int left = (int)len;

	for (; netlink_message_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		kmod_read_message(nlh, RTPRELAY_FAMILY, module->talk.family.id, &m);
		take_message(module, &m);
	}
}

static void module_dispatch(struct kernel_backend *backend)
{
	struct module *module = module_of(backend);
	struct kmod_link *link = module->talk.link;
	uint8_t data[8192] __attribute__((aligned(8)));

	for (int i = 0; i < NEWS_AT_ONCE; i++) {
		ssize_t got = link->ops->receive(link, KMOD_NEWS, data, sizeof(data));

		if (got == -ENOBUFS)
			backend->lost = true;
		else if (got <= 0)
			break;
		else
			take_datagram(module, data, (size_t)got);
	}
}

/* --- Start and end ---------------------------------------------------------------------------- */

static void module_totals(struct kernel_backend *backend, uint64_t counters[RTPRELAY_C_MAX + 1])
{
	struct module *module = module_of(backend);

	if (backend->there && talk_ask_info(&module->talk, &module->info))
		backend->lost = true;
	module->talk.lost = false;
	for (int i = 0; i <= RTPRELAY_C_MAX; i++)
		counters[i] += module->past[i];
	add_counters(module, counters);
}

static void module_close(struct kernel_backend *backend, bool keep)
{
	struct module *module = module_of(backend);

	(void)keep; /* the module keeps what was not removed */
	module->talk.link->ops->close(module->talk.link);
	free(module);
}

struct kernel_backend *module_backend_new(struct kmod_link *link, const struct flow_domain *domain)
{
	static const struct kernel_backend_ops ops = {
		.find = module_find,
		.check = module_check,
		.went = module_went,
		.change = module_change,
		.read = module_read,
		.dump = module_dump,
		.make_tap = module_make_tap,
		.dispatch = module_dispatch,
		.totals = module_totals,
		.close = module_close,
	};
	struct module *module = calloc(1, sizeof(*module));

	if (!module) {
		link->ops->close(link);
		return NULL;
	}
	module->backend = (struct kernel_backend){
		.ops = &ops, .name = "kernel module", .path = "module", .news_fd = link->news_fd
	};
	module->domain = *domain;
	module->talk.link = link;
	return &module->backend;
}
