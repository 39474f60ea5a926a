/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctl.h - control sockets: receive, check the source, replay, run, send the reply
 *
 * Reads datagrams in batches. A reply is sent from the address that the request was sent to, also
 * if the socket is bound to a wildcard address.
 */
#ifndef RTPRELAY_CTL_H
#define RTPRELAY_CTL_H

#include "base/buf.h"
#include "base/list.h"
#include "command/command.h"
#include "gate/protocol.h"

struct event_base;
struct ctl;

/* A protocol, and the addresses where its requests are received. */
struct ctl_listen {
	const struct control_protocol *protocol;
	const struct conf_list *at; /* NULL: only at ports of protocols with takes_others */
	void *arg;		    /* for protocol->run() */
};

struct ctl_conf {
	const struct ctl_listen *listen; /* all protocols; sockets are opened in this order */
	size_t n_listen;
	const struct conf_list *control_allow;
	unsigned int replay_entries, replay_mbytes;
	unsigned int idle_s; /* control-idle; 0: connections are not closed for being idle */
};

/* Largest UDP payload over IPv4: the limit for requests, and for replies over UDP. */
#define CTL_DATAGRAM CONTROL_REQUEST_MAX

/* Called after each batch, to deliver messages to the media threads (worker_pool_flush). */
typedef void ctl_batch_fn(void *arg);

/*
 * NULL: *error is a text with the address and the reason, which the next call overwrites. Without
 * an address to listen at there are no sockets, for tests.
 */
struct ctl *ctl_open(struct event_base *base, const struct ctl_conf *conf, struct command_env *env,
		     ctl_batch_fn *batch, void *arg, const char **error);
/* Takes NULL. */
void ctl_close(struct ctl *ctl);

/* The networks that may send commands, as the value of control-allow; cut to @size. */
void ctl_allowed(const struct ctl *ctl, char *out, size_t size);
/*
 * One datagram at a port of @protocol in, one reply out (out->len 0: none is sent). Separate from
 * the sockets for tests and fuzzing. The caller then calls its ctl_batch_fn.
 */
void ctl_datagram(struct ctl *ctl, const struct control_protocol *protocol,
		  const struct endpoint *source, struct str datagram, struct buf *out);
/* May @source send commands? If not, that is counted and logged. */
bool ctl_allows(struct ctl *ctl, const struct endpoint *source);
/*
 * One request of @protocol that arrived over a connection of somebody else's, from an allowed
 * @source. @cookie: it begins with a cookie, and so does the reply; a repeated one gets the
 * recorded reply. Delivers messages to the media threads. False: there is no valid cookie
 */
bool ctl_request(struct ctl *ctl, const struct control_protocol *protocol,
		 const struct endpoint *source, struct str request, bool cookie, struct buf *out);
/* Port of the n-th UDP socket, for tests that listen on port 0; 0: there is no such socket. */
uint16_t ctl_port(const struct ctl *ctl, size_t n);
/* The same for the n-th listener of connections: 0 also if that is not TCP. */
uint16_t ctl_stream_port(const struct ctl *ctl, size_t n);

#endif
