/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdes_plan.c - decides for each m= line whether SRTP ends in the relay, and with which keys
 *
 * It does where transport-protocol asks for SRTP on one side and plain RTP on the other, and where
 * OSRTP (RFC 8643) is offered to one side or accepted from one. Where both have SRTP and were never
 * told apart, lines and packets pass as they are. Keys go to the bridge with the answer: until then
 * nobody knows which of the offered lines counts.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "call/media_sdes.h"
#include "call/sdes_news.h"
#include "command/exchange.h"
#include "packet/bridge.h"
#include "sdp/bundle.h"

static void fill_random(void *arg, uint8_t *bytes, size_t len)
{
	(void)arg;
	if (getentropy(bytes, len))
		abort(); /* Linux before 3.17; a known key would be worse */
}

static bool is_secure_profile(struct str proto)
{
	return str_eq_nocase(proto, STR("RTP/SAVP")) || str_eq_nocase(proto, STR("RTP/SAVPF"));
}

static bool is_dtls_profile(struct str proto)
{
	return str_eq_nocase(proto, STR("UDP/TLS/RTP/SAVP")) ||
	       str_eq_nocase(proto, STR("UDP/TLS/RTP/SAVPF"));
}

/* Profiles that differ in how keys come: none, SDES, DTLS. */
static int kind_of(struct str proto)
{
	return is_dtls_profile(proto) ? 2 : is_secure_profile(proto);
}

static bool has_dtls(const struct exchange *ex)
{
	return ex->call->table->conf.dtls;
}

static const struct media_sdes *sdes_before(const struct media_plan *plan)
{
	return plan->old ? plan->old->sdes : NULL;
}

static const struct media_sdes *sdes_now(const struct media_plan *plan)
{
	return plan->sdes ? plan->sdes : sdes_before(plan);
}

/* --- Keys ------------------------------------------------------------------------------------- */

/*
 * The key of @line is in use from now on. One that is so already keeps its rollover counters: it is
 * not sent to the bridge again.
 */
static int set_key(struct media_sdes *sdes, int side, enum srtp_direction direction,
		   const struct sdes_line *line, struct srtp **srtp)
{
	enum sdes_kind kind = direction == SRTP_SEND ? SDES_SENT : SDES_HEARD;
	struct sdes_lines used;
	bool keeps;
	int error;

	media_sdes_get(sdes, side, kind, &used);
	keeps = used.n && srtp_master_eq(&used.line[0].keys[0], &line->keys[0]);
	used.n = 1;
	used.line[0] = *line;
	error = media_sdes_set(sdes, side, kind, &used);
	sdes_wipe(&used);
	if (error || keeps)
		return error;
	*srtp = srtp_new(&line->keys[0], direction);
	return *srtp ? 0 : -ENOMEM;
}

static int set_keys(struct media_plan *plan, int side, const struct sdes_line *receive,
		    const struct sdes_line *send)
{
	int error = set_key(plan->sdes, side, SRTP_RECEIVE, receive, &plan->change.receive[side]);

	return error ? error : set_key(plan->sdes, side, SRTP_SEND, send, &plan->change.send[side]);
}

static const struct sdes_lines none; /* to set it needs no memory */

/*
 * The key that was sent with is in use no more, and its indexes are not kept: a line that was
 * offered with it is not taken again, by a later answer to the same offer.
 */
static void retire_sent(struct media_sdes *sdes, int side)
{
	struct sdes_lines sent, ours, rest = { 0 };

	media_sdes_get(sdes, side, SDES_SENT, &sent);
	media_sdes_get(sdes, side, SDES_OURS, &ours);
	for (unsigned int i = 0; i < ours.n; i++)
		if (!sent.n || !srtp_master_eq(&ours.line[i].keys[0], &sent.line[0].keys[0]))
			rest.line[rest.n++] = ours.line[i];
	if (rest.n < ours.n && media_sdes_set(sdes, side, SDES_OURS, &rest))
		media_sdes_set(sdes, side, SDES_OURS, &none);
	sdes_wipe(&sent);
	sdes_wipe(&ours);
	sdes_wipe(&rest);
}

/* Without its indexes a key that was sent with is not used again. */
static void forget_keys(struct media_sdes *sdes, int side)
{
	retire_sent(sdes, side);
	media_sdes_set(sdes, side, SDES_HEARD, &none);
	media_sdes_set(sdes, side, SDES_SENT, &none);
}

static bool is_sent(const struct media_sdes *sdes, int side, const struct sdes_line *line)
{
	struct sdes_lines sent;
	bool is;

	media_sdes_get(sdes, side, SDES_SENT, &sent);
	is = sent.n && srtp_master_eq(&sent.line[0].keys[0], &line->keys[0]);
	sdes_wipe(&sent);
	return is;
}

/* --- Offer and answer ------------------------------------------------------------------------- */

static void read_lines(const struct exchange *ex, const struct sdp_media *m,
		       struct sdes_lines *lines)
{
	struct str value;
	size_t at = 0;

	sdes_wipe(lines);
	while (sdp_next_crypto(&ex->sdp, m, &at, &value))
		sdes_add(lines, value);
}

static bool has_lines(const struct exchange *ex, const struct sdp_media *m)
{
	struct sdes_lines lines;
	bool some;

	read_lines(ex, m, &lines);
	some = lines.n;
	sdes_wipe(&lines);
	return some;
}

/* What each side of an offer is to have, as in struct media_sdes. */
struct wanted {
	bool secure[2], optional[2], dtls[2];
};

/*
 * DTLS, of one that offers lines of SDES, too: the profile tells which it is, unless the proxy
 * prefers SDES or wants no DTLS.
 */
static bool takes_dtls(const struct exchange *ex, const struct sdp_media *m)
{
	const struct request *request = ex->request;
	bool lines = has_lines(ex, m);

	if (!has_dtls(ex) || !dtls_plan_has_fingerprint(ex, m))
		return false;
	if (m->transport == SDP_DTLS)
		return !lines || !(request->dtls.off || request->sdes.prefer);
	return m->transport == SDP_SRTP && !lines;
}

/* The offerer: SRTP, plain RTP, or both in one line (OSRTP, RFC 8643). */
static void judge_sender(const struct exchange *ex, const struct sdp_media *m,
			 const struct media_sdes *before, struct wanted *wanted)
{
	int from = ex->from;
	bool both = m->transport == SDP_RTP && has_lines(ex, m);

	wanted->optional[from] = both;
	wanted->dtls[from] = takes_dtls(ex, m);
	wanted->secure[from] = m->transport == SDP_SRTP || m->transport == SDP_DTLS ||
			       (both && before && before->secure[from] && before->optional[from]);
}

/* Under the profile of SDES: if the proxy wants none of its lines. */
static bool offers_dtls(const struct exchange *ex, struct str proto)
{
	const struct request *request = ex->request;

	if (!has_dtls(ex) || request->dtls.off)
		return false;
	return is_dtls_profile(proto) || (is_secure_profile(proto) && request->sdes.off);
}

/* Without DTLS its profiles cannot be had: as if nobody had asked. */
static struct str asked_protocol(const struct exchange *ex)
{
	struct str asked = ex->request->transport_protocol;

	return is_dtls_profile(asked) && !has_dtls(ex) ? STR_NONE : asked;
}

/* The receiver. What it has under a plain profile stays until its answer. */
static void judge_receiver(const struct exchange *ex, const struct sdp_media *m,
			   const struct media_sdes *before, struct wanted *wanted)
{
	struct str asked = asked_protocol(ex);
	int to = ex->to;
	bool had = before && before->secure[to], optional = before && before->optional[to];

	before = media_sdes_ends(before) ? before : NULL;
	wanted->secure[to] = asked.len ? kind_of(asked) != 0
			     : before  ? had && !optional
				       : m->transport != SDP_RTP;
	wanted->dtls[to] = asked.len ? offers_dtls(ex, asked)
			   : before  ? had && before->dtls[to]
				     : wanted->dtls[ex->from];
	if (wanted->secure[to])
		return;
	/* The offerer's own lines of OSRTP pass as they are. */
	wanted->optional[to] = (ex->request->osrtp & OSRTP_OFFER &&
				(wanted->secure[ex->from] || !wanted->optional[ex->from])) ||
			       (had && optional);
	wanted->secure[to] = wanted->optional[to] && had && optional;
}

/* One transport for its sender, single ones for the receiver: each has keys of its own. */
static bool is_to_be_unbundled(const struct exchange *ex)
{
	return ex->request->bundle == REQUEST_BUNDLE_ACCEPT && ex->groups->n_groups &&
	       !ex->request->bundle_offer && !ex->request->bundle_require;
}

/* Two sides with DTLS: it passes, unless the proxy asks for something that the relay has to do. */
static bool ends_here(const struct exchange *ex, const struct wanted *wanted)
{
	return wanted->secure[SIDE_A] != wanted->secure[SIDE_B] ||
	       wanted->dtls[SIDE_A] != wanted->dtls[SIDE_B] || wanted->optional[SIDE_A] ||
	       wanted->optional[SIDE_B] ||
	       (wanted->dtls[SIDE_A] &&
		(ex->request->dtls.role || ex->request->dtls.hash || is_to_be_unbundled(ex)));
}

/*
 * The lines that the receiver is offered. @usable: one of the sides would have no key if false
 * 0; -ENOMEM
 */
static int offer_lines(const struct exchange *ex, struct media_sdes *sdes,
		       const struct sdes_lines *theirs, bool *usable)
{
	struct sdes_lines used, lines;
	int error;

	media_sdes_get(sdes, ex->to, SDES_SENT, &used);
	sdes_offer(&ex->request->sdes, theirs, used.n ? &used.line[0] : NULL, fill_random, NULL,
		   &lines);
	*usable = lines.n;
	error = media_sdes_set(sdes, ex->to, SDES_OURS, &lines);
	sdes_wipe(&lines);
	sdes_wipe(&used);
	return error;
}

static int fill_offer(const struct exchange *ex, const struct sdp_media *m, struct media_sdes *sdes,
		      bool *usable)
{
	bool secure = sdes->secure[ex->from] && !sdes->dtls[ex->from], offered;
	struct sdes_lines theirs = { 0 };
	int error = 0;

	*usable = true;
	if (secure || sdes->optional[ex->from])
		read_lines(ex, m, &theirs);
	if (secure)
		*usable = theirs.n;
	error = media_sdes_set(sdes, ex->from, SDES_THEIRS, &theirs);
	if (!error && *usable && !sdes->dtls[ex->to] &&
	    (sdes->secure[ex->to] || sdes->optional[ex->to])) {
		error = offer_lines(ex, sdes, secure ? &theirs : NULL, &offered);
		*usable = offered || sdes->optional[ex->to];
	}
	sdes_wipe(&theirs);
	return error;
}

static int plan_offer(struct exchange *ex, const struct sdp_media *m, struct media_plan *plan)
{
	const struct media_sdes *before = sdes_before(plan);
	struct wanted wanted = { 0 };
	bool usable;
	int error;

	judge_sender(ex, m, before, &wanted);
	judge_receiver(ex, m, before, &wanted);
	if (!before && !ends_here(ex, &wanted))
		return 0;
	plan->sdes = media_sdes_copy(before);
	if (!plan->sdes)
		return -ENOMEM;
	for (int side = 0; side < 2 && plan->replace; side++) /* another bridge */
		forget_keys(plan->sdes, side);
	for (int side = 0; side < 2 && before; side++) /* keys come in another way */
		if (before->secure[side] && before->dtls[side] != wanted.dtls[side])
			forget_keys(plan->sdes, side);
	memcpy(plan->sdes->dtls, wanted.dtls, sizeof(wanted.dtls));
	memcpy(plan->sdes->secure, wanted.secure, sizeof(wanted.secure));
	memcpy(plan->sdes->optional, wanted.optional, sizeof(wanted.optional));
	error = fill_offer(ex, m, plan->sdes, &usable);
	if (error || !usable) {
		media_sdes_free(plan->sdes);
		plan->sdes = NULL;
	}
	return error;
}

/*
 * The answerer's key, and ours of the line that it took. Without a line there is no key; under a
 * plain profile that means that it has no SRTP.
 */
static int hear_answer(struct exchange *ex, const struct sdes_lines *lines, struct media_plan *plan)
{
	const struct sdes_line *taken = NULL;
	struct sdes_lines ours;
	int error = 0;

	media_sdes_get(plan->sdes, ex->from, SDES_OURS, &ours);
	if (lines->n)
		taken = sdes_answered(&ours, &lines->line[0]);
	if (plan->sdes->optional[ex->from])
		plan->sdes->secure[ex->from] = taken;
	if (taken && !is_sent(plan->sdes, ex->from, taken))
		retire_sent(plan->sdes, ex->from);
	if (taken)
		error = set_keys(plan, ex->from, &lines->line[0], taken);
	sdes_wipe(&ours);
	return error;
}

/* The line that the offerer gets; the same in a later answer, also with another SDP. */
static int give_answer(struct exchange *ex, struct media_plan *plan)
{
	struct media_sdes *sdes = plan->sdes;
	const struct sdes_line *chosen;
	struct sdes_lines theirs, sent;
	struct sdes_line *used = &sent.line[0];
	int error = 0;

	media_sdes_get(sdes, ex->to, SDES_THEIRS, &theirs);
	media_sdes_get(sdes, ex->to, SDES_SENT, &sent);
	chosen = sdes_choose(&ex->request->sdes, &theirs, used->keys[0].suite);
	if (chosen) {
		if (used->tag != chosen->tag || used->keys[0].suite != chosen->keys[0].suite)
			sdes_answer(chosen, fill_random, NULL, used);
		error = set_keys(plan, ex->to, chosen, used);
	}
	sdes_wipe(&theirs);
	sdes_wipe(&sent);
	return error;
}

static int fill_answer(struct exchange *ex, const struct sdes_lines *lines, struct media_plan *plan)
{
	struct media_sdes *sdes = plan->sdes;
	int from = ex->from, to = ex->to, error = 0;

	if (!sdes->dtls[from] && (sdes->secure[from] || sdes->optional[from]))
		error = hear_answer(ex, lines, plan);
	/* OSRTP of the offerer: unless both phones have agreed on it through the relay. */
	if (sdes->optional[to])
		sdes->secure[to] = (sdes->secure[to] || ex->request->osrtp & OSRTP_ACCEPT) &&
				   sdes->text[to][SDES_THEIRS].len &&
				   (sdes->secure[from] || !lines->n);
	if (!error && sdes->secure[to] && !sdes->dtls[to])
		error = give_answer(ex, plan);
	return error;
}

static int plan_answer(struct exchange *ex, const struct sdp_media *m, struct media_plan *plan)
{
	struct sdes_lines lines;
	int error;

	if (!sdes_before(plan))
		return 0;
	plan->sdes = media_sdes_copy(sdes_before(plan));
	if (!plan->sdes)
		return -ENOMEM;
	read_lines(ex, m, &lines);
	error = fill_answer(ex, &lines, plan);
	sdes_wipe(&lines);
	return error;
}

int sdes_plan_make(struct exchange *ex, size_t index)
{
	const struct sdp_media *m = &ex->sdp.media[index];
	struct media_plan *plan = &ex->plan[index];
	const struct media_sdes *now;
	int error = 0;

	if (m->port && !ex->request->leg &&
	    (m->transport == SDP_RTP || m->transport == SDP_SRTP ||
	     (m->transport == SDP_DTLS && has_dtls(ex))))
		error = (ex->offer ? plan_offer : plan_answer)(ex, m, plan);
	now = sdes_now(plan);
	for (int side = 0; side < 2; side++) {
		plan->conf.side[side].flags &= ~(uint32_t)(SIDE_SRTP | SIDE_HANDSHAKE);
		if (now && now->secure[side])
			plan->conf.side[side].flags |=
				now->dtls[side] ? SIDE_SRTP | SIDE_HANDSHAKE : SIDE_SRTP;
		else if (plan->sdes)
			forget_keys(plan->sdes, side); /* the bridge does, too */
	}
	return error;
}

/* --- SDP -------------------------------------------------------------------------------------- */

static int write_lines(const struct exchange *ex, const struct sdes_line *lines, unsigned int n,
		       struct sdp_media_edit *edit)
{
	struct str *texts = arena_zalloc(ex->env->arena, (n + 1) * sizeof(*texts));

	if (!texts)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++) {
		struct buf buf = BUF_INIT(arena_alloc(ex->env->arena, SDES_TEXT), SDES_TEXT);

		if (!buf.data)
			return -ENOMEM;
		sdes_write(&buf, &lines[i], ex->request->sdes.write);
		texts[i] = (struct str){ buf.data, buf.len };
	}
	edit->crypto = texts;
	edit->n_crypto = n;
	return 0;
}

/* The profile of the receiver's m= line. */
static struct str profile_of(const struct exchange *ex, const struct sdp_media *m,
			     const struct media *media)
{
	struct str proto = ex->request->transport_protocol, shown = str_of(media->protocol[ex->to]);

	if (ex->offer && proto.len)
		return proto;
	if (!ex->offer && ex->request->accepts_protocol && kind_of(m->proto) == kind_of(shown))
		return m->proto;
	return shown.len ? shown : m->proto;
}

/* Are the lines of this SDP replaced? Those of OSRTP that both phones may agree on are not. */
static bool replaces_lines(const struct exchange *ex, const struct media_sdes *sdes)
{
	if (media_sdes_ends(sdes))
		return true;
	if (ex->offer)
		return sdes->optional[ex->to] || ex->request->sdes.off;
	return sdes->text[ex->from][SDES_OURS].len && sdes->optional[ex->from];
}

int sdes_plan_edit(struct exchange *ex, size_t index, struct sdp_media_edit *edit)
{
	const struct sdp_media *m = &ex->sdp.media[index];
	const struct media_plan *plan = &ex->plan[index];
	const struct media_sdes *sdes = sdes_now(plan);
	struct sdes_lines lines;
	struct str proto;
	int error;

	if (!sdes || !replaces_lines(ex, sdes))
		return 0;
	proto = profile_of(ex, m, plan->media);
	edit->own_crypto = true;
	edit->proto = str_eq(proto, m->proto) ? STR_NONE : proto;
	if (sdes->secure[ex->to] && sdes->dtls[ex->to])
		return dtls_plan_edit(ex, index, edit);
	if (!sdes->secure[ex->to] && !(ex->offer && sdes->optional[ex->to]))
		return 0;
	media_sdes_get(sdes, ex->to, ex->offer ? SDES_OURS : SDES_SENT, &lines);
	error = write_lines(ex, lines.line, lines.n, edit);
	sdes_wipe(&lines);
	return error;
}

void sdes_plan_commit(struct media_plan *plan)
{
	if (!plan->media || !plan->sdes)
		return;
	sdes_news_keys(plan->media, plan->sdes);
	media_sdes_free(plan->media->sdes);
	plan->media->sdes = plan->sdes;
	plan->sdes = NULL;
}

void sdes_plan_undo(struct media_plan *plan)
{
	media_sdes_free(plan->sdes);
	for (int side = 0; side < 2; side++) {
		srtp_free(plan->change.receive[side]);
		srtp_free(plan->change.send[side]);
	}
}
