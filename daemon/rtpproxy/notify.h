/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify.h - notifies proxies that a session timed out: one line each, over a lasting connection
 *
 * In the format that OpenSIPS expects. No function here blocks: while a listener is not connected,
 * its lines are queued, up to a limit. Control thread only.
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

/* Is any value of "notify" for this protocol? The others are URLs (call/timeout_post.h). */
bool rtpp_notify_any(const struct conf_list *targets);
/**
 * rtpp_notify_open() - reads the values of "notify"; does not connect yet
 * @targets: unix:PATH, PATH, tcp:HOST:PORT, tcp:%%CC_SELF%%:PORT; URLs are left out
 * Return: NULL and *error, a text with the value
 */
struct rtpp_notify *rtpp_notify_open(struct event_base *base, const struct conf_list *targets,
				     const char **error);
/* Queued lines are lost. Takes NULL. */
void rtpp_notify_close(struct rtpp_notify *notify);

/**
 * rtpp_notify_make() - makes the notice that the two words of a U ask for
 * @tag: encoded as in a URL
 * @notice: gets the notice; NULL if @socket is not configured: that is logged, and the call has no
 *	notice
 * Return: RTPP_OK; RTPP_E_NOTIFY_OFF, no "notify" is configured; RTPP_E_SYNTAX, @tag is not the
 * text of one line; RTPP_E_MEMORY
 */
enum rtpp_error rtpp_notify_make(struct rtpp_notify *notify, const struct endpoint *source,
				 struct str socket, struct str tag, struct notice **notice);
/* False: a notice was lost, this one or an older one of the same receiver. */
bool rtpp_notify_send(struct rtpp_notify *notify, const struct notice *notice);
/* A call_timed_out_fn: sends each notice of the dialog's medias once. @arg: struct rtpp_notify */
void rtpp_notify_timed_out(void *arg, const struct dialog *dialog);
/* Queued lines of all listeners. */
size_t rtpp_notify_waiting(const struct rtpp_notify *notify);

#endif
