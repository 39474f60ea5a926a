/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server.h - where the daemon listens for NG, asked over its control socket */
#ifndef RTPRELAY_SERVER_H
#define RTPRELAY_SERVER_H

#include "options.h"

/* Bytes of HOST:PORT */
#define SERVER_TEXT 300

/**
 * server_find() - an address of the daemon for NG that can be reached from this host
 * Return: 0; -ENOENT: NG is off; -ENOTCONN: no control socket answers, or this user may not ask
 */
int server_find(const struct options *options, char text[SERVER_TEXT]);

#endif
