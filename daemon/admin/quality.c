/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quality.c - quality of a side's media: MOS and its components, its receiver's RTCP figures */
#include <time.h>
#include <utlist.h>
#include "admin/quality.h"
#include "base/clock.h"
#include "call/media_path.h"
#include "call/media_quality.h"
#include "call/one_way.h"

/* Of a side that is not heard: the lowest. Intervals without packets have no MOS of their own. */
#define MOS_UNHEARD 100

/* A clock_ms() as seconds since 1970. */
static int64_t wall_s(int64_t at_ms)
{
	return (int64_t)time(NULL) - (clock_ms() - at_ms) / 1000;
}

static void put_mos(struct json_line *line, const struct quality_summary *q)
{
	jsonl_real(line, "mos", q->average.mos_x100 / 100.0);
	jsonl_real(line, "mos-lowest", q->lowest.mos_x100 / 100.0);
	jsonl_i64(line, "lowest-at", wall_s(q->lowest.at_ms));
	jsonl_real(line, "mos-highest", q->highest.mos_x100 / 100.0);
	jsonl_i64(line, "highest-at", wall_s(q->highest.at_ms));
	jsonl_real(line, "loss-percent", q->average.loss / 100.0);
	jsonl_real(line, "jitter-ms", q->average.jitter_us / 1000.0);
	if (q->average.rtt_us)
		jsonl_real(line, "rtt-ms", q->average.rtt_us / 1000.0);
}

static void put_far(struct json_line *line, const struct quality_summary *q)
{
	jsonl_open(line, "far", '{');
	jsonl_real(line, "loss-percent", q->far.fraction * 100.0 / 256);
	jsonl_u64(line, "lost", q->far.lost);
	jsonl_real(line, "jitter-ms", q->far.jitter_us / 1000.0);
	if (q->leg_us)
		jsonl_real(line, "rtt-ms", q->leg_us / 1000.0);
	jsonl_i64(line, "ago-ms", clock_ms() - q->far.at_ms);
	jsonl_close(line, '}');
}

void admin_put_quality(struct json_line *line, const struct media *media, enum side side)
{
	struct quality_summary q;

	media_quality(media, side, clock_ms(), &q);
	if (!q.samples && !q.far.known)
		return;
	jsonl_open(line, "quality", '{');
	jsonl_u64(line, "samples", q.samples);
	if (q.samples)
		put_mos(line, &q);
	if (q.far.known)
		put_far(line, &q);
	jsonl_close(line, '}');
}

unsigned int admin_media_mos(const struct media *media)
{
	unsigned int worst = 0;

	if (media_one_way(media, clock_ms()) >= 0)
		return MOS_UNHEARD;
	for (int side = 0; side < 2; side++) {
		struct quality_summary q;

		media_quality(media, (enum side)side, clock_ms(), &q);
		if (q.samples && (!worst || q.average.mos_x100 < worst))
			worst = q.average.mos_x100;
	}
	return worst;
}

unsigned int admin_call_mos(const struct call *call)
{
	unsigned int worst = 0;
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog) {
		for (size_t i = 0; i < dialog->n_media; i++) {
			unsigned int mos;

			if (!dialog->media[i])
				continue;
			media_path_refresh(&dialog->media[i], 1);
			mos = admin_media_mos(dialog->media[i]);
			if (mos && (!worst || mos < worst))
				worst = mos;
		}
	}
	return worst;
}
