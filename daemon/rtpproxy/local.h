/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * local.h - chooses the local address that a U or L asks for
 */
#ifndef RTPRELAY_RTPP_LOCAL_H
#define RTPRELAY_RTPP_LOCAL_H

#include "rtpproxy/command.h"

/* Sets leg->local to the addresses that the modifiers ask for; NULL in it: as configured. */
enum rtpp_error rtpp_locals(const struct rtpp_command *command, const struct rtpp_modifiers *mods,
			    struct leg *leg);

#endif
