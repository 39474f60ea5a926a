/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtpp.c - the commands of the classic rtpproxy protocol: their table, and the code common to all
 */
#include <assert.h>
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "call/tree.h"
#include "rtpproxy/command.h"
#include "rtpproxy/parse.h"
#include "rtpproxy/reply.h"
#include "rtpproxy/rtpp.h"
#include "rtpproxy/session.h"

/* The supported features, by their dates in the protocol. The first is the protocol itself. */
static const char *const features[] = {
	"20040107", /* base version: proxies reject a server that reports another one */
	"20050322", /* several medias of a call */
	"20060704", /* VF */
	"20080403", /* Q */
	"20081102", /* payload types in U and L */
	"20090810", /* R: the interface that routes there */
	"20140323", /* Il */
	"20141004", /* G */
	"20150330", /* N: new ports */
	"20150420", /* Q with names */
	"20191015", /* && */
	"20230205", /* lost packets in Q and G */
	"20230314", /* Q && D */
	"20251015", /* && S */
	"20260306", /* L{name} */
	"20260308", /* && L */
};

/* Features that are supported only if "notify" is configured. */
static const char *const notify_features[] = {
	"20081224", "20150617", /* %%CC_SELF%% */
};

/* Only if copies can be sent. */
static const char *const copy_features[] = {
	"20071218", "20200226", "20250523", /* C; N; C with P */
};

/* Only if files can be written. */
static const char *const record_features[] = { "20071218", "20200226" };

static bool is_listed(struct str date, const char *const *dates, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(date, str_of(dates[i])))
			return true;
	return false;
}

static enum rtpp_error run_version(const struct rtpp_command *c, struct buf *out)
{
	bool known;

	if (!c->letters.len) {
		buf_str(out, str_of(features[0]));
		return c->n_args ? RTPP_E_ARGC : RTPP_OK;
	}
	if (c->letters.len != 1 || !rtpp_has_letter(c->letters, 'F'))
		return RTPP_E_MODIFIER;
	if (c->n_args != 1)
		return RTPP_E_ARGC;
	known = is_listed(c->arg[0], features, COUNT(features)) ||
		(c->notify && is_listed(c->arg[0], notify_features, COUNT(notify_features))) ||
		(c->env->calls->conf.copies &&
		 is_listed(c->arg[0], copy_features, COUNT(copy_features))) ||
		(c->env->calls->conf.recorded &&
		 is_listed(c->arg[0], record_features, COUNT(record_features)));
	buf_char(out, known ? '1' : '0');
	return RTPP_OK;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

enum {
	NO_LETTERS = 1 << 0,
	TAKES_SUBS = 1 << 1,
	LONG_REPLY = 1 << 2,  /* up to RTPP_REPLY */
	NAMED_REPLY = 1 << 3, /* its length depends on the requested names */
	COUNTED = 1 << 4,     /* in the statistics of the proxy that sent it, as @counted_as */
};

static const struct verb_row {
	char letter;
	uint8_t flags;
	uint8_t min_args, max_args;
	enum verb counted_as;
	rtpp_fn *run;
} verbs[] = {
	{ 'U', TAKES_SUBS | COUNTED, 4, 7, VERB_OFFER, rtpp_update },
	{ 'L', TAKES_SUBS | COUNTED, 4, 5, VERB_ANSWER, rtpp_lookup },
	{ 'D', COUNTED, 2, 3, VERB_DELETE, rtpp_delete },
	{ 'Q', TAKES_SUBS | NAMED_REPLY | COUNTED, 2, 15, VERB_QUERY, rtpp_query },
	{ 'V', COUNTED, 0, RTPP_WORDS, VERB_PING, run_version },
	{ 'I', LONG_REPLY | COUNTED, 0, 0, VERB_STATISTICS, rtpp_info },
	{ 'G', LONG_REPLY | COUNTED, 0, RTPP_WORDS, VERB_STATISTICS, rtpp_stats },
	{ 'X', NO_LETTERS, 0, 0, 0, rtpp_delete_all },
	{ 'S', NO_LETTERS, 2, 3, 0, rtpp_stop_play },
	{ 'P', 0, 4, 5, 0, rtpp_play },
	{ 'R', 0, 2, 3, 0, rtpp_record },
	{ 'C', 0, 3, 4, 0, rtpp_copy },
	{ 'N', 0, 2, 3, 0, rtpp_stop_record },
};

static const struct verb_row subs[] = {
	{ 'D', 0, 0, 0, 0, rtpp_sub_delete },
	{ 'L', 0, 2, 2, 0, rtpp_sub_lookup },
	{ 'S', 0, 1, RTPP_WORDS, 0, rtpp_sub_set },
};

static const struct verb_row *find_row(const struct verb_row *rows, size_t n, char letter)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].letter == upper(letter))
			return &rows[i];
	return NULL;
}

static const struct verb_row *find_sub(const struct rtpp_words *words, bool of_update, bool with_to)
{
	const struct verb_row *row = find_row(subs, COUNT(subs), words->word[0].s[0]);

	if (row && row->letter == 'L' && !(of_update && with_to))
		return NULL;
	return row;
}

static struct rtpp_command part_of(const struct rtpp_command *main, const struct rtpp_words *words)
{
	struct rtpp_command c = *main;

	c.letters = (struct str){ words->word[0].s + 1, words->word[0].len - 1 };
	c.arg = words->word + 1;
	c.n_args = words->n - 1;
	c.main = main;
	return c;
}

/*
 * Checks before anything is changed that all subcommands are known and allowed after this command.
 * Only one L is allowed: a call has one answerer, and the addresses of several would not fit into
 * what a proxy reads.
 */
static enum rtpp_error check_subs(const struct rtpp_text *text, const struct verb_row *row)
{
	size_t args = text->part[0].n - 1, lookups = 0;

	for (size_t i = 1; i < text->n; i++) {
		const struct verb_row *sub;

		if (!(row->flags & TAKES_SUBS))
			return RTPP_E_SUBCOMMAND;
		sub = find_sub(&text->part[i], row->letter == 'U', args == 5 || args == 7);
		lookups += sub && sub->letter == 'L';
		if (!sub || lookups > 1)
			return RTPP_E_SUBCOMMAND;
	}
	return RTPP_OK;
}

/* Appends the results of the subcommands; zeros at the end are left out. -1: it failed. */
static void run_subs(const struct rtpp_command *main, const struct rtpp_text *text, struct buf *out)
{
	size_t end = out->len;

	for (size_t i = 1; i < text->n; i++) {
		struct rtpp_command c = part_of(main, &text->part[i]);
		const struct verb_row *row = find_sub(&text->part[i], true, true);
		size_t begin;
		bool done;

		buf_lit(out, " && ");
		begin = out->len;
		done = c.n_args >= row->min_args && c.n_args <= row->max_args &&
		       row->run(&c, out) == RTPP_OK;
		if (!done) {
			out->len = begin;
			buf_lit(out, "-1");
		}
		if (out->len - begin != 1 || out->data[begin] != '0')
			end = out->len;
	}
	out->len = end;
}

/*
 * Checked before the subcommands run: after a subcommand has changed something, the command cannot
 * be refused any more.
 */
static enum rtpp_error check_length(const struct rtpp_command *c, const struct verb_row *row,
				    const struct rtpp_text *text, const struct buf *reply)
{
	size_t most = c->cookie + reply->len + (text->n - 1) * strlen(" && -1");

	if (row->flags & LONG_REPLY)
		return reply->overflow ? RTPP_E_STATS_LONG : RTPP_OK;
	if (row->flags & NAMED_REPLY && (reply->overflow || most > RTPP_REPLY_SHORT))
		return RTPP_E_QUERY_LONG;
	return RTPP_OK;
}

static enum rtpp_error run_row(const struct rtpp_command *main, const struct verb_row *row,
			       const struct rtpp_text *text, struct buf *out)
{
	struct rtpp_command c = part_of(main, &text->part[0]);
	enum rtpp_error error;

	c.main = NULL;
	c.tags_at = row->letter == 'Q' ? 1 : 3;
	if (c.n_args < row->min_args || c.n_args > row->max_args)
		return RTPP_E_ARGC;
	if (row->flags & NO_LETTERS && c.letters.len)
		return RTPP_E_MODIFIER;
	error = check_subs(text, row);
	if (error == RTPP_OK)
		error = row->run(&c, out);
	if (error == RTPP_OK)
		error = check_length(&c, row, text, out);
	if (error == RTPP_OK)
		run_subs(&c, text, out);
	return error;
}

static void log_unknown(const struct rtpp_command *c, struct str name)
{
	char shown[64], text[ENDPOINT_TEXT];

	if (stats_log_once(c->env->stats, c->source, name))
		log_warn("proxy %s: command \"%s\" of the rtpproxy protocol is not supported; the "
			 "answer is E%d",
			 endpoint_print_addr(c->source, text),
			 log_escape(name, shown, sizeof(shown)), RTPP_E_COMMAND);
}

static enum rtpp_error run_text(const struct rtpp_command *c, struct str text, struct buf *out)
{
	const struct verb_row *row;
	int64_t begun_us = clock_us();
	struct rtpp_text parts;
	enum rtpp_error error = rtpp_split(text, &parts);

	if (error != RTPP_OK) {
		c->env->stats->malformed++;
		return error;
	}
	row = find_row(verbs, COUNT(verbs), parts.part[0].word[0].s[0]);
	if (!row) {
		c->env->stats->unknown_command++;
		log_unknown(c, parts.part[0].word[0]);
		return RTPP_E_COMMAND;
	}
	error = run_row(c, row, &parts, out);
	if (row->flags & COUNTED)
		stats_command(c->env->stats, c->source, row->counted_as, clock_us() - begun_us,
			      error != RTPP_OK);
	return error;
}

static struct str call_id_of(struct str text)
{
	rtpp_word(&text);
	return rtpp_word(&text);
}

static void trace_text_of(struct trace *trace, const char *command_from,
			  const struct endpoint *source, struct str text)
{
	trace_head(trace, command_from, source, "rtpproxy");
	trace_text(trace, 2, text);
}

void rtpp_run(struct command_env *env, struct rtpp_notify *notify, const struct endpoint *source,
	      struct str text, struct buf *out)
{
	const struct rtpp_command c = {
		.env = env, .notify = notify, .source = source, .cookie = out->len
	};
	char memory[RTPP_REPLY];
	struct buf reply = BUF_INIT(memory, sizeof(memory) - 1);
	struct trace trace;
	bool traced = trace_begin(&trace, &env->calls->traces, call_id_of(text), env->now_ms,
				  log_enabled(LOG_LEVEL_DEBUG));
	enum rtpp_error error;

	if (traced)
		trace_text_of(&trace, "command from", source, text);
	error = run_text(&c, text, &reply);
	if (error == RTPP_OK) {
		env->stats->rtpp_done++;
	} else {
		env->stats->rtpp_refused++;
		reply.len = 0;
		reply.overflow = false;
		buf_char(&reply, 'E');
		buf_u64(&reply, (uint64_t)(error == RTPP_FULL ? RTPP_NUMBER_FULL : error));
	}
	if (traced)
		trace_text_of(&trace, "reply to", source, (struct str){ memory, reply.len });
	/* Over a connection, which has no cookies, the proxy would wait for ever. */
	if (error == RTPP_FULL && env->rtpproxy_silent && c.cookie) {
		out->len = 0;
		return;
	}
	buf_char(&reply, '\n');
	buf_str(out, (struct str){ memory, reply.len });
}

/* At ports of other protocols only commands in capital letters are recognized. */
static bool is_request(struct str payload)
{
	for (size_t i = 0; payload.len && i < COUNT(verbs); i++)
		if (payload.s[0] == verbs[i].letter)
			return true;
	return false;
}

static void run(struct command_env *env, void *arg, const struct endpoint *source,
		struct str payload, struct buf *out)
{
	rtpp_run(env, arg, source, payload, out);
}

static_assert(RTPP_REPLY <= CONTROL_REPLY_MIN, "the caller's buffer must hold any reply");

const struct control_protocol rtpp_protocol = { .key = "listen-rtpproxy",
						.cookie = rtpp_word,
						.is_request = is_request,
						.connections = true,
						.run = run };
