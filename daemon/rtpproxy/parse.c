/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parse.c - the classic rtpproxy protocol: a command's text to words, modifiers and addresses
 */
#include "base/count.h"
#include "rtpproxy/parse.h"

/* --- Words ------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str rtpp_word(struct str *rest)
{
	struct str word;
	size_t len = 0;

	while (rest->len && is_blank(rest->s[0])) {
		rest->s++;
		rest->len--;
	}
	while (len < rest->len && !is_blank(rest->s[len]))
		len++;
	word = (struct str){ rest->s, len };
	if (len) {
		rest->s += len;
		rest->len -= len;
	}
	return word;
}

enum rtpp_error rtpp_split(struct str text, struct rtpp_text *parts)
{
	struct rtpp_words *words = &parts->part[0];
	struct str word;

	parts->n = 1;
	words->n = 0;
	if (text.len && memchr(text.s, '\0', text.len))
		return RTPP_E_SYNTAX;
	while ((word = rtpp_word(&text)).len) {
		if (str_eq(word, STR("&&"))) {
			if (!words->n || parts->n == RTPP_PARTS)
				return RTPP_E_SYNTAX;
			words = &parts->part[parts->n++];
			words->n = 0;
			continue;
		}
		if (words->n == RTPP_WORDS)
			return RTPP_E_SYNTAX;
		words->word[words->n++] = word;
	}
	return words->n ? RTPP_OK : RTPP_E_SYNTAX;
}

struct rtpp_tag rtpp_tag_of(struct str word)
{
	struct rtpp_tag tag = { word, 0 };
	const char *semicolon = word.len ? memrchr(word.s, ';', word.len) : NULL;
	struct str digits;
	uint64_t number;

	if (!semicolon)
		return tag;
	digits = (struct str){ semicolon + 1, (size_t)(word.s + word.len - semicolon - 1) };
	if (!str_to_u64(digits, 128, &number) || !number)
		return tag;
	tag.tag.len = (size_t)(semicolon - word.s);
	tag.number = (unsigned int)number;
	return tag;
}

/* --- Modifiers of U and L --------------------------------------------------------------------- */

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool rtpp_has_letter(struct str letters, char letter)
{
	for (size_t i = 0; i < letters.len; i++)
		if (upper(letters.s[i]) == letter)
			return true;
	return false;
}

bool rtpp_only_letters(struct str letters, const char *allowed)
{
	for (size_t i = 0; i < letters.len; i++)
		if (!strchr(allowed, upper(letters.s[i])))
			return false;
	return true;
}

/* Removes from *rest its longest prefix with only characters in @set, and returns it. */
static struct str take(struct str *rest, const char *set)
{
	struct str head = { rest->s, 0 };

	while (head.len < rest->len && rest->s[head.len] && strchr(set, rest->s[head.len]))
		head.len++;
	rest->s += head.len;
	rest->len -= head.len;
	return head;
}

/* *rest begins with an opening character: takes the text up to @close. False: no @close. */
static bool take_enclosed(struct str *rest, char close, struct str *inside)
{
	const char *end = memchr(rest->s, close, rest->len);

	if (!end)
		return false;
	*inside = (struct str){ rest->s + 1, (size_t)(end - rest->s - 1) };
	rest->len -= inside->len + 2;
	rest->s = end + 1;
	return true;
}

/* "192.0.2.1" or "[2001:db8::1]" */
static bool take_address(struct str *rest, struct endpoint *addr)
{
	struct str text;

	if (!rest->len || rest->s[0] != '[')
		return endpoint_parse_addr(take(rest, "0123456789."), AF_INET, addr);
	return take_enclosed(rest, ']', &text) && endpoint_parse_addr(text, AF_INET6, addr);
}

/* Each reads the text after its letter. */
typedef enum rtpp_error read_fn(struct str *rest, char letter, struct rtpp_modifiers *mods);

static enum rtpp_error read_flag(struct str *rest, char letter, struct rtpp_modifiers *mods)
{
	static const struct {
		char letter;
		unsigned int set, clear;
	} flags[] = {
		{ 'A', RTPP_ASYMMETRIC, 0 }, { 'S', 0, RTPP_ASYMMETRIC }, { 'W', RTPP_WEAK, 0 },
		{ '6', RTPP_IPV6, 0 },	     { 'N', RTPP_NEW_PORT, 0 },
	};

	(void)rest;
	for (size_t i = 0; i < COUNT(flags); i++)
		if (flags[i].letter == letter)
			mods->flags = (mods->flags & ~flags[i].clear) | flags[i].set;
	return RTPP_OK;
}

static enum rtpp_error read_bridge(struct str *rest, char letter, struct rtpp_modifiers *mods)
{
	(void)rest;
	for (int i = 0; i < 2; i++) {
		if (mods->bridge[i])
			continue;
		mods->bridge[i] = letter;
		return RTPP_OK;
	}
	return letter == 'E' ? RTPP_E_EXTERNAL : RTPP_E_INTERNAL;
}

static enum rtpp_error read_repacketize(struct str *rest, char letter, struct rtpp_modifiers *mods)
{
	uint64_t ms;

	(void)letter;
	if (!str_to_u64(take(rest, "0123456789"), 999, &ms) || !ms)
		return RTPP_E_REPACKETIZE;
	mods->repacketize_ms = (unsigned int)ms;
	return RTPP_OK;
}

/* Numbers above 127 are ignored: they are not payload types, and no packet can have them. */
static enum rtpp_error read_codecs(struct str *rest, char letter, struct rtpp_modifiers *mods)
{
	struct str list = take(rest, "0123456789,");
	uint64_t pt;

	(void)letter;
	if (!list.len || mods->flags & RTPP_CODECS)
		return RTPP_E_CODECS;
	mods->flags |= RTPP_CODECS;
	while (list.len)
		if (str_to_u64(str_split(&list, ','), 127, &pt))
			mods->pts[pt / 64] |= UINT64_C(1) << (pt % 64);
	return RTPP_OK;
}

static enum rtpp_error read_local(struct str *rest, char letter, struct rtpp_modifiers *mods)
{
	(void)letter;
	if (rest->len && rest->s[0] == '{')
		return take_enclosed(rest, '}', &mods->label) && mods->label.len ? RTPP_OK
										 : RTPP_E_LOCAL;
	return take_address(rest, &mods->local) ? RTPP_OK : RTPP_E_LOCAL;
}

static enum rtpp_error read_toward(struct str *rest, char letter, struct rtpp_modifiers *mods)
{
	(void)letter;
	return take_address(rest, &mods->toward) ? RTPP_OK : RTPP_E_REMOTE;
}

static const struct {
	char letter;
	read_fn *read;
} modifiers[] = {
	{ 'A', read_flag },   { 'S', read_flag },   { 'W', read_flag },	  { '6', read_flag },
	{ 'N', read_flag },   { 'I', read_bridge }, { 'E', read_bridge }, { 'Z', read_repacketize },
	{ 'C', read_codecs }, { 'L', read_local },  { 'R', read_toward },
};

static enum rtpp_error read_modifier(struct str *rest, struct rtpp_modifiers *mods)
{
	char letter = upper(rest->s[0]);

	for (size_t i = 0; i < COUNT(modifiers); i++) {
		if (modifiers[i].letter != letter)
			continue;
		rest->s++;
		rest->len--;
		return modifiers[i].read(rest, letter, mods);
	}
	return RTPP_E_UPDATE;
}

enum rtpp_error rtpp_read_modifiers(struct str text, struct rtpp_modifiers *mods)
{
	enum rtpp_error error = RTPP_OK;

	*mods = (struct rtpp_modifiers){ 0 };
	while (text.len && error == RTPP_OK)
		error = read_modifier(&text, mods);
	return error;
}

enum rtpp_error rtpp_read_remote(struct str addr, struct str port, bool v6, struct endpoint *remote)
{
	uint64_t number;

	/* 45: the longest text of an IPv6 address (INET6_ADDRSTRLEN - 1) */
	if (addr.len > 45 || !endpoint_parse_addr(addr, v6 ? AF_INET6 : AF_INET, remote) ||
	    !str_to_u64(port, UINT16_MAX, &number))
		return RTPP_E_ADDRESS;
	endpoint_set_port(remote, (uint16_t)number);
	return RTPP_OK;
}
