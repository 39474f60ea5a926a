/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - a command of the classic protocol in hand; between the files of rtpp.h only
 */
#ifndef RTPRELAY_RTPP_COMMAND_H
#define RTPRELAY_RTPP_COMMAND_H

#include "call/tree.h"
#include "rtpproxy/rtpp.h"

struct rtpp_command {
	struct command_env *env;
	struct rtpp_notify *notify;
	const struct endpoint *source;
	size_t cookie;	       /* bytes that will stand before the answer */
	struct str letters;    /* what stands behind the first one */
	const struct str *arg; /* the words after the first */
	size_t n_args;
	size_t tags_at;			 /* which of them is FROM, TO the next */
	const struct rtpp_command *main; /* of a subcommand: what it stands behind */
};

/* Does it, and appends its answer without the end of the line; on an error the answer is as it was. */
typedef enum rtpp_error rtpp_fn(const struct rtpp_command *command, struct buf *out);

/* rtpproxy/session.c */
rtpp_fn rtpp_update, rtpp_lookup, rtpp_delete, rtpp_query, rtpp_play, rtpp_stop_play, rtpp_record,
	rtpp_copy, rtpp_stop_record, rtpp_delete_all;
/* ... behind "&&" */
rtpp_fn rtpp_sub_delete, rtpp_sub_lookup, rtpp_sub_set;

/* rtpproxy/local.c: the addresses of ours that the modifiers mean, into @leg */
enum rtpp_error rtpp_locals(const struct rtpp_command *command, const struct rtpp_modifiers *mods,
			    struct leg *leg);

/* rtpproxy/reply.c */
rtpp_fn rtpp_info, rtpp_stats;
/* @whose: the side that is told first; @names: of counters, none: the usual five */
enum rtpp_error rtpp_query_reply(const struct rtpp_command *command, struct media *media,
				 enum side whose, const struct str *names, size_t n_names,
				 struct buf *out);
/* "port address", and " 6" */
void rtpp_reply_endpoint(const struct endpoint *ep, struct buf *out);

/* Only these letters, in either case, each at most once. */
bool rtpp_has_letter(struct str letters, char letter);
bool rtpp_only_letters(struct str letters, const char *allowed);

#endif
