/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - sends the daemon one request over NG and waits for its answer
 */
#ifndef RTPRELAY_CLIENT_H
#define RTPRELAY_CLIENT_H

#include "daemon/base/dict.h"

struct client_conf {
	const char *server;	 /* HOST:PORT, [V6]:PORT */
	unsigned int timeout_ms; /* for the whole exchange, repetitions included */
};

struct client_answer {
	struct dict *reply; /* a DICT_MAP in the arena */
	double took_ms;	    /* from the first sending */
	const char *error;  /* why there is no answer; static or in the arena */
};

/**
 * client_ask() - send @request in bencode, repeatedly with the same cookie, until an answer comes
 * Return: 0; -EINVAL, the server's name cannot be resolved; -ETIMEDOUT, no answer; -ECONNREFUSED,
 * no program listens there; -EPROTO, the answer is invalid; other -errno of the socket.
 * answer->error says why.
 */
int client_ask(const struct client_conf *conf, struct arena *arena, const struct dict *request,
	       struct client_answer *answer);

#endif
