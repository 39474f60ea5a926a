/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print.c - prints the daemon's NG answers as columns and trees, or as JSON
 *
 * Every text is escaped by log_escape(). A member that an answer lacks is left out or printed as
 * "-", so that answers of other versions of the daemon can be printed, too.
 */
#include "print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include "daemon/base/json.h"
#include "daemon/base/log.h"

/* Longer texts are cut with "...". */
#define TEXT 256

/* Escaping turns one byte into at most six; twice that leaves room for keys and punctuation. */
#define JSON_BYTES ((size_t)12 * 65536)

void print_text(struct str text, FILE *out)
{
	char escaped[TEXT];

	fputs(log_escape(text, escaped, sizeof(escaped)), out);
}

static void put_scalar(FILE *out, const struct dict *value)
{
	if (value->type == DICT_INT)
		fprintf(out, "%" PRId64, value->integer);
	else
		print_text(value->string, out);
}

static bool is_scalar(const struct dict *value)
{
	return value->type == DICT_INT || value->type == DICT_STRING;
}

static struct str text_of(const struct dict *map, const char *key)
{
	struct str text = dict_get_str(map, str_of(key));

	return text.len ? text : STR("-");
}

static int64_t number_of(const struct dict *map, const char *key)
{
	int64_t number = 0;

	dict_get_int(map, str_of(key), &number);
	return number;
}

/* --- Statistics as a tree --- */

static void print_level(const struct dict *value, unsigned int depth, FILE *out)
{
	unsigned int nr = 0;

	for (const struct dict *at = value->first; at; at = at->next) {
		fprintf(out, "%*s", (int)depth * 2, "");
		if (value->type == DICT_MAP)
			print_text(at->key, out);
		else
			fprintf(out, "%u", ++nr);
		fputs(is_scalar(at) ? ": " : ":\n", out);
		if (is_scalar(at)) {
			put_scalar(out, at);
			fputc('\n', out);
		} else {
			print_level(at, depth + 1, out);
		}
	}
}

void print_statistics(const struct dict *reply, FILE *out)
{
	const struct dict *statistics = dict_get(reply, STR("statistics"));

	if (statistics)
		print_level(statistics, 0, out);
}

/* --- Calls --- */

void print_calls(const struct dict *reply, FILE *out)
{
	const struct dict *calls = dict_get(reply, STR("calls"));

	for (const struct dict *at = calls ? calls->first : NULL; at; at = at->next) {
		if (!is_scalar(at))
			continue;
		put_scalar(out, at);
		fputc('\n', out);
	}
}

/* "2026-02-03 04:05:06 UTC", or "-" for no time */
static const char *time_text(int64_t when, char text[32])
{
	time_t seconds = (time_t)when;
	struct tm tm;

	if (when <= 0 || !gmtime_r(&seconds, &tm) || !strftime(text, 32, "%F %T UTC", &tm))
		return "-";
	return text;
}

/* "192.0.2.1:30000", "[2001:db8::1]:30000", "-"; @address_key and @port_key of @map */
static const char *endpoint_text(const struct dict *map, const char *address_key,
				 const char *port_key, char text[TEXT])
{
	struct str address = dict_get_str(map, str_of(address_key));
	char escaped[64];
	bool v6;

	if (!address.len)
		return "-";
	v6 = memchr(address.s, ':', address.len);
	snprintf(text, TEXT, v6 ? "[%s]:%" PRId64 : "%s:%" PRId64,
		 log_escape(address, escaped, sizeof(escaped)), number_of(map, port_key));
	return text;
}

/* The texts of a list, with blanks between them */
static void put_words(FILE *out, const struct dict *list)
{
	for (const struct dict *at = list ? list->first : NULL; at; at = at->next) {
		if (!is_scalar(at))
			continue;
		fputc(' ', out);
		put_scalar(out, at);
	}
}

/* In a column of six */
static void put_word(FILE *out, struct str word)
{
	char escaped[TEXT];

	fprintf(out, " %-6s", log_escape(word, escaped, sizeof(escaped)));
}

static void print_stream(const struct dict *stream, FILE *out)
{
	const struct dict *in = dict_get(stream, STR("stats")),
			  *sent = dict_get(stream, STR("stats_out"));
	const struct dict *peer = dict_get(stream, STR("endpoint"));
	char local_text[TEXT], peer_text[TEXT], when[32];

	fprintf(out, "    %-26s %-26s",
		endpoint_text(stream, "local address", "local port", local_text),
		endpoint_text(peer, "address", "port", peer_text));
	fprintf(out, " %10" PRId64 " %10" PRId64 " %6" PRId64, number_of(in, "packets"),
		number_of(sent, "packets"), number_of(in, "errors"));
	fprintf(out, "  %-23s", time_text(number_of(stream, "last packet"), when));
	put_word(out, text_of(stream, "latch"));
	put_word(out, text_of(stream, "path"));
	put_words(out, dict_get(stream, STR("flags")));
	fputc('\n', out);
}

static void print_media(const struct dict *media, FILE *out)
{
	const struct dict *streams = dict_get(media, STR("streams"));

	fprintf(out, "  media %" PRId64 ": ", number_of(media, "index"));
	print_text(text_of(media, "type"), out);
	fputc(' ', out);
	print_text(text_of(media, "protocol"), out);
	fputc(' ', out);
	print_text(text_of(media, "codec"), out);
	put_words(out, dict_get(media, STR("flags")));
	fprintf(out, "\n    %-26s %-26s %10s %10s %6s  %-23s %-6s %-6s %s\n", "LOCAL", "PEER",
		"PACKETS IN", "OUT", "ERRORS", "LAST PACKET", "LATCH", "PATH", "FLAGS");
	for (const struct dict *at = streams ? streams->first : NULL; at; at = at->next)
		print_stream(at, out);
}

static void print_party(const struct dict *party, FILE *out)
{
	const struct dict *medias = dict_get(party, STR("medias"));

	fputs("party ", out);
	print_text(text_of(party, "tag"), out);
	if (dict_get(party, STR("via-branch"))) {
		fputs("  via-branch ", out);
		print_text(text_of(party, "via-branch"), out);
	}
	if (dict_get(party, STR("label"))) {
		fputs("  label ", out);
		print_text(text_of(party, "label"), out);
	}
	fputc('\n', out);
	for (const struct dict *at = medias ? medias->first : NULL; at; at = at->next)
		print_media(at, out);
}

static void print_total(const struct dict *totals, const char *name, FILE *out)
{
	const struct dict *total = dict_get(totals, str_of(name));

	if (total)
		fprintf(out,
			"total %-5s %" PRId64 " packet%s, %" PRId64 " bytes, %" PRId64 " error%s\n",
			name, number_of(total, "packets"),
			str_plural((uint64_t)number_of(total, "packets")),
			number_of(total, "bytes"), number_of(total, "errors"),
			str_plural((uint64_t)number_of(total, "errors")));
}

void print_call(const struct dict *reply, FILE *out)
{
	const struct dict *tags = dict_get(reply, STR("tags")),
			  *totals = dict_get(reply, STR("totals"));
	char when[32];

	if (dict_get(reply, STR("created")))
		fprintf(out, "created     %s\n", time_text(number_of(reply, "created"), when));
	if (dict_get(reply, STR("last signal")))
		fprintf(out, "last signal %s\n", time_text(number_of(reply, "last signal"), when));
	for (const struct dict *at = tags ? tags->first : NULL; at; at = at->next)
		print_party(at, out);
	print_total(totals, "RTP", out);
	print_total(totals, "RTCP", out);
}

/* --- JSON --- */

/*
 * JSON escapes control characters below U+0020. Terminals also interpret DEL and U+0080 to U+009F
 * (C2 80 to C2 9F in UTF-8), which are escaped here.
 */
static void put_json(FILE *out, const struct buf *json)
{
	for (size_t i = 0; i < json->len; i++) {
		unsigned char c = (unsigned char)json->data[i];
		unsigned char next = i + 1 < json->len ? (unsigned char)json->data[i + 1] : 0;

		if (c == 0x7f) {
			fputs("\\u007f", out);
		} else if (c == 0xc2 && next >= 0x80 && next <= 0x9f) {
			fprintf(out, "\\u00%02x", next);
			i++;
		} else {
			fputc(c, out);
		}
	}
	fputc('\n', out);
}

int print_json(const struct dict *reply, FILE *out)
{
	char *memory = malloc(JSON_BYTES);
	struct buf json = BUF_INIT(memory, JSON_BYTES);

	if (!memory)
		return -ENOMEM;
	json_encode(reply, &json);
	if (!json.overflow)
		put_json(out, &json);
	free(memory);
	return json.overflow ? -ENOMEM : 0;
}
