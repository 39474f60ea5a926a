/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify.h - tells proxies that a session timed out: a line for each, over a connection that is kept
 *
 * As OpenSIPS listens for it. Nothing here ever waits: a listener that is away finds the lines of its time when it is
 * back, up to a limit. Control thread only.
 */
#ifndef RTPRELAY_RTPP_NOTIFY_H
#define RTPRELAY_RTPP_NOTIFY_H

#include <event2/event.h>
#include "base/list.h"
#include "call/tree.h"
#include "rtpproxy/listener.h"
#include "rtpproxy/parse.h"

struct rtpp_notify;
struct dialog;

/**
 * rtpp_notify_open() - for these values of "notify": unix:PATH, PATH, tcp:HOST:PORT, tcp:%%CC_SELF%%:PORT
 * Return: NULL and *error, which names the value; connects to nobody yet
 */
struct rtpp_notify *rtpp_notify_open(struct event_base *base, const struct conf_list *targets,
				     const char **error);
/* Lines that wait are lost. Takes NULL. */
void rtpp_notify_close(struct rtpp_notify *notify);

/**
 * rtpp_notify_make() - the notice that the two words of a U ask for
 * @tag: encoded as in a URL
 * @notice: gets it, or NULL when @socket is none that is configured, which is logged: the call goes on without
 * Return: RTPP_OK; RTPP_E_NOTIFY_OFF, nothing is configured; RTPP_E_SYNTAX, no text for one line; RTPP_E_MEMORY
 */
enum rtpp_error rtpp_notify_make(struct rtpp_notify *notify, const struct endpoint *source,
				 struct str socket, struct str tag, struct notice **notice);
/* False: a notice was lost, this one or an older one of the same receiver. */
bool rtpp_notify_send(struct rtpp_notify *notify, const struct notice *notice);
/* call_timed_out_fn: each text of the dialog's medias once. @arg: the struct rtpp_notify */
void rtpp_notify_timed_out(void *arg, const struct dialog *dialog);
/* Lines that wait for their listeners. */
size_t rtpp_notify_waiting(const struct rtpp_notify *notify);

#endif
