/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - offer, answer, delete, query, list, ping: one function each, for any protocol
 *
 * Control thread only. A command either succeeds as a whole or changes nothing.
 */
#ifndef RTPRELAY_COMMAND_H
#define RTPRELAY_COMMAND_H

#include "command/request.h"
#include "packet/side.h"
#include "stats/stats.h"

struct dialog;

/* The objects that commands work on; all are borrowed from struct relay. */
struct command_env {
	struct call_table *calls;
	struct stats *stats;
	bool rtpproxy_silent; /* rtpproxy-full = silent */
	struct arena *arena;  /* reset by ctl/ctl.c before each command */
	int64_t now_ms;	      /* set by ctl/ctl.c before each command */
};

/* Always fills *reply. */
typedef void command_fn(struct command_env *env, const struct request *request,
			struct reply *reply);

command_fn command_ping, command_offer, command_answer, command_delete, command_query, command_list,
	command_statistics, command_block_media, command_unblock_media, command_block_dtmf,
	command_unblock_dtmf, command_silence_media, command_unsilence_media, command_play_media,
	command_stop_media, command_start_recording, command_stop_recording,
	command_pause_recording, command_leg_offer, command_leg_answer, command_subscribe_request,
	command_subscribe_answer, command_unsubscribe;

/* Of block, silence, play: is this party meant by label, address, tag or "all"? */
bool command_is_meant(const struct dialog *dialog, enum side side, const struct request *request);

#endif
