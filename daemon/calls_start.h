/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls_start.h - the calls: their table, what keeps them over a restart, who is told of them */
#ifndef RTPRELAY_CALLS_START_H
#define RTPRELAY_CALLS_START_H

struct relay;

/* Steps of relay_start(). Return: 0; -errno: logged */

/* Who is told of calls: before start_calls(). */
int start_notify(struct relay *relay);
int start_cdr_file(struct relay *relay);
int start_homer(struct relay *relay);
int start_dtmf(struct relay *relay);
/* Each file is read when it is asked for: the directory may come later. */
int start_prompts(struct relay *relay);

int start_calls(struct relay *relay);
/* Restores the calls of the previous daemon. */
int start_journal(struct relay *relay);
/* After the journal, which creates the directory. */
int start_drain(struct relay *relay);
/* After the journal, which creates the directory; before table and flows, which depend on bans. */
int start_bans(struct relay *relay);

#endif
