/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cdr.c - the call record, written when a call has ended: a line of JSON, and a text for the log */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/json.h"
#include "call/cdr.h"
#include "call/media_path.h"
#include "call/media_quality.h"

#define MEDIA_BYTES  4096	       /* of one media; its longest texts are its tags */
#define MEDIAS_BYTES (MEDIA_BYTES * 8) /* of all medias of a call */
#define TEXT_BYTES   512	       /* of a call, in the log */
#define HEAD_BYTES   8192	       /* of a line, without medias and tags */

static void buf_printf(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void buf_printf(struct buf *buf, const char *format, ...)
{
	char text[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text))
		buf->overflow = true;
	else
		buf_add(buf, text, (size_t)len);
}

static void add_text(struct buf *buf, const char *key, struct str text)
{
	buf_printf(buf, "\"%s\":", key);
	json_encode_text(text, buf);
}

static void add_endpoint(struct buf *buf, const char *key, const struct endpoint *ep)
{
	char text[ENDPOINT_TEXT];

	if (!endpoint_is_set(ep))
		return;
	add_text(buf, key, str_of(endpoint_print(ep, text)));
	buf_char(buf, ',');
}

/* --- One side of a media ---------------------------------------------------------------------- */

static double loss_percent(const struct stream_report *rtp)
{
	return rtp->expected ? 100.0 * (double)rtp->lost / (double)rtp->expected : 0.0;
}

static void add_mos(struct buf *buf, const char *key, const struct quality_sample *sample)
{
	buf_printf(buf, ",\"%s\":%u.%02u", key, sample->mos_x100 / 100U, sample->mos_x100 % 100U);
}

static void add_quality(struct buf *buf, const struct quality_summary *q)
{
	if (q->samples) {
		add_mos(buf, "mos", &q->average);
		add_mos(buf, "mos-lowest", &q->lowest);
		add_mos(buf, "mos-highest", &q->highest);
	}
	if (q->leg_us)
		buf_printf(buf, ",\"round-trip-ms\":%.3f", q->leg_us / 1000.0);
	if (q->far.known)
		buf_printf(buf, ",\"far-lost\":%u,\"far-jitter-ms\":%.3f", q->far.lost,
			   q->far.jitter_us / 1000.0);
}

static void add_side(struct buf *buf, const struct media *media, enum side side, int64_t now_ms)
{
	struct stream_report rtp;
	struct quality_summary q;

	media_report(media, side, COMP_RTP, &rtp);
	media_quality(media, side, now_ms, &q);
	buf_char(buf, '{');
	add_endpoint(buf, "address", endpoint_is_set(&rtp.latched) ? &rtp.latched : &rtp.signalled);
	add_endpoint(buf, "local", &rtp.local);
	buf_printf(buf, "\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"kernel-packets\":%" PRIu64,
		   rtp.packets_in, rtp.bytes_in, rtp.kernel_packets_in);
	if (rtp.ssrc_known)
		buf_printf(buf,
			   ",\"lost\":%" PRIu64 ",\"loss-percent\":%.2f,\"gaps\":%" PRIu64
			   ",\"reordered\":%" PRIu64 ",\"duplicates\":%" PRIu64
			   ",\"jitter-ms\":%.3f",
			   rtp.lost, loss_percent(&rtp), rtp.gaps, rtp.reordered, rtp.duplicate,
			   rtp.jitter_ms);
	add_quality(buf, &q);
	if (media->dtmf[side].len) {
		buf_char(buf, ',');
		add_text(buf, "dtmf", media->dtmf[side]);
	}
	buf_char(buf, '}');
}

static void add_media(struct buf *buf, const struct media *media, int64_t now_ms)
{
	const struct dialog *dialog = media->dialog;

	buf_printf(buf, "{\"index\":%u,", media->index + 1U);
	add_text(buf, "type", str_of(media->type));
	buf_char(buf, ',');
	add_text(buf, "codec", str_of(media->codec));
	buf_char(buf, ',');
	add_text(buf, "from-tag", dialog->party[SIDE_A].tag);
	buf_char(buf, ',');
	add_text(buf, "to-tag", dialog->party[SIDE_B].tag);
	buf_lit(buf, ",\"from-caller\":");
	add_side(buf, media, SIDE_A, now_ms);
	buf_lit(buf, ",\"from-callee\":");
	add_side(buf, media, SIDE_B, now_ms);
	buf_char(buf, '}');
}

static void add_log_side(struct buf *buf, const struct media *media, enum side side, int64_t now_ms)
{
	struct stream_report rtp;
	struct quality_summary q;

	media_report(media, side, COMP_RTP, &rtp);
	if (!rtp.ssrc_known)
		return;
	media_quality(media, side, now_ms, &q);
	buf_printf(buf, "; media %u from %s: %.1f %% lost, jitter %.1f ms", media->index + 1U,
		   side_names[side], loss_percent(&rtp), rtp.jitter_ms);
	if (q.samples)
		buf_printf(buf, ", MOS %.1f (lowest %.1f)", q.average.mos_x100 / 100.0,
			   q.lowest.mos_x100 / 100.0);
	if (q.leg_us)
		buf_printf(buf, ", round trip to the other side %.0f ms", q.leg_us / 1000.0);
}

/* --- Kept until the call ends ----------------------------------------------------------------- */

/* False: more than @most bytes, or out of memory. */
static bool append(char **text, size_t *len, const struct buf *part, size_t most)
{
	char *grown;

	if (part->overflow || *len + part->len > most)
		return false;
	grown = realloc(*text, *len + part->len + 1);
	if (!grown)
		return false;
	memcpy(grown + *len, part->data, part->len);
	*text = grown;
	*len += part->len;
	grown[*len] = '\0';
	return true;
}

void cdr_add_media(struct cdr *cdr, const struct media *media, int64_t now_ms)
{
	char bytes[MEDIA_BYTES];
	struct buf buf = BUF_INIT(bytes, sizeof(bytes));

	if (cdr->medias_len)
		buf_char(&buf, ',');
	add_media(&buf, media, now_ms);
	if (!append(&cdr->medias, &cdr->medias_len, &buf, MEDIAS_BYTES))
		cdr->cut = true;
	buf = BUF_INIT(bytes, sizeof(bytes));
	add_log_side(&buf, media, SIDE_A, now_ms);
	add_log_side(&buf, media, SIDE_B, now_ms);
	append(&cdr->text, &cdr->text_len, &buf, TEXT_BYTES);
}

void cdr_add_dialog(struct cdr *cdr, const struct dialog *dialog, int64_t now_ms)
{
	int64_t ended_ms = dialog->delete_at_ms && dialog->deleted_ms ? dialog->deleted_ms : now_ms;
	char bytes[MEDIA_BYTES];
	struct buf buf = BUF_INIT(bytes, sizeof(bytes));

	if (ended_ms > cdr->ended_ms)
		cdr->ended_ms = ended_ms;
	add_text(&buf, "from-tag", dialog->party[SIDE_A].tag);
	buf_char(&buf, ',');
	add_text(&buf, "to-tag", dialog->party[SIDE_B].tag);
	cdr->tags_len = 0;
	append(&cdr->tags, &cdr->tags_len, &buf, sizeof(bytes));
}

struct str cdr_line(const struct call *call, const char *why)
{
	const struct cdr *cdr = &call->cdr;
	/* JSON may need six bytes for one byte of the call-id. */
	size_t size = HEAD_BYTES + 6 * call->id.len + cdr->medias_len + cdr->tags_len;
	struct buf buf = BUF_INIT(malloc(size), size);
	int64_t lasted_ms = cdr->ended_ms - call->created_ms;

	if (!buf.data)
		return STR_NONE;
	buf_char(&buf, '{');
	add_text(&buf, "call-id", call->id);
	buf_char(&buf, ',');
	if (cdr->tags_len) {
		buf_add(&buf, cdr->tags, cdr->tags_len);
		buf_char(&buf, ',');
	}
	buf_printf(&buf, "\"start\":%" PRId64 ".%03d,\"duration\":%" PRId64 ".%03d,",
		   call->created_us / 1000000, (int)(call->created_us / 1000 % 1000),
		   lasted_ms / 1000, (int)(lasted_ms % 1000));
	add_text(&buf, "ended", str_of(why));
	buf_lit(&buf, ",\"medias\":[");
	buf_add(&buf, cdr->medias, cdr->medias_len);
	buf_char(&buf, ']');
	if (cdr->cut)
		buf_lit(&buf, ",\"cut\":true");
	buf_char(&buf, '}');
	if (!buf.overflow)
		return (struct str){ buf.data, buf.len };
	free(buf.data);
	return STR_NONE;
}

void cdr_free(struct cdr *cdr)
{
	free(cdr->medias);
	free(cdr->text);
	free(cdr->tags);
	memset(cdr, 0, sizeof(*cdr));
}
