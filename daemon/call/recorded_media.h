/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorded_media.h - what the recording of a call is told; nothing, if there is none */
#ifndef RTPRELAY_RECORDED_MEDIA_H
#define RTPRELAY_RECORDED_MEDIA_H

#include "call/tree.h"

/* After an offer or an answer: medias that came are recorded too. */
void recorded_follow(struct call *call);
/* @side of @dialog has sent @sdp. @kind: "offer" or "answer" */
void recorded_sdp(struct dialog *dialog, enum side side, const char *kind, struct str sdp);
void recorded_metadata(struct call *call);
/* Nothing of this dialog is recorded from now on, or later. */
void recorded_exclude(struct dialog *dialog);
/* Before the media is closed. */
void recorded_media_ends(struct media *media);
/* The media goes on, and is not recorded any more. */
void recorded_leave(struct media *media);

#endif
