/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdp_plan.c - writes the SDP that the receiver of an offer or answer gets
 */
#include <errno.h>
#include <stdlib.h>
#include "base/count.h"
#include "call/dialog.h"
#include "command/exchange.h"
#include "port/iface.h"

static bool wants(const struct exchange *ex, uint32_t flag)
{
	return ex->request->flags & flag;
}

static const struct {
	uint32_t request, edit;
} edit_flags[] = {
	{ REQ_REPLACE_ORIGIN, SDP_REPLACE_ORIGIN },
	{ REQ_REPLACE_USERNAME, SDP_REPLACE_USERNAME },
	{ REQ_REPLACE_SESSION_NAME, SDP_REPLACE_SESSION_NAME },
	{ REQ_REPLACE_VERSION, SDP_REPLACE_VERSION },
	{ REQ_REPLACE_ZERO, SDP_REPLACE_ZERO },
	{ REQ_ORIGINAL_DIRECTION, SDP_ORIGINAL_DIRECTION },
	{ REQ_NO_RTCP_ATTR, SDP_NO_RTCP_ATTR },
	{ REQ_FULL_RTCP_ATTR, SDP_FULL_RTCP_ATTR },
};

static struct shown_sdp *shown_new(const struct sdp *sdp)
{
	struct shown_sdp *shown = calloc(1, sizeof(*shown));

	if (!shown)
		return NULL;
	if (!str_to_u64(sdp->o_version, INT64_MAX, &shown->version))
		shown->version = 1;
	if (text_set(&shown->username, sdp->o_username) || text_set(&shown->o_id, sdp->o_id) ||
	    text_set(&shown->session_name, sdp->session_name)) {
		shown_free(shown);
		return NULL;
	}
	return shown;
}

/* o= and s= that the receiver got before, if the request asks that they stay the same. */
static int plan_shown(struct exchange *ex, struct sdp_edit *edit)
{
	if (!wants(ex, REQ_REPLACE_USERNAME | REQ_REPLACE_SESSION_NAME | REQ_REPLACE_VERSION))
		return 0;
	ex->shown = ex->dialog->party[ex->to].shown;
	if (!ex->shown) {
		ex->shown = shown_new(&ex->sdp);
		if (!ex->shown)
			return -ENOMEM;
		ex->new_shown = true;
	}
	edit->username = ex->shown->username;
	edit->session_name = ex->shown->session_name;
	if (wants(ex, REQ_REPLACE_USERNAME))
		edit->o_id = ex->shown->o_id;
	edit->version = ex->shown->version;
	return 0;
}

/* As that of the first media that is relayed: a phone in local-networks gets the bind address. */
static struct endpoint session_address(const struct exchange *ex, const struct sdp_edit *edit)
{
	const struct iface_addr *local = ex->local[ex->to];

	if (endpoint_is_set(&ex->request->media_address))
		return ex->request->media_address;
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		if (!edit->media[i].relay)
			continue;
		return endpoint_addr_eq(&edit->media[i].rtp, &local->bind) ? local->bind
									   : local->advertised;
	}
	return local->advertised;
}

static int plan_edit(struct exchange *ex, struct sdp_edit *edit)
{
	edit->flags = ex->keeps_ice ? 0 : SDP_REMOVE_ICE;
	for (size_t i = 0; i < COUNT(edit_flags); i++)
		if (wants(ex, edit_flags[i].request))
			edit->flags |= edit_flags[i].edit;
	if (wants(ex, REQ_LOOP_PROTECT))
		edit->loop_mark = (struct str){ ex->call->table->mark, CALL_MARK_LEN };
	edit->media = arena_zalloc(ex->env->arena, (ex->sdp.n_media + 1) * sizeof(*edit->media));
	if (!edit->media)
		return -ENOMEM;
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (media_plan_edit(ex, i, &edit->media[i]))
			return -ENOMEM;
	if (bundle_plan_edit_session(ex, edit))
		return -ENOMEM;
	edit->address = session_address(ex, edit);
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (edit->media[i].ice && edit->media[i].ice->lite)
			edit->flags |= SDP_ICE_LITE;
	return plan_shown(ex, edit);
}

/*
 * Bytes that may be added to an m= line: c=, a=rtcp, direction, rtcp-mux; and an a=rtpmap for each
 * static payload type.
 */
#define MEDIA_GROWTH 192
#define CODEC_GROWTH 40

static int write_text(const struct exchange *ex, const struct sdp_edit *edit, struct str *text)
{
	size_t size = ex->request->sdp.len * 2 + 512;
	struct buf out;

	for (size_t i = 0; i < ex->sdp.n_media; i++)
		size += MEDIA_GROWTH + ex->sdp.media[i].n_codecs * CODEC_GROWTH;
	for (;; size *= 2) {
		out = BUF_INIT(arena_alloc(ex->env->arena, size), size);
		if (!out.data)
			return -ENOMEM;
		sdp_write(&ex->sdp, edit, &out);
		if (!out.overflow)
			break;
		if (size > 1 << 20)
			return -ENOMEM;
	}
	*text = (struct str){ out.data, out.len };
	return 0;
}

static int write_fitting(const struct exchange *ex, const struct sdp_edit *edit, struct str *text)
{
	const struct request *request = ex->request;
	int error = write_text(ex, edit, text);

	if (!error && request->fits && !request->fits(request, *text))
		error = -EMSGSIZE;
	return error;
}

/*
 * The version in o= must increase if the SDP changed, or the receiver ignores the change, and must
 * stay the same if it did not (RFC 3264, section 8). With REQ_RAISE_VERSION it always increases: in
 * the first SDP, too, since the receiver may have had others before the relay came into the call.
 */
int sdp_plan_write(struct exchange *ex, struct str *text)
{
	const struct siphash_key *key = &ex->call->table->key;
	struct sdp_edit edit = { 0 };
	bool raise = wants(ex, REQ_RAISE_VERSION);
	int error = plan_edit(ex, &edit);

	edit.version += raise;
	if (!error)
		error = write_fitting(ex, &edit, text);
	if (error || !ex->shown)
		return error;
	ex->version = edit.version;
	ex->hash = siphash(key, *text);
	if (raise || !wants(ex, REQ_REPLACE_VERSION) || ex->new_shown ||
	    ex->hash == ex->shown->hash)
		return 0;
	ex->version = ++edit.version;
	error = write_fitting(ex, &edit, text);
	if (!error)
		ex->hash = siphash(key, *text);
	return error;
}
