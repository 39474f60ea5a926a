/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_codecs.c - which codecs the parties of a media have named, as the lines of their SDP
 */
#include "call/media_codecs.h"

#define RTPMAP "a=rtpmap:"

static void write_codec(struct buf *out, const struct sdp *sdp, const struct sdp_codec *codec)
{
	struct str format = sdp_codec_format(sdp, codec);

	buf_lit(out, RTPMAP);
	buf_u64(out, codec->pt);
	buf_char(out, ' ');
	buf_str(out, codec->name);
	buf_char(out, '/');
	buf_u64(out, codec->clock);
	if (codec->params.len) {
		buf_char(out, '/');
		buf_str(out, codec->params);
	}
	buf_lit(out, "\r\n");
	if (!format.len)
		return;
	buf_lit(out, "a=fmtp:");
	buf_u64(out, codec->pt);
	buf_char(out, ' ');
	buf_str(out, format);
	buf_lit(out, "\r\n");
}

struct str media_codecs_text(const struct sdp *sdp, const struct sdp_media *m, char *memory)
{
	size_t used = 0;

	for (size_t i = 0; i < m->n_codecs; i++) {
		struct buf out = BUF_INIT(memory + used, MEDIA_CODECS_TEXT - used);

		if (!m->codecs[i].name.len || !m->codecs[i].clock)
			continue;
		write_codec(&out, sdp, &m->codecs[i]);
		if (!out.overflow)
			used += out.len;
	}
	return (struct str){ memory, used };
}

/* A text out of a damaged journal may be anything. */
bool media_codecs_next(struct str *text, struct media_codec *codec)
{
	struct str rest = *text, line, number;
	uint64_t pt;

	line = str_split(&rest, '\n');
	if (!str_starts(line, STR(RTPMAP)))
		return false;
	line.s += sizeof(RTPMAP) - 1;
	line.len -= sizeof(RTPMAP) - 1;
	number = str_split(&line, ' ');
	if (!str_to_u64(number, 127, &pt))
		return false;
	codec->pt = (uint8_t)pt;
	codec->name = str_split(&line, '\r');
	while (rest.len && !str_starts(rest, STR(RTPMAP)))
		str_split(&rest, '\n');
	codec->lines = (struct str){ text->s, text->len - rest.len };
	*text = rest;
	return true;
}

static bool has_name(struct str text, struct str name)
{
	struct media_codec codec;

	while (media_codecs_next(&text, &codec))
		if (str_eq_nocase(codec.name, name))
			return true;
	return false;
}

void media_codecs_sent(const struct media *media, enum side side, struct buf *text, uint64_t pts[2])
{
	struct str own = media->codecs[side], rest = media->codecs[!side];
	struct media_codec codec;

	pts[0] = pts[1] = 0;
	if (!rest.len)
		rest = own;
	while (media_codecs_next(&rest, &codec)) {
		struct buf before = *text;

		if (own.len && !has_name(own, codec.name))
			continue;
		buf_str(text, codec.lines);
		if (text->overflow)
			*text = before;
		else
			pts[codec.pt / 64] |= UINT64_C(1) << codec.pt % 64;
	}
}
