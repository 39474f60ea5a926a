/* SPDX-License-Identifier: GPL-2.0-or-later */
/* play.c - prompts that phones of a call hear: begins and ends them, keeps what is played */
#include <stdlib.h>
#include "base/log.h"
#include "call/events.h"
#include "call/media_path.h"
#include "call/play.h"
#include "packet/bridge.h"
#include "packet/player.h"
#include "prompt/store.h"
#include "stats/stats.h"

#define PACKET_MS 20

static void tell(const struct media *media, enum side side, enum happening_kind kind,
		 const char *why)
{
	const struct happening happening = { .kind = kind,
					     .call = media->dialog->call,
					     .media = media,
					     .side = side,
					     .comp = COMP_RTP,
					     .why = why };

	events_tell(media->table->conf.events, &happening);
}

/* --- What a listener accepts ------------------------------------------------------------------ */

/* Names of a=rtpmap count before the numbers of RFC 3551; the clock of the others is another. */
static int format_of(const struct sdp_codec *codec)
{
	if (codec->clock && codec->clock != PROMPT_CLOCK)
		return -1;
	return codec->name.len ? prompt_format_named(codec->name) : prompt_format_of(codec->pt);
}

void play_describe(struct media *media, enum side side, const struct sdp_media *sdp,
		   unsigned int ptime)
{
	struct media_listener *listener = &media->listener[side];

	listener->n = 0;
	listener->ptime = (uint8_t)(ptime < 10 || ptime > PLAYER_FRAME_MS ? PACKET_MS : ptime);
	for (size_t i = 0; i < sdp->n_codecs && listener->n < PROMPT_FORMATS; i++) {
		int format = format_of(&sdp->codecs[i]);

		if (format < 0 || sdp->codecs[i].pt > 127)
			continue;
		listener->choice[listener->n++] =
			(struct prompt_choice){ sdp->codecs[i].pt, (uint8_t)format };
	}
}

struct media *play_media(const struct dialog *dialog)
{
	for (size_t i = 0; i < dialog->n_media; i++) {
		struct media *media = dialog->media[i];

		/* Without SDP the type is not known. */
		if (media && bridge_conf(media->bridge)->kind == BRIDGE_RTP &&
		    (!media->type[0] || !strcmp(media->type, "audio")))
			return media;
	}
	return NULL;
}

/*
 * SRTP or DTLS that passes through: the relay has no keys, and a phone would drop what is plain.
 */
static bool is_sealed(const struct media *media, enum side side)
{
	const struct bridge_conf *conf = bridge_conf(media->bridge);

	if (conf->side[side].flags & SIDE_SRTP)
		return false;
	return strstr(media->protocol[side], "SAVP") ||
	       (media->flags & (MEDIA_DTLS | MEDIA_SDES) && !(conf->side[!side].flags & SIDE_SRTP));
}

static bool accepts(const struct media *media, enum side side, const struct media_play *play)
{
	const struct media_listener *listener = &media->listener[side];

	if (!listener->n) /* it was chosen by the proxy */
		return true;
	for (size_t i = 0; i < listener->n; i++)
		if (listener->choice[i].pt == play->pt &&
		    listener->choice[i].format == play->format)
			return true;
	return false;
}

/* --- Begin and end ---------------------------------------------------------------------------- */

static uint64_t position_ms(const struct media *media, enum side side)
{
	const struct media_play *play = media->play[side];
	struct player_report report;

	bridge_player(media->bridge, side, play->number, &report);
	return prompt_ms((enum prompt_format)play->format, report.played_bytes);
}

uint64_t play_position_ms(const struct media *media, enum side side)
{
	return position_ms(media, side);
}

static void forget(struct media *media, enum side side)
{
	free(media->play[side]);
	media->play[side] = NULL;
	media->table->n_playing--;
}

static void over(struct media *media, enum side side, const char *why)
{
	log_call(LOG_LEVEL_DEBUG, media->dialog->call->id,
		 "media %u: the %s hears the prompt \"%s\" no longer: %s", media->index + 1U,
		 side_names[side], media->play[side]->name, why);
	tell(media, side, PROMPT_HAS_ENDED, why);
	forget(media, side);
}

static struct media_play *make_play(const struct prompt *prompt, uint8_t pt, uint32_t times)
{
	struct media_play *play = calloc(1, sizeof(*play) + strlen(prompt->name) + 1);

	if (!play)
		return NULL;
	play->format = prompt->format;
	play->pt = pt;
	play->times = times;
	play->duration_ms = prompt_ms((enum prompt_format)prompt->format, prompt->len);
	strcpy(play->name, prompt->name);
	return play;
}

static const char *begin(struct media *media, enum side side, const struct play_ask *ask,
			 struct prompt *prompt, uint8_t pt)
{
	enum prompt_format format = (enum prompt_format)prompt->format;
	unsigned int ptime = media->listener[side].ptime;
	struct player_conf conf = { .pt = pt,
				    .packet_ms = (uint16_t)(ptime ? ptime : PACKET_MS),
				    .times = ask->times,
				    .duration_ms = ask->duration_ms,
				    .start = prompt_bytes(format, ask->start_ms) };
	struct media_play *play;

	if (conf.start >= prompt->len)
		return "start-pos is behind the end of the file";
	play = make_play(prompt, pt, ask->times);
	if (play)
		play->number = bridge_play(media->bridge, side, prompt, &conf);
	if (!play || !play->number) {
		free(play);
		return "out of memory";
	}
	if (media->play[side])
		over(media, side, "another prompt is played");
	media->play[side] = play;
	media->table->n_playing++;
	return NULL;
}

static const char *find_and_begin(struct media *media, enum side side, const struct play_ask *ask,
				  uint64_t *duration_ms)
{
	const struct media_listener *listener = &media->listener[side];
	const struct prompt_choice *choices = ask->choices ? ask->choices : listener->choice;
	size_t n = ask->choices ? ask->n_choices : listener->n, taken = 0;
	struct prompt *prompt;
	const char *why;

	if (is_sealed(media, side))
		return "the media is encrypted from phone to phone: the relay has no keys for it";
	prompt = prompt_store_find(media->table->conf.prompts, ask->file, choices, n, &taken, &why);
	if (!prompt)
		return why;
	*duration_ms = prompt_ms((enum prompt_format)prompt->format, prompt->len);
	why = begin(media, side, ask, prompt, choices[taken].pt);
	if (why)
		prompt_put(prompt);
	return why;
}

const char *play_begin(struct media *media, enum side side, const struct play_ask *ask,
		       uint64_t *duration_ms)
{
	const char *why = find_and_begin(media, side, ask, duration_ms);
	struct stats *stats = media->table->conf.stats;

	if (why) {
		stats->prompts_refused++;
		return why;
	}
	stats->prompts_played++;
	log_call(LOG_LEVEL_DEBUG, media->dialog->call->id,
		 "media %u: the %s hears the prompt \"%s\", payload type %u", media->index + 1U,
		 side_names[side], media->play[side]->name, media->play[side]->pt);
	tell(media, side, PROMPT_HAS_STARTED, media->play[side]->name);
	media_path_follow(media); /* the flow toward the listener leaves the kernel */
	return NULL;
}

bool play_stop(struct media *media, enum side side, const char *why, uint64_t *at_ms)
{
	if (!media->play[side])
		return false;
	if (at_ms)
		*at_ms = position_ms(media, side);
	if (bridge_play_stop(media->bridge, side))
		return false;
	over(media, side, why);
	return true; /* the path follows when the media thread has ended it */
}

void play_news(struct media *media, enum side side)
{
	struct player_report report;

	if (media->play[side]) {
		bridge_player(media->bridge, side, media->play[side]->number, &report);
		if (report.over)
			over(media, side, "its end");
	}
	media_path_follow(media);
}

void play_mind(struct media *media)
{
	for (int side = 0; side < 2; side++)
		if (media->play[side] &&
		    (!accepts(media, side, media->play[side]) || is_sealed(media, side)))
			play_stop(media, side, "its codec is not negotiated any more", NULL);
}

void play_close(struct media *media)
{
	for (int side = 0; side < 2; side++)
		if (media->play[side])
			over(media, side, "the call, or this media, ended");
}
