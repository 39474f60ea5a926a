/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * local.h - which of our addresses a U or L means
 */
#ifndef RTPRELAY_RTPP_LOCAL_H
#define RTPRELAY_RTPP_LOCAL_H

#include "rtpproxy/command.h"

/* The addresses of ours that the modifiers mean, into @leg. */
enum rtpp_error rtpp_locals(const struct rtpp_command *command, const struct rtpp_modifiers *mods,
			    struct leg *leg);

#endif
