/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - asks the daemon one thing over NG and waits for its answer
 */
#ifndef RTPRELAY_CLIENT_H
#define RTPRELAY_CLIENT_H

#include "daemon/base/dict.h"

struct client_conf {
	const char *server;	 /* HOST:PORT, [V6]:PORT */
	unsigned int timeout_ms; /* for the whole question, repetitions included */
};

struct client_answer {
	struct dict *reply; /* a DICT_MAP in the arena */
	double took_ms;	    /* from the first sending */
	const char *error;  /* why there is none; static or in the arena */
};

/**
 * client_ask() - send @request in bencode, again and again with the same cookie, until an answer comes
 * Return: 0; -EINVAL, the server's name means nothing; -ETIMEDOUT, no answer; -ECONNREFUSED, nobody
 * listens there; -EPROTO, the answer makes no sense; other -errno of the socket. answer->error tells.
 */
int client_ask(const struct client_conf *conf, struct arena *arena, const struct dict *request,
	       struct client_answer *answer);

#endif
