/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - a command of the classic protocol while it is executed
 *
 * For the files of rtpproxy/ only.
 */
#ifndef RTPRELAY_RTPP_COMMAND_H
#define RTPRELAY_RTPP_COMMAND_H

#include "base/buf.h"
#include "call/tree.h"
#include "command/command.h"
#include "rtpproxy/parse.h"

struct rtpp_notify;

struct rtpp_command {
	struct command_env *env;
	struct rtpp_notify *notify;
	const struct endpoint *source;
	size_t cookie;	       /* bytes before the answer: the cookie and a blank */
	struct str letters;    /* of the first word, after its first letter */
	const struct str *arg; /* the words after the first */
	size_t n_args;
	size_t tags_at;			 /* index of FROM in @arg; TO is the next */
	const struct rtpp_command *main; /* of a subcommand: the command before "&&" */
};

/*
 * Executes the command and appends its answer, without the end of the line. On an error the caller
 * discards what was appended.
 */
typedef enum rtpp_error rtpp_fn(const struct rtpp_command *command, struct buf *out);

#endif
