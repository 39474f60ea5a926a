/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.h - executes the commands of the classic protocol that concern calls
 */
#ifndef RTPRELAY_RTPP_SESSION_H
#define RTPRELAY_RTPP_SESSION_H

#include "rtpproxy/command.h"

rtpp_fn rtpp_update, rtpp_lookup, rtpp_delete, rtpp_query, rtpp_play, rtpp_stop_play, rtpp_record,
	rtpp_copy, rtpp_stop_record, rtpp_delete_all;
/* Subcommands, after "&&" */
rtpp_fn rtpp_sub_delete, rtpp_sub_lookup, rtpp_sub_set;

#endif
