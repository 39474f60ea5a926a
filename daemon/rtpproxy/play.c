/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * play.c - P and S of the classic protocol: prompts that a phone hears
 *
 * The party of FROM hears it; the files and their names are those of play media (prompt/store.h).
 */
#include "base/log.h"
#include "call/play.h"
#include "packet/bridge.h"
#include "rtpproxy/find.h"
#include "rtpproxy/session.h"

/* A list of payload types is short, and a session has not more than these formats. */
#define CHOICES 16

struct choices {
	struct prompt_choice at[CHOICES];
	size_t n;
};

static void add(struct choices *choices, unsigned int pt)
{
	int format = prompt_format_of(pt);

	if (format >= 0 && choices->n < CHOICES)
		choices->at[choices->n++] = (struct prompt_choice){ (uint8_t)pt, (uint8_t)format };
}

/* "0,8,18": in this order. Types that no file can have are left out. */
static bool read_list(struct str list, struct choices *choices)
{
	uint64_t pt;

	while (list.len) {
		if (!str_to_u64(str_split(&list, ','), 127, &pt))
			return false;
		add(choices, (unsigned int)pt);
	}
	return true;
}

/* What the listener accepts; if that is not known, the payload types of the other party. */
static bool read_session(const struct rtpp_session *session, struct choices *choices)
{
	const struct media_listener *listener = &session->media->listener[session->whose];
	const struct bridge_conf *conf = bridge_conf(session->media->bridge);

	for (size_t i = 0; i < listener->n; i++)
		choices->at[choices->n++] = listener->choice[i];
	for (unsigned int pt = 0; pt < 64 && !listener->n; pt++)
		if (conf->pts[0] >> pt & 1)
			add(choices, pt);
	return conf->pts[0] | conf->pts[1];
}

static bool is_play_count(struct str text, uint64_t *count)
{
	*count = 1;
	if (!text.len)
		return true;
	if (!str_eq(text, STR("-1")))
		return str_to_u64(text, INT32_MAX, count);
	*count = UINT64_MAX;
	return true;
}

static void log_refused(const struct rtpp_command *c, const char *why)
{
	char shown[96];

	log_call(LOG_LEVEL_WARNING, c->arg[0], "P: the prompt \"%s\" is not played: %s",
		 log_escape(c->arg[1], shown, sizeof(shown)), why);
}

/* P[COUNT] CALL PROMPT CODECS FROM [TO]: COUNT -1 is for ever, 0 stops it */
enum rtpp_error rtpp_play(const struct rtpp_command *c, struct buf *out)
{
	struct choices choices = { .n = 0 };
	struct play_ask ask = { .file = c->n_args > 1 ? c->arg[1] : STR_NONE };
	struct rtpp_session session;
	uint64_t count, duration_ms;
	const char *why = NULL;

	if (!is_play_count(c->letters, &count))
		return RTPP_E_PLAY_COUNT;
	if (!rtpp_find_by_args(c, 3, &session))
		return RTPP_E_NO_SESSION;
	if (str_eq_nocase(c->arg[2], STR("session"))) {
		if (!read_session(&session, &choices))
			return RTPP_E_UPDATE;
	} else if (!read_list(c->arg[2], &choices)) {
		return RTPP_E_PLAYER;
	}
	ask.choices = choices.at;
	ask.n_choices = choices.n;
	ask.times = count == UINT64_MAX ? 0 : (uint32_t)count;
	if (count)
		why = play_begin(session.media, session.whose, &ask, &duration_ms);
	else
		play_stop(session.media, session.whose, "a command stopped it", NULL);
	if (why) {
		log_refused(c, why);
		return RTPP_E_PLAYER;
	}
	buf_char(out, '0');
	return RTPP_OK;
}

/* S CALL FROM [TO]: also if nothing is played */
enum rtpp_error rtpp_stop_play(const struct rtpp_command *c, struct buf *out)
{
	struct rtpp_session session;

	if (!rtpp_find_by_args(c, 1, &session))
		return RTPP_E_NO_SESSION;
	play_stop(session.media, session.whose, "a command stopped it", NULL);
	buf_char(out, '0');
	return RTPP_OK;
}
