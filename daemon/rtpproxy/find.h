/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * find.h - the session that a command of the classic protocol names
 *
 * For the files of rtpproxy/ only.
 */
#ifndef RTPRELAY_RTPP_FIND_H
#define RTPRELAY_RTPP_FIND_H

#include "rtpproxy/command.h"

struct rtpp_session {
	struct dialog *dialog;
	struct media *media;
	enum side whose; /* of the From-tag */
};

/* CALL FROM [TO], from argument @from on. False: there is none */
bool rtpp_find_by_args(const struct rtpp_command *command, size_t from,
		       struct rtpp_session *session);

#endif
