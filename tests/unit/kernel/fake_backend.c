/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_backend.c - a second way into the kernel, beside the fake module */
#include <errno.h>
#include <stdio.h>
#include "fake_backend.h"

static struct fake_backend *fake_of(struct kernel_backend *backend)
{
	return (struct fake_backend *)backend;
}

struct fake_held *fake_backend_find(struct fake_backend *fake, const struct endpoint *local)
{
	for (size_t i = 0; i < FAKE_BACKEND_FLOWS; i++)
		if (fake->flows[i].used && endpoint_eq(&fake->flows[i].spec.local, local))
			return &fake->flows[i];
	return NULL;
}

size_t fake_backend_count(const struct fake_backend *fake)
{
	size_t count = 0;

	for (size_t i = 0; i < FAKE_BACKEND_FLOWS; i++)
		count += fake->flows[i].used;
	return count;
}

struct fake_held *fake_backend_leave(struct fake_backend *fake, const struct flow_spec *spec)
{
	for (size_t i = 0; i < FAKE_BACKEND_FLOWS; i++) {
		if (fake->flows[i].used)
			continue;
		fake->flows[i] = (struct fake_held){ .used = true, .spec = *spec };
		fake->flows[i].state.rtcp_ago_us = fake->flows[i].state.seen_ago_ms = -1;
		return &fake->flows[i];
	}
	return NULL;
}

static int find(struct kernel_backend *backend, bool first)
{
	struct fake_backend *fake = fake_of(backend);

	(void)first;
	fake->n_finds++;
	if (!fake->refuse_find)
		backend->features = RTPRELAY_FEATURE_RTP | RTPRELAY_FEATURE_EVENTS;
	else
		snprintf(backend->why, sizeof(backend->why), "CAP_BPF is missing");
	return fake->refuse_find;
}

static int check(struct kernel_backend *backend)
{
	(void)backend;
	return 0;
}

static void went(struct kernel_backend *backend)
{
	struct fake_backend *fake = fake_of(backend);

	fake->n_ends++;
	for (size_t i = 0; i < FAKE_BACKEND_FLOWS; i++)
		fake->flows[i].used = false;
}

static void set_one(struct fake_backend *fake, const struct kernel_change *change, uint32_t at,
		    const struct kernel_answers *answers, void *arg)
{
	struct fake_held *held = fake_backend_find(fake, &change->spec->local);

	fake->n_sets++;
	fake->n_carried += change->carry;
	if (fake->refuse_set) {
		answers->done(arg, at, fake->refuse_set, fake->sentence);
		return;
	}
	if (held && !change->carry) {
		answers->state(arg, at, &held->state);
		held->used = false;
		held = NULL;
	}
	if (!held)
		held = fake_backend_leave(fake, change->spec);
	held->spec = *change->spec;
	answers->done(arg, at, 0, "");
}

static void remove_one(struct fake_backend *fake, const struct kernel_change *change, uint32_t at,
		       const struct kernel_answers *answers, void *arg)
{
	struct fake_held *held = fake_backend_find(fake, &change->spec->local);

	if (fake->no_removal) {
		fake->backend.lost = true;
		return;
	}
	fake->n_dels++;
	if (fake->removing)
		fake->removing(fake, &change->spec->local);
	if (held) {
		answers->state(arg, at, &held->state);
		held->used = false;
	}
	answers->done(arg, at, held ? 0 : -ENOENT, "");
}

static void change(struct kernel_backend *backend, const struct kernel_change changes[], uint32_t n,
		   const struct kernel_answers *answers, void *arg)
{
	for (uint32_t i = 0; i < n; i++) {
		if (changes[i].set)
			set_one(fake_of(backend), &changes[i], i, answers, arg);
		else
			remove_one(fake_of(backend), &changes[i], i, answers, arg);
	}
}

static void read_flows(struct kernel_backend *backend, const struct flow_spec *const specs[],
		       uint32_t n, const struct kernel_answers *answers, void *arg)
{
	struct fake_backend *fake = fake_of(backend);

	for (uint32_t i = 0; i < n; i++) {
		const struct fake_held *held = fake_backend_find(fake, &specs[i]->local);

		fake->n_reads++;
		if (held)
			answers->state(arg, i, &held->state);
		answers->done(arg, i, held ? 0 : -ENOENT, "");
	}
}

static void message_of(const struct fake_held *held, enum kmod_said said, struct kmod_message *m)
{
	*m = (struct kmod_message){ .said = said,
				    .local = held->spec.local,
				    .src = held->spec.src,
				    .out = held->spec.out,
				    .dst = held->spec.dst,
				    .has_cookie = true,
				    .state = held->state };
	memcpy(m->cookie, held->spec.cookie, FLOW_COOKIE);
}

static int dump(struct kernel_backend *backend, kernel_told_fn *found, void *arg)
{
	const struct fake_backend *fake = fake_of(backend);
	struct kmod_message m;

	for (size_t i = 0; i < FAKE_BACKEND_FLOWS; i++) {
		if (!fake->flows[i].used)
			continue;
		message_of(&fake->flows[i], KMOD_SAID_FLOW, &m);
		found(arg, backend, &m);
	}
	return 0;
}

void fake_backend_tell(struct fake_backend *fake, enum kmod_said said, const struct flow_spec *spec)
{
	const struct fake_held held = { .spec = *spec };
	struct kmod_message m;

	message_of(&held, said, &m);
	fake->backend.sink.flow(fake->backend.sink.arg, &fake->backend, &m);
}

static void dispatch(struct kernel_backend *backend)
{
	(void)backend;
}

static void totals(struct kernel_backend *backend, uint64_t counters[RTPRELAY_C_MAX + 1])
{
	const struct fake_backend *fake = fake_of(backend);

	for (size_t i = 0; i < FAKE_BACKEND_FLOWS; i++)
		if (fake->flows[i].used)
			counters[RTPRELAY_C_PACKETS] += fake->flows[i].state.sums.packets;
}

static void close_it(struct kernel_backend *backend, bool keep)
{
	fake_of(backend)->kept = keep;
	fake_of(backend)->closed = true;
}

void fake_backend_init(struct fake_backend *fake)
{
	static const struct kernel_backend_ops ops = { .find = find,
						       .check = check,
						       .went = went,
						       .change = change,
						       .read = read_flows,
						       .dump = dump,
						       .dispatch = dispatch,
						       .totals = totals,
						       .close = close_it };

	*fake = (struct fake_backend){ .backend = { .ops = &ops,
						    .name = "BPF",
						    .path = "bpf",
						    .news_fd = -1,
						    .on_demand = true } };
}
