/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * play.h - prompts that phones of a call hear: begins and ends them, keeps what is played
 *
 * The media thread sends them (packet/player.h). Each media can play one to each side. Meanwhile
 * the other side's RTP to this phone stays in the daemon, which drops it. Control thread only.
 */
#ifndef RTPRELAY_CALL_PLAY_H
#define RTPRELAY_CALL_PLAY_H

#include "call/tree.h"
#include "sdp/sdp.h"

/**
 * struct media_play - a prompt that is being played
 * @number: of bridge_play()
 * @format: enum prompt_format; @pt: its payload type here
 * @duration_ms: of the file
 * @times: 0: until it is stopped
 */
struct media_play {
	uint32_t number, times;
	uint8_t format, pt;
	uint64_t duration_ms;
	char name[];
};

/**
 * struct play_ask - what to play
 * @choices: what the listener accepts, @n_choices; NULL: as its SDP says
 * @times: how often; 0: until it is stopped
 * @duration_ms: it ends after so long; 0: no such limit
 * @start_ms: where it begins the first time
 */
struct play_ask {
	struct str file;
	const struct prompt_choice *choices;
	size_t n_choices;
	uint32_t times, duration_ms;
	uint64_t start_ms;
};

/**
 * play_begin() - plays a prompt to @side, instead of one that it hears
 * @duration_ms: gets the duration of the file
 * Return: NULL; or why not: static, of media->table->conf.prompts until its next question
 */
const char *play_begin(struct media *media, enum side side, const struct play_ask *ask,
		       uint64_t *duration_ms);
/**
 * play_stop() - @side hears the other party again
 * @why: for the event, static
 * @position_ms: gets how far it had come in the file; NULL: nobody asks
 * Return: false: nothing was played, or out of memory
 */
bool play_stop(struct media *media, enum side side, const char *why, uint64_t *position_ms);
/* BRIDGE_PLAYED: it may be over. */
void play_news(struct media *media, enum side side);
/* An offer or answer was applied: ends prompts of codecs that are not negotiated any more. */
void play_mind(struct media *media);
/* The media ends. */
void play_close(struct media *media);
/* How far it has come in the file, in milliseconds; @side hears a prompt. */
uint64_t play_position_ms(const struct media *media, enum side side);

/* Keeps what @sdp, from @side, says about codecs that prompts can have. @ptime: 0: not given, ms */
void play_describe(struct media *media, enum side side, const struct sdp_media *sdp,
		   unsigned int ptime);
/* The media of @dialog by which a prompt can be heard: its first audio. NULL: it has none */
struct media *play_media(const struct dialog *dialog);

#endif
