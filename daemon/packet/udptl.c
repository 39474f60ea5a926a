/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * udptl.c - tells by the numbers of UDPTL (T.38) whether another port is that of the same phone
 */
#include "packet/udptl.h"

#define PROVED (1 + UDPTL_MORE)

/* A packet that was overtaken by later ones, or one that was sent twice. */
static bool is_late(uint16_t last, uint16_t seq)
{
	return seq == last || udptl_goes_on(seq, last);
}

void udptl_hear(struct udptl *u, uint16_t seq)
{
	if (u->in_order && is_late(u->seq, seq))
		return;
	if (!u->in_order || !udptl_goes_on(u->seq, seq))
		u->in_order = 1;
	else if (u->in_order < UDPTL_SHOWN)
		u->in_order++;
	u->seq = seq;
}

void udptl_lose_track(struct udptl *u)
{
	u->in_order = 0;
}

static void guess_wrong(struct udptl *u, int64_t now_ms)
{
	if (++u->wrong < UDPTL_GUESSES)
		return;
	u->wrong = 0;
	u->pause_ms = now_ms + UDPTL_PAUSE_MS;
	if (u->run < PROVED)
		u->run = 0;
}

static void go_on(struct udptl *u, uint16_t seq, int64_t now_ms)
{
	if (is_late(u->next_seq, seq))
		return;
	if (!udptl_goes_on(u->next_seq, seq)) {
		u->run = 0;
		guess_wrong(u, now_ms);
		return;
	}
	u->next_seq = seq;
	u->run++;
}

static void begin(struct udptl *u, uint16_t port, uint16_t seq, int64_t now_ms)
{
	if (!udptl_goes_on(u->seq, seq)) {
		guess_wrong(u, now_ms);
		return;
	}
	u->port = port;
	u->next_seq = seq;
	u->began_ms = now_ms;
	u->run = 1;
}

/*
 * Who has proved itself waits for the silence of the source in use; meanwhile neither a gap in its
 * numbers nor the guesses of others count. Nobody else's numbers are compared then.
 */
bool udptl_continue(struct udptl *u, uint16_t port, uint16_t seq, int64_t heard_ms, int64_t now_ms)
{
	if (!udptl_is_continued(u, heard_ms))
		u->run = 0;
	if (u->run == PROVED)
		return u->port == port;
	if (now_ms < u->pause_ms)
		return false;
	if (u->run && u->port == port)
		go_on(u, seq, now_ms);
	else
		begin(u, port, seq, now_ms);
	return u->run == PROVED;
}
