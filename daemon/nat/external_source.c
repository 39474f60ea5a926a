/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_source.c - where the address outside of a NAT is asked for, and which answers fit */
#include <stdio.h>
#include "base/count.h"
#include "nat/external_source.h"
#include "nat/stun_sites.h"

static bool is_host(struct str host)
{
	for (size_t i = 0; i < host.len; i++)
		if ((unsigned char)host.s[i] <= ' ' || strchr("/[]@,;", host.s[i]))
			return false;
	return host.len && host.len < sizeof(((struct external_source *)0)->host);
}

/* "[V6]" or "[V6]:PORT" */
static bool split_brackets(struct str text, struct str *host, struct str *port)
{
	struct str rest = text;

	rest.s++;
	rest.len--;
	*host = str_split(&rest, ']');
	*port = rest;
	if (host->len == text.len - 1)
		return false; /* no bracket closes */
	if (rest.len && rest.s[0] != ':')
		return false;
	return !rest.len || rest.len > 1;
}

static const char *read_stun(struct str text, struct external_source *source)
{
	struct str host, port = STR_NONE;
	uint64_t number = STUN_PORT;
	bool valid = true;

	if (text.len && text.s[0] == '[') {
		valid = split_brackets(text, &host, &port);
		if (valid && port.len)
			str_split(&port, ':');
	} else {
		port = text;
		host = str_split(&port, ':');
		valid = host.len == text.len || port.len;
	}
	if (valid && port.len && memchr(port.s, ':', port.len))
		return "an IPv6 address must be in brackets: stun:[2001:db8::1]:3478";
	if (!valid || !is_host(host) ||
	    (port.len && (!str_to_u64(port, UINT16_MAX, &number) || !number)))
		return "is not stun:HOST, stun:HOST:PORT or stun:[V6]:PORT";
	snprintf(source->host, sizeof(source->host), STR_FMT, STR_ARG(host));
	source->port = (uint16_t)number;
	return NULL;
}

/* False: none of the words */
static bool read_word(const char *text, struct external_source *source)
{
	static const struct {
		const char *word;
		enum external_kind kind;
	} words[] = {
		{ "pcp", EXTERNAL_PCP },
		{ "natpmp", EXTERNAL_NATPMP },
		{ "upnp", EXTERNAL_UPNP },
	};

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(text, words[i].word) != 0)
			continue;
		source->kind = words[i].kind;
		return true;
	}
	return false;
}

const char *external_source_read(const char *text, struct external_source *source)
{
	struct str rest = str_of(text);

	*source = (struct external_source){ .text = text };
	if (text[0] == '/') {
		source->kind = EXTERNAL_FILE;
		return NULL;
	}
	if (read_word(text, source))
		return NULL;
	if (!str_starts(rest, STR("stun:")))
		return "is none of stun:HOST, pcp, natpmp, upnp, and the path of a file, which "
		       "begins with /";
	source->kind = EXTERNAL_STUN;
	str_split(&rest, ':');
	return read_stun(rest, source);
}

/* Also 192.0.0.0/24: the inside of DS-Lite (RFC 6333). */
static bool is_inside(const struct endpoint *address)
{
	struct cidr ds_lite;

	return endpoint_is_private(address) ||
	       (cidr_parse(STR("192.0.0.0/24"), &ds_lite) && cidr_has(&ds_lite, address));
}

/* What a file says is the operator's word, as an address behind "!" is. */
const char *external_refusal(enum external_kind kind, const struct endpoint *bind,
			     const struct endpoint *address, bool *scope)
{
	*scope = false;
	if (address->sa.sa_family != bind->sa.sa_family)
		return "of another family";
	if (!endpoint_is_unicast(address) || endpoint_kind(address) == ENDPOINT_MAPPED)
		return "not the address of a host";
	if (kind == EXTERNAL_FILE || !is_inside(address))
		return NULL;
	*scope = true;
	return endpoint_addr_eq(address, bind)
		       ? "a private address, the relay's own: no NAT is on the way to this source"
		       : "a private address: another NAT is behind it (double NAT)";
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct str trimmed(struct str text)
{
	while (text.len && is_blank(text.s[0])) {
		text.s++;
		text.len--;
	}
	while (text.len && is_blank(text.s[text.len - 1]))
		text.len--;
	return text;
}

bool external_find_address(struct str text, int family, struct endpoint *address)
{
	while (text.len) {
		struct str line = str_split(&text, '\n'), word = trimmed(str_split(&line, '#'));

		if (word.len && endpoint_parse_addr(word, family, address))
			return true;
	}
	return false;
}
