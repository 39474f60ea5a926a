/* SPDX-License-Identifier: GPL-2.0-or-later */
/* redact.c - takes keys, passwords and DTMF digits out of text that will be logged */
#include "base/count.h"
#include "base/redact.h"

/*
 * What stands before a secret, in any case of letters. Keys of SRTP: a=crypto (RFC 4568), also as a
 * capability (RFC 5939), a=key-mgmt (RFC 4567), k= (RFC 4566).
 */
static const struct marker {
	struct str text;
	bool begins_word; /* not within "transcode=" */
} markers[] = {
	{ STR("crypto:"), false },  { STR("inline:"), false }, { STR("ice-pwd"), false },
	{ STR("key-mgmt"), false }, { STR("passw"), false },   { STR("pwd="), false },
	{ STR("passph"), false },   { STR("token="), false },  { STR("secret"), false },
	{ STR("digit"), false },    { STR("dtmf="), false },   { STR("dtmf-code"), false },
	{ STR("code="), true },	    { STR("code:"), true },
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool stands_at(const struct marker *marker, struct str line, size_t at)
{
	struct str part = { line.s + at, marker->text.len };

	if (line.len - at < part.len || !str_eq_nocase(part, marker->text))
		return false;
	return !marker->begins_word || !at || !is_letter(line.s[at - 1]);
}

/* Where the first secret begins, behind its marker; the length of the line if there is none. */
static size_t find_secret(struct str line, const struct marker **marker)
{
	*marker = NULL;
	if (str_starts(line, STR("k=")))
		return 2;
	for (size_t at = 0; at < line.len; at++)
		for (size_t i = 0; i < COUNT(markers); i++)
			if (stands_at(&markers[i], line, at)) {
				*marker = &markers[i];
				return at + markers[i].text.len;
			}
	return line.len;
}

static bool is_suite(struct str word)
{
	static const struct str begins[] = { STR("AES_"),  STR("AEAD_"), STR("F8_"),
					     STR("SEED_"), STR("ARIA_"), STR("NULL_") };

	if (word.len > 40)
		return false;
	for (size_t i = 0; i < COUNT(begins); i++)
		if (str_starts(word, begins[i]))
			return true;
	return false;
}

/* The number and the suite of an a=crypto line help to understand it; no key looks like them. */
static void keep_suite(struct str rest, struct buf *out)
{
	struct str number = str_split(&rest, ' '), suite = str_split(&rest, ' ');
	uint64_t value;

	if (!str_to_u64(number, 999999999, &value) || !is_suite(suite))
		return;
	buf_str(out, number);
	buf_char(out, ' ');
	buf_str(out, suite);
	buf_char(out, ' ');
}

void redact_line(struct str line, struct buf *out)
{
	const struct marker *marker;
	size_t end = find_secret(line, &marker);

	buf_str(out, (struct str){ line.s, end });
	if (end == line.len)
		return;
	if (marker == &markers[0])
		keep_suite((struct str){ line.s + end, line.len - end }, out);
	buf_lit(out, REDACTED);
}

static bool contains(struct str text, struct str part)
{
	for (size_t at = 0; at + part.len <= text.len; at++)
		if (str_eq_nocase((struct str){ text.s + at, part.len }, part))
			return true;
	return false;
}

bool redact_key(struct str key)
{
	static const struct str parts[] = { STR("passw"),  STR("pwd"),	STR("secret"), STR("key"),
					    STR("digit"),  STR("dtmf"), STR("crypto"), STR("auth"),
					    STR("passph"), STR("token") };

	for (size_t i = 0; i < COUNT(parts); i++)
		if (contains(key, parts[i]))
			return true;
	return str_eq_nocase(key, STR("code")) || str_eq_nocase(key, STR("blob"));
}

/* Not a line of SDP or the like, which may have a secret itself. */
static bool is_name(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_letter(text.s[i]) && !(text.s[i] && strchr("-_ ", text.s[i])))
			return false;
	return true;
}

void redact_pair(struct str pair, struct buf *out)
{
	struct str value = pair, name = str_split(&value, '=');
	bool secret = redact_key(name);

	if (name.len == pair.len || (!secret && !is_name(name))) {
		redact_line(pair, out);
		return;
	}
	if (is_name(name))
		buf_str(out, name);
	else
		redact_line(name, out);
	buf_char(out, '=');
	if (secret)
		buf_lit(out, REDACTED);
	else
		redact_line(value, out);
}
