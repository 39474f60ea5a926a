/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace.c - a command or reply of NG in readable lines, for an operator (call/trace.h) */
#include <inttypes.h>
#include <stdio.h>
#include "base/redact.h"
#include "ng/trace.h"

/* Of a value within a line; longer ones are cut by call/trace.c. */
#define TEXT   1024
#define INDENT 2

bool ng_trace_begin(struct trace *trace, const struct command_env *env, const struct dict *map,
		    bool log)
{
	return trace_begin(trace, &env->calls->traces, dict_get_str(map, STR("call-id")),
			   env->now_ms, log);
}

/* What fits of @text, so that the beginning of a long value is seen. */
static void add_start(struct buf *out, struct str text)
{
	size_t room = out->size - out->len;

	buf_add(out, text.s, text.len < room ? text.len : room);
}

static void begin_line(struct buf *out, struct str key)
{
	out->len = 0;
	add_start(out, key);
	add_start(out, key.len ? STR(": ") : STR_NONE);
}

static bool has_line_end(struct str text)
{
	return text.len && (memchr(text.s, '\n', text.len) || memchr(text.s, '\r', text.len));
}

static void put_member(struct trace *trace, unsigned int indent, const struct dict *value);

/* Not in one line with others: after a secret the rest of a line is left out. */
static void put_members(struct trace *trace, unsigned int indent, struct str key,
			const struct dict *parent)
{
	if (key.len) {
		trace_text(trace, indent, key);
		indent += INDENT;
	}
	for (const struct dict *value = parent->first; value; value = value->next)
		put_member(trace, indent, value);
}

static void put_string(struct trace *trace, unsigned int indent, const struct dict *value)
{
	char memory[TEXT + sizeof("=" REDACTED)];
	struct buf line = BUF_INIT(memory, sizeof(memory));

	if (has_line_end(value->string)) {
		trace_text(trace, indent, value->key);
		trace_text(trace, indent + INDENT, value->string);
		return;
	}
	begin_line(&line, value->key);
	if (value->key.len)
		add_start(&line, value->string);
	else /* a flag */
		redact_pair((struct str){ value->string.s,
					  value->string.len < TEXT ? value->string.len : TEXT },
			    &line);
	trace_text(trace, indent, (struct str){ line.data, line.len });
}

static void put_number(struct trace *trace, unsigned int indent, const struct dict *value)
{
	char memory[TEXT], digits[24];
	struct buf line = BUF_INIT(memory, sizeof(memory));

	snprintf(digits, sizeof(digits), "%" PRId64, value->integer);
	begin_line(&line, value->key);
	add_start(&line, str_of(digits));
	trace_text(trace, indent, (struct str){ line.data, line.len });
}

static void put_secret(struct trace *trace, unsigned int indent, struct str key)
{
	char memory[TEXT];
	struct buf line = BUF_INIT(memory, sizeof(memory));

	begin_line(&line, key);
	add_start(&line, STR(REDACTED));
	trace_text(trace, indent, (struct str){ line.data, line.len });
}

static void put_member(struct trace *trace, unsigned int indent, const struct dict *value)
{
	if (redact_key(value->key)) {
		put_secret(trace, indent, value->key);
		return;
	}
	switch (value->type) {
	case DICT_STRING:
		put_string(trace, indent, value);
		break;
	case DICT_INT:
		put_number(trace, indent, value);
		break;
	case DICT_LIST:
	case DICT_MAP:
		put_members(trace, indent, value->key, value);
		break;
	}
}

void ng_trace(struct trace *trace, const char *command_from, const struct endpoint *proxy,
	      const struct dict *tree)
{
	trace_head(trace, command_from, proxy, "ng");
	put_members(trace, INDENT, STR_NONE, tree);
}
