/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latch.h - learns where a side's media really comes from, and decides whose packets are accepted
 *
 * Pure: no I/O, no clock, no allocation; packets and time are handed in. Media thread only.
 *
 * THEORY OF OPERATION
 *
 * A source is an address and port that packets come from. At most one source is in use: its
 * packets are forwarded, and what the other side sends goes to it. Each other source is a newcomer.
 *
 * CLASSES. What signalling and other streams say of a source gives it a class, and by it a rank:
 *
 *     class       rank   the packet comes from
 *     exact       3      address and port of the SDP
 *     address     2      the address of the SDP, or the one that SIP came from; another port
 *     sibling     1      where another stream of this party is heard
 *     follower    1      the same, but that stream is itself on trial
 *     neighbour   1      the network (/24, /56) of the address that SIP came from; see below
 *     stranger    0      elsewhere
 *
 * Neighbours and followers are on trial: only their network speaks for them. They never lock.
 * Neighbours count only if the SDP's address is private or differs from SIP's, and if no source of
 * rank 2 or 3 was ever heard on any stream of this party; else they are strangers.
 *
 * A source is usable if it could be the first one of a stream (latch_usable_rules):
 *
 *     mode       stranger                     rank 1    rank 2, 3
 *     smart      if no address is known       yes       yes
 *     strict     no                           no        yes
 *     first      yes                          yes       yes; and nobody is on trial
 *
 * With smart, where SIP's address is private, and SDP's not public, a stranger is usable too if his
 * address is private (all addresses of a VPN). A public one is not: the private address may be that
 * of a proxy in front, which hides all phones.
 *
 * ASYMMETRIC. Media goes to the endpoint of the SDP only, and may come from elsewhere. So with
 * smart a stranger is usable, and nobody counts as a neighbour; whoever is taken locks at once;
 * exact takes over even if that one is not silent. But where the party was heard at the endpoint of
 * its SDP before signalling moved it, no stranger comes in its place. With strict-source only exact
 * is usable.
 *
 * An address is known if SIP's was told, or if the SDP's is public. 0.0.0.0 or :: in a first SDP
 * (later ones keep the address of before) tells none, but this side has sent an SDP.
 *
 * NUMBERS. RTP and UDPTL (T.38) have sequence numbers, by which a newcomer can show that it talks
 * like a phone. RTCP, STUN, DTLS and other packets have none. Without numbers:
 *
 *     newcomer              taken at once if exact, address or sibling; else not now
 *     source in use         never locks, and yields to a newcomer with numbers and equal rank
 *     RTCP                  refused if its SSRC is not one of the RTP of this side, once RTP of a
 *                           source that is not on trial was heard; if such RTCP is in use from
 *                           before, it yields to RTCP with such an SSRC and equal rank
 *
 * TALK. One packet, or a burst, can be anybody's. A source has talked after LATCH_TALK_PACKETS with
 * numbers that go on (same SSRC, ahead by up to LATCH_STEP_MAX; the kernel's by any number) over
 * LATCH_TALK_MS or more, whatever the pauses; exact with its first number; whoever proved itself
 * for so long. One that has sent numbers, and has not talked, is brief:
 *
 *     brief source in use   never locks; yields to a newcomer with numbers and equal rank after the
 *                           patience, if it was not heard for so long (LATCH_PAUSE_MS at least).
 *                           The newcomer's class must not be lower, and not neighbour.
 *
 * PHASES: who is heard now, and who could take over (latch_newcomer_rules)?
 *
 *     phase      is heard            could take over
 *     wait       nobody              any usable newcomer
 *     open       the source in use   a usable newcomer of higher rank; of the same rank, if it has
 *                                    numbers and the source in use never had any, or if its RTCP
 *                                    has the SSRC of RTP, and that of the source in use has not,
 *                                    or if the source in use is brief
 *     reopened   the source in use   the same; of the same rank, if silent
 *     moved      the source in use,  any usable newcomer; the source that it replaces is refused
 *                at its old place    until the window ends
 *     pending    the source in use   a usable newcomer of the same or a higher rank, after the
 *                                    patience, if silent, or with one of its last four SSRCs and
 *                                    the sequence number of that one going on
 *     locked     the source in use   exact in place of a lower rank, if silent; with strict-source
 *                                    nobody
 *
 * An offer that opens a window awaits its answer: when the window is over the stream is pending,
 * until LATCH_PENDING_MS after the offer. The answer opens the window again, for a phone that goes
 * to its new port only then: as moved, or as reopened if it was taken at another place meanwhile.
 * An early answer does the same, and the final one once more. Nothing opens if the media stays as
 * it was.
 *
 * "If silent": the source in use was not heard for LATCH_SILENCE_MS. In every phase but wait:
 *
 *     a NAT that changed its port    takes over if silent: same address, and its packets continue
 *                                    those of the source in use, see below; usable or not; not
 *                                    if locked with strict-source. If its number of RTP is
 *                                    known, LATCH_PAUSE_MS of silence will do
 *     another SSRC, same address     takes over after the patience, if usable and not on trial, not
 *                                    with mode strict; see SWITCH
 *     media-handover                 lets any usable newcomer take over, but not the source that
 *                                    was replaced; strict-source has no effect then
 *
 * SWITCH. A gateway may go on at another port of its host, with another SSRC:
 *
 *     after a final answer     for window_ms, if the one before may have been provisional: once,
 *                              when the source in use was not heard for LATCH_PAUSE_MS
 *     in mid-call              if SDP has the address of SIP, and the first source was exact: when
 *                              the source in use is silent; if this party ever sent RTCP, or
 *                              uses rtcp-mux, when it was silent for LATCH_GONE_MS in RTP and RTCP
 *
 * Its RTCP follows, since it has the SSRC of the RTP. A phone that is muted has its RTCP to speak
 * for it; without RTCP nothing tells it from a gateway that has left.
 *
 * RTP and RTCP continue if the SSRC is one of the last four of the source in use, and the sequence
 * of that one goes on: it is ahead by what the source could have sent in the silence at the highest
 * rate measured, times 1.5, plus 100, at most 16,000; or late, behind by up to 100. SSRCs are those
 * of admitted packets. Of those that the kernel forwarded, only the last one's number is known; the
 * others, and all after a restart, go by the SSRC alone. (packet/ssrcs.h)
 *
 * UDPTL continues if one packet is ahead of the last one of the source in use by 1 to 8, and three
 * more are in order; the source in use must not have been heard since the first of these. Four
 * other numbers end that for 10 s. It counts as well where the kind of media is not known, if the
 * last four packets of the source in use were in order. After a restart nobody continues, until the
 * source in use was heard again. (packet/udptl.h)
 *
 * Other opaque media (neither RTP nor RTCP) has no numbers. It continues if the source in use is
 * exact and the first of the stream, and if the address in the SDP is that of SIP: no NAT hides
 * this phone; not with strict.
 *
 * Reports know three states: wait, learn (open, reopened, moved, pending), locked.
 *
 * PROOF. A newcomer that could take over may have to prove itself first (latch_proof_rules):
 *
 *     without numbers       see above
 *     neighbour, stranger   not before this side has sent an SDP; then it has to talk like a phone
 *                           for patience_ms: no pause above LATCH_GAP_MS, sequence numbers going
 *                           on. Several are awaited at a time (packet/candidates.h): when there
 *                           are too many, one that has sent a single packet or paused, or has a
 *                           lower rank, is displaced, chosen at random.
 *     stranger, asymmetric  in addition: not while nobody is at the other side
 *     neighbour             in addition: not while nobody is at the other side
 *     in place of a brief   after the patience, in all modes; it is awaited before that source
 *     source                has been silent for long enough
 *     pending               all others after the patience, too; without numbers not at all; but
 *                           exact in place of a lower rank, if silent, at once
 *     stranger              in place of another source, with media-handover: at once
 *     all others; mode first; a NAT that changed its port: at once
 *
 * EVENTS: what happens in which phase, without media-handover and strict-source; if more than one
 * row of a newcomer fits: no candidate, RTCP, replaced source, NAT, not usable, numbers, rank
 *
 *     event                           wait      open      reopened   moved     pending    locked
 *     packet of the source in use     -         heard     heard      heard     heard      heard
 *     newcomer, no candidate          no cand.  refused   refused    refused   refused    refused
 *     newcomer, RTCP, other SSRC      refused   refused   refused    refused   refused    refused
 *     newcomer, not usable            refused   refused   refused    refused   refused    refused
 *     usable newcomer, lower rank     taken     refused   refused    taken     refused    refused
 *        same rank                    taken     refused   if silent  taken     if it may  refused
 *        same rank, numbers, and      -         taken     taken      taken     taken      -
 *        the source has had none
 *        same rank, RTCP with the     -         taken     taken      taken     taken      -
 *        SSRC of RTP, and the
 *        source's has another
 *        same rank, numbers, and      -         taken     taken      taken     taken      -
 *        the source is brief
 *        higher rank, not exact       taken     taken     taken      taken     if it may  refused
 *        exact, the source is not     taken     taken     taken      taken     if it may  if silent
 *     NAT changed its port,           -         taken     taken      taken     taken      taken
 *        silent, usable or not
 *     the same, not silent yet        -         soon      soon       soon      soon       soon
 *     switch, the source has left     -         taken     taken      taken     taken      taken
 *     switch, it has not left yet     -         soon 7    soon 7     taken     soon 7     soon 7
 *     replaced source, window open    -         refused   refused    refused   refused    refused
 *     window over (tick, packet)      -         locked 1  locked 2   locked 3  locked     -
 *     the same, without an answer     -         locked 1  pending    pending   locked     -
 *     offer or answer:
 *        source in use is exact now   -         locked    locked     locked    locked     locked
 *        source not usable any more   -         moved     moved      moved     moved      moved
 *        another endpoint             -         moved     moved      moved     moved      moved
 *        same endpoint, media differ  -         reopened  reopened   moved     moved 6    reopened
 *        nothing changed              -         -         -          -         -          open 4
 *        answer to an offer           -         as after that offer: its window begins again
 *        another party                wait      wait      wait       wait      wait       wait
 *     kernel heard the source in use  as a packet of it, at the time when the kernel heard it
 *     kernel dropped a newcomer       as a packet of that newcomer
 *     a source of rank 2 or 3 speaks  -         wait 5    wait 5     wait 5    wait 5     -
 *        on another stream
 *     restart of the daemon           phase and window stay; sequence numbers are not known, the
 *                                     patience starts again
 *
 *     taken     after its proof, if it needs one. Next phase: open if it is on trial or without
 *               numbers; locked if it is exact or asymmetric or the phase was locked; else open. A
 *               window of window_ms begins, unless one is open or the phase was locked. If it is
 *               brief, open instead of locked, without a window. A source on trial is never
 *               pending.
 *     if it may silent, or with an SSRC of the source going on: see pending
 *     locked    only after the source has talked; else open, the window closed, and locked when it
 *               has. If it is exact, at its first number, else:
 *               1: if it is not on trial. 2: if it was heard since the offer, in addition to 1.
 *               3: if it is not silent, in addition to 2. Else the phase stays until that holds,
 *               or until a newcomer is taken.
 *     open 4    if it is on trial now, since the sibling that spoke for it has moved; else locked
 *     wait 5    if the source is on trial: the phone is not where its network alone speaks for it
 *     moved 6   if the offer led to moved; else reopened
 *     soon      if no other row takes it: refused; while the kernel forwards, the daemon receives
 *               its next packets, to see when the source in use has fallen silent
 *     soon 7    after a final answer; else refused
 *     reopened, moved: a window of window_ms begins
 *
 * TRANSITIONS, without pending, open 4 and wait 5
 *
 *                usable, proved            window over, not on trial, talked; exact is taken
 *       +------+               +------+                                 +--------+
 *   .-->| wait |-------------->| open |-------------------------------->| locked |--. NAT changed
 *   |   +------+               +------+                                 |        |  | its port;
 *   |      |  exact             |    ^                                  |        |<-' exact, if
 *   |      '--------------------|----|--------------------------------->|        |    silent
 *   |                     offer |    | newcomer taken                   |        |
 *   | another party             v    |                                  |        |
 *   | (from any phase)     +----------+   heard since, window over;     |        |
 *   '---                   | reopened |   exact is taken or told        |        |
 *                          |          |-------------------------------->|        |
 *                          | moved    |<--------------------------------|        |
 *                          +----------+   offer                         +--------+
 *
 * THE RULES ARE DATA: the tables above are rows in packet/latch_rules.c, and the first row that
 * fits decides. The functions of latch.c find the facts that rows ask for, and do what a row says.
 * What a stream has learned is sealed: no other file touches the members of struct latch_memory
 * (tests/layers checks it).
 */
#ifndef RTPRELAY_LATCH_H
#define RTPRELAY_LATCH_H

#include "base/endpoint.h"
#include "packet/candidates.h"
#include "packet/latch_rules.h"
#include "packet/ssrcs.h"
#include "packet/udptl.h"

/* As reports name it. */
enum latch_state {
	LATCH_WAIT,   /* nothing heard */
	LATCH_LEARN,  /* a source is in use, a better one may replace it */
	LATCH_LOCKED, /* only that source is heard */
};

/* A source that has not been heard for so long may have lost its NAT binding. */
#define LATCH_SILENCE_MS 1000

/*
 * If it goes on with the same SSRC and sequence numbers at another port, less will do: nobody else
 * knows them.
 */
#define LATCH_PAUSE_MS 200

/*
 * A source has talked when so many packets with sequence numbers that go on have come from it in
 * so long or longer. Until then its place is not its own.
 */
#define LATCH_TALK_MS	   400
#define LATCH_TALK_PACKETS 4

/* A party that ever sent RTCP is gone when it was silent for so long in RTP and RTCP. */
#define LATCH_GONE_MS 6000
/* What the kernel reported of its RTCP counts for so long. */
#define LATCH_KNOWN_MS 1500

/* So long after an offer its answer is awaited: a request of SIP has ended by then (timer B). */
#define LATCH_PENDING_MS 32000

/* So many sources of siblings are looked at. */
#define LATCH_NEAR 8

/**
 * struct latch_ref - what a source is compared with; made for one question, borrows all of it
 * @signalled: where the remote wants its media: SDP's endpoint, or SIP's address with SDP's port
 * @sdp: as in the SDP; unset: this side has not answered yet
 * @sip: where SIP came from, port ignored; unset: not told
 * @near: sources that siblings have latched on
 * @on_trial: bit per member of @near: that one is there because of its network alone
 * @spoke: a source of rank 2 or 3 was heard, at any time, on a stream of this party, this or other
 * @rtcp_ms: when this party sent RTCP last, on any stream; 0: never
 * @rtcp_as_of_ms: what @rtcp_ms says is known as of then, since the kernel forwards it; 0: of now
 * @rtp: the stream of the same media that RTP arrives at, maybe this one; NULL: it carries none
 * @candidates: newcomers that have to prove themselves; NULL: nobody can, as on a port for RTCP
 * @alone: nobody is at the other side yet, who could be heard or hear
 * @asymmetric: media goes to @signalled, and may come from elsewhere
 */
struct latch_ref {
	const struct endpoint *signalled, *sdp, *sip;
	const struct endpoint *near[LATCH_NEAR];
	unsigned int n_near, on_trial;
	const struct latch *rtp;
	struct candidates *candidates;
	enum latch_mode mode;
	bool strict_source; /* once LOCKED, nobody else, nor a NAT that rebound; not if @handover */
	bool spoke;
	bool handover; /* an acceptable source may take over at any time */
	bool alone;
	bool asymmetric;
	int64_t patience_ms, window_ms;
	int64_t rtcp_ms, rtcp_as_of_ms;
};

/*
 * One packet, as far as latching cares; seen by the daemon, or reported by the kernel. RTP has both
 * numbers, UDPTL has only @seq, RTCP only @ssrc.
 */
struct latch_packet {
	const struct endpoint *source;
	int64_t now_ms;
	bool candidate; /* it is what the stream carries: it may latch */
	bool in_kernel; /* the kernel forwards the source in use: it is not silent, though unseen */
	bool has_ssrc, has_seq;
	bool opaque; /* it is of a media that is not RTP, or whose kind is not known */
	bool udptl; /* @opaque, and it is UDPTL or may be: with @has_seq the call says that it is */
	uint16_t seq;
	uint32_t ssrc;
};

/**
 * struct latch_memory - what one stream has learned; all zero is PHASE_WAIT
 * @source: in use; unset in PHASE_WAIT
 * @unanswered: PHASE_MOVED or _REOPENED: an offer led to it, and its answer leads there again;
 *	PHASE_WAIT: none
 * @was_exact: in PHASE_MOVED, _PENDING: the old source was right where SDP had said, so it will be
 *	this time
 * @opened_ms: when an offer or answer opened the window
 * @pending_end_ms: the end of PHASE_PENDING, if @unanswered
 * @final_end_ms: until then a source may go to another port, since a final answer came
 * @rtcp_ms: when RTCP of @source, or one before, came here; not what the kernel forwarded
 * @relatched: times that another source took over
 * @window_end_ms: 0: it is closed, though the phase is PHASE_OPEN
 * @spoke: a source of rank 2 or 3 was in use, at any time
 * @first_exact: the first source was exact
 * @sequenced: @source has sent RTP or UDPTL
 * @talked: so much that its place is its own, see LATCH_TALK_MS; or it was exact
 * @run, @run_since_ms: until it has: packets whose numbers go on, and when the first of them came
 * @ssrc, @seq: of the last packet of @source; @seq_known: not since a restart; @ssrcs: those before
 * @replaced: the old source, after signalling moved the phone: refused while the window lasts
 * @udptl: as @seq, of media that is or may be UDPTL; and who continues that at another port
 * For latch.c, and the inline functions below, alone.
 */
struct latch_memory {
	struct endpoint source;
	uint8_t phase; /* enum latch_phase */
	uint8_t class; /* enum latch_class, of @source */
	uint8_t unanswered;
	bool was_exact, ssrc_known, seq_known, sequenced, talked, spoke, first_exact;
	uint8_t run;
	uint16_t seq;
	uint32_t ssrc;
	int64_t heard_ms, window_end_ms, opened_ms, pending_end_ms, final_end_ms, rtcp_ms;
	int64_t run_since_ms;
	uint32_t relatched;
	struct endpoint replaced;
	struct ssrcs ssrcs;
	struct udptl udptl;
};

/* Most packets of the source in use touch only so many bytes. */
#define LATCH_HOT offsetof(struct latch_memory, window_end_ms)

struct latch {
	struct latch_memory sealed;
};

/* The same for a journal, with times as the reader of the record counts them. 0: never */
struct latch_record {
	struct endpoint source, replaced;
	int64_t heard_ms, window_end_ms, opened_ms, pending_end_ms, final_end_ms, rtcp_ms;
	uint32_t ssrc, relatched;
	uint32_t earlier_ssrc[SSRCS_EARLIER]; /* @n_ssrcs of them */
	uint16_t seq;
	uint8_t phase, class, unanswered, n_ssrcs;
	bool was_exact, ssrc_known, sequenced, talked, spoke, first_exact;
};

enum latch_verdict {
	LATCH_ADMIT,
	LATCH_TAKEN,  /* admitted, and its source is in use from now on */
	LATCH_REFUSE, /* a stranger */
	LATCH_SOON,   /* refused, too; it may be accepted when the source in use is silent */
	LATCH_PATIENCE,
	LATCH_NO_CANDIDATE, /* nothing heard yet, and this packet cannot latch */
};

/*
 * What an offer or an answer means for what a stream has learned. An order for one update: it is
 * kept nowhere, neither in settings nor in the journal.
 */
enum latch_change {
	LATCH_KEEP,   /* the media stays as it was */
	LATCH_REOPEN, /* it changed: resumed from hold, maybe through a new NAT binding */
	LATCH_MOVE,   /* another endpoint */
	LATCH_FRESH, /* another party has taken this side (serial fork): nothing of before counts */
};

/* What the SDP is for the side whose streams are updated; an order for one update, too. */
enum latch_step {
	LATCH_NO_STEP,
	LATCH_OFFER,  /* this side's offer: an answer will follow */
	LATCH_EARLY,  /* the first answer to this side's offer, a provisional one */
	LATCH_ANSWER, /* the answer to this side's offer */
	LATCH_FINAL,  /* this side's final answer, after one that may have been provisional */
};

enum latch_rank latch_rank(const struct latch_ref *ref, const struct endpoint *source);
/* Is there an address that a stranger can be told by? */
bool latch_address_known(const struct latch_ref *ref);

/* --- Events ----------------------------------------------------------------------------------- */

/**
 * latch_packet() - the whole decision, for any packet; and for one that the kernel dropped and
 * reported
 * @rank: gets that of a newcomer; not with LATCH_ADMIT
 */
enum latch_verdict latch_packet(struct latch *latch, const struct latch_ref *ref,
				const struct latch_packet *packet, enum latch_rank *rank);
/*
 * Its short form for nearly all packets: the source in use. latch_heard() must follow,
 * latch_packet() need not.
 */
static inline bool latch_is_source(const struct latch *latch, const struct endpoint *source)
{
	return endpoint_eq(&latch->sealed.source, source);
}
/* Return: the state changed; here and below that is what reports name: a window was closed. */
bool latch_heard(struct latch *latch, const struct latch_packet *packet);
/*
 * The kernel has heard the source in use, last by @packet, whose time is of the past, at @rate
 * packets a second (0: not known). Return: the state changed.
 */
bool latch_heard_in_kernel(struct latch *latch, const struct latch_packet *packet, uint32_t rate,
			   int64_t now_ms);
/*
 * For each second: closes a window that is over, as each packet does, and measures how fast the
 * source sends. Return: the state changed.
 */
bool latch_tick(struct latch *latch, int64_t now_ms);
/* After an offer or answer; @ref tells the new state of things. */
void latch_update(struct latch *latch, const struct latch_ref *ref, enum latch_change change,
		  enum latch_step step, int64_t now_ms);
/* Nobody is heard any more, as in the beginning; how often that changed is still known. */
void latch_forget(struct latch *latch);

/* --- Restart ---------------------------------------------------------------------------------- */

void latch_export(const struct latch *latch, struct latch_record *record);
/* The numbers of its packets have gone on since by nobody knows how many. */
void latch_import(struct latch *latch, const struct latch_record *record);
/* Could latch_export() have made it? */
bool latch_record_valid(const struct latch_record *record);

/* --- Questions -------------------------------------------------------------------------------- */

static inline enum latch_state latch_state(const struct latch *latch)
{
	if (latch->sealed.phase == PHASE_LOCKED)
		return LATCH_LOCKED;
	return latch->sealed.phase == PHASE_WAIT ? LATCH_WAIT : LATCH_LEARN;
}

static inline enum latch_rank latch_rank_of(enum latch_class class)
{
	if (class >= CLASS_ADDR)
		return class == CLASS_ADDR ? RANK_ADDR : RANK_EXACT;
	return class == CLASS_STRANGER ? RANK_UNKNOWN : RANK_NEAR;
}

/* The source in use; unset: none. */
static inline const struct endpoint *latch_source(const struct latch *latch)
{
	return &latch->sealed.source;
}

static inline enum latch_rank latch_source_rank(const struct latch *latch)
{
	return latch_rank_of(latch->sealed.class);
}

/* Times that another source took over. */
static inline uint32_t latch_relatched(const struct latch *latch)
{
	return latch->sealed.relatched;
}

/*
 * Only its network speaks for the source in use, or for the sibling that it follows: it never
 * locks.
 */
static inline bool latch_on_trial(const struct latch *latch)
{
	return latch->sealed.class == CLASS_NEIGHBOUR || latch->sealed.class == CLASS_FOLLOWER;
}

/* Signalling has moved the remote: the source in use is its old place, and may change at once. */
static inline bool latch_is_moved(const struct latch *latch)
{
	return latch->sealed.phase == PHASE_MOVED;
}

/* An offer has opened the window, which is over, and its answer has not come yet. */
static inline bool latch_pending(const struct latch *latch)
{
	return latch->sealed.phase == PHASE_PENDING;
}

/* Does the source in use tell where this party is, for other streams of it? */
static inline bool latch_vouches(const struct latch *latch)
{
	const struct latch_memory *m = &latch->sealed;

	if (m->phase == PHASE_PENDING)
		return m->unanswered != PHASE_MOVED;
	return m->phase != PHASE_WAIT && m->phase != PHASE_MOVED;
}

/* A source is in use, and its window is not over: a tick will change that. */
static inline bool latch_window_open(const struct latch *latch, int64_t now_ms)
{
	return latch_state(latch) == LATCH_LEARN && now_ms < latch->sealed.window_end_ms;
}

/*
 * The window is closed: the source in use is settled, even if it is one that is never locked. Not
 * one that has sent a few packets of RTP or UDPTL only.
 */
static inline bool latch_settled(const struct latch *latch)
{
	const struct latch_memory *m = &latch->sealed;

	return m->phase == PHASE_LOCKED ||
	       (m->phase == PHASE_OPEN && !m->window_end_ms && (m->talked || !m->sequenced));
}

/* A source of rank 2 or 3 was in use, at any time. */
static inline bool latch_spoke(const struct latch *latch)
{
	return latch->sealed.spoke;
}

/* What a closed stream of the same party has heard. */
static inline void latch_inherit(struct latch *latch, const struct latch *ended)
{
	latch->sealed.spoke |= ended->sealed.spoke;
	if (ended->sealed.rtcp_ms > latch->sealed.rtcp_ms)
		latch->sealed.rtcp_ms = ended->sealed.rtcp_ms;
}

/* The source in use has sent RTP or UDPTL, and not only RTCP and the like. */
static inline bool latch_sequenced(const struct latch *latch)
{
	return latch->sealed.sequenced;
}

/* When the source in use was heard last; 0: there is none. */
static inline int64_t latch_heard_ms(const struct latch *latch)
{
	return latch->sealed.phase == PHASE_WAIT ? 0 : latch->sealed.heard_ms;
}

/* When RTCP came to this stream; not what the kernel forwarded. 0: never */
static inline int64_t latch_rtcp_ms(const struct latch *latch)
{
	return latch->sealed.rtcp_ms;
}

/* Somebody at the address of the source in use continues its numbers of UDPTL at another port. */
static inline bool latch_is_continued(const struct latch *latch)
{
	return udptl_is_continued(&latch->sealed.udptl, latch->sealed.heard_ms);
}

static inline bool latch_silent(const struct latch *latch, int64_t now_ms)
{
	return now_ms - latch->sealed.heard_ms >= LATCH_SILENCE_MS;
}

/*
 * Has the source in use sent only RTCP, with an SSRC that RTP of the same media did not have? @rtp:
 * as in struct latch_ref
 */
bool latch_is_foreign(const struct latch *latch, const struct latch *rtp);

/* Is it the SSRC that the source in use sent last? */
static inline bool latch_has_ssrc(const struct latch *latch, uint32_t ssrc)
{
	return latch->sealed.ssrc_known && latch->sealed.ssrc == ssrc;
}

/*
 * Of a packet only @source is known: could one from there take the place of the source in use, at
 * the right time and with the right numbers?
 */
bool latch_could_be(const struct latch *latch, const struct latch_ref *ref,
		    const struct endpoint *source);
/* May media be sent to where signalling says? */
bool latch_signalled_usable(const struct latch_ref *ref);
/**
 * latch_destination() - where to send to
 * @asymmetric: to the signalled endpoint, wherever packets come from
 * Return: NULL, nowhere yet. What it points to belongs to @latch or @ref.
 */
const struct endpoint *latch_destination(const struct latch *latch, const struct latch_ref *ref,
					 bool asymmetric);

#endif
