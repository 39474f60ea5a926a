/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.c - the verb streams: source, destination, path and drops of each stream */
#include <utlist.h>
#include "admin/answer.h"
#include "admin/stream.h"
#include "admin/walk.h"
#include "base/clock.h"
#include "call/media_path.h"
#include "packet/bridge.h"
#include "packet/latch_names.h"

/*
 * How the latched source differs from the signalled one; NULL: one of them is not known. Browsers
 * signal 0.0.0.0: it is ICE that finds the place.
 */
static const char *nat_seen(const struct stream_report *r)
{
	if (!endpoint_is_set(&r->latched) || !endpoint_is_set(&r->signalled) ||
	    endpoint_is_any(&r->signalled))
		return NULL;
	if (endpoint_eq(&r->latched, &r->signalled))
		return "none";
	if (endpoint_addr_eq(&r->latched, &r->signalled))
		return "port";
	return endpoint_port(&r->latched) == endpoint_port(&r->signalled) ? "address" : "both";
}

static void put_addresses(struct json_line *line, const struct stream_report *r)
{
	const char *nat = nat_seen(r);

	jsonl_endpoint(line, "local", &r->local);
	jsonl_endpoint(line, "signalled", &r->signalled);
	jsonl_endpoint(line, "latched", &r->latched);
	jsonl_endpoint(line, "to", &r->to);
	if (r->to_denied)
		jsonl_endpoint(line, "denied", &r->denied);
	jsonl_endpoint(line, "refused-source", &r->refused);
	jsonl_text(line, "state", latch_state_names[r->state]);
	if (r->state != LATCH_WAIT)
		jsonl_text(line, "rank", latch_rank_names[r->rank]);
	if (nat)
		jsonl_text(line, "nat", nat);
	jsonl_u64(line, "relatched", r->relatched);
	jsonl_text(line, "path", r->kernel_path ? r->kernel_path : path_names[PATH_USER]);
	if (r->why_user)
		jsonl_text(line, "why-user", r->why_user);
}

static void put_counters(struct json_line *line, const struct stream_report *r)
{
	jsonl_u64(line, "packets-in", r->packets_in);
	jsonl_u64(line, "bytes-in", r->bytes_in);
	jsonl_u64(line, "packets-out", r->packets_out);
	jsonl_u64(line, "bytes-out", r->bytes_out);
	jsonl_u64(line, "errors-out", r->errors_out);
	jsonl_u64(line, "kernel-packets-in", r->kernel_packets_in);
	jsonl_u64(line, "keepalives-in", r->keepalives_in);
	jsonl_u64(line, "keepalives-out", r->keepalives_out);
	jsonl_u64(line, "keepalives-saved", r->keepalives_saved);
	if (r->last_in_ms)
		jsonl_i64(line, "last-in-ms", clock_ms() - r->last_in_ms);
	jsonl_open(line, "drops", '{');
	for (int i = 0; i < DROP_COUNT; i++)
		if (r->drops[i])
			jsonl_u64(line, stream_drop_names[i].name, r->drops[i]);
	jsonl_close(line, '}');
}

static void put_rtp(struct json_line *line, const struct stream_report *r)
{
	if (!r->ssrc_known)
		return;
	jsonl_open(line, "rtp", '{');
	jsonl_u64(line, "ssrc", r->ssrc);
	jsonl_u64(line, "pt", r->last_pt);
	jsonl_u64(line, "expected", r->expected);
	jsonl_u64(line, "lost", r->lost);
	jsonl_u64(line, "reordered", r->reordered);
	jsonl_u64(line, "duplicate", r->duplicate);
	jsonl_u64(line, "gaps", r->gaps);
	jsonl_real(line, "jitter-ms", r->jitter_ms);
	jsonl_close(line, '}');
}

void admin_put_stream(struct json_line *line, const struct media *media, enum side side,
		      enum component comp)
{
	bool opaque = bridge_conf(media->bridge)->kind != BRIDGE_RTP;
	struct stream_report report;

	media_report(media, side, comp, &report);
	jsonl_text(line, "component", opaque ? "udp" : comp == COMP_RTCP ? "rtcp" : "rtp");
	put_addresses(line, &report);
	put_counters(line, &report);
	put_rtp(line, &report);
}

static void send_stream(struct admin_peer *peer, const struct media *media, enum side side,
			enum component comp)
{
	const struct dialog *dialog = media->dialog;
	struct json_line *line = admin_line(peer, "stream");

	jsonl_str(line, "call-id", dialog->call->id);
	jsonl_str(line, "tag", dialog->party[side].tag);
	jsonl_text(line, "side", side == SIDE_A ? "a" : "b");
	jsonl_u64(line, "media", media->index + 1U);
	jsonl_text(line, "kind", media->type);
	jsonl_text(line, "codec", media->codec);
	admin_put_stream(line, media, side, comp);
	admin_send(peer);
	peer->job.count++;
}

static void send_media(struct admin_peer *peer, struct media *media)
{
	media_path_refresh(&media, 1);
	each_component(side, comp)
		if (bridge_has(media->bridge, side, comp))
			send_stream(peer, media, side, comp);
}

static enum admin_step step(struct admin_peer *peer)
{
	return admin_step_medias(peer, &peer->job.filter, send_media);
}

const struct admin_verb admin_verb_streams = { .name = CONTROL_VERB_STREAMS,
					       .begin = admin_walk_begin,
					       .step = step };
