/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify.c - notifies proxies that a session timed out: which proxy asked for it, with which text
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include "base/log.h"
#include "base/resolve.h"
#include "base/siphash.h"
#include "call/timeout_post.h"
#include "rtpproxy/listener.h"
#include "rtpproxy/notify.h"
#include "stats/stats.h"

#define SELF	   "%%CC_SELF%%"
#define RECIPIENTS 64 /* %%CC_SELF%% has one for each proxy */

/* A configured "notify". */
struct target {
	struct str text; /* as a U names it, but always with "unix:" before a path */
	char *memory;
	uint32_t mark; /* hash of @text, the same in every daemon: the journal keeps it */
	bool self;
	struct endpoint addr; /* TCP; with @self only the port is used. Unset: a Unix socket */
};

/* Receiver of lines: a target, and if it is %%CC_SELF%% the address of the proxy that asked. */
struct recipient {
	const struct target *target;
	struct endpoint addr;
	struct rtpp_listener *listener;
};

struct rtpp_notify {
	struct event_base *base;
	struct target *targets;
	size_t n_targets;
	struct recipient recipients[RECIPIENTS];
	size_t n_recipients;
};

/* --- Recipients ------------------------------------------------------------------------------- */

static struct endpoint address_of(const struct target *target, const struct endpoint *source)
{
	struct endpoint addr = target->addr;

	if (target->self) {
		addr = *source;
		endpoint_set_port(&addr, endpoint_port(&target->addr));
	}
	return addr;
}

static bool same_address(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_is_set(a) ? endpoint_eq(a, b) : !endpoint_is_set(b);
}

/* An unused entry; else one without queued lines is replaced. NULL: all have queued lines. */
static struct recipient *free_recipient(struct rtpp_notify *notify)
{
	struct recipient *r;

	if (notify->n_recipients < RECIPIENTS)
		return &notify->recipients[notify->n_recipients++];
	for (size_t i = 0; i < RECIPIENTS; i++) {
		r = &notify->recipients[i];
		if (r->listener && rtpp_listener_waiting(r->listener))
			continue;
		rtpp_listener_free(r->listener);
		return r;
	}
	return NULL;
}

/* Created when first needed. NULL: too many recipients, or out of memory. */
static struct rtpp_listener *listener_of(struct rtpp_notify *notify, const struct target *target,
					 const struct endpoint *source)
{
	struct endpoint addr = address_of(target, source);
	struct recipient *r;

	if (target->self && !endpoint_is_set(source))
		return NULL;
	for (size_t i = 0; i < notify->n_recipients; i++) {
		r = &notify->recipients[i];
		if (r->listener && r->target == target && same_address(&r->addr, &addr))
			return r->listener;
	}
	r = free_recipient(notify);
	if (!r)
		return NULL;
	*r = (struct recipient){ target, addr,
				 rtpp_listener_new(notify->base, target->text.s, &addr) };
	return r->listener;
}

/* NULL: a restored call may name a target that the configuration of this daemon does not have. */
static const struct target *find_target(const struct rtpp_notify *notify, uint32_t mark)
{
	for (size_t i = 0; i < notify->n_targets; i++)
		if (notify->targets[i].mark == mark)
			return &notify->targets[i];
	return NULL;
}

bool rtpp_notify_send(struct rtpp_notify *notify, const struct notice *notice)
{
	const struct target *target = find_target(notify, notice->target);
	struct rtpp_listener *listener =
		target ? listener_of(notify, target, &notice->source) : NULL;

	if (listener)
		return rtpp_listener_tell(listener, notice->tag);
	log_warn("notify: a time-out notification is lost: %s",
		 target ? "too many listeners, or out of memory"
			: "its listener is no longer configured");
	return false;
}

static bool is_repeated(const struct dialog *dialog, size_t index)
{
	const struct notice *notice = dialog->media[index]->notice;

	for (size_t i = 0; i < index; i++) {
		const struct notice *before = dialog->media[i] ? dialog->media[i]->notice : NULL;

		if (before && before->target == notice->target && str_eq(before->tag, notice->tag))
			return true;
	}
	return false;
}

void rtpp_notify_timed_out(void *arg, const struct dialog *dialog)
{
	struct stats *stats = dialog->call->table->conf.stats;

	for (size_t i = 0; i < dialog->n_media; i++)
		if (dialog->media[i] && dialog->media[i]->notice && !is_repeated(dialog, i))
			stats->notices_lost += !rtpp_notify_send(arg, dialog->media[i]->notice);
}

size_t rtpp_notify_waiting(const struct rtpp_notify *notify)
{
	size_t sum = 0;

	for (size_t i = 0; i < notify->n_recipients; i++)
		if (notify->recipients[i].listener)
			sum += rtpp_listener_waiting(notify->recipients[i].listener);
	return sum;
}

/* --- The words of a U ------------------------------------------------------------------------- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes URL encoding. False: not well-formed, empty, too long, or with control characters. */
static bool decode(struct str text, char *out, size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.s[i] == '+' ? ' ' : text.s[i];

		if (c == '%') {
			int high = i + 2 < text.len ? hex(text.s[i + 1]) : -1;
			int low = i + 2 < text.len ? hex(text.s[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if ((unsigned char)c < ' ' || c == 0x7f || *len == RTPP_TAG_MAX)
			return false;
		out[(*len)++] = c;
	}
	return *len;
}

static bool names(const struct target *target, struct str socket)
{
	struct str own = target->text;

	if (str_starts(socket, STR("/")) && str_starts(own, STR("unix:"))) {
		own.s += 5;
		own.len -= 5;
	}
	return str_eq(own, socket);
}

static const struct target *target_named(const struct rtpp_notify *notify, struct str socket)
{
	for (size_t i = 0; i < notify->n_targets; i++)
		if (names(&notify->targets[i], socket))
			return &notify->targets[i];
	return NULL;
}

enum rtpp_error rtpp_notify_make(struct rtpp_notify *notify, const struct endpoint *source,
				 struct str socket, struct str tag, struct notice **notice)
{
	char text[RTPP_TAG_MAX], shown[80];
	const struct target *target;
	size_t len;

	*notice = NULL;
	if (!notify)
		return RTPP_E_NOTIFY_OFF;
	if (!decode(tag, text, &len))
		return RTPP_E_SYNTAX;
	target = target_named(notify, socket);
	if (!target || (target->self && !endpoint_is_set(source))) {
		log_info("notify: a command asks for \"%s\", which is not configured: no time-out "
			 "notification will be sent",
			 log_escape(socket, shown, sizeof(shown)));
		return RTPP_OK;
	}
	*notice = malloc(sizeof(**notice) + len);
	if (!*notice)
		return RTPP_E_MEMORY;
	**notice = (struct notice){ .target = target->mark,
				    .source = *source,
				    .tag = { (*notice)->text, len } };
	memcpy((*notice)->text, text, len);
	return RTPP_OK;
}

/* --- Start and end ---------------------------------------------------------------------------- */

static const char *read_target(struct target *target, const char *text)
{
	static const struct siphash_key no_secret = { { 0, 0 } };
	static const char bad[] =
		"expected unix:PATH, tcp:HOST:PORT, tcp:" SELF ":PORT or http://HOST:PORT/PATH";
	size_t size = strlen(text) + sizeof("unix:");
	const char *at;

	target->memory = malloc(size);
	if (!target->memory)
		return "out of memory";
	snprintf(target->memory, size, "%s%s", text[0] == '/' ? "unix:" : "", text);
	target->text = str_of(target->memory);
	target->mark = (uint32_t)siphash(&no_secret, target->text);
	if (str_starts(target->text, STR("unix:/")))
		return target->text.len - 5 < sizeof(((struct sockaddr_un *)0)->sun_path)
			       ? NULL
			       : "the path is too long";
	if (!str_starts(target->text, STR("tcp:")))
		return bad;
	at = target->memory + 4;
	target->self = !strncmp(at, SELF ":", sizeof(SELF));
	if (!target->self)
		return endpoint_resolve(at, &target->addr, 1) == 1 && endpoint_port(&target->addr)
			       ? NULL
			       : bad;
	target->addr.sa.sa_family = AF_INET;
	{
		uint64_t port;

		if (!str_to_u64(str_of(at + sizeof(SELF)), UINT16_MAX, &port) || !port)
			return bad;
		endpoint_set_port(&target->addr, (uint16_t)port);
	}
	return NULL;
}

bool rtpp_notify_any(const struct conf_list *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		if (!timeout_post_is(targets->item[i]))
			return true;
	return false;
}

struct rtpp_notify *rtpp_notify_open(struct event_base *base, const struct conf_list *targets,
				     const char **error)
{
	static __thread char text[256];
	struct rtpp_notify *notify = calloc(1, sizeof(*notify));
	size_t i = 0;

	*error = "notify: out of memory";
	if (!notify)
		return NULL;
	notify->base = base;
	notify->targets = calloc(targets->count + 1, sizeof(*notify->targets));
	while (notify->targets && i < targets->count) {
		const char *value = targets->item[i++];
		const char *why;

		if (timeout_post_is(value))
			continue;
		why = read_target(&notify->targets[notify->n_targets++], value);
		if (!why)
			continue;
		snprintf(text, sizeof(text), "notify %s: %s", value, why);
		*error = text;
		rtpp_notify_close(notify);
		return NULL;
	}
	if (notify->targets)
		return notify;
	rtpp_notify_close(notify);
	return NULL;
}

void rtpp_notify_close(struct rtpp_notify *notify)
{
	if (!notify)
		return;
	for (size_t i = 0; i < notify->n_recipients; i++)
		rtpp_listener_free(notify->recipients[i].listener);
	for (size_t i = 0; i < notify->n_targets; i++)
		free(notify->targets[i].memory);
	free(notify->targets);
	free(notify);
}
