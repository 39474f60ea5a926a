/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unix_owner.h - whose an abstract name of Unix sockets is */
#ifndef RTPRELAY_UNIX_OWNER_H
#define RTPRELAY_UNIX_OWNER_H

#include "base/str.h"

/*
 * Anybody on this host can bind any abstract name. False: in this network namespace all sockets
 * with the name @name (without its leading NUL) are of users that are neither root nor the user of
 * this process, or there is none. True also if the kernel does not tell (CONFIG_UNIX_DIAG).
 */
bool unix_name_is_ours(struct str name);

#endif
