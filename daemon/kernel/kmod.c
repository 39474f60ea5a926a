/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmod.c - the kernel path: sets flows in the kernel, receives its counters and events
 *
 * A backend carries out what the table of flows requires. After a loss (buffer overrun, module
 * unloaded) the table is compared with a dump of its flows. No function here blocks.
 */
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include "base/log.h"
#include "kernel/kmod.h"
#include "kernel/module.h"
#include "kernel/send.h"
#include "kernel/table.h"

#define PROBE_MS 10000

/**
 * struct kmod - the kernel path
 * @backend: the best first
 * @sending: send_news() is running
 * @let_go: the kernel's flows are none of this daemon's business any more
 * @probed_ms: when a flow that waits for room was last retried without known room
 */
struct kmod {
	struct kmod_conf conf;
	struct flow_table flows;
	struct kernel_backend *backend[KERNEL_BACKENDS];
	unsigned int n_backends;
	bool sending, let_go;
	int64_t probed_ms;
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

/* --- Backends that come and go ---------------------------------------------------------------- */

static void use(struct kmod *kmod, struct kernel_backend *backend)
{
	backend->there = true;
	kmod->flows.now = backend;
}

static void came(void *arg, struct kernel_backend *backend)
{
	struct kmod *kmod = arg;

	use(kmod, backend);
	send_event(kmod, KMOD_CAME, NULL, NULL);
}

static void went(void *arg, struct kernel_backend *backend)
{
	struct kmod *kmod = arg;

	backend->there = backend->lost = false;
	backend->ops->went(backend);
	backend->features = 0;
	kmod->flows.now = NULL;
	flow_table_lost(&kmod->flows, backend);
	send_event(kmod, KMOD_WENT, NULL, NULL);
}

/* After a loss: checks that the backend is there, is the same one, and has the required flows. */
static void resynchronize(struct kmod *kmod, struct kernel_backend *backend)
{
	int error;

	backend->lost = false;
	if (backend->there) {
		error = backend->ops->check(backend);
		if (!error)
			error = flow_table_compare(&kmod->flows, backend);
		if (error && error != -ENOENT) {
			log_warn("%s does not answer: %s; trying again", backend->name,
				 strerror(-error));
			backend->lost = true;
		}
		if (error != -ENOENT)
			return;
		went(kmod, backend);
	}
	if (!backend->ops->find(backend, false))
		came(kmod, backend);
	backend->lost = false;
}

static bool any_lost(const struct kmod *kmod)
{
	bool lost = false;

	for (unsigned int i = 0; i < kmod->n_backends; i++)
		lost |= kmod->backend[i]->lost;
	return lost;
}

/* Further rounds handle losses in the first one, and changes made by event functions. */
void kmod_flush(struct kmod *kmod)
{
	if (!kmod || kmod->let_go)
		return;
	for (int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < kmod->n_backends; i++)
			if (kmod->backend[i]->lost)
				resynchronize(kmod, kmod->backend[i]);
		if (kmod->flows.now)
			flow_table_flush(&kmod->flows);
		send_news(kmod);
		if (!any_lost(kmod) && !flow_table_busy(&kmod->flows))
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
	kmod->flows.now->lost = true;
	kmod_flush(kmod);
}

/* --- News ------------------------------------------------------------------------------------- */

static void take_flow_event(void *arg, struct kernel_backend *backend, const struct kmod_message *m)
{
	struct kmod *kmod = arg;
	struct kmod_flow *flow = flow_table_event(&kmod->flows, backend, m);

	if (!flow)
		return;
	if (m->said == KMOD_SAID_REFUSED)
		send_event(kmod, KMOD_STRANGER, flow, &m->refused);
	else
		send_event(kmod, m->said == KMOD_SAID_IDLE ? KMOD_IDLE : KMOD_RESUMED, flow, NULL);
}

void kmod_dispatch(struct kmod *kmod)
{
	if (kmod->let_go)
		return;
	for (unsigned int i = 0; i < kmod->n_backends; i++)
		kmod->backend[i]->ops->dispatch(kmod->backend[i]);
	kmod_flush(kmod);
}

/* --- Start and end ---------------------------------------------------------------------------- */

static void add_backend(struct kmod *kmod, struct kernel_backend *backend)
{
	backend->sink = (struct kernel_sink){
		.came = came, .went = went, .flow = take_flow_event, .arg = kmod
	};
	kmod->backend[kmod->n_backends++] = backend;
	if (!backend->ops->find(backend, true))
		use(kmod, backend);
	backend->lost = false;
}

struct kmod *kmod_open(const struct kmod_conf *conf)
{
	struct kernel_backend *module = module_backend_new(conf->link, &conf->domain);
	struct kmod *kmod = module ? calloc(1, sizeof(*kmod)) : NULL;

	if (!kmod) {
		if (module)
			module->ops->close(module);
		return NULL;
	}
	kmod->conf = *conf;
	kmod->flows.owns = conf->owns;
	kmod->flows.arg = conf->arg;
	add_backend(kmod, module);
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
	for (unsigned int i = 0; i < kmod->n_backends; i++)
		kmod->backend[i]->ops->close(kmod->backend[i]);
	free(kmod);
}

void kmod_let_go(struct kmod *kmod)
{
	if (!kmod)
		return;
	kmod->conf.event = NULL;
	kmod->let_go = true;
	kmod->flows.now = NULL;
	for (unsigned int i = 0; i < kmod->n_backends; i++) {
		kmod->backend[i]->there = kmod->backend[i]->lost = false;
		flow_table_lost(&kmod->flows, kmod->backend[i]);
	}
}

int kmod_news_fd(const struct kmod *kmod)
{
	return kmod ? kmod->backend[0]->news_fd : -1;
}

bool kmod_available(const struct kmod *kmod)
{
	return kmod && kmod->flows.now;
}

uint32_t kmod_features(const struct kmod *kmod)
{
	return kmod_available(kmod) ? kmod->flows.now->features : 0;
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
	for (unsigned int i = 0; kmod && i < kmod->n_backends; i++)
		kmod->backend[i]->ops->totals(kmod->backend[i], counters);
}
