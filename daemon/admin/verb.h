/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verb.h - the verbs of the control socket, a row for each
 *
 * A verb begins, then steps until it is done. A step writes one line or a few. Calls may end
 * between two steps: a step must not use a pointer into a call that an earlier step found.
 */
#ifndef RTPRELAY_ADMIN_VERB_H
#define RTPRELAY_ADMIN_VERB_H

#include "base/dict.h"

struct admin_peer;

enum admin_step { ADMIN_MORE, ADMIN_DONE };

struct admin_verb {
	const char *name;
	bool changes;
	bool content; /* shows what is said in calls: not to those who may only read */
	/*
	 * True: steps or events follow. False: the request was answered, possibly by admin_error().
	 */
	bool (*begin)(struct admin_peer *peer, const struct dict *request);
	enum admin_step (*step)(struct admin_peer *peer); /* NULL: events write the lines */
	/* Is there a step to run now? Until then events write the lines. NULL: always */
	bool (*ready)(const struct admin_peer *peer);
	void (*end)(struct admin_peer *peer); /* or NULL */
};

extern const struct admin_verb admin_verb_status, admin_verb_calls, admin_verb_call,
	admin_verb_streams, admin_verb_stats, admin_verb_kernel, admin_verb_watch,
	admin_verb_terminate, admin_verb_set, admin_verb_ban, admin_verb_unban, admin_verb_banned,
	admin_verb_config, admin_verb_nat, admin_verb_record, admin_verb_recordings,
	admin_verb_pcap;

#endif
