/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.c - the verb watch: events as they happen; those that a slow client misses are counted
 *
 * Which key a phone pressed is content of the call, as its packets are (admin/pcap.c): who may only
 * read learns that it pressed one.
 */
#include <time.h>
#include "admin/answer.h"
#include "call/media_path.h"
#include "kernel/kmod.h"
#include "packet/dtmf_keys.h"
#include "stats/stats.h"

static void put_stream(struct json_line *line, const struct happening *happening)
{
	const struct media *media = happening->media;
	struct stream_report report;

	media_report(media, happening->side, happening->comp, &report);
	jsonl_text(line, "side", happening->side == SIDE_A ? "a" : "b");
	jsonl_u64(line, "media", media->index + 1U);
	jsonl_text(line, "component", happening->comp == COMP_RTCP ? "rtcp" : "rtp");
	jsonl_endpoint(line, "local", &report.local);
	jsonl_endpoint(line, "signalled", &report.signalled);
	jsonl_endpoint(line, "latched", &report.latched);
	if (happening->kind == STREAM_DENIED)
		jsonl_endpoint(line, "denied", &report.denied);
	if (happening->kind == STREAM_REFUSED || happening->kind == STREAM_UNHEARD) {
		jsonl_u64(line, "refused", report.drops[DROP_SOURCE]);
		jsonl_endpoint(line, "refused-source", &report.refused);
	}
}

static void put_dtmf(struct json_line *line, const struct happening_dtmf *dtmf, bool content)
{
	const char digit[] = { dtmf_digit(dtmf->event), '\0' };

	if (content)
		jsonl_text(line, "digit", digit);
	jsonl_u64(line, "duration-ms", dtmf->duration_ms);
	jsonl_u64(line, "volume", dtmf->volume);
	jsonl_bool(line, "end-lost", dtmf->end_lost);
	jsonl_bool(line, "blocked", dtmf->blocked);
}

static void send_lost(struct admin_peer *peer)
{
	struct admin_job *job = &peer->job;
	struct json_line *line = admin_line(peer, "lost");

	jsonl_u64(line, "events", job->lost - job->lost_reported);
	admin_send(peer);
	job->lost_reported = job->lost;
}

static void on_happening(void *arg, const struct happening *happening)
{
	struct admin_peer *peer = arg;
	struct json_line *line;
	struct timespec wall;

	if (!admin_room(peer)) {
		peer->job.lost++;
		peer->conf->calls->conf.stats->events_lost++;
		return;
	}
	if (peer->job.lost != peer->job.lost_reported)
		send_lost(peer);
	clock_gettime(CLOCK_REALTIME, &wall);
	line = admin_line(peer, "event");
	jsonl_real(line, "time", (double)wall.tv_sec + (double)wall.tv_nsec / 1e9);
	jsonl_text(line, "event", happening_names[happening->kind]);
	if (happening->kind == KERNEL_PATH)
		jsonl_text(line, "path", kmod_path(peer->conf->calls->conf.kmod));
	if (happening->call)
		jsonl_str(line, "call-id", happening->call->id);
	if (happening->media)
		put_stream(line, happening);
	if (happening->dtmf)
		put_dtmf(line, happening->dtmf, peer->rights.change);
	if (happening->why)
		jsonl_text(line, "why", happening->why);
	admin_send(peer);
	admin_wake(peer);
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	struct json_line *line = admin_line(peer, "watching");

	(void)request;
	jsonl_u64(line, "calls", call_table_count(peer->conf->calls));
	admin_send(peer);
	events_watch(peer->conf->events, &peer->job.watcher, on_happening, peer);
	return true;
}

static void end(struct admin_peer *peer)
{
	if (peer->job.watcher.fn)
		events_unwatch(peer->conf->events, &peer->job.watcher);
}

const struct admin_verb admin_verb_watch = { .name = CONTROL_VERB_WATCH,
					     .begin = begin,
					     .end = end };
