/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_path.h - the path of a media's packets: keeps the kernel's flows in step with its streams
 *
 * Control thread only.
 */
#ifndef RTPRELAY_MEDIA_PATH_H
#define RTPRELAY_MEDIA_PATH_H

#include "call/tree.h"
#include "kernel/kmod.h"

/* Updates the kernel's flows: streams or settings changed, or the module came or went. */
void media_path_follow(struct media *media);
/* The list of bans has changed: updates the flows, if one of its sources is concerned. */
void media_path_mind_bans(struct media *media);
/* BRIDGE_ASK: reports to the media thread when the kernel last received from the source. */
void media_path_ask(struct media *media, enum side side, enum component comp);
/* An event of one of its flows. @refused: with KMOD_STRANGER */
void media_path_event(struct media *media, enum kmod_event event, const struct kmod_flow *flow,
		      const struct kmod_stranger *refused);
/* Its flows end with the next kmod_flush(): for many medias that end at the same time. */
void media_path_leave(struct media *media);
/* Removes its flows from the kernel at once: then its counters are final. */
void media_path_stop(struct media *media);
/* Frees its flow handles. */
void media_path_close(struct media *media);

/* How many of its streams are in the kernel. */
size_t media_path_flows(const struct media *media);

#define REFRESH_MEDIAS 16 /* medias in one query to the kernel */

/* Reads the kernel's counters of all flows of up to REFRESH_MEDIAS medias. */
void media_path_refresh(struct media *const medias[], size_t n);
/* The stream's report, with the kernel's counters as of the last time that they were read. */
void media_report(const struct media *media, enum side side, enum component comp,
		  struct stream_report *report);
/* clock_ms() of the last packet accepted from either side on either path; 0: none. No query. */
int64_t media_last_in_ms(const struct media *media, int64_t now_ms);

/* The path of the streams that have received packets. */
enum path media_path_kind(const struct media *media);
/* "user", "module", "bpf", "mixed"; "kernel": in the kernel by both of its paths */
const char *media_path_name(const struct media *media);

#endif
