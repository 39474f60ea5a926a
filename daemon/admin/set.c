/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set.c - the verb set: log-level, max-sessions and drain, while the daemon runs
 *
 * All values are checked before any takes effect. They last until the next SIGHUP or restart, which
 * apply the configuration; drain lasts until it is switched off or the daemon restarts.
 */
#include "admin/answer.h"
#include "base/log.h"

struct settings {
	int log_level; /* each: -1, not given */
	int64_t max_sessions;
	int drain;
};

static bool refuse(struct admin_peer *peer, const char *text)
{
	admin_error(peer, CONTROL_ERROR_REQUEST, text);
	return false;
}

static bool read_level(struct str text, int *level)
{
	for (int i = LOG_LEVEL_ERR; i <= LOG_LEVEL_DEBUG; i++)
		if (str_eq(text, str_of(log_level_name((enum log_level)i))))
			*level = i;
	return !text.len || *level >= 0;
}

/* base/json.c returns true and false as "yes" and "no". */
static bool read_drain(struct str text, int *drain)
{
	if (str_eq(text, STR("yes")) || str_eq(text, STR("on")))
		*drain = 1;
	else if (str_eq(text, STR("no")) || str_eq(text, STR("off")))
		*drain = 0;
	return !text.len || *drain >= 0;
}

static bool read_settings(struct admin_peer *peer, const struct dict *request, struct settings *set)
{
	*set = (struct settings){ -1, -1, -1 };
	if (!read_level(dict_get_str(request, STR("log-level")), &set->log_level))
		return refuse(peer, "log-level must be error, warning, notice, info or debug");
	if (dict_get(request, STR("max-sessions")) &&
	    (!dict_get_int(request, STR("max-sessions"), &set->max_sessions) ||
	     set->max_sessions < 0 || set->max_sessions > 10000000))
		return refuse(peer, "max-sessions must be a number from 0 to 10000000");
	if (!read_drain(dict_get_str(request, STR("drain")), &set->drain))
		return refuse(peer, "drain must be on or off");
	if (set->log_level < 0 && set->max_sessions < 0 && set->drain < 0)
		return refuse(peer, "log-level, max-sessions or drain is required");
	return true;
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	struct call_table *calls = peer->conf->calls;
	struct settings set;

	if (!read_settings(peer, request, &set))
		return false;
	if (set.log_level >= 0) {
		log_notice("log-level set to %s by an operator",
			   log_level_name((enum log_level)set.log_level));
		log_set_level((enum log_level)set.log_level);
	}
	if (set.max_sessions >= 0) {
		log_notice("max-sessions set to %u by an operator", (unsigned int)set.max_sessions);
		calls->conf.max_sessions = (unsigned int)set.max_sessions;
	}
	if (set.drain >= 0) {
		log_notice(set.drain ? "drain set to on by an operator: new calls are refused"
				     : "drain set to off by an operator: new calls are accepted");
		calls->draining = set.drain;
	}
	admin_end(peer, 1);
	return false;
}

const struct admin_verb admin_verb_set = { .name = CONTROL_VERB_SET,
					   .changes = true,
					   .begin = begin };
