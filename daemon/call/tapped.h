/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tapped.h - medias whose packets are copied for the recorder, as long as somebody wants it */
#ifndef RTPRELAY_TAPPED_H
#define RTPRELAY_TAPPED_H

#include "call/tree.h"

/*
 * One more wants the packets of the media: media.tap is their number. Its flows in the kernel show
 * them, or it leaves the kernel. 0; -ENOMEM; -ENOTSUP: there is no recorder
 */
int tapped_hold(struct media *media);
/* The same of a call that is being restored: call_table_follow() comes later. */
int tapped_resume(struct media *media);
/* For each tapped_hold(). If the media goes on, the caller calls media_path_follow(). */
void tapped_release(struct media *media);
/* The media ends: nobody holds it any more. Before it is closed. */
void tapped_end(struct media *media);

#endif
