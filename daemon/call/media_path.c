/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_path.c - the path of a media's packets: keeps the kernel's flows in step with its streams
 *
 * The media thread reports changes, call/flow_plan.c decides, kernel/kmod.c installs and removes
 * flows. The kernel's events and counters arrive here, for latching, time-outs and reports.
 */
#include <assert.h>
#include "base/clock.h"
#include "base/log.h"
#include "call/bans.h"
#include "call/events.h"
#include "call/flow_plan.h"
#include "call/media_bundle.h"
#include "call/media_path.h"
#include "call/media_quality.h"
#include "call/tap_ports.h"
#include "call/tap_reader.h"
#include "packet/bridge.h"

/* --- Reports to the media thread, the log and watchers ---------------------------------------- */

static void fill_kernel(struct bridge_kernel *kernel, const struct kmod_flow *flow)
{
	struct flow_sums sums;

	memset(kernel, 0, sizeof(*kernel));
	kmod_flow_sums(flow, &sums);
	kernel->in_kernel = kmod_flow_installed(flow);
	kernel->idle = kmod_flow_idle(flow);
	kernel->heard_ms = kmod_flow_seen_ms(flow);
	kernel->rate = kmod_flow_rate(flow);
	kernel->rtp = sums.rtp.known;
	kernel->numbered = sums.rtp.numbered;
	kernel->ssrc = sums.rtp.ssrc;
	kernel->seq = (uint16_t)sums.rtp.seq;
}

static void log_path(const struct media *media, int side, int comp, const struct kmod_flow *flow)
{
	const char *refusal = kmod_flow_refusal(flow), *why = media->path.why[side][comp];
	enum log_level level = refusal ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
	bool in_kernel = kmod_flow_installed(flow);

	if (!log_enabled(level))
		return;
	if (!why)
		why = refusal ? refusal : "its flow has left the kernel";
	log_call(level, media->dialog->call->id, "media %u: %s from %s is relayed by the %s%s%s",
		 media->index + 1U, component_names[comp], side_names[side],
		 in_kernel ? "kernel" : "daemon", in_kernel ? ", path " : ": ",
		 in_kernel ? kmod_flow_path(flow) : why);
}

static void report_path(const struct media *media, enum happening_kind kind, int side, int comp,
			const struct kmod_flow *flow)
{
	struct happening happening = { .kind = kind,
				       .call = media->dialog->call,
				       .media = media,
				       .side = (enum side)side,
				       .comp = (enum component)comp };

	if (kind == STREAM_IN_USER)
		happening.why = media->path.why[side][comp];
	if (kind == STREAM_IN_USER && !happening.why)
		happening.why = kmod_flow_refusal(flow);
	events_tell(media->table->conf.events, &happening);
}

/* Keeps the totals up to date, so that a report does not have to visit all medias. */
static void count_path(struct media *media)
{
	size_t *by_path = media->table->media_by_path;
	enum path kind = media_path_kind(media);

	if (!media->dialog)
		return; /* closed, and not counted any more */
	by_path[media->path.kind]--;
	by_path[kind]++;
	media->path.kind = kind;
}

static void changed(struct media *media, int side, int comp, const struct kmod_flow *flow)
{
	struct bridge_kernel kernel;

	fill_kernel(&kernel, flow);
	media->path.told[side][comp] = kernel.in_kernel;
	bridge_kernel(media->bridge, side, comp, &kernel);
	if (!media->dialog)
		return;
	count_path(media);
	log_path(media, side, comp, flow);
	report_path(media, kernel.in_kernel ? STREAM_IN_KERNEL : STREAM_IN_USER, side, comp, flow);
}

/* --- Which flows there should be -------------------------------------------------------------- */

/* Identifies the call's flows for a daemon that is started again. */
static void make_cookie(const struct call *call, uint8_t cookie[FLOW_COOKIE])
{
	static const struct siphash_key any = { { 0 } };
	uint64_t parts[2] = { siphash(&any, call->id), (uint64_t)call->created_us };

	static_assert(sizeof(parts) == FLOW_COOKIE, "a cookie is two numbers of 64 bits");
	memcpy(cookie, parts, FLOW_COOKIE);
}

/*
 * After so long a silence the kernel reports a flow: the call may time out, and what the flow is
 * sent to may need keep-alives. Nobody looks at it before.
 */
static uint32_t idle_s(const struct media *media)
{
	const struct call_table_conf *conf = &media->table->conf;
	uint32_t own_s = bridge_conf(media->bridge)->keepalive_s;
	uint32_t keepalive_s = own_s ? own_s : conf->keepalive_s;
	uint32_t idle_s = conf->timeout_s ? conf->timeout_s : RTPRELAY_IDLE_DEFAULT;

	if (keepalive_s && keepalive_s != KEEPALIVE_OFF && keepalive_s < idle_s)
		return keepalive_s;
	return idle_s < RTPRELAY_IDLE_MAX ? idle_s : RTPRELAY_IDLE_MAX;
}

static bool is_untapped(const struct kmod_flow *flow)
{
	return flow && kmod_flow_installed(flow) &&
	       !(kmod_flow_spec(flow)->flags & RTPRELAY_FLOW_TAP);
}

static void make_ask(const struct media *media, struct flow_ask *ask)
{
	const struct call *call = media->dialog->call;

	memset(ask, 0, sizeof(*ask));
	ask->conf = bridge_conf(media->bridge);
	ask->features = kmod_features(media->table->conf.kmod);
	ask->idle_s = idle_s(media);
	if (ask->conf->tap)
		ask->tap = tap_reader_want(media->table, clock_ms());
	ask->bundled = media_is_told_apart(media);
	make_cookie(call, ask->cookie);
	each_component(side, comp) {
		struct flow_stream *s = &ask->stream[side][comp];
		struct stream_report report;

		s->exists = bridge_has(media->bridge, side, comp);
		if (!s->exists)
			continue;
		bridge_report(media->bridge, side, comp, &report);
		s->local = report.local;
		s->source = report.latched;
		s->to = report.to;
		s->to_denied = report.to_denied;
		s->banned = bans_stop(media->table->bans, &report.latched);
		s->untapped = is_untapped(media->path.flow[side][comp]);
		s->locked = report.settled;
		s->learning = report.learning;
		s->contested = report.contested;
		s->prompted = comp == COMP_RTP && (media->play[side] || report.prompted);
	}
}

static void stay(struct media_path *path, int side, int comp, const char *why)
{
	path->why[side][comp] = why;
	if (path->flow[side][comp])
		kmod_drop(path->flow[side][comp]);
}

static void stay_all(struct media_path *path, const char *why)
{
	each_component(side, comp)
		stay(path, side, comp, why);
}

/* The module was unloaded: there are no events for its flows. */
static void leave_kernel(struct media *media, const char *why)
{
	struct media_path *path = &media->path;

	stay_all(path, why);
	each_component(side, comp)
		if (path->told[side][comp])
			changed(media, side, comp, path->flow[side][comp]);
}

static void follow(struct media *media)
{
	struct kmod *kmod = media->table->conf.kmod;
	struct media_path *path = &media->path;
	struct flow_plan plan;
	struct flow_ask ask;

	make_ask(media, &ask);
	if (ask.tap == FLOW_TAP_OPEN)
		tap_ports_follow(media);
	flow_plan_make(&plan, &ask);
	each_component(side, comp) {
		struct kmod_flow *flow = NULL;

		if (!ask.stream[side][comp].exists)
			continue;
		if (!plan.why[side][comp])
			flow = kmod_set(kmod, &plan.spec[side][comp], media);
		if (flow) {
			path->flow[side][comp] = flow;
			path->why[side][comp] = NULL;
		} else {
			stay(path, side, comp,
			     plan.why[side][comp] ? plan.why[side][comp] : FLOW_WHY_NO_MEMORY);
		}
	}
}

void media_path_follow(struct media *media)
{
	struct kmod *kmod = media->table->conf.kmod;

	if (kmod_available(kmod))
		follow(media);
	else
		leave_kernel(media, kmod ? FLOW_WHY_NO_PATH : FLOW_WHY_OFF);
	count_path(media);
}

/* Does the ban of its source, or its end, concern this stream? */
static bool is_concerned(const struct media *media, int side, int comp)
{
	const struct media_path *path = &media->path;
	const struct kmod_flow *flow = path->flow[side][comp];

	if (path->why[side][comp])
		return path->why[side][comp] == flow_why_banned;
	return flow && bans_stop(media->table->bans, &kmod_flow_spec(flow)->src);
}

void media_path_mind_bans(struct media *media)
{
	bool concerned = false;

	each_component(side, comp)
		concerned = concerned || is_concerned(media, side, comp);
	if (concerned)
		media_path_follow(media);
}

/* --- Events ----------------------------------------------------------------------------------- */

static void read_flow(struct kmod_flow *flow, struct bridge_kernel *kernel)
{
	struct flow_state state;

	kmod_flows_read(&flow, 1, &state);
	fill_kernel(kernel, flow);
}

void media_path_ask(struct media *media, enum side side, enum component comp)
{
	struct kmod_flow *flow = media->path.flow[side][comp];
	struct bridge_kernel kernel;

	if (!flow)
		return;
	read_flow(flow, &kernel);
	bridge_kernel(media->bridge, side, comp, &kernel);
}

/* The other side may need keep-alives, or none any more. */
static void report_silence(const struct media *media, int side, int comp,
			   const struct kmod_flow *flow)
{
	struct bridge_kernel kernel;

	fill_kernel(&kernel, flow);
	bridge_kernel(media->bridge, side, comp, &kernel);
}

/* The kernel has dropped a packet from another source: the media thread decides about it. */
static void report_refused(struct media *media, int side, int comp, struct kmod_flow *flow,
			   const struct kmod_stranger *refused)
{
	struct bridge_kernel kernel;

	read_flow(flow, &kernel);
	kernel.stranger = refused->source;
	kernel.stranger_count = refused->count;
	kernel.stranger_rtp = refused->rtp;
	kernel.stranger_numbered = refused->numbered;
	kernel.stranger_ssrc = refused->ssrc;
	kernel.stranger_seq = refused->seq;
	kernel.stranger_pt = refused->pt;
	bridge_kernel(media->bridge, side, comp, &kernel);
}

void media_path_event(struct media *media, enum kmod_event event, const struct kmod_flow *flow,
		      const struct kmod_stranger *refused)
{
	each_component(side, comp) {
		if (media->path.flow[side][comp] != flow)
			continue;
		if (event == KMOD_STRANGER)
			report_refused(media, side, comp, media->path.flow[side][comp], refused);
		else if (event == KMOD_CHANGED)
			changed(media, side, comp, flow);
		else if (media->dialog) {
			report_silence(media, side, comp, flow);
			report_path(media, event == KMOD_IDLE ? STREAM_SILENT : STREAM_HEARD, side,
				    comp, flow);
		}
	}
}

/* --- The end ---------------------------------------------------------------------------------- */

void media_path_leave(struct media *media)
{
	stay_all(&media->path, "ended");
}

/* A flow that ends reports its last RTCP packet. */
static void take_finals(struct media *media)
{
	const struct flow_state *told[2][2] = { { NULL } };
	struct flow_state state[2][2];

	each_component(side, comp) {
		const struct kmod_flow *flow = media->path.flow[side][comp];

		if (!flow || !kmod_flow_final(flow))
			continue;
		state[side][comp] = *kmod_flow_final(flow);
		kmod_flow_sums(flow, &state[side][comp].sums);
		told[side][comp] = &state[side][comp];
	}
	media_quality_take(media, told, clock_ms());
}

void media_path_stop(struct media *media)
{
	bool any = false;

	each_component(side, comp)
		any |= media->path.flow[side][comp] &&
		       kmod_flow_installed(media->path.flow[side][comp]);
	media_path_leave(media);
	if (any)
		kmod_flush(media->table->conf.kmod);
	take_finals(media);
}

void media_path_close(struct media *media)
{
	each_component(side, comp) {
		kmod_forget(media->path.flow[side][comp]);
		media->path.flow[side][comp] = NULL;
	}
	media_quality_free(media);
}

/* --- Reports ---------------------------------------------------------------------------------- */

size_t media_path_flows(const struct media *media)
{
	size_t flows = 0;

	each_component(side, comp) {
		const struct kmod_flow *flow = media->path.flow[side][comp];

		flows += flow && kmod_flow_installed(flow);
	}
	return flows;
}

#define ASK_FLOWS ((size_t)REFRESH_MEDIAS * 4)

void media_path_refresh(struct media *const medias[], size_t n)
{
	struct kmod_flow *flows[ASK_FLOWS] = { NULL };
	struct flow_state states[ASK_FLOWS];
	size_t n_flows = 0, next = 0;

	for (size_t i = 0; i < n; i++)
		each_component(side, comp)
			if (medias[i]->path.flow[side][comp])
				flows[n_flows++] = medias[i]->path.flow[side][comp];
	if (!n_flows)
		return;
	kmod_flows_read(flows, n_flows, states);
	for (size_t i = 0; i < n; i++) {
		const struct flow_state *told[2][2] = { { NULL } };

		each_component(side, comp)
			if (medias[i]->path.flow[side][comp])
				told[side][comp] = &states[next++];
		media_quality_take(medias[i], told, clock_ms());
	}
}

#define JITTER_SETTLES                                                                             \
	16 /* packets; RFC 3550, A.8: after that many the start value has little weight */

/* Adds RTP received by the kernel to the daemon's. @latest: the kernel received the last packet. */
static void add_rtp(struct stream_report *r, const struct flow_rtp *rtp, bool latest)
{
	bool same = r->ssrc_known && r->ssrc == rtp->ssrc;
	bool little = r->expected < JITTER_SETTLES;

	if (!rtp->known || (!same && !latest && r->ssrc_known))
		return;
	r->expected = rtp->expected + (same ? r->expected : 0);
	r->lost = rtp->lost + (same ? r->lost : 0);
	r->reordered = rtp->reordered + (same ? r->reordered : 0);
	r->duplicate = rtp->duplicate + (same ? r->duplicate : 0);
	r->gaps = rtp->gaps + (same ? r->gaps : 0);
	r->ssrc = rtp->ssrc;
	/* A packet in the daemon after a flow ended does not replace the kernel's jitter. */
	if (rtp->clock && (latest || little))
		r->jitter_ms = rtp->jitter * 1000.0 / rtp->clock;
	if (same && !latest)
		return;
	r->ssrc_known = true;
	r->last_seq = (uint16_t)rtp->seq;
	r->last_pt = rtp->pt;
}

static void add_in(struct stream_report *r, const struct kmod_flow *flow)
{
	int64_t seen_ms = kmod_flow_seen_ms(flow);
	/* When the call record is written, the flows are removed: then their times decide. */
	bool latest = r->in_kernel || (seen_ms && seen_ms >= r->last_in_ms);
	struct flow_sums sums;

	kmod_flow_sums(flow, &sums);
	r->kernel_packets_in = sums.packets + sums.blocked;
	r->packets_in += r->kernel_packets_in;
	r->bytes_in += sums.bytes;
	r->drops[DROP_SOURCE] += sums.refused;
	r->drops[DROP_BLOCKED] += sums.blocked;
	r->drops[DROP_TTL] += sums.ttl;
	r->last_in_ms = seen_ms > r->last_in_ms ? seen_ms : r->last_in_ms;
	add_rtp(r, &sums.rtp, latest);
}

static void add_out(struct stream_report *r, const struct kmod_flow *flow)
{
	struct flow_sums sums;
	uint64_t sent;

	kmod_flow_sums(flow, &sums);
	sent = sums.packets > sums.lost ? sums.packets - sums.lost : 0;
	r->kernel_packets_out += sent;
	r->packets_out += sent;
	r->bytes_out += sums.bytes;
	r->errors_out += sums.lost;
}

static const char *why_user(const struct media *media, int side, int comp)
{
	const struct kmod_flow *flow = media->path.flow[side][comp];
	const char *why = media->path.why[side][comp];

	if (why)
		return why;
	if (flow && kmod_flow_refusal(flow))
		return kmod_flow_refusal(flow);
	if (!media->table->conf.kmod)
		return FLOW_WHY_OFF;
	if (!kmod_available(media->table->conf.kmod))
		return FLOW_WHY_NO_PATH;
	return flow ? "being installed in the kernel" : "not latched";
}

/* At the port of another media: what is sent there goes where that one has its phone. */
static void show_carrier(const struct media *carrier, enum side side, struct stream_report *r)
{
	struct stream_report at;

	bridge_report(carrier->bridge, side, COMP_RTP, &at);
	r->local = at.local;
	r->signalled = at.signalled;
	r->latched = at.latched;
	r->state = at.state;
	r->rank = at.rank;
	r->settled = at.settled;
	r->to = at.to;
}

void media_report(const struct media *media, enum side side, enum component comp,
		  struct stream_report *r)
{
	const struct media_path *path = &media->path;
	const struct kmod_flow *own = path->flow[side][comp];
	bool mux = bridge_conf(media->bridge)->side[side].flags & SIDE_MUX;

	bridge_report(media->bridge, side, comp, r);
	if (comp == COMP_RTP && media_is_carried(media, side))
		show_carrier(media_carrier(media, side), side, r);
	r->in_kernel = own && kmod_flow_installed(own);
	r->kernel_path = r->in_kernel ? kmod_flow_path(own) : NULL;
	r->why_user = r->in_kernel ? NULL : why_user(media, side, comp);
	if (own)
		add_in(r, own);
	for (int other = 0; other < 2; other++) {
		const struct kmod_flow *flow = path->flow[!side][other];
		int leaves_by = other == COMP_RTCP && !mux ? COMP_RTCP : COMP_RTP;

		if (flow && leaves_by == (int)comp)
			add_out(r, flow);
	}
}

int64_t media_last_in_ms(const struct media *media, int64_t now_ms)
{
	int64_t last_ms = bridge_last_in_ms(media->bridge);

	each_component(side, comp) {
		const struct kmod_flow *flow = media->path.flow[side][comp];
		int64_t at_ms = flow ? kmod_flow_last_in_ms(flow, now_ms) : 0;

		last_ms = at_ms > last_ms ? at_ms : last_ms;
	}
	return last_ms;
}

enum path media_path_kind(const struct media *media)
{
	unsigned int kernel = 0, user = 0;

	each_component(side, comp) {
		const struct kmod_flow *flow = media->path.flow[side][comp];
		struct stream_report report;

		if (flow && kmod_flow_installed(flow)) {
			kernel++;
			continue;
		}
		bridge_report(media->bridge, side, comp, &report);
		user += report.packets_in > 0;
	}
	if (!kernel)
		return PATH_USER;
	return user ? PATH_MIXED : PATH_KERNEL;
}

const char *media_path_name(const struct media *media)
{
	enum path kind = media_path_kind(media);
	const char *name = NULL;

	if (kind != PATH_KERNEL)
		return path_names[kind];
	each_component(side, comp) {
		const struct kmod_flow *flow = media->path.flow[side][comp];

		if (!flow || !kmod_flow_installed(flow))
			continue;
		if (name && strcmp(name, kmod_flow_path(flow)) != 0)
			return path_names[PATH_KERNEL];
		name = kmod_flow_path(flow);
	}
	return name;
}
