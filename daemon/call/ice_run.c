/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ice_run.c - runs the agents of ICE of a media: packets, time, what the media thread is told, news
 */
#define LOG_WHERE "daemon/ice/" /* the subsystem */
#include <event2/event.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "call/events.h"
#include "call/ice_run.h"
#include "call/media_ice.h"
#include "call/media_path.h"
#include "call/table.h"
#include "packet/bridge.h"
#include "port/iface.h"
#include "stats/stats.h"

/* --- What the media thread is told ------------------------------------------------------------ */

/* Without memory the stream hears those of before. The next check brings another attempt. */
static void tell_stream(const struct media *media, enum side side, enum component comp)
{
	const struct media_ice_side *of = &media->ice->side[side];
	struct stream_ice *told = of->agent ? media_ice_stream(of, comp) : NULL;

	if (of->agent && !told)
		return;
	if (bridge_ice(media->bridge, side, comp, told))
		free(told);
}

static void tell_bridge(const struct media *media, enum side side)
{
	for (int comp = 0; comp < 2; comp++)
		tell_stream(media, side, comp);
}

/* --- News ------------------------------------------------------------------------------------ */

/* Without rtcp-mux a phone may have an address for RTP, and none for RTCP. */
static const char failed_rtcp[] =
	"ICE has found no address for RTCP: only media is heard; it is at";
static const char failed_all[] =
	"ICE has found no address that answers: this side is not heard; tried for 40 seconds";

static const char *text_of(const struct ice_agent *agent, const char *text)
{
	return text == failed_all && ice_way(agent, 1) ? failed_rtcp : text;
}

/* " 192.0.2.1:4000", or nothing */
static const char *print_way(const struct ice_agent *agent, char *text)
{
	const struct ice_way *way = ice_way(agent, 1);

	*text = '\0';
	if (!way)
		return text;
	endpoint_print(&way->remote, text + 1);
	*text = ' ';
	return text;
}

static const struct {
	enum happening_kind kind;
	enum log_level level;
	const char *why; /* of the event */
	const char *text;
} told_states[] = {
	[ICE_COMPLETED] = { ICE_SELECTED, LOG_LEVEL_DEBUG, NULL, "ICE has selected" },
	[ICE_FAILED] = { ICE_HAS_FAILED, LOG_LEVEL_INFO, "no address answers", failed_all },
	[ICE_LOST] = { ICE_CONSENT_ENDED, LOG_LEVEL_INFO, "no answers for ice-consent",
		       "ICE: consent ended, no answers for ice-consent: this side is not heard "
		       "until ICE restarts; it was at" },
};

static void count_state(struct stats *stats, enum ice_state state)
{
	stats->ice_completed += state == ICE_COMPLETED;
	stats->ice_failed += state == ICE_FAILED;
	stats->ice_lost += state == ICE_LOST;
}

static void tell_state(struct media *media, enum side side)
{
	struct media_ice_side *ice = &media->ice->side[side];
	enum ice_state state = ice_state(ice->agent);
	struct happening happening = { .kind = told_states[state].kind,
				       .call = media->dialog->call,
				       .media = media,
				       .side = side,
				       .comp = COMP_RTP,
				       .why = told_states[state].why };
	char text[ENDPOINT_TEXT + 1];

	ice->told = (uint8_t)state;
	if (!told_states[state].text)
		return;
	count_state(media->table->conf.stats, state);
	events_tell(media->table->conf.events, &happening);
	log_call(told_states[state].level, media->dialog->call->id, "media %u: %s: %s%s",
		 media->index + 1U, side_names[side], text_of(ice->agent, told_states[state].text),
		 print_way(ice->agent, text));
}

/* @checked: a check has come: its source may be a new one */
static void follow_news(struct media *media, enum side side, bool checked)
{
	struct media_ice_side *ice = &media->ice->side[side];
	unsigned int news = ice_news(ice->agent);

	if (news || checked)
		tell_bridge(media, side);
	if (ice_state(ice->agent) != (enum ice_state)ice->told)
		tell_state(media, side);
	if (news)
		call_touch(media->dialog->call);
}

/* --- Sending --------------------------------------------------------------------------------- */

/* One that cannot be sent for want of memory is repeated later, as one that was lost. */
static void send_packet(const struct media *media, enum side side, const struct ice_packet *packet)
{
	bridge_stun(media->bridge, side, packet->local ? COMP_RTCP : COMP_RTP, &packet->to,
		    packet->data, packet->len);
}

/*
 * Of all medias with this phone. Other calls have no part in it: their phones are behind other
 * NATs, and the checks of a call are less than its media will be.
 */
static void pace(const struct media *media, enum side side)
{
	const struct dialog *dialog = media->dialog;
	const struct ice_agent *others[SDP_MAX_MEDIA];
	size_t n = 0;

	for (size_t i = 0; i < dialog->n_media && n < COUNT(others); i++) {
		const struct media *other = dialog->media[i];

		if (other && other != media && other->ice && other->ice->side[side].agent)
			others[n++] = other->ice->side[side].agent;
	}
	ice_pace(media->ice->side[side].agent, others, n);
}

static void step(struct media *media, enum side side, int64_t now_ms)
{
	struct ice_agent *agent = media->ice->side[side].agent;
	struct ice_packet packet;

	pace(media, side);
	while (ice_step(agent, now_ms, &packet))
		send_packet(media, side, &packet);
}

static void set_timer(struct media_ice *ice, int64_t now_ms)
{
	int64_t due_ms = INT64_MAX, wait_ms;

	for (int side = 0; side < 2; side++)
		if (ice->side[side].agent && ice_due(ice->side[side].agent) < due_ms)
			due_ms = ice_due(ice->side[side].agent);
	event_del(&ice->timer);
	if (due_ms == INT64_MAX)
		return;
	wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
	event_add(&ice->timer,
		  &(struct timeval){ .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000 });
}

static void run(struct media *media)
{
	int64_t now_ms = clock_ms();

	for (int side = 0; side < 2; side++) {
		if (!media->ice->side[side].agent)
			continue;
		step(media, side, now_ms);
		follow_news(media, side, false);
	}
	set_timer(media->ice, now_ms);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct media *media = arg;

	(void)fd;
	(void)what;
	run(media);
}

/* --- Commands and packets -------------------------------------------------------------------- */

void ice_run_commit(struct media *media, struct media_ice *ice)
{
	media_ice_free(media->ice);
	media->ice = ice;
	ice->media = media;
	event_assign(&ice->timer, media->table->conf.base, -1, 0, on_timer, media);
	for (int side = 0; side < 2; side++)
		tell_bridge(media, side);
	run(media);
}

/*
 * Is the way still in use? A nomination of another pair counts only if it is not (RFC 8445 has none
 * of these; apps that move to another network do). Asked only when that may be the matter.
 */
static void note_media(const struct media *media, enum side side, enum component comp,
		       const struct endpoint *from)
{
	struct ice_agent *agent = media->ice->side[side].agent;
	const struct ice_way *way = ice_way(agent, comp + 1);
	struct stream_report report;

	if (!way || endpoint_eq(&way->remote, from))
		return;
	media_report(media, side, comp, &report);
	if (report.last_in_ms && endpoint_eq(&report.latched, &way->remote))
		ice_heard(agent, comp + 1, report.last_in_ms);
}

static bool find_stream(const struct media *media, const struct endpoint *local, enum side *side,
			enum component *comp)
{
	each_component(s, c) {
		struct endpoint ep = media->local[s]->bind;

		endpoint_set_port(&ep, (uint16_t)(media->port[s] + c));
		if (!endpoint_eq(&ep, local))
			continue;
		*side = s;
		*comp = c;
		return true;
	}
	return false;
}

void ice_run_receive(struct media *media, const struct endpoint *local, const struct endpoint *from,
		     const uint8_t *data, size_t len)
{
	struct ice_packet reply;
	enum ice_verdict verdict;
	struct ice_agent *agent;
	enum component comp;
	enum side side;

	if (!media->dialog || !media->ice || !find_stream(media, local, &side, &comp))
		return;
	agent = media->ice->side[side].agent;
	if (!agent || comp + 1U > ice_components(agent))
		return;
	note_media(media, side, comp, from);
	verdict = ice_receive(agent, comp, from, data, len, clock_ms(), &reply);
	if (verdict == ICE_GOT_FORGED || verdict == ICE_GOT_UNSIGNED)
		media->table->conf.stats->ice_forged++;
	if (reply.len)
		send_packet(media, side, &reply);
	follow_news(media, side, verdict == ICE_GOT_CHECK || verdict == ICE_GOT_RESPONSE);
	run(media);
}

void ice_run_trickle(struct media *media, enum side side, const struct ice_description *lines)
{
	struct ice_agent *agent = media->ice ? media->ice->side[side].agent : NULL;

	if (!agent || ice_trickle(agent, lines, clock_ms()))
		return;
	call_touch(media->dialog->call);
	run(media);
}
