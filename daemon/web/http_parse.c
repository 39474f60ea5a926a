/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_parse.c - parses the head of an HTTP/1 request (RFC 9112)
 */
#include "web/http_parse.h"

size_t http_head_len(struct str bytes)
{
	const char *end = bytes.len ? memmem(bytes.s, bytes.len, "\r\n\r\n", 4) : NULL;

	return end ? (size_t)(end - bytes.s) + 4 : 0;
}

/*
 * Removes and returns the text before the next CRLF. A lone CR or LF stays in it, and is refused
 * later.
 */
static struct str take_line(struct str *rest)
{
	const char *end = rest->len ? memmem(rest->s, rest->len, "\r\n", 2) : NULL;
	struct str line = *rest;

	if (!end) {
		*rest = STR_NONE;
		return line;
	}
	line.len = (size_t)(end - rest->s);
	rest->s += line.len + 2;
	rest->len -= line.len + 2;
	return line;
}

static bool is_token(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.s[i];

		if (c <= ' ' || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", c))
			return false;
	}
	return text.len;
}

static bool is_printable(struct str text, bool blanks)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.s[i];

		if (c == 0x7f || (c < ' ' && c != '\t') || (!blanks && (c <= ' ' || c > 0x7f)))
			return false;
	}
	return true;
}

static struct str trim(struct str text)
{
	while (text.len && (text.s[0] == ' ' || text.s[0] == '\t')) {
		text.s++;
		text.len--;
	}
	while (text.len && (text.s[text.len - 1] == ' ' || text.s[text.len - 1] == '\t'))
		text.len--;
	return text;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int parse_version(struct str version, struct http_request *request)
{
	if (str_eq(version, STR("HTTP/1.1"))) {
		request->keep_alive = true;
		return 0;
	}
	if (str_eq(version, STR("HTTP/1.0")))
		return 0;
	if (version.len == 8 && str_starts(version, STR("HTTP/")) && is_digit(version.s[5]) &&
	    version.s[6] == '.' && is_digit(version.s[7]))
		return 505;
	return 400;
}

static int parse_request_line(struct str line, struct http_request *request)
{
	struct str version = line;
	struct str method = str_split(&version, ' ');
	struct str target = str_split(&version, ' ');
	int status;

	if (!is_token(method) || !target.len || target.s[0] != '/')
		return 400;
	if (target.len > HTTP_TARGET_MAX)
		return 414;
	if (!is_printable(target, false))
		return 400;
	status = parse_version(version, request);
	if (status)
		return status;
	request->head = str_eq(method, STR("HEAD"));
	request->post = str_eq(method, STR("POST"));
	if (!request->head && !request->post && !str_eq(method, STR("GET")))
		return 405;
	request->query = target;
	request->path = str_split(&request->query, '?');
	return 0;
}

/* "name", "name:80", "[v6]:80" */
static int parse_host(struct str value, struct http_request *request)
{
	const char *end;

	if (value.len && value.s[0] == '[') {
		end = memchr(value.s, ']', value.len);
		if (!end)
			return 400;
		request->host = (struct str){ value.s + 1, (size_t)(end - value.s) - 1 };
		return 0;
	}
	request->host = str_split(&value, ':');
	return 0;
}

static void parse_connection(struct str value, struct http_request *request)
{
	while (value.len) {
		struct str option = trim(str_split(&value, ','));

		if (str_eq_nocase(option, STR("close")))
			request->keep_alive = false;
		else if (str_eq_nocase(option, STR("keep-alive")))
			request->keep_alive = true;
	}
}

/* Only a POST has a body. */
static int parse_length(struct str value, struct http_request *request)
{
	uint64_t len;

	for (size_t i = 0; i < value.len; i++)
		if (!is_digit(value.s[i]))
			return 400;
	if (!str_to_u64(value, request->post ? HTTP_BODY_MAX : 0, &len))
		return value.len ? 413 : 400;
	request->body_len = len;
	return 0;
}

static int parse_expect(struct str value, struct http_request *request)
{
	request->expects = str_eq_nocase(value, STR("100-continue"));
	return request->expects ? 0 : 417;
}

/* How often a field came that must not be repeated: two readers could take it differently. */
struct counts {
	unsigned int hosts, lengths, types;
};

static int parse_field(struct str line, struct http_request *request, struct counts *counts)
{
	struct str value = line;
	struct str name = str_split(&value, ':');

	if (name.len == line.len || !is_token(name) || !is_printable(value, true))
		return 400;
	value = trim(value);
	if (str_eq_nocase(name, STR("Host")))
		return counts->hosts++ ? 400 : parse_host(value, request);
	if (str_eq_nocase(name, STR("Content-Length")))
		return counts->lengths++ ? 400 : parse_length(value, request);
	if (str_eq_nocase(name, STR("Transfer-Encoding")))
		return request->post ? 411 : 413;
	if (str_eq_nocase(name, STR("Content-Type"))) {
		request->type = trim(str_split(&value, ';'));
		return counts->types++ ? 400 : 0;
	}
	if (str_eq_nocase(name, STR("Expect")))
		return parse_expect(value, request);
	if (str_eq_nocase(name, STR("Connection")))
		parse_connection(value, request);
	request->browser |= str_eq_nocase(name, STR("Origin"));
	return 0;
}

int http_parse(struct str head, struct http_request *request)
{
	struct counts counts = { 0 };
	bool new_version;
	int status;

	*request = (struct http_request){ 0 };
	status = parse_request_line(take_line(&head), request);
	new_version = request->keep_alive;
	while (!status && head.len) {
		struct str line = take_line(&head);

		if (!line.len)
			break; /* the empty line that ends the head */
		status = parse_field(line, request, &counts);
	}
	request->expects = request->expects && new_version;
	if (!status && new_version && !counts.hosts)
		status = 400;
	if (!status && request->post && !counts.lengths)
		status = 411;
	return status;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode(struct str text, char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++, len++) {
		int high, low;

		if (len == size)
			return -1;
		out[len] = text.s[i] == '+' ? ' ' : text.s[i];
		if (text.s[i] != '%')
			continue;
		if (text.len - i < 3)
			return -1;
		high = hex_value(text.s[i + 1]);
		low = hex_value(text.s[i + 2]);
		if (high < 0 || low < 0)
			return -1;
		out[len] = (char)(high << 4 | low);
		i += 2;
	}
	return (int)len;
}

int http_query_get(struct str query, struct str name, char *out, size_t size)
{
	while (query.len) {
		struct str value = str_split(&query, '&');
		struct str key = str_split(&value, '=');

		if (str_eq(key, name))
			return decode(value, out, size);
	}
	return -1;
}
