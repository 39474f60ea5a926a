/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check_paths.h - can the daemon create the files and sockets that the configuration names? */
#ifndef RTPRELAY_CHECK_PATHS_H
#define RTPRELAY_CHECK_PATHS_H

#include "conf/conf.h"
#include "privs.h"

/**
 * check_paths() - checks pidfile, control-socket, bpf-pin, cdr-file, state-dir,
 * recording-dir and Unix sockets of listen-rtpproxy; creates nothing
 *
 * A file in use by a running daemon is no error, since its configuration may be checked before a
 * restart. A child process checks what is opened after the change of user: with that user's rights.
 * @user: the user to change to, as at the start
 * Return: number of errors, all logged
 */
unsigned int check_paths(const struct conf *conf, const struct privs_user *user);

#endif
