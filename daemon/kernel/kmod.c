/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmod.c - the kernel path: sets flows in the kernel, receives its counters and events
 *
 * A backend carries out what the table of flows requires, the best one that is there: when a
 * better one comes, each flow is set there before the other one removes it. After a loss (buffer
 * overrun, module unloaded) the table is compared with a dump of its flows. No function here
 * blocks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "base/log.h"
#include "kernel/kmod.h"
#include "kernel/module.h"
#include "kernel/send.h"
#include "kernel/table.h"

#define PROBE_MS 10000

/**
 * struct kmod - the kernel path
 * @backend: the best first
 * @epoll: the news of all backends, if there are several; else -1
 * @sending: send_news() is running
 * @let_go: the kernel's flows are none of this daemon's business any more
 * @probed_ms: when a flow that waits for room was last retried without known room
 */
struct kmod {
	struct kmod_conf conf;
	struct flow_table flows;
	struct kernel_backend *backend[KERNEL_BACKENDS];
	unsigned int n_backends;
	int epoll;
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

/* Which backend is in use, and why no better one is. */
static void log_choice(const struct kmod *kmod)
{
	const struct kernel_backend *now = kmod->flows.now;

	for (unsigned int i = 0; i < kmod->n_backends && kmod->backend[i] != now; i++)
		log_notice("media is relayed %s%s: %s: %s", now ? "by " : "in user space",
			   now ? now->name : "", kmod->backend[i]->name, kmod->backend[i]->why);
}

/* The best one that is there. One that was not needed so far is found now. */
static struct kernel_backend *best(struct kmod *kmod, bool first)
{
	for (unsigned int i = 0; i < kmod->n_backends; i++) {
		struct kernel_backend *backend = kmod->backend[i];

		if (!backend->there && (first || backend->on_demand)) {
			backend->there = !backend->ops->find(backend, first);
			backend->lost = false;
		}
		if (backend->there)
			return backend;
	}
	return NULL;
}

/* Return: is another backend in use now? */
static bool choose(struct kmod *kmod, bool first)
{
	struct kernel_backend *backend = best(kmod, first);

	if (backend == kmod->flows.now && !first)
		return false;
	kmod->flows.now = backend;
	log_choice(kmod);
	flow_table_move(&kmod->flows);
	return backend;
}

static void came(void *arg, struct kernel_backend *backend)
{
	struct kmod *kmod = arg;

	backend->there = true;
	if (choose(kmod, false))
		send_event(kmod, KMOD_CAME, NULL, NULL);
}

static void went(void *arg, struct kernel_backend *backend)
{
	struct kmod *kmod = arg;
	bool used = kmod->flows.now == backend;

	backend->there = backend->lost = false;
	backend->ops->went(backend);
	backend->features = 0;
	if (used)
		kmod->flows.now = NULL;
	flow_table_lost(&kmod->flows, backend);
	if (!used)
		return;
	send_event(kmod, KMOD_WENT, NULL, NULL);
	if (choose(kmod, false))
		send_event(kmod, KMOD_CAME, NULL, NULL);
	else
		log_choice(kmod);
}

static void eased(void *arg, struct kernel_backend *backend)
{
	struct kmod *kmod = arg;

	if (kmod->flows.now == backend)
		flow_table_retry(&kmod->flows);
}

/* One that a better one has replaced, and that holds no flow any more. */
static void end_replaced(struct kmod *kmod)
{
	for (unsigned int i = 0; i < kmod->n_backends; i++) {
		struct kernel_backend *backend = kmod->backend[i];

		if (!backend->there || !backend->on_demand || backend == kmod->flows.now ||
		    backend->held)
			continue;
		went(kmod, backend);
		snprintf(backend->why, sizeof(backend->why), "the %s is in use",
			 kmod->flows.now->name);
	}
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
	if (!backend->there && !backend->on_demand && !backend->ops->find(backend, false))
		came(kmod, backend);
	backend->lost = false;
}

static bool any_lost(const struct kmod *kmod)
{
	bool lost = false;

	for (unsigned int i = 0; i < kmod->n_backends; i++)
		lost |= kmod->backend[i] && kmod->backend[i]->lost;
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
		end_replaced(kmod);
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
	for (unsigned int i = 0; i < kmod->n_backends; i++)
		kmod->backend[i]->lost = kmod->backend[i]->there;
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
	else if (m->said == KMOD_SAID_WITHDRAWN)
		flow_withdrawn(flow, m->error, m->text);
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
		.came = came, .went = went, .flow = take_flow_event, .eased = eased, .arg = kmod
	};
	kmod->backend[kmod->n_backends++] = backend;
}

static int watch_all(struct kmod *kmod)
{
	if (kmod->n_backends < 2)
		return 0;
	kmod->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned int i = 0; i < kmod->n_backends && kmod->epoll >= 0; i++) {
		struct epoll_event event = { .events = EPOLLIN };
		int fd = kmod->backend[i]->news_fd;

		if (fd >= 0 && epoll_ctl(kmod->epoll, EPOLL_CTL_ADD, fd, &event))
			return -errno;
	}
	return kmod->epoll < 0 ? -errno : 0;
}

static void close_backends(struct kmod *kmod)
{
	for (unsigned int i = 0; i < kmod->n_backends; i++)
		kmod->backend[i]->ops->close(kmod->backend[i], kmod->let_go);
	if (kmod->epoll >= 0)
		close(kmod->epoll);
}

static struct kmod *out_of_memory(const struct kmod_conf *conf)
{
	if (conf->link)
		conf->link->ops->close(conf->link);
	if (conf->bpf)
		conf->bpf->ops->close(conf->bpf, true);
	return NULL;
}

struct kmod *kmod_open(const struct kmod_conf *conf)
{
	struct kmod *kmod = calloc(1, sizeof(*kmod));
	struct kernel_backend *module = NULL;

	if (!kmod)
		return out_of_memory(conf);
	kmod->conf = *conf;
	kmod->epoll = -1;
	kmod->flows.owns = conf->owns;
	kmod->flows.arg = conf->arg;
	if (conf->link)
		module = module_backend_new(conf->link, &conf->domain);
	if (module)
		add_backend(kmod, module);
	if (conf->bpf)
		add_backend(kmod, conf->bpf);
	if ((conf->link && !module) || watch_all(kmod)) {
		close_backends(kmod);
		free(kmod);
		return NULL;
	}
	choose(kmod, true);
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
	close_backends(kmod);
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
	if (!kmod)
		return -1;
	return kmod->epoll >= 0 ? kmod->epoll : kmod->backend[0]->news_fd;
}

bool kmod_available(const struct kmod *kmod)
{
	return kmod && kmod->flows.now;
}

uint32_t kmod_features(const struct kmod *kmod)
{
	return kmod_available(kmod) ? kmod->flows.now->features : 0;
}

int kmod_make_tap(struct kmod *kmod, char why[KERNEL_WHY])
{
	struct kernel_backend *now = kmod_available(kmod) ? kmod->flows.now : NULL;

	if (now && now->ops->make_tap && now->features & RTPRELAY_FEATURE_TAP)
		return now->ops->make_tap(now, why);
	snprintf(why, KERNEL_WHY, "only the kernel module shows packets");
	return -EOPNOTSUPP;
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

const char *kmod_path(const struct kmod *kmod)
{
	return kmod_available(kmod) ? kmod->flows.now->path : "user";
}

bool kmod_backend(const struct kmod *kmod, unsigned int i, struct kmod_backend *told)
{
	const struct kernel_backend *backend;

	if (!kmod || i >= kmod->n_backends)
		return false;
	backend = kmod->backend[i];
	*told = (struct kmod_backend){ .path = backend->path,
				       .flows = backend->held,
				       .why = backend->there ? NULL : backend->why };
	if (!backend->there && !*backend->why)
		told->why = "not needed";
	backend->ops->totals(kmod->backend[i], told->counters);
	return true;
}

/* What a dump is handed on to, without the backend. */
struct handing {
	kmod_held_fn *fn;
	void *arg;
};

static void hand_on(void *arg, struct kernel_backend *backend, const struct kmod_message *held)
{
	const struct handing *handing = arg;

	(void)backend;
	handing->fn(handing->arg, held);
}

static int held_of(struct kernel_backend *backend, uint32_t *at, struct handing *handing)
{
	if (backend->ops->dump_some)
		return backend->ops->dump_some(backend, at, hand_on, handing);
	return backend->ops->dump(backend, hand_on, handing);
}

int kmod_held(struct kmod *kmod, const char *path, uint32_t *at, kmod_held_fn *fn, void *arg)
{
	struct handing handing = { fn, arg };

	for (unsigned int i = 0; kmod && i < kmod->n_backends; i++)
		if (kmod->backend[i]->there && !strcmp(kmod->backend[i]->path, path))
			return held_of(kmod->backend[i], at, &handing);
	return 0;
}
