/* SPDX-License-Identifier: GPL-2.0-or-later */
/* name.c - the name of a recording's files below recording-dir, from a pattern or as chosen */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include "base/buf.h"
#include "record/name.h"

static const char hex[] = "0123456789ABCDEF";

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Bytes that stay as they are in an escaped Call-ID. */
static bool is_plain(char c)
{
	return is_letter_or_digit(c) || (c && strchr("._@-", c));
}

/* Bytes that a name may have, besides "/". */
static bool may_stand(char c)
{
	return is_plain(c) || (c && strchr("%+=,", c));
}

bool record_name_is_below(struct str name)
{
	bool more = true;

	if (!name.len || name.len >= RECORD_NAME)
		return false;
	while (more) {
		struct str rest = name, part = str_split(&rest, '/');

		more = part.len < name.len;
		if (!part.len || part.len > RECORD_NAME_PART || part.s[0] == '.')
			return false;
		for (size_t i = 0; i < part.len; i++)
			if (!may_stand(part.s[i]))
				return false;
		name = rest;
	}
	return true;
}

static void put_call_id(struct buf *out, struct str call_id)
{
	size_t left = RECORD_NAME_CALL_ID;

	for (size_t i = 0; i < call_id.len; i++) {
		unsigned char c = (unsigned char)call_id.s[i];
		bool plain = is_plain((char)c) && (i || c != '.');
		size_t n = plain ? 1 : 3;

		if (n > left)
			return;
		left -= n;
		if (plain) {
			buf_char(out, (char)c);
			continue;
		}
		buf_char(out, '%');
		buf_char(out, hex[c >> 4]);
		buf_char(out, hex[c & 15]);
	}
	if (!call_id.len)
		buf_lit(out, "none");
}

static void put_number(struct buf *out, int value, int digits)
{
	char text[16];

	snprintf(text, sizeof(text), "%0*d", digits, value);
	buf_str(out, str_of(text));
}

/* What the text behind a percent sign stands for. False: nothing */
static bool put_field(struct buf *out, char field, struct str call_id, uint64_t random,
		      const struct tm *at)
{
	char digits[17];

	switch (field) {
	case 'Y':
		put_number(out, at->tm_year + 1900, 4);
		return true;
	case 'm':
		put_number(out, at->tm_mon + 1, 2);
		return true;
	case 'd':
		put_number(out, at->tm_mday, 2);
		return true;
	case 'H':
		put_number(out, at->tm_hour, 2);
		return true;
	case 'M':
		put_number(out, at->tm_min, 2);
		return true;
	case 'S':
		put_number(out, at->tm_sec, 2);
		return true;
	case 'c':
		put_call_id(out, call_id);
		return true;
	case 'r':
		snprintf(digits, sizeof(digits), "%016" PRIx64, random);
		buf_str(out, str_of(digits));
		return true;
	case '%':
		buf_char(out, '%');
		return true;
	default:
		return false;
	}
}

/* False: @pattern has a field that does not exist; *bad is its letter, 0: at the end. */
static bool expand(struct buf *out, struct str pattern, struct str call_id, uint64_t random,
		   int64_t time_s, char *bad)
{
	time_t seconds = (time_t)time_s;
	struct tm at = { 0 };

	localtime_r(&seconds, &at);
	for (size_t i = 0; i < pattern.len; i++) {
		if (pattern.s[i] != '%') {
			buf_char(out, pattern.s[i]);
			continue;
		}
		*bad = ++i < pattern.len ? pattern.s[i] : '\0';
		if (!*bad || !put_field(out, *bad, call_id, random, &at))
			return false;
	}
	return true;
}

int record_pattern_check(struct str pattern, char *error)
{
	char text[2 * RECORD_NAME], bad = '\0';
	struct buf out = BUF_INIT(text, sizeof(text));

	if (!expand(&out, pattern, STR("call"), 0, 0, &bad)) {
		snprintf(error, RECORD_NAME_ERROR,
			 "has %%%c: known are %%Y %%m %%d %%H %%M %%S, %%c (Call-ID), %%r (random) "
			 "and %%%%",
			 may_stand(bad) ? bad : '?');
		return -EINVAL;
	}
	/* The longest Call-ID must have room, too. */
	if (!record_name_is_below((struct str){ text, out.len }) || out.overflow ||
	    out.len + RECORD_NAME_CALL_ID > RECORD_NAME) {
		snprintf(error, RECORD_NAME_ERROR,
			 "is no path below recording-dir: parts between \"/\" begin with no dot, "
			 "have 1 to %d of A-Z a-z 0-9 . _ @ %% + = , -",
			 RECORD_NAME_PART);
		return -EINVAL;
	}
	return 0;
}

const char *record_name_make(char *out, struct str pattern, struct str call_id, uint64_t random,
			     int64_t time_s)
{
	struct buf buf = BUF_INIT(out, RECORD_NAME - 1);
	char bad;

	if (!pattern.len || !expand(&buf, pattern, call_id, random, time_s, &bad) || buf.overflow ||
	    !record_name_is_below((struct str){ out, buf.len })) {
		buf = BUF_INIT(out, RECORD_NAME - 1);
		expand(&buf, STR(RECORD_PATTERN_DEFAULT), call_id, random, time_s, &bad);
	}
	out[buf.len] = '\0';
	return out;
}

static struct str without_end(struct str name, struct str end)
{
	if (name.len > end.len && str_eq((struct str){ name.s + name.len - end.len, end.len }, end))
		name.len -= end.len;
	return name;
}

int record_name_chosen(char *out, const char *dir, struct str chosen)
{
	struct str own = str_of(dir);

	while (own.len && own.s[own.len - 1] == '/')
		own.len--;
	if (chosen.len && chosen.s[0] == '/') {
		if (!str_starts(chosen, own) || chosen.len == own.len || chosen.s[own.len] != '/')
			return -EPERM;
		chosen.s += own.len + 1;
		chosen.len -= own.len + 1;
	}
	chosen = without_end(without_end(chosen, STR(".pcap")), STR(".wav"));
	if (chosen.len >= RECORD_NAME)
		return -ENAMETOOLONG;
	if (!record_name_is_below(chosen))
		return -EPERM;
	memcpy(out, chosen.s, chosen.len);
	out[chosen.len] = '\0';
	return 0;
}
