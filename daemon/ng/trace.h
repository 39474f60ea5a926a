/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace.h - a command or reply of NG in readable lines, for an operator (call/trace.h) */
#ifndef RTPRELAY_NG_TRACE_H
#define RTPRELAY_NG_TRACE_H

#include "base/dict.h"
#include "call/tree.h"
#include "command/command.h"

/* Does anybody want the command @map and its reply? @log: as of trace_begin() */
bool ng_trace_begin(struct trace *trace, const struct command_env *env, const struct dict *map,
		    bool log);
/* A line for each member of @tree, SDP line by line. @command_from: as of trace_head() */
void ng_trace(struct trace *trace, const char *command_from, const struct endpoint *proxy,
	      const struct dict *tree);

#endif
