/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subscription.h - the SDP of a subscription: what a recorder is offered, and what it answers
 *
 * command/subscribe.c has the commands, command/subscription_find.c whose medias are meant,
 * command/subscription.c the text.
 */
#ifndef RTPRELAY_SUBSCRIPTION_H
#define RTPRELAY_SUBSCRIPTION_H

#include "call/copies.h"
#include "command/command.h"
#include "sdp/sdp.h"

/* What one party sends in one media. */
struct subscription_source {
	struct dialog *dialog;
	unsigned int index;
	enum side side;
};

struct subscription_sources {
	struct subscription_source source[COPY_LINES];
	size_t n;
};

/* What the request names, as far as it can be copied; the caller's medias come first. */
void subscription_find(const struct call *call, const struct request *request,
		       struct subscription_sources *sources);

/**
 * subscription_write() - the SDP for the recorder: an m= line for each line of the subscriber
 * Sets what each line may send (line->pts). A line without source, ports or codecs has port 0.
 * Return: 0; -ENOMEM
 */
int subscription_write(struct command_env *env, const struct request *request,
		       struct subscriber *subscriber, struct str *text);

/* What the answer means for one line. */
struct subscription_answer {
	bool accepted;
	struct endpoint to[2];
	uint64_t pts[2];
	struct str key; /* a line with the key in use, in the arena; empty: plain */
};

/**
 * subscription_read() - one m= line of the recorder's answer
 * @m: NULL: the answer has none for this line
 * Return: NULL; or why the answer cannot be used, static text for the log
 */
const char *subscription_read(struct command_env *env, const struct subscriber *subscriber,
			      const struct subscriber_line *line, const struct sdp *sdp,
			      const struct sdp_media *m, struct subscription_answer *answer);

/* The a=crypto lines that the recorder is offered for the line, once and for all. 0; -ENOMEM */
int subscription_make_keys(const struct request *request, struct subscriber_line *line);

#endif
