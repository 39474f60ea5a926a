/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_start.h - the process: background, process ID, user and capabilities, system calls */
#ifndef RTPRELAY_PROCESS_START_H
#define RTPRELAY_PROCESS_START_H

struct relay;

/* Steps of relay_start(). Return: 0; -errno: logged */

/* Detaches, unless "foreground" is set. */
int start_background(struct relay *relay);
/* Also refuses to start beside a daemon with the same pidfile. */
int start_pidfile(struct relay *relay);
/* Before any thread is started: user, groups and capabilities. */
int start_unprivileged(struct relay *relay);
/* After BPF programs are loaded, before any thread is started: CAP_PERFMON is only for loading. */
int start_without_loading(struct relay *relay);
/* Before the first thread; threads for the log have the capabilities that are left. */
int start_confinement(struct relay *relay);

/* Logs that the user or group @name, of one of the keys for them, is unknown. Return: @err */
int relay_unknown_user(const char *name, int err);

#endif
