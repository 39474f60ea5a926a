/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_phone.c - the streams of a phone, and the commands of its socket
 *
 * rtp_end.c lists the commands.
 */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "rtp_phone.h"

#define WORDS 9

struct waiter {
	struct waiter *next;
	int client;
	int64_t deadline_us;
	char name[STREAM_NAME];
	char field[STREAM_NAME];
	char op;
	char value[STREAM_NAME];
};

struct command {
	int client;
	char *words[WORDS];
	int count;
	FILE *reply;
};

int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static struct rtp_stream *stream_find(struct phone *phone, const char *name)
{
	struct rtp_stream *s = phone->streams;

	while (s && strcmp(s->name, name) != 0)
		s = s->next;
	return s;
}

/* Strings are cut to the size of @out; names of the tests are short. */
static void text_copy(char out[STREAM_NAME], const char *text)
{
	snprintf(out, STREAM_NAME, "%s", text);
}

static bool command_fail(struct command *cmd, const char *why)
{
	fprintf(cmd->reply, "no: %s: %s\n", cmd->words[0], why);
	return true;
}

/* --- Commands: true: the reply is complete; false: the client waits --------------------------- */

static bool command_ping(struct phone *phone, struct command *cmd)
{
	(void)phone;
	fputs("ok\n", cmd->reply);
	return true;
}

static bool command_quit(struct phone *phone, struct command *cmd)
{
	phone->ended = true;
	return command_ping(phone, cmd);
}

static void friends_parse(struct rtp_stream *s, char *list)
{
	for (char *save, *who = strtok_r(list, ",", &save); who && s->friend_count < STREAM_FRIENDS;
	     who = strtok_r(NULL, ",", &save))
		s->friends[s->friend_count++].who = (uint32_t)strtoul(who, NULL, 0);
}

static bool command_open(struct phone *phone, struct command *cmd)
{
	struct rtp_stream *s;
	int err;

	if (cmd->count < 7 || stream_find(phone, cmd->words[1]))
		return command_fail(cmd, "words are missing, or the name is taken");
	s = calloc(1, sizeof(*s));
	if (!s)
		return command_fail(cmd, "out of memory");
	text_copy(s->name, cmd->words[1]);
	text_copy(s->state, "idle");
	s->tone_hz = (unsigned int)strtoul(cmd->words[4], NULL, 0);
	s->who = (uint32_t)strtoul(cmd->words[5], NULL, 0);
	friends_parse(s, cmd->words[6]);
	s->payload_type = cmd->count > 7 ? (uint8_t)strtoul(cmd->words[7], NULL, 0) : 0;
	s->mux = cmd->count > 8;
	s->fax = cmd->count > 7 && !strcmp(cmd->words[7], "fax");
	s->heard_us = now_us();
	err = peer_addr(cmd->words[2], (unsigned int)strtoul(cmd->words[3], NULL, 0), &s->local)
		      ? rtp_stream_open(s)
		      : -EINVAL;
	if (err) {
		free(s);
		return command_fail(cmd, strerror(-err));
	}
	s->next = phone->streams;
	phone->streams = s;
	return command_ping(phone, cmd);
}

static bool command_move(struct phone *phone, struct command *cmd)
{
	struct rtp_stream *s = cmd->count == 4 ? stream_find(phone, cmd->words[1]) : NULL;
	struct sockaddr_storage local;
	int err;

	if (!s || !peer_addr(cmd->words[2], (unsigned int)strtoul(cmd->words[3], NULL, 0), &local))
		return command_fail(cmd, "no such stream or address");
	rtp_stream_close(s);
	s->local = local;
	err = rtp_stream_open(s);
	return err ? command_fail(cmd, strerror(-err)) : command_ping(phone, cmd);
}

static bool command_sdp(struct phone *phone, struct command *cmd)
{
	struct peer_media medias[PEER_MEDIAS];
	char name[STREAM_NAME * 2];
	struct rtp_stream *s;
	int count;

	if (cmd->count != 4)
		return command_fail(cmd, "words are missing");
	count = peer_sdp_parse(cmd->words[3], medias);
	if (count < 0)
		return command_fail(cmd, "not an SDP");
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), i ? "%s.%d" : "%s", cmd->words[1], i + 1);
		s = stream_find(phone, name);
		if (!s)
			return command_fail(cmd, "no such stream");
		s->peer = medias[i];
		text_copy(s->state, cmd->words[2]);
	}
	return command_ping(phone, cmd);
}

/* Each note comes from its own process, so the order may change: a late "ringing" is ignored. */
static void stream_note(struct rtp_stream *s, struct command *cmd)
{
	if (!strcmp(cmd->words[2], "ringing") && strcmp(s->state, "idle") != 0)
		return;
	text_copy(s->state, cmd->words[2]);
}

static void stream_mute(struct rtp_stream *s, struct command *cmd)
{
	s->muted = !strcmp(cmd->words[0], "mute");
}

static void stream_as(struct rtp_stream *s, struct command *cmd)
{
	s->who = (uint32_t)strtoul(cmd->words[2], NULL, 0);
}

static void stream_every(struct rtp_stream *s, struct command *cmd)
{
	s->every = (unsigned int)strtoul(cmd->words[2], NULL, 0);
}

static void stream_lose(struct rtp_stream *s, struct command *cmd)
{
	s->losing = strtoul(cmd->words[2], NULL, 0);
}

static void stream_press(struct rtp_stream *s, struct command *cmd)
{
	rtp_stream_press(s, (uint8_t)strtoul(cmd->words[2], NULL, 0));
}

static void stream_reset(struct rtp_stream *s, struct command *cmd)
{
	(void)cmd;
	rtp_stream_reset(s);
}

static void stream_report(struct rtp_stream *s, struct command *cmd)
{
	rtp_stream_report(s, now_us(), cmd->reply);
}

static void stream_value(struct rtp_stream *s, struct command *cmd)
{
	int64_t value;

	if (rtp_stream_value(s, cmd->words[2], now_us(), &value))
		fprintf(cmd->reply, "%" PRId64 "\n", value);
}

static const struct {
	const char *verb;
	int words;
	void (*run)(struct rtp_stream *s, struct command *cmd);
} stream_verbs[] = {
	{ "note", 3, stream_note },   { "mute", 2, stream_mute },     { "unmute", 2, stream_mute },
	{ "reset", 2, stream_reset }, { "report", 2, stream_report }, { "value", 3, stream_value },
	{ "as", 3, stream_as },	      { "every", 3, stream_every },   { "press", 3, stream_press },
	{ "lose", 3, stream_lose },
};

static bool command_stream(struct phone *phone, struct command *cmd)
{
	size_t verb = 0;
	int matches = 0;

	while (strcmp(stream_verbs[verb].verb, cmd->words[0]) != 0)
		verb++;
	if (cmd->count < stream_verbs[verb].words)
		return command_fail(cmd, "words are missing");
	for (struct rtp_stream *s = phone->streams; s; s = s->next) {
		if (fnmatch(cmd->words[1], s->name, 0) == 0) {
			stream_verbs[verb].run(s, cmd);
			matches++;
		}
	}
	if (!matches)
		return command_fail(cmd, "no such stream");
	return command_ping(phone, cmd);
}

static bool command_close(struct phone *phone, struct command *cmd)
{
	if (cmd->count < 2)
		return command_fail(cmd, "words are missing");
	for (struct rtp_stream **at = &phone->streams; *at;) {
		struct rtp_stream *s = *at;

		if (fnmatch(cmd->words[1], s->name, 0) != 0) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		rtp_stream_close(s);
		free(s);
	}
	return command_ping(phone, cmd);
}

static bool command_wait(struct phone *phone, struct command *cmd)
{
	struct waiter *waiter;

	if (cmd->count != 6)
		return command_fail(cmd, "words are missing");
	waiter = calloc(1, sizeof(*waiter));
	if (!waiter)
		return command_fail(cmd, "out of memory");
	waiter->client = cmd->client;
	text_copy(waiter->name, cmd->words[1]);
	text_copy(waiter->field, cmd->words[2]);
	waiter->op = cmd->words[3][0];
	text_copy(waiter->value, cmd->words[4]);
	waiter->deadline_us = now_us() + strtoll(cmd->words[5], NULL, 10) * 1000;
	waiter->next = phone->waiters;
	phone->waiters = waiter;
	return false;
}

static const struct {
	const char *verb;
	bool (*run)(struct phone *phone, struct command *cmd);
} verbs[] = {
	{ "ping", command_ping },     { "quit", command_quit },	   { "open", command_open },
	{ "move", command_move },     { "sdp", command_sdp },	   { "close", command_close },
	{ "wait", command_wait },     { "note", command_stream },  { "mute", command_stream },
	{ "unmute", command_stream }, { "reset", command_stream }, { "report", command_stream },
	{ "value", command_stream },  { "as", command_stream },	   { "every", command_stream },
	{ "press", command_stream },  { "lose", command_stream },
};

/* --- Waiting ---------------------------------------------------------------------------------- */

static bool stream_is(const struct rtp_stream *s, const struct waiter *waiter, int64_t now)
{
	int64_t value, wanted = strtoll(waiter->value, NULL, 10);

	if (!strcmp(waiter->field, "state"))
		return !strcmp(s->state, waiter->value);
	if (!rtp_stream_value(s, waiter->field, now, &value))
		return false;
	return waiter->op == '<'   ? value < wanted
	       : waiter->op == '>' ? value > wanted
				   : value == wanted;
}

static bool waiter_is_met(const struct phone *phone, const struct waiter *waiter, int64_t now)
{
	int matches = 0;

	for (const struct rtp_stream *s = phone->streams; s; s = s->next) {
		if (fnmatch(waiter->name, s->name, 0) != 0)
			continue;
		if (!stream_is(s, waiter, now))
			return false;
		matches++;
	}
	return matches > 0;
}

static void client_answer(int client, const char *text, size_t len)
{
	(void)!send(client, text, len, MSG_NOSIGNAL);
	close(client);
}

void phone_waiters_look(struct phone *phone)
{
	int64_t now = now_us();

	for (struct waiter **at = &phone->waiters; *at;) {
		struct waiter *waiter = *at;
		bool met = waiter_is_met(phone, waiter, now);

		if (!met && now < waiter->deadline_us) {
			at = &waiter->next;
			continue;
		}
		client_answer(waiter->client, met ? "ok\n" : "no: timeout\n", met ? 3 : 12);
		*at = waiter->next;
		free(waiter);
	}
}

/* --- One command ------------------------------------------------------------------------------ */

static void command_split(struct command *cmd, char *text)
{
	/* The SDP is the rest of the text, with blanks and line ends. */
	int most = strncmp(text, "sdp ", 4) ? WORDS : 4;

	while (cmd->count < most && *text) {
		char *end = cmd->count == most - 1 ? NULL : strchr(text, ' ');

		cmd->words[cmd->count++] = text;
		if (!end)
			return;
		*end = '\0';
		text = end + 1;
	}
}

static bool command_run(struct phone *phone, struct command *cmd)
{
	for (size_t i = 0; cmd->count && i < COUNT(verbs); i++) {
		if (!strcmp(verbs[i].verb, cmd->words[0]))
			return verbs[i].run(phone, cmd);
	}
	fputs("no: unknown command\n", cmd->reply);
	return true;
}

void phone_obey(struct phone *phone, int client)
{
	struct command cmd = { .client = client };
	char text[COMMAND_BYTES + 1], *reply = NULL;
	size_t reply_len = 0;
	ssize_t len;

	len = recv(cmd.client, text, COMMAND_BYTES, 0);
	cmd.reply = len > 0 ? open_memstream(&reply, &reply_len) : NULL;
	if (!cmd.reply) {
		close(cmd.client);
		return;
	}
	text[len] = '\0';
	command_split(&cmd, text);
	if (command_run(phone, &cmd)) {
		fclose(cmd.reply);
		client_answer(cmd.client, reply, reply_len);
	} else {
		fclose(cmd.reply);
	}
	free(reply);
}
