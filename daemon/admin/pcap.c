/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcap.c - the verb pcap: the packets of one call as they arrive, for whoever may hear the call
 *
 * The recorder's thread hands packets over (record/look.h); a client that reads too slowly misses
 * some, which are counted. The call is looked at each LOOK_MS: medias that came are shown too, and
 * the answer ends when the call has. Nothing here keeps a pointer into a call.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <utlist.h>
#include "admin/answer.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "call/media_path.h"
#include "call/tapped.h"
#include "record/frame.h"
#include "record/look.h"

#define LOOK_MS 100
/* After the end of the call: packets are held back by the recorder for a moment. */
#define LAST_MS (2 * RECORDER_HOLD_US / 1000)

/**
 * struct admin_look - in the job of the peer
 * @created_us: of the call: another one may get its Call-ID
 * @tap: numbers of the medias that are held for it, the first @n
 * @ends_ms: when the answer ends; 0: the call goes on
 * @is_over: it has ended
 */
struct admin_look {
	struct admin_peer *peer;
	struct look *look;
	struct event *timer;
	int64_t created_us, ends_ms;
	bool is_over;
	size_t n;
	uint32_t tap[RECORD_MEDIAS];
	uint8_t frame[RECORD_FRAME_MAX];
	char text[(RECORD_FRAME_MAX + 2) / 3 * 4];
};

static struct call *find(const struct admin_peer *peer)
{
	return call_find(peer->conf->calls, peer->job.call_id);
}

/* The call that the client has asked for, as long as it is there. */
static struct call *own_call(const struct admin_look *own)
{
	struct call *call = find(own->peer);

	return call && call->created_us == own->created_us ? call : NULL;
}

/* --- Medias ----------------------------------------------------------------------------------- */

static bool holds(const struct admin_look *own, const struct media *media)
{
	for (size_t i = 0; i < own->n; i++)
		if (own->tap[i] == media->tap)
			return true;
	return false;
}

static int hold(struct admin_look *own, struct media *media)
{
	int error;

	if (holds(own, media) || own->n == RECORD_MEDIAS)
		return 0;
	error = tapped_hold(media);
	if (error)
		return error;
	error = look_add(own->look, media->tap);
	if (error) {
		tapped_release(media);
		media_path_follow(media);
		return error;
	}
	own->tap[own->n++] = media->tap;
	return 0;
}

/* Of a media that has ended nothing is held. */
static int release(struct admin_look *own, struct media *media)
{
	if (!holds(own, media))
		return 0;
	tapped_release(media);
	media_path_follow(media);
	return 0;
}

/* Return: the first error */
static int each_media(struct admin_look *own, const struct call *call,
		      int (*run)(struct admin_look *own, struct media *media))
{
	const struct dialog *dialog;
	int error, last = 0;

	DL_FOREACH(call->dialogs, dialog) {
		for (size_t i = 0; i < dialog->n_media; i++) {
			error = dialog->media[i] ? run(own, dialog->media[i]) : 0;
			last = error ? error : last;
		}
	}
	return last;
}

/* --- Packets ---------------------------------------------------------------------------------- */

static void send_lost(struct admin_peer *peer)
{
	struct admin_job *job = &peer->job;
	struct json_line *line = admin_line(peer, "lost");

	jsonl_u64(line, "packets", job->lost - job->lost_reported);
	admin_send(peer);
	job->lost_reported = job->lost;
}

static void send_packet(struct admin_look *own, const struct tap_packet *packet)
{
	const struct record_packet of = {
		.from = packet->from, .to = packet->local, .data = packet->data, .len = packet->len
	};
	struct buf text = BUF_INIT(own->text, sizeof(own->text));
	struct json_line *line;

	base64_write(&text, own->frame, record_frame(own->frame, RECORD_RAW, &of), true);
	line = admin_line(own->peer, "packet");
	jsonl_i64(line, "time-us", packet->time_us);
	jsonl_text(line, "side", packet->side == SIDE_A ? "a" : "b");
	jsonl_bool(line, "rtcp", packet->rtcp);
	jsonl_str(line, "frame", (struct str){ own->text, text.len });
	admin_send(own->peer);
	own->peer->job.count++;
}

static void on_packets(void *arg)
{
	struct admin_look *own = arg;
	struct admin_peer *peer = own->peer;
	const struct tap_packet *packet;

	while ((packet = look_first(own->look))) {
		peer->job.lost += packet->lost + !admin_room(peer);
		if (admin_room(peer) && peer->job.lost != peer->job.lost_reported)
			send_lost(peer);
		if (admin_room(peer))
			send_packet(own, packet);
		look_drop(own->look);
	}
	admin_wake(peer);
}

/* --- Begin and end ---------------------------------------------------------------------------- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval again = { 0, LOOK_MS * 1000 };
	struct admin_look *own = arg;
	const struct call *call = own_call(own);

	(void)fd;
	(void)what;
	if (call)
		each_media(own, call, hold);
	else if (!own->ends_ms)
		own->ends_ms = clock_ms() + LAST_MS;
	if (event_add(own->timer, &again) || (own->ends_ms && clock_ms() >= own->ends_ms)) {
		own->is_over = true;
		admin_wake(own->peer);
	}
}

/* Events write the lines; a step only ends the answer. */
static enum admin_step step(struct admin_peer *peer)
{
	if (peer->job.lost != peer->job.lost_reported)
		send_lost(peer);
	admin_end(peer, peer->job.count);
	return ADMIN_DONE;
}

static bool is_over(const struct admin_peer *peer)
{
	return peer->job.look->is_over;
}

static void end(struct admin_peer *peer)
{
	struct admin_look *own = peer->job.look;
	const struct call *call = own ? own_call(own) : NULL;

	if (!own)
		return;
	if (call)
		each_media(own, call, release);
	if (own->timer)
		event_free(own->timer);
	look_end(own->look);
	free(own);
	peer->job.look = NULL;
}

static int start(struct admin_peer *peer, const struct call *call, bool rtp_only)
{
	static const struct timeval first = { 0, LOOK_MS * 1000 };
	struct admin_look *own = calloc(1, sizeof(*own));
	const struct look_conf conf = { .recorder = peer->conf->calls->conf.recorder,
					.rtp_only = rtp_only,
					.told = on_packets,
					.arg = own };

	if (!own)
		return -ENOMEM;
	peer->job.look = own;
	own->peer = peer;
	own->created_us = call->created_us;
	own->look = look_new(&conf);
	own->timer = event_new(peer->conf->base, -1, 0, on_timer, own);
	if (!own->look || !own->timer || event_add(own->timer, &first))
		return -ENOMEM;
	return each_media(own, call, hold);
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	bool rtp_only = str_eq(dict_get_str(request, STR("rtp-only")), STR("yes"));
	const struct call *call;
	struct json_line *line;

	peer->job.call_id = dict_get_str(request, STR("call-id"));
	call = find(peer);
	if (!call) {
		admin_error(peer, CONTROL_ERROR_CALL, "no such call");
		return false;
	}
	if (!peer->conf->calls->conf.recorder) {
		admin_error(peer, CONTROL_ERROR_RECORDER, "the daemon has no recorder");
		return false;
	}
	if (start(peer, call, rtp_only)) {
		admin_error(peer, CONTROL_ERROR_MEMORY, "out of memory");
		return false;
	}
	log_call(LOG_LEVEL_NOTICE, call->id, "an operator looks into its packets");
	line = admin_line(peer, "looking");
	jsonl_str(line, "call-id", call->id);
	admin_send(peer);
	return true;
}

const struct admin_verb admin_verb_pcap = { .name = CONTROL_VERB_PCAP,
					    .content = true,
					    .begin = begin,
					    .step = step,
					    .ready = is_over,
					    .end = end };
