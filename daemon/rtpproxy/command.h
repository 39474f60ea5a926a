/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - a command of the classic protocol while it is carried out
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
	size_t cookie;	       /* bytes that will stand before the answer */
	struct str letters;    /* what stands behind the first one */
	const struct str *arg; /* the words after the first */
	size_t n_args;
	size_t tags_at;			 /* which of them is FROM, TO the next */
	const struct rtpp_command *main; /* of a subcommand: what it stands behind */
};

/*
 * Does it, and appends its answer without the end of the line; on an error the answer is as it was.
 */
typedef enum rtpp_error rtpp_fn(const struct rtpp_command *command, struct buf *out);

#endif
