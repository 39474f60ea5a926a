/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offered.c - the m= lines of an offer, kept for its answer
 *
 * An answer has to have all m= lines of the offer, in its order (RFC 3264, section 6), and a
 * refused one keeps its a=mid (RFC 8843). Some phones leave out what they do not support. The
 * dialog keeps a text: for each m= line of the last offer the lines that refuse it.
 */
#include <errno.h>
#include "call/tree.h"
#include "command/exchange.h"

/* If type, profile, format and mid are longer than any in use, the line is kept in a short form. */
#define LINE_ROOM 96

static void write_refusal(struct buf *out, const struct sdp_media *m)
{
	struct str formats = m->formats;

	buf_lit(out, "m=");
	buf_str(out, m->type);
	buf_lit(out, " 0 ");
	buf_str(out, m->proto);
	buf_char(out, ' ');
	buf_str(out, str_split(&formats, ' '));
	buf_lit(out, "\r\n");
	if (!m->mid.len)
		return;
	buf_lit(out, "a=mid:");
	buf_str(out, m->mid);
	buf_lit(out, "\r\n");
}

int offered_keep(struct exchange *ex)
{
	size_t size = (ex->sdp.n_media + 1) * LINE_ROOM;
	struct buf out = BUF_INIT(arena_alloc(ex->env->arena, size), size);

	if (!out.data)
		return -ENOMEM;
	buf_lit(&out, "\r\n"); /* an empty text would not replace the one before */
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		struct buf line = BUF_INIT(out.data + out.len, LINE_ROOM);

		write_refusal(&line, &ex->sdp.media[i]);
		if (line.overflow) {
			line = BUF_INIT(out.data + out.len, LINE_ROOM);
			buf_lit(&line, "m=audio 0 RTP/AVP 0\r\n");
		}
		out.len += line.len;
	}
	return exchange_text(ex, &ex->dialog->offered, (struct str){ out.data, out.len });
}

/* The part of the dialog's text that begins with its m= line number @index; empty: none. */
static struct str offered_from(const struct dialog *dialog, size_t index)
{
	struct str rest = dialog->offered, at;

	while (rest.len) {
		at = rest;
		if (str_starts(str_split(&rest, '\n'), STR("m=")) && !index--)
			return at;
	}
	return STR_NONE;
}

struct str offered_mid_of(const struct dialog *dialog, size_t index)
{
	struct str rest = offered_from(dialog, index), mid;

	str_split(&rest, '\n');
	if (!str_starts(rest, STR("a=mid:")))
		return STR_NONE;
	str_split(&rest, ':');
	mid = str_split(&rest, '\r');
	return mid;
}

struct str offered_mid(const struct exchange *ex, size_t index)
{
	return offered_mid_of(ex->dialog, index);
}

int offered_complete(struct exchange *ex)
{
	struct str more = offered_from(ex->dialog, ex->sdp.n_media);
	size_t size = ex->request->sdp.len * 2 + 64 + more.len;
	const char *why;
	struct sdp sdp;
	struct buf out;

	if (ex->offer || !more.len)
		return 0;
	out = BUF_INIT(arena_alloc(ex->env->arena, size), size);
	if (!out.data)
		return -ENOMEM;
	for (size_t i = 0; i < ex->sdp.n_lines; i++) {
		buf_char(&out, ex->sdp.lines[i].type);
		buf_char(&out, '=');
		buf_str(&out, ex->sdp.lines[i].value);
		buf_lit(&out, "\r\n");
	}
	buf_str(&out, more);
	switch (sdp_parse(ex->env->arena, (struct str){ out.data, out.len }, &sdp, &why)) {
	case 0:
		ex->sdp = sdp;
		return 0;
	case -ENOMEM:
		return -ENOMEM;
	default: /* a text out of a damaged journal: the answer stays as it is */
		return 0;
	}
}
