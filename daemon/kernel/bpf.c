/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf.c - a BPF program at tc ingress as a backend
 *
 * The program is told the next hop of each flow. When routes, links or addresses change, all flows
 * are asked for again, some at a time, so that a table of routes that changes all the time costs a
 * bounded part of a processor. So do the devices, which are looked at once a tick.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utlist.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "bpf/clsact.h"
#include "bpf/leftover.h"
#include "bpf/map.h"
#include "kernel/bpf.h"
#include "kernel/device.h"
#include "kernel/policy.h"
#include "kernel/route.h"

#define TICK_MS	      100 /* each flow is looked at for silence once a second */
#define TICKS	      10
#define ROUTES_A_TICK 500

/* A flow that the program holds, by its local endpoint. @old: its route has to be asked again */
struct held {
	UT_hash_handle hh;
	struct held *prev, *next; /* in bpf.good or bpf.old */
	struct map_flow flow;
	bool old;
};

/**
 * struct bpf - @map, @routes, @devices: NULL while it is not there; @policies: also without IPsec
 * @epoll: of everything that tells news, so that it is one descriptor
 * @changed: the network has, and was not looked at since; @looked_ms: when it was
 * @good, @old: flows whose route is known to be right, and the others
 * @base: counters when the program was loaded, with those of an earlier daemon; @past: of programs
 *        that were removed
 * @clsacts: outlive @map, since calls may go on by the module
 */
struct bpf {
	struct kernel_backend backend;
	struct bpf_backend_conf conf;
	struct flow_map *map;
	struct routes *routes;
	struct devices *devices;
	struct policies *policies;
	struct clsacts clsacts;
	struct held *all, *good, *old;
	uint64_t base[RTPRELAY_C_MAX + 1], past[RTPRELAY_C_MAX + 1];
	int epoll, timer;
	bool changed;
	int64_t looked_ms;
};

static struct bpf *bpf_of(struct kernel_backend *backend)
{
	return (struct bpf *)backend;
}

/* --- Flows that it holds ---------------------------------------------------------------------- */

static struct held *held_find(const struct bpf *bpf, const struct endpoint *local)
{
	struct endpoint key = flow_endpoint(local);
	struct held *held;

	HASH_FIND(hh, bpf->all, &key, sizeof(key), held);
	return held;
}

static void held_list(struct bpf *bpf, struct held *held, bool old)
{
	held->old = old;
	if (old)
		DL_APPEND(bpf->old, held);
	else
		DL_APPEND(bpf->good, held);
}

static void held_unlist(struct bpf *bpf, struct held *held)
{
	if (held->old)
		DL_DELETE(bpf->old, held);
	else
		DL_DELETE(bpf->good, held);
}

static void held_remove(struct bpf *bpf, struct held *held)
{
	if (!held)
		return;
	held_unlist(bpf, held);
	HASH_DEL(bpf->all, held);
	free(held);
}

/* NULL: out of memory */
static struct held *held_add(struct bpf *bpf, const struct map_flow *flow)
{
	struct held *held = held_find(bpf, &flow->local);

	if (held) {
		held->flow = *flow;
		return held;
	}
	held = calloc(1, sizeof(*held));
	if (!held)
		return NULL;
	held->flow = *flow;
	held->flow.local = flow_endpoint(&flow->local);
	HASH_ADD(hh, bpf->all, flow.local, sizeof(held->flow.local), held);
	if (!held->hh.tbl) {
		free(held);
		return NULL;
	}
	held_list(bpf, held, false);
	return held;
}

/* --- What it tells ---------------------------------------------------------------------------- */

static int64_t ago_ns(uint64_t at_ns)
{
	int64_t ago = clock_us() * 1000 - (int64_t)at_ns;

	return ago > 0 ? ago : 0;
}

static void take_rtp(const struct map_state *from, struct flow_rtp *rtp)
{
	if (!from->rtp.known) {
		rtp->numbered = from->numbered;
		rtp->seq = from->number;
		return;
	}
	*rtp = (struct flow_rtp){
		.ssrc = from->rtp.ssrc,
		.seq = from->rtp.highest,
		.expected = rtp_stats_expected(&from->rtp),
		.received = from->rtp.received,
		.lost = rtp_stats_lost(&from->rtp),
		.reordered = from->rtp.reordered,
		.gaps = from->rtp.gaps,
		.duplicate = from->rtp.duplicate,
		.jitter = from->rtp.clock ? from->rtp.jitter >> 4 : 0,
		.clock = from->rtp.clock,
		.pt = from->rtp.pt,
		.known = true,
	};
}

static void take_state(const struct map_state *from, struct flow_state *state)
{
	const uint64_t *c = from->counters;

	*state = (struct flow_state){
		.sums = { .packets = c[RTPRELAY_C_PACKETS],
			  .bytes = c[RTPRELAY_C_BYTES],
			  .lost = c[RTPRELAY_C_DROP_NOMEM] + c[RTPRELAY_C_DROP_XMIT],
			  .refused = c[RTPRELAY_C_DROP_SOURCE],
			  .blocked = c[RTPRELAY_C_DROP_BLOCKED],
			  .ttl = c[RTPRELAY_C_DROP_TTL] },
		.seen_ago_ms = from->seen_ns ? ago_ns(from->seen_ns) / 1000000 : -1,
		.silent = from->silent,
		.rtcp_ago_us = from->rtcp_ns ? ago_ns(from->rtcp_ns) / 1000 : -1,
		.rtcp_len = from->rtcp_len,
	};
	take_rtp(from, &state->sums.rtp);
	memcpy(state->rtcp, from->rtcp, sizeof(state->rtcp));
}

static void begin_message(struct kmod_message *m, enum kmod_said said, const struct map_flow *flow)
{
	*m = (struct kmod_message){ .said = said,
				    .local = flow_endpoint(&flow->local),
				    .src = flow->src,
				    .out = flow->out,
				    .dst = flow->dst,
				    .kind = flow->kind,
				    .flags = flow->flags,
				    .has_cookie = true };
	m->state.seen_ago_ms = m->state.rtcp_ago_us = -1;
	memcpy(m->cookie, flow->cookie, sizeof(m->cookie));
}

static void take_stranger(const struct map_stranger *from, struct kmod_stranger *refused)
{
	*refused = (struct kmod_stranger){ .source = from->source,
					   .count = from->count,
					   .ssrc = from->ssrc,
					   .seq = from->seq,
					   .pt = from->pt,
					   .rtp = from->rtp,
					   .numbered = from->numbered };
}

static void on_event(void *arg, enum map_event event, const struct map_found *found)
{
	struct bpf *bpf = arg;
	struct map_state state;
	struct kmod_message m;

	if (event == MAP_FIRST)
		return;
	begin_message(&m,
		      event == MAP_IDLE	     ? KMOD_SAID_IDLE
		      : event == MAP_RESUMED ? KMOD_SAID_RESUMED
					     : KMOD_SAID_REFUSED,
		      &found->flow);
	if (found->stranger)
		take_stranger(found->stranger, &m.refused);
	else if (!flow_map_read(bpf->map, &found->flow.local, &state))
		take_state(&state, &m.state);
	bpf->backend.sink.flow(bpf->backend.sink.arg, &bpf->backend, &m);
}

/* --- Routes ----------------------------------------------------------------------------------- */

/*
 * The stack would drop what comes by another device than answers would take (rp_filter). So with a
 * strict filter the flow is only for packets of that device, and the stack judges others.
 */
static int mind_rp_filter(struct bpf *bpf, struct map_flow *flow, char *why)
{
	enum rp_filter filter = devices_rp_filter(bpf->devices);
	char ignored[KERNEL_WHY], text[ENDPOINT_TEXT];
	struct route back;

	flow->iif = 0;
	if (filter == RP_FILTER_OFF || flow->src.sa.sa_family != AF_INET)
		return 0;
	if (routes_ask(bpf->routes, &flow->local, &flow->src, &bpf->conf.domain, &back, ignored,
		       sizeof(ignored))) {
		snprintf(why, KERNEL_WHY, "rp_filter: there is no route back to %s",
			 endpoint_print_addr(&flow->src, text));
		return -EOPNOTSUPP;
	}
	if (filter == RP_FILTER_STRICT)
		flow->iif = back.device;
	return 0;
}

/* What the program would not see. 0; -errno, and @why, KERNEL_WHY bytes */
static int mind_the_stack(struct bpf *bpf, struct map_flow *flow, char *why)
{
	const char *device = devices_why_not(bpf->devices, &flow->local);

	if (device) {
		snprintf(why, KERNEL_WHY, "%s", device);
		return -EOPNOTSUPP;
	}
	if (policies_apply(bpf->policies, &flow->src, &flow->local) ||
	    policies_apply(bpf->policies, &flow->out, &flow->dst)) {
		snprintf(why, KERNEL_WHY, "an IPsec policy may apply");
		return -EOPNOTSUPP;
	}
	return mind_rp_filter(bpf, flow, why);
}

/* Fills in the devices and the next hop. 0; -errno, and @why, KERNEL_WHY bytes */
static int find_way(struct bpf *bpf, struct map_flow *flow, char *why)
{
	int error = mind_the_stack(bpf, flow, why);
	const char *device;
	struct route route;
	uint32_t mtu;

	if (error)
		return error;
	error = routes_ask(bpf->routes, &flow->out, &flow->dst, &bpf->conf.domain, &route, why,
			   KERNEL_WHY);
	if (error)
		return error == -ENOENT || error == -ENOSPC ? -ENETUNREACH : error;
	device = devices_out_why_not(bpf->devices, route.device, &mtu);
	if (device) {
		snprintf(why, KERNEL_WHY, "%s", device);
		return -EOPNOTSUPP;
	}
	flow->oif = route.device;
	flow->mtu = route.mtu ? route.mtu : mtu;
	flow->hop = route.hop;
	return 0;
}

static void withdraw(struct bpf *bpf, const struct map_flow *flow, int error, const char *why)
{
	struct kmod_message m;

	begin_message(&m, KMOD_SAID_WITHDRAWN, flow);
	m.error = error;
	snprintf(m.text, sizeof(m.text), "%.*s", (int)sizeof(m.text) - 1, why);
	bpf->backend.sink.flow(bpf->backend.sink.arg, &bpf->backend, &m);
}

static void ask_again(struct bpf *bpf, struct held *held)
{
	struct map_flow flow = held->flow;
	char why[KERNEL_WHY];
	int error = find_way(bpf, &flow, why);

	held_unlist(bpf, held);
	held_list(bpf, held, false);
	if (!error && flow.iif == held->flow.iif && flow.oif == held->flow.oif &&
	    flow.mtu == held->flow.mtu && endpoint_eq(&flow.hop, &held->flow.hop))
		return;
	if (!error) {
		error = flow_map_set(bpf->map, &flow, true, NULL, NULL);
		if (error == -EAGAIN)
			error = -ENOSPC; /* it is tried again */
		snprintf(why, sizeof(why), "its route has changed, and cannot be set: %s",
			 strerror(-error));
	}
	if (error)
		withdraw(bpf, &flow, error, why);
	else
		held->flow = flow;
}

static void ask_some_again(struct bpf *bpf)
{
	bool any = bpf->old;

	for (int i = 0; i < ROUTES_A_TICK && bpf->old; i++)
		ask_again(bpf, bpf->old);
	if (any && !bpf->old)
		bpf->backend.sink.eased(bpf->backend.sink.arg, &bpf->backend);
}

static void network_changed(struct bpf *bpf)
{
	struct held *held;

	devices_refresh(bpf->devices);
	DL_FOREACH(bpf->good, held)
		held->old = true;
	DL_CONCAT(bpf->old, bpf->good);
	bpf->good = NULL;
	if (bpf->old)
		ask_some_again(bpf);
	else
		bpf->backend.sink.eased(bpf->backend.sink.arg, &bpf->backend);
}

/* --- Flows ------------------------------------------------------------------------------------ */

static void fill(struct map_flow *flow, const struct flow_spec *spec)
{
	*flow = (struct map_flow){ .local = spec->local,
				   .src = spec->src,
				   .out = spec->out,
				   .dst = spec->dst,
				   .port = spec->port,
				   .idle_s = spec->idle_s,
				   .flags = spec->flags,
				   .dscp = spec->dscp,
				   .kind = spec->kind };
	for (int i = 0; i < FLOW_MAP_CLOCKS && i < FLOW_CLOCKS && spec->clocks[i].clock; i++) {
		flow->clocks[i].clock = spec->clocks[i].clock;
		flow->clocks[i].pt = spec->clocks[i].pt;
	}
	if (spec->up[0] | spec->up[1])
		flow_types(spec, flow->pt_set);
	memcpy(flow->cookie, spec->cookie, sizeof(flow->cookie));
}

/* @carry: of this change. 0; -errno, and @why, KERNEL_WHY bytes, which may be empty */
static int set(struct bpf *bpf, const struct kernel_change *change, struct map_state *old,
	       bool *replaced, char *why)
{
	struct map_flow flow;
	struct held *held;
	int error;

	fill(&flow, change->spec);
	error = find_way(bpf, &flow, why);
	if (error)
		return error;
	*why = '\0';
	held = held_add(bpf, &flow);
	if (!held)
		return -ENOMEM;
	error = flow_map_set(bpf->map, &flow, change->carry, old, replaced);
	if (error == -EAGAIN) {
		snprintf(why, KERNEL_WHY, "too many changes in a second");
		error = -ENOSPC;
	} else if (error == -ENOSPC) {
		snprintf(why, KERNEL_WHY, "the limit of %u flows is reached", bpf->conf.limit);
	}
	if (error && flow_map_read(bpf->map, &flow.local, &(struct map_state){ 0 }))
		held_remove(bpf, held);
	return error;
}

static void set_one(struct bpf *bpf, const struct kernel_change *change, uint32_t at,
		    const struct kernel_answers *answers, void *arg)
{
	char why[KERNEL_WHY] = "";
	struct map_state old;
	struct flow_state state;
	bool replaced = false;
	int error = set(bpf, change, &old, &replaced, why);

	if (!error && replaced && !change->carry) {
		take_state(&old, &state);
		answers->state(arg, at, &state);
	}
	answers->done(arg, at, error, why);
}

static void delete_one(struct bpf *bpf, const struct endpoint *local, uint32_t at,
		       const struct kernel_answers *answers, void *arg)
{
	struct flow_state state;
	struct map_state last;
	int error = flow_map_delete(bpf->map, local, &last);

	held_remove(bpf, held_find(bpf, local));
	if (!error) {
		take_state(&last, &state);
		answers->state(arg, at, &state);
	}
	answers->done(arg, at, error, "");
}

/* It runs while there are flows to look at, or changes that wait. */
static void set_timer(struct bpf *bpf)
{
	struct itimerspec now, spec = { { 0, 0 }, { 0, 0 } };
	bool running = !timerfd_gettime(bpf->timer, &now) && now.it_interval.tv_nsec;

	if (running == (bpf->all || bpf->changed))
		return;
	if (!running)
		spec.it_interval.tv_nsec = spec.it_value.tv_nsec = TICK_MS * 1000000;
	timerfd_settime(bpf->timer, 0, &spec, NULL);
}

static void bpf_change(struct kernel_backend *backend, const struct kernel_change changes[],
		       uint32_t n, const struct kernel_answers *answers, void *arg)
{
	struct bpf *bpf = bpf_of(backend);

	for (uint32_t i = 0; i < n && bpf->map; i++) {
		if (changes[i].set)
			set_one(bpf, &changes[i], i, answers, arg);
		else
			delete_one(bpf, &changes[i].spec->local, i, answers, arg);
	}
	set_timer(bpf);
}

static void bpf_read(struct kernel_backend *backend, const struct flow_spec *const specs[],
		     uint32_t n, const struct kernel_answers *answers, void *arg)
{
	struct bpf *bpf = bpf_of(backend);
	struct flow_state state;
	struct map_state told;

	for (uint32_t i = 0; i < n && bpf->map; i++) {
		int error = flow_map_read(bpf->map, &specs[i]->local, &told);

		if (!error) {
			take_state(&told, &state);
			answers->state(arg, i, &state);
		}
		answers->done(arg, i, error, "");
	}
}

struct dump {
	struct bpf *bpf;
	kernel_told_fn *found;
	void *arg;
};

static bool found_one(void *arg, const struct map_found *found)
{
	struct dump *dump = arg;
	struct kmod_message m;

	begin_message(&m, KMOD_SAID_FLOW, &found->flow);
	take_state(found->state, &m.state);
	dump->found(dump->arg, &dump->bpf->backend, &m);
	return true;
}

static int bpf_dump(struct kernel_backend *backend, kernel_told_fn *found, void *arg)
{
	struct bpf *bpf = bpf_of(backend);
	struct dump dump = { .bpf = bpf, .found = found, .arg = arg };

	return bpf->map ? flow_map_read_all(bpf->map, found_one, &dump) : -ENOENT;
}

static int bpf_dump_some(struct kernel_backend *backend, uint32_t *at, kernel_told_fn *found,
			 void *arg)
{
	struct bpf *bpf = bpf_of(backend);
	struct dump dump = { .bpf = bpf, .found = found, .arg = arg };

	return bpf->map ? flow_map_read_some(bpf->map, at, found_one, &dump) : 0;
}

/* --- Come and gone ---------------------------------------------------------------------------- */

static int watch(struct bpf *bpf, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(bpf->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static bool take_adopted(void *arg, const struct map_found *found)
{
	return held_add(arg, &found->flow);
}

static int open_policies(struct bpf *bpf)
{
	int error;

	bpf->policies = policies_open(&error);
	if (bpf->policies)
		return watch(bpf, policies_fd(bpf->policies));
	return error == -EPROTONOSUPPORT ? 0 : error;
}

static int open_parts(struct bpf *bpf, char *why)
{
	const struct map_conf conf = { .pin = bpf->conf.pin,
				       .limit = bpf->conf.limit,
				       .statistics = true,
				       .handle = flow_map_handle(bpf->conf.pin),
				       .clsacts = &bpf->clsacts,
				       .event = on_event,
				       .arg = bpf };
	int error;

	if (bpf->conf.domain.device) {
		snprintf(why, KERNEL_WHY, "the daemon's sockets are bound to a device or VRF");
		return -EOPNOTSUPP;
	}
	error = flow_map_open(&conf, &bpf->map, why);
	if (error)
		return error;
	bpf->routes = routes_open(&error);
	if (bpf->routes && (error = watch(bpf, routes_fd(bpf->routes))) == 0)
		error = watch(bpf, flow_map_news_fd(bpf->map));
	bpf->devices = devices_new(bpf->map, bpf->conf.is_own, bpf->conf.arg);
	if (!error && !bpf->devices)
		error = -ENOMEM;
	if (!error)
		error = open_policies(bpf);
	if (!error)
		error = flow_map_read_all(bpf->map, take_adopted, bpf);
	if (error)
		snprintf(why, KERNEL_WHY, "%s", strerror(-error));
	return error;
}

/* @keep: flows go on without the daemon */
static void close_parts(struct bpf *bpf, bool keep)
{
	struct held *held, *next;

	devices_free(bpf->devices, !keep);
	bpf->devices = NULL;
	routes_close(bpf->routes);
	bpf->routes = NULL;
	policies_close(bpf->policies);
	bpf->policies = NULL;
	flow_map_close(bpf->map, !keep);
	bpf->map = NULL;
	DL_CONCAT(bpf->good, bpf->old);
	HASH_CLEAR(hh, bpf->all);
	DL_FOREACH_SAFE(bpf->good, held, next) {
		free(held);
	}
	bpf->good = bpf->old = NULL;
	set_timer(bpf);
}

static void log_found(const struct bpf *bpf, const char *why)
{
	char devices[200];

	log_notice("BPF at tc ingress is in use: devices: %s; flows: %u, at most %u%s%s",
		   devices_list(bpf->devices, devices, sizeof(devices)), flow_map_count(bpf->map),
		   bpf->conf.limit, *why ? "; " : "", why);
}

static int bpf_find(struct kernel_backend *backend, bool first)
{
	struct bpf *bpf = bpf_of(backend);
	char why[KERNEL_WHY] = "";
	int error;

	(void)first;
	_Static_assert(FLOW_MAP_WHY <= KERNEL_WHY, "flow_map_open() fills in a reason");
	error = open_parts(bpf, why);
	if (error) {
		close_parts(bpf, true);
		snprintf(backend->why, sizeof(backend->why), "%s", *why ? why : strerror(-error));
		return error;
	}
	if (flow_map_totals(bpf->map, bpf->base))
		memset(bpf->base, 0, sizeof(bpf->base));
	backend->features = FLOW_MAP_FEATURES;
	devices_refresh(bpf->devices);
	set_timer(bpf);
	log_found(bpf, why);
	return 0;
}

static int bpf_check(struct kernel_backend *backend)
{
	return bpf_of(backend)->map ? 0 : -ENOENT;
}

static void add_totals(const struct bpf *bpf, uint64_t counters[RTPRELAY_C_MAX + 1])
{
	uint64_t now[RTPRELAY_C_MAX + 1] = { 0 };

	if (!bpf->map || flow_map_totals(bpf->map, now))
		return;
	for (int i = 0; i <= RTPRELAY_C_MAX; i++)
		if (now[i] > bpf->base[i])
			counters[i] += now[i] - bpf->base[i];
}

static void bpf_went(struct kernel_backend *backend)
{
	struct bpf *bpf = bpf_of(backend);

	add_totals(bpf, bpf->past);
	close_parts(bpf, false);
	log_notice("BPF at tc ingress is detached");
}

static void bpf_totals(struct kernel_backend *backend, uint64_t counters[RTPRELAY_C_MAX + 1])
{
	const struct bpf *bpf = bpf_of(backend);

	for (int i = 0; i <= RTPRELAY_C_MAX; i++)
		counters[i] += bpf->past[i];
	add_totals(bpf, counters);
}

/* The first change at once; those of a router that tells of thousands a second, some at a time. */
static void mind_network(struct bpf *bpf)
{
	int64_t now_ms = clock_ms();

	if (routes_changed(bpf->routes) | policies_changed(bpf->policies))
		bpf->changed = true;
	if (!bpf->changed || now_ms - bpf->looked_ms < TICK_MS)
		return;
	bpf->changed = false;
	bpf->looked_ms = now_ms;
	network_changed(bpf);
}

static void bpf_dispatch(struct kernel_backend *backend)
{
	struct bpf *bpf = bpf_of(backend);
	uint64_t ticks;

	if (!bpf->map)
		return;
	flow_map_dispatch(bpf->map);
	mind_network(bpf);
	set_timer(bpf);
	if (read(bpf->timer, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	flow_map_scan(bpf->map, flow_map_count(bpf->map) / TICKS + 1);
	ask_some_again(bpf);
}

static void bpf_close(struct kernel_backend *backend, bool keep)
{
	struct bpf *bpf = bpf_of(backend);

	close_parts(bpf, keep);
	clsacts_end(&bpf->clsacts, !keep);
	close(bpf->timer);
	close(bpf->epoll);
	free(bpf);
}

struct kernel_backend *bpf_backend_new(const struct bpf_backend_conf *conf)
{
	static const struct kernel_backend_ops ops = {
		.find = bpf_find,
		.check = bpf_check,
		.went = bpf_went,
		.change = bpf_change,
		.read = bpf_read,
		.dump = bpf_dump,
		.dump_some = bpf_dump_some,
		.dispatch = bpf_dispatch,
		.totals = bpf_totals,
		.close = bpf_close,
	};
	struct bpf *bpf = calloc(1, sizeof(*bpf));

	if (!bpf)
		return NULL;
	bpf->epoll = epoll_create1(EPOLL_CLOEXEC);
	bpf->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	bpf->conf = *conf;
	bpf->backend = (struct kernel_backend){
		.ops = &ops, .name = "BPF", .path = "bpf", .news_fd = bpf->epoll, .on_demand = true
	};
	if (bpf->epoll >= 0 && bpf->timer >= 0 && !watch(bpf, bpf->timer))
		return &bpf->backend;
	close(bpf->epoll);
	close(bpf->timer);
	free(bpf);
	return NULL;
}

int bpf_probe(char *why)
{
	const struct map_conf conf = { .limit = 1 };
	struct flow_map *map;
	int error = flow_map_open(&conf, &map, why);

	flow_map_close(map, true);
	return error;
}

void bpf_clear(const char *pin)
{
	char devices[FLOW_MAP_LEFT];
	int error = flow_map_clear(pin, devices);

	if (*devices)
		log_notice("BPF: detached the program of an earlier daemon from %s", devices);
	if (error == -EBUSY)
		log_info("BPF: another daemon uses %s: its program stays attached", pin);
	else if (error)
		log_warn("BPF: the program of an earlier daemon cannot be detached: %s; it goes on "
			 "with its flows: tc filter del dev DEVICE ingress",
			 strerror(-error));
}
