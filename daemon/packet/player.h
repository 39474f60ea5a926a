/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * player.h - sends a prompt to one phone, by the stream that the phone sends to
 *
 * The packets are a stream of their own, with an SSRC that stays for the whole call; while they are
 * sent, RTP of the other side to this phone is dropped. Then that goes on as the other phone sends
 * it, with the marker bit in its first packet. docs/prompts.md
 *
 * player_begin(), player_packet() and player_end() are pure: no I/O and no clock. The others are
 * for media threads.
 */
#ifndef RTPRELAY_PACKET_PLAYER_H
#define RTPRELAY_PACKET_PLAYER_H

#include "packet/state.h"
#include "prompt/prompt.h"

struct batch;

/* Of one packet: 60 ms of G.711, and its header. */
#define PLAYER_FRAME_MS	   60
#define PLAYER_PACKET_MAX  (12 + PLAYER_FRAME_MS * 8)
#define PLAYER_PACKET_ROOM (PLAYER_PACKET_MAX + 160) /* with what SRTP adds */

/* Packets that are late by more move the times of all that follow: nobody would hear them. */
#define PLAYER_LATE_US 200000

/**
 * struct player - of one stream, from its first prompt until its bridge is freed
 * @item: in the wheel of the thread, while it plays
 * @prompt: a reference; NULL: it does not play
 * @next_us: when the next packet is due; 0: none could be sent yet. @begun_us: of the first one
 * @sent_until_us: when the audio of the last packet of any prompt was over; 0: there was none
 * @at: in prompt->bytes, of the next packet
 * @left: how often it plays, with this time; 0: for ever
 * @packet_bytes: of audio, in each packet but the last
 * @first: the next packet has the marker
 * @known: @ssrc, @seq and @timestamp were chosen
 * @ordered: control thread: orders to play so far
 * @number, @done: shared; of the order that is played; of the last one that is over
 * @sent: shared; packets of this order
 * @played_bytes: shared; of the prompt, from its beginning to the next packet
 */
struct player {
	struct wheel_item item;
	struct stream *stream;
	struct prompt *prompt;
	struct player_conf conf;
	int64_t next_us, begun_us, sent_until_us;
	size_t at, packet_bytes;
	uint32_t left;
	uint32_t ssrc, timestamp;
	uint16_t seq;
	bool first, known;
	uint32_t ordered, number, done;
	uint64_t sent, played_bytes;
};

/**
 * player_begin() - a prompt, from now on, instead of one that plays
 * @prompt: with a reference, the player's from then on
 * @number: of the order
 */
void player_begin(struct player *player, struct prompt *prompt, const struct player_conf *conf,
		  uint32_t number);
/**
 * player_packet() - the next one
 * @ssrc: of the call's own packets to this phone, which the prompt must not have; 0: none yet
 * @to: has PLAYER_PACKET_ROOM bytes
 * Return: its length; 0: the prompt is over, or it is not time yet
 */
size_t player_packet(struct player *player, int64_t now_us, uint32_t ssrc, uint8_t *to);
/* Is the last packet sent, and its audio over? */
bool player_is_over(const struct player *player, int64_t now_us);
/* Gives the prompt back. Also if it does not play. */
void player_end(struct player *player);

/* ORDER_PLAY: begins or ends. */
void player_order(struct wheel *wheel, struct order_play *order, int64_t now_us);
/* Visits one that is due. Return: its stream, which has news if news_bits are set; NULL: none is */
struct stream *player_visit(struct wheel *wheel, struct batch *batch, int64_t now_us);
/* @bridge ends. */
void player_stop(struct wheel *wheel, struct bridge *bridge);

#endif
