/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.c - the verb kernel: the flows that the daemon requires in the kernel
 *
 * The client compares them with what it reads from the kernel; a comparison by the daemon would not
 * be an independent check.
 */
#include <utlist.h>
#include "admin/answer.h"
#include "admin/walk.h"
#include "base/count.h"
#include "kernel/kmod.h"
#include "port/iface.h"

static const char *const kinds[] = {
	[RTPRELAY_KIND_RTP] = "rtp",
	[RTPRELAY_KIND_RTCP] = "rtcp",
	[RTPRELAY_KIND_MUX] = "mux",
	[RTPRELAY_KIND_OPAQUE] = "opaque",
};

static void send_flow(struct admin_peer *peer, const struct media *media, int side,
		      const struct kmod_flow *flow)
{
	const struct flow_spec *spec = kmod_flow_spec(flow);
	const char *refusal = kmod_flow_refusal(flow);
	struct json_line *line = admin_line(peer, "flow");

	jsonl_str(line, "call-id", media->dialog->call->id);
	jsonl_text(line, "side", side == SIDE_A ? "a" : "b");
	jsonl_u64(line, "media", media->index + 1U);
	jsonl_text(line, "kind", kinds[spec->kind]);
	jsonl_endpoint(line, "local", &spec->local);
	jsonl_endpoint(line, "src", &spec->src);
	jsonl_endpoint(line, "out", &spec->out);
	jsonl_endpoint(line, "dst", &spec->dst);
	jsonl_bool(line, "drop", spec->flags & RTPRELAY_FLOW_DROP);
	jsonl_bool(line, "installed", kmod_flow_installed(flow));
	jsonl_text(line, "path", kmod_flow_path(flow));
	if (refusal)
		jsonl_text(line, "refusal", refusal);
	if (kmod_flow_impossible(flow))
		jsonl_bool(line, "impossible", true);
	admin_send(peer);
	peer->job.count++;
}

static void send_media(struct admin_peer *peer, struct media *media)
{
	const struct media_path *path = &media->path;

	each_component(side, comp)
		if (path->flow[side][comp] && !path->why[side][comp])
			send_flow(peer, media, side, path->flow[side][comp]);
}

/* With them the client tells this daemon's flows from those of another one. */
static void put_ports(struct json_line *line, const struct iface_table *ifaces)
{
	char text[ENDPOINT_TEXT];

	jsonl_open(line, "ports", '[');
	for (size_t i = 0; i < iface_count(ifaces); i++) {
		const struct iface_addr *addr = iface_at(ifaces, i);

		jsonl_open(line, NULL, '{');
		jsonl_text(line, "address", endpoint_print_addr(&addr->bind, text));
		jsonl_u64(line, "port-min", addr->port_min);
		jsonl_u64(line, "port-max", addr->port_max);
		jsonl_close(line, '}');
	}
	jsonl_close(line, ']');
}

/* A flow as the kernel's map reports it, which a client cannot read by itself. */
static void send_held(void *arg, const struct kmod_message *held)
{
	struct admin_peer *peer = arg;
	struct json_line *line = admin_line(peer, "held");

	jsonl_text(line, "path", "bpf");
	jsonl_text(line, "kind",
		   held->kind < COUNT(kinds) && kinds[held->kind] ? kinds[held->kind] : "unknown");
	jsonl_endpoint(line, "local", &held->local);
	jsonl_u64(line, "port", endpoint_port(&held->local));
	jsonl_endpoint(line, "src", &held->src);
	jsonl_endpoint(line, "out", &held->out);
	jsonl_endpoint(line, "dst", &held->dst);
	jsonl_bool(line, "drop", held->flags & RTPRELAY_FLOW_DROP);
	jsonl_u64(line, "packets", held->state.sums.packets);
	jsonl_i64(line, "idle-ms", held->state.seen_ago_ms);
	admin_send(peer);
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	struct call_table *calls = peer->conf->calls;
	struct json_line *line = admin_line(peer, "module");

	(void)request;
	jsonl_bool(line, "present", kmod_available(calls->conf.kmod));
	jsonl_text(line, "path", kmod_path(calls->conf.kmod));
	jsonl_bool(line, "off", !calls->conf.kmod);
	jsonl_u64(line, "installed", kmod_count(calls->conf.kmod));
	jsonl_u64(line, "port-min", peer->conf->conf->port_min);
	jsonl_u64(line, "port-max", peer->conf->conf->port_max);
	put_ports(line, calls->conf.ifaces);
	admin_send(peer);
	peer->job.reads_held = true;
	call_cursor_begin(&peer->job.cursor, calls);
	return true;
}

/* Those in the kernel first, as many as it tells at once, then those of each call. */
static enum admin_step step(struct admin_peer *peer)
{
	struct admin_job *job = &peer->job;
	int more;

	if (job->reads_held) {
		more = kmod_held(peer->conf->calls->conf.kmod, "bpf", &job->held, send_held, peer);
		if (more < 0) {
			admin_error(peer, CONTROL_ERROR_MEMORY,
				    "cannot read the flows of path bpf");
			return ADMIN_DONE;
		}
		job->reads_held = more;
		return ADMIN_MORE;
	}
	return admin_step_medias(peer, NULL, send_media);
}

const struct admin_verb admin_verb_kernel = { .name = CONTROL_VERB_KERNEL,
					      .begin = begin,
					      .step = step };
