/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set.c - the verb set: drain, the calls to debug, and the keys of the configuration that may
 * change while the daemon runs
 *
 * All values are checked before any takes effect. They last until the next SIGHUP or restart, which
 * apply the configuration; drain lasts until it is switched off, with a state-dir also over
 * restarts, unless "until-restart" says otherwise.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "admin/answer.h"
#include "base/clock.h"
#include "base/log.h"
#include "call/drain.h"
#include "conf/table.h"

struct settings {
	int drain, until_restart; /* -1: not given */
	struct str debug_call;	  /* a Call-ID, "none"; empty: not given */
	bool some;		  /* keys of the configuration are given */
	struct conf conf; /* the running one with the new values; shares its texts and lists */
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct admin_peer *peer,
							 const char *format, ...)
{
	char text[CONF_ROW_ERROR + 100];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	admin_error(peer, CONTROL_ERROR_REQUEST, text);
	return false;
}

/* base/json.c returns true and false as "yes" and "no". */
static bool read_switch(struct str text, int *set)
{
	if (str_eq(text, STR("yes")) || str_eq(text, STR("on")))
		*set = 1;
	else if (str_eq(text, STR("no")) || str_eq(text, STR("off")))
		*set = 0;
	return !text.len || *set >= 0;
}

static bool read_row(struct admin_peer *peer, const struct dict *value, struct settings *set)
{
	const struct conf_row *row = conf_row_find(value->key);
	char text[CONF_ROW_TEXT], error[CONF_ROW_ERROR];

	if (!row) {
		conf_row_suggest(value->key, 0, text, sizeof(text));
		return refuse(peer, "there is no key \"%.*s\"%s",
			      (int)(value->key.len < 60 ? value->key.len : 60), value->key.s, text);
	}
	if (!(row->flags & ROW_RELOAD))
		return refuse(peer,
			      "%s cannot change while the daemon runs: change the "
			      "configuration and restart",
			      row->name);
	if (value->type == DICT_INT)
		snprintf(text, sizeof(text), "%" PRId64, value->integer);
	else if (value->type == DICT_STRING && value->string.len < sizeof(text))
		snprintf(text, sizeof(text), "%.*s", STR_ARG(value->string));
	else
		return refuse(peer, "%s: the value is not a number or a word", row->name);
	if (conf_row_set(row, &set->conf, text, error))
		return refuse(peer, "%s: %s", row->name, error);
	set->some = true;
	return true;
}

/* Members of the request that are no keys of the configuration. */
static bool is_ours(struct str key)
{
	return str_eq(key, STR("v")) || str_eq(key, STR("verb")) || str_eq(key, STR("drain")) ||
	       str_eq(key, STR("until-restart")) || str_eq(key, STR("debug-call"));
}

static bool read_settings(struct admin_peer *peer, const struct dict *request, struct settings *set)
{
	*set = (struct settings){ .drain = -1, .until_restart = -1, .conf = *peer->conf->conf };
	for (const struct dict *value = request->first; value; value = value->next)
		if (!is_ours(value->key) && !read_row(peer, value, set))
			return false;
	if (!read_switch(dict_get_str(request, STR("drain")), &set->drain))
		return refuse(peer, "drain must be on or off");
	if (!read_switch(dict_get_str(request, STR("until-restart")), &set->until_restart) ||
	    (set->until_restart == 1 && set->drain != 1))
		return refuse(peer, "until-restart is true or false, and belongs to drain=on");
	set->debug_call = dict_get_str(request, STR("debug-call"));
	if (!set->debug_call.len && dict_get(request, STR("debug-call")))
		return refuse(peer, "debug-call must be a Call-ID, or none");
	if (!set->some && set->drain < 0 && !set->debug_call.len)
		return refuse(peer, "drain, debug-call or a key of the configuration is required");
	return true;
}

static void change_conf(const struct admin_conf *admin, const struct conf *conf)
{
	char now[CONF_ROW_TEXT], old[CONF_ROW_TEXT];

	for (size_t i = 0; i < conf_n_rows; i++) {
		const struct conf_row *row = &conf_rows[i];

		if (!(row->flags & ROW_RELOAD) || conf_row_equal(row, conf, admin->conf))
			continue;
		log_notice("%s set to %s by an operator, it was %s", row->name,
			   conf_row_print(row, conf, now, sizeof(now)),
			   conf_row_print(row, admin->conf, old, sizeof(old)));
	}
	admin->settings.apply(admin->settings.arg, conf);
}

/* Before the other settings, because it may fail. */
static bool set_drain(struct admin_peer *peer, const struct settings *set)
{
	struct call_table *calls = peer->conf->calls;
	int err = drain_set(calls, set->drain, set->until_restart != 1);
	char text[256];

	if (err) {
		snprintf(text, sizeof(text), "%s cannot be %s: %s; nothing was set%s",
			 calls->drain_path, set->drain ? "created" : "removed", strerror(-err),
			 set->drain ? "; to drain without this file: set --until-restart" : "");
		admin_error(peer, CONTROL_ERROR_DISK, text);
		return false;
	}
	log_notice(set->drain ? "drain set to on by an operator: new calls are refused%s"
			      : "drain set to off by an operator: new calls are accepted%s",
		   !set->drain		  ? ""
		   : drain_is_kept(calls) ? ", also after a restart"
					  : " until the restart");
	return true;
}

/* Before the settings that cannot fail, too. */
static bool set_debug_call(struct admin_peer *peer, struct str id)
{
	struct trace_calls *traces = &peer->conf->calls->traces;
	int err = 0;

	if (str_eq(id, STR("none"))) {
		trace_calls_clear(traces);
		log_notice("debug-call set to none by an operator");
		return true;
	}
	err = trace_calls_add(traces, id, clock_ms());
	if (err == -ENOSPC)
		return refuse(peer,
			      "debug-call: %zu calls are debugged, which is the maximum; "
			      "debug-call=none ends all",
			      TRACE_CALLS);
	if (err == -ENOMEM) {
		admin_error(peer, CONTROL_ERROR_MEMORY, "out of memory");
		return false;
	}
	if (err)
		return refuse(peer, "debug-call: a Call-ID has at most %zu bytes", TRACE_ID);
	log_call(LOG_LEVEL_NOTICE, id,
		 "debug-call set by an operator: commands and replies of this call are logged, for "
		 "an hour or 64 KiB");
	return true;
}

static void tell_drain(struct admin_peer *peer)
{
	struct json_line *line = admin_line(peer, "set");

	jsonl_bool(line, "drain", peer->conf->calls->draining);
	jsonl_bool(line, "drain-kept", drain_is_kept(peer->conf->calls));
	admin_send(peer);
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	struct settings set;

	if (!read_settings(peer, request, &set) ||
	    (set.debug_call.len && !set_debug_call(peer, set.debug_call)) ||
	    (set.drain >= 0 && !set_drain(peer, &set)))
		return false;
	if (set.some)
		change_conf(peer->conf, &set.conf);
	if (set.drain >= 0)
		tell_drain(peer);
	admin_end(peer, 1);
	return false;
}

const struct admin_verb admin_verb_set = { .name = CONTROL_VERB_SET,
					   .changes = true,
					   .begin = begin };
