/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_path.h - which path the packets of a media take: the kernel's flows follow its streams
 *
 * Control thread only.
 */
#ifndef RTPRELAY_MEDIA_PATH_H
#define RTPRELAY_MEDIA_PATH_H

#include "call/tree.h"
#include "kernel/kmod.h"

/* What flows are made from may have changed, or the module has come or gone: the kernel is to hold what fits. */
void media_path_follow(struct media *media);
/* BRIDGE_ASK: tells the media thread when the kernel last heard the source. */
void media_path_ask(struct media *media, enum side side, enum component comp);
/* Of one of its flows. @stranger: with KMOD_STRANGER */
void media_path_event(struct media *media, enum kmod_event event, const struct kmod_flow *flow,
		      const struct kmod_stranger *stranger);
/* Its flows are to end with the next kmod_flush(): for many medias that end at the same time. */
void media_path_leave(struct media *media);
/* Out of the kernel, at once: counters are final afterwards. */
void media_path_stop(struct media *media);
/* ... and no handles are left. */
void media_path_close(struct media *media);

/* How many of its streams are in the kernel. */
size_t media_path_flows(const struct media *media);

#define REFRESH_MEDIAS 16 /* whose flows are asked about in one exchange */

/* Asks the kernel for the counters of all flows of up to REFRESH_MEDIAS medias. */
void media_path_refresh(struct media *const medias[], size_t n);
/* The stream's report with what the kernel has counted, as of the last time it was asked. */
void media_report(const struct media *media, enum side side, enum component comp,
		  struct stream_report *report);
/* clock_ms() of the last packet accepted from either side by either path; 0: none. Asks nobody. */
int64_t media_last_in_ms(const struct media *media, int64_t now_ms);

/* By the streams that have heard something. */
enum path media_path_kind(const struct media *media);

#endif
