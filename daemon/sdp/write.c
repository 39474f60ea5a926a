/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * write.c - writes struct sdp, with the edits, as SDP text
 *
 * One pass over the parsed lines. A line without an edit is copied; sdp_write() in sdp/sdp.h
 * defines the order within relayed RTP media.
 */
#include "sdp/bundle.h"
#include "sdp/names.h"
#include "sdp/sdp.h"

struct writer {
	const struct sdp *sdp;
	const struct sdp_edit *edit;
	struct buf *out;
	char address_text[ENDPOINT_TEXT]; /* of edit.address, which most lines use */
	struct str address;
	struct str old_c;	 /* original value of the session's c=, after it was replaced */
	struct endpoint shown_c; /* address written in the session's c= */
};

static bool has_flag(const struct writer *w, enum sdp_edit_flag flag)
{
	return w->edit->flags & flag;
}

static bool is_relayed(const struct sdp_media *m, const struct sdp_media_edit *e)
{
	return e->relay && m->port && m->transport != SDP_OTHER && endpoint_is_set(&e->rtp);
}

static void write_value(struct buf *out, char type, struct str value)
{
	char head[2] = { type, '=' };

	buf_add(out, head, sizeof(head));
	buf_str(out, value);
	buf_lit(out, "\r\n");
}

static void write_line(struct writer *w, const struct sdp_line *line)
{
	write_value(w->out, line->type, line->value);
}

/* Without the scope ("fe80::1%eth0"), which is valid only on this host. */
static struct str print_address(const struct endpoint *ep, char *memory)
{
	struct str text = str_of(endpoint_print_addr(ep, memory));

	return str_split(&text, '%');
}

/* "IN IP4 192.0.2.1" */
static void write_address(struct writer *w, const struct endpoint *ep)
{
	char memory[ENDPOINT_TEXT];

	if (ep->sa.sa_family == AF_INET6)
		buf_lit(w->out, "IN IP6 ");
	else
		buf_lit(w->out, "IN IP4 ");
	if (endpoint_addr_eq(ep, &w->edit->address))
		buf_str(w->out, w->address);
	else
		buf_str(w->out, print_address(ep, memory));
}

static void write_c(struct writer *w, const struct endpoint *ep)
{
	buf_lit(w->out, "c=");
	write_address(w, ep);
	buf_lit(w->out, "\r\n");
}

/* The address in c= for @ours: zero if the media is held and SDP_REPLACE_ZERO is not set. */
static struct endpoint address_to_show(const struct writer *w, const struct endpoint *ours,
				       bool held)
{
	struct endpoint zero = { .in6 = { .sin6_family = ours->sa.sa_family } };

	return held && !has_flag(w, SDP_REPLACE_ZERO) ? zero : *ours;
}

/* The user name is one word: blanks in it, which some phones write, would shift the fields. */
static void write_username(struct writer *w)
{
	struct str name =
		has_flag(w, SDP_REPLACE_USERNAME) ? w->edit->username : w->sdp->o_username;

	if (!name.len)
		buf_char(w->out, '-');
	for (size_t i = 0; i < name.len; i++)
		buf_char(w->out, name.s[i] == ' ' ? '_' : name.s[i]);
}

static void write_origin(struct writer *w)
{
	const struct sdp *sdp = w->sdp;
	const struct sdp_edit *edit = w->edit;

	buf_lit(w->out, "o=");
	write_username(w);
	buf_char(w->out, ' ');
	buf_str(w->out, edit->o_id.len ? edit->o_id : sdp->o_id);
	buf_char(w->out, ' ');
	if (has_flag(w, SDP_REPLACE_VERSION))
		buf_u64(w->out, edit->version);
	else
		buf_str(w->out, sdp->o_version);
	buf_char(w->out, ' ');
	if (has_flag(w, SDP_REPLACE_ORIGIN) && endpoint_is_set(&edit->address)) {
		write_address(w, &edit->address);
	} else {
		buf_str(w->out, sdp->o_nettype);
		buf_char(w->out, ' ');
		buf_str(w->out, sdp->o_addrtype);
		buf_char(w->out, ' ');
		buf_str(w->out, sdp->o_address);
	}
	buf_lit(w->out, "\r\n");
}

/* Is the zero address of the session that of media on hold? With ICE it is not known yet. */
static bool is_session_held(const struct sdp *sdp)
{
	bool ice = sdp->ice;

	if (!endpoint_is_set(&sdp->connection) || !endpoint_is_any(&sdp->connection))
		return false;
	for (size_t i = 0; i < sdp->n_media; i++)
		ice = ice || sdp->media[i].ice;
	return !ice;
}

/* Writes the first c= of the session; leaves out others, which would contradict it. */
static void write_session_c(struct writer *w, const struct sdp_line *line)
{
	bool held = is_session_held(w->sdp);

	if (!endpoint_is_set(&w->edit->address)) {
		write_line(w, line);
	} else if (!w->old_c.s) {
		w->old_c = line->value;
		w->shown_c = address_to_show(w, &w->edit->address, held);
		write_c(w, &w->shown_c);
	}
}

/* The relay's own are in the medias. */
static bool is_dtls_of_others(const struct writer *w, const struct sdp_line *line)
{
	if (line->type != 'a' ||
	    (line->attr != SDP_ATTR_FINGERPRINT && line->attr != SDP_ATTR_DTLS))
		return false;
	for (size_t i = 0; i < w->sdp->n_media; i++)
		if (w->edit->media[i].own_crypto)
			return true;
	return false;
}

static bool is_group_of_others(const struct writer *w, const struct sdp_line *line)
{
	return has_flag(w, SDP_OWN_GROUPS) && line->type == 'a' && line->attr == SDP_ATTR_GROUP &&
	       (str_starts(line->value, STR("group:BUNDLE ")) ||
		str_eq(line->value, STR("group:BUNDLE")));
}

static void write_groups(struct writer *w)
{
	for (size_t i = 0; has_flag(w, SDP_OWN_GROUPS) && i < w->edit->n_groups; i++) {
		buf_lit(w->out, "a=group:BUNDLE ");
		buf_str(w->out, w->edit->groups[i]);
		buf_lit(w->out, "\r\n");
	}
}

static void write_session(struct writer *w)
{
	for (size_t i = 0; i < w->sdp->session_lines; i++) {
		const struct sdp_line *line = &w->sdp->lines[i];

		if (line->type == 'o')
			write_origin(w);
		else if (line->type == 'c')
			write_session_c(w, line);
		else if (line->type == 's' && has_flag(w, SDP_REPLACE_SESSION_NAME))
			write_value(w->out, 's', w->edit->session_name);
		else if ((line->attr != SDP_ATTR_ICE || !has_flag(w, SDP_REMOVE_ICE)) &&
			 !is_dtls_of_others(w, line) && !is_group_of_others(w, line))
			write_line(w, line);
	}
	write_groups(w);
	if (has_flag(w, SDP_ICE_LITE))
		buf_lit(w->out, "a=ice-lite\r\n");
	if (w->edit->loop_mark.len) {
		buf_lit(w->out, "a=rtprelay:");
		buf_str(w->out, w->edit->loop_mark);
		buf_lit(w->out, "\r\n");
	}
}

/* Media that is not relayed keeps its address: if that was the session's, it gets its own c=. */
static void write_untouched(struct writer *w, const struct sdp_media *m)
{
	const struct sdp_line *line = &w->sdp->lines[m->first_line];
	const struct sdp_line *end = line + m->n_lines;
	bool c_due = w->old_c.s && !m->connection;

	write_line(w, line++);
	for (; line < end; line++) {
		if (c_due && line->type != 'i') {
			write_value(w->out, 'c', w->old_c);
			c_due = false;
		}
		write_line(w, line);
	}
	if (c_due)
		write_value(w->out, 'c', w->old_c);
}

static bool is_portless_attr(const struct writer *w, const struct sdp_media *m, enum sdp_attr attr)
{
	if (m->port || !m->bundle_only)
		return attr == SDP_ATTR_MID;
	return attr != SDP_ATTR_ICE || !has_flag(w, SDP_REMOVE_ICE);
}

static void write_mid(struct writer *w, const struct sdp_media *m, const struct sdp_media_edit *e)
{
	if (m->mid.len || !e->mid.len)
		return;
	buf_lit(w->out, "a=mid:");
	buf_str(w->out, e->mid);
	buf_lit(w->out, "\r\n");
}

/*
 * All lines after m= of a media without a port: refused, or bundled with another (RFC 8843). The
 * first c= gets our address, others are left out.
 */
static void write_portless(struct writer *w, const struct sdp_media *m,
			   const struct sdp_media_edit *e)
{
	const struct sdp_line *line = &w->sdp->lines[m->first_line + 1];
	const struct sdp_line *end = line + m->n_lines - 1;
	struct endpoint zero = { .in4 = { .sin_family = AF_INET } };
	bool c_due = m->connection;

	for (; line < end; line++) {
		if (line->type == 'c') {
			if (c_due)
				write_c(w, endpoint_is_set(&w->edit->address) ? &w->edit->address
									      : &zero);
			c_due = false;
		} else if (line->type != 'a' || is_portless_attr(w, m, line->attr)) {
			write_line(w, line);
		}
	}
	write_mid(w, m, e);
}

static void write_refused(struct writer *w, const struct sdp_media *m,
			  const struct sdp_media_edit *e)
{
	buf_lit(w->out, "m=");
	buf_str(w->out, m->type);
	buf_lit(w->out, " 0 ");
	buf_str(w->out, m->proto);
	buf_char(w->out, ' ');
	buf_str(w->out, m->formats);
	buf_lit(w->out, "\r\n");
	write_portless(w, m, e);
}

/* Which codecs of an m= line are kept: those not removed; of a refused media the first. */
struct kept {
	const bool *keep;
	bool refused;
};

static struct kept kept_codecs(const struct sdp_media *m, const struct sdp_media_edit *e)
{
	struct kept kept = { .keep = e->keep_codec };

	if (!kept.keep || !m->n_codecs)
		return (struct kept){ NULL, false };
	kept.refused = true;
	for (size_t i = 0; i < m->n_codecs; i++)
		kept.refused = kept.refused && !kept.keep[i];
	return kept;
}

static bool is_kept(const struct kept *kept, size_t codec)
{
	return kept->refused ? !codec : !kept->keep || kept->keep[codec];
}

static void write_m(struct writer *w, const struct sdp_media *m, const struct sdp_media_edit *e,
		    const struct kept *kept)
{
	buf_lit(w->out, "m=");
	buf_str(w->out, m->type);
	buf_char(w->out, ' ');
	buf_u64(w->out, kept->refused ? 0 : endpoint_port(&e->rtp));
	buf_char(w->out, ' ');
	buf_str(w->out, e->proto.len ? e->proto : m->proto);
	if (kept->keep) {
		for (size_t i = 0; i < m->n_codecs; i++) {
			if (!is_kept(kept, i))
				continue;
			buf_char(w->out, ' ');
			buf_u64(w->out, m->codecs[i].pt);
		}
	} else {
		buf_char(w->out, ' ');
		buf_str(w->out, m->formats);
	}
	buf_lit(w->out, "\r\n");
}

/*
 * Writes all lines after m= but a=. c= keeps its position; if there was none and the session's is
 * wrong for this media, c= is inserted before the first line that it must precede (RFC 8866,
 * section 9).
 */
static void write_description(struct writer *w, const struct sdp_media *m,
			      const struct sdp_media_edit *e)
{
	const struct sdp_line *line = &w->sdp->lines[m->first_line + 1];
	const struct sdp_line *end = line + m->n_lines - 1;
	struct endpoint shown = address_to_show(w, &e->rtp, m->held);
	bool c_due = m->connection || !w->old_c.s || !endpoint_addr_eq(&shown, &w->shown_c);

	for (; line < end; line++) {
		if (line->type == 'a')
			continue;
		if (c_due && (line->type == 'c' || (!m->connection && line->type != 'i'))) {
			write_c(w, &shown);
			c_due = false;
		}
		if (line->type != 'c')
			write_line(w, line);
	}
	if (c_due)
		write_c(w, &shown);
}

static void write_codec(struct writer *w, const struct sdp_codec *codec)
{
	struct str rtpmap = sdp_static_rtpmap(codec->pt);

	if (!codec->has_rtpmap && rtpmap.len) {
		buf_lit(w->out, "a=rtpmap:");
		buf_u64(w->out, codec->pt);
		buf_char(w->out, ' ');
		buf_str(w->out, rtpmap);
		buf_lit(w->out, "\r\n");
	}
	for (uint32_t at = codec->first_line; at; at = w->sdp->lines[at].next)
		write_line(w, &w->sdp->lines[at]);
}

/* Is this attribute of relayed RTP media written elsewhere, or left out? */
static bool is_consumed(const struct writer *w, const struct sdp_media_edit *e, enum sdp_attr attr)
{
	switch (attr) {
	case SDP_ATTR_CODEC:
	case SDP_ATTR_RTCP:
	case SDP_ATTR_RTCP_MUX:
	case SDP_ATTR_SENDRECV:
	case SDP_ATTR_SENDONLY:
	case SDP_ATTR_RECVONLY:
	case SDP_ATTR_INACTIVE:
		return true;
	case SDP_ATTR_MID:
		return e->no_mid;
	case SDP_ATTR_BUNDLE_ONLY:
		return has_flag(w, SDP_OWN_GROUPS);
	case SDP_ATTR_RTCP_MUX_ONLY:
		return e->mux == SDP_MUX_REMOVE;
	case SDP_ATTR_ICE:
		return has_flag(w, SDP_REMOVE_ICE);
	case SDP_ATTR_CRYPTO:
	case SDP_ATTR_FINGERPRINT:
	case SDP_ATTR_DTLS:
		return e->own_crypto;
	default:
		return false;
	}
}

static void write_attributes(struct writer *w, const struct sdp_media *m,
			     const struct sdp_media_edit *e)
{
	const struct sdp_line *line = &w->sdp->lines[m->first_line + 1];
	const struct sdp_line *end = line + m->n_lines - 1;

	for (; line < end; line++)
		if (line->type == 'a' && !is_consumed(w, e, line->attr) &&
		    !(e->no_mid_extension && sdp_is_mid_extension(line)))
			write_line(w, line);
}

static void write_direction(struct writer *w, const struct sdp_media *m,
			    const struct sdp_media_edit *e)
{
	enum sdp_direction direction = m->direction;
	bool unheld = m->held && has_flag(w, SDP_REPLACE_ZERO);

	if (has_flag(w, SDP_ORIGINAL_DIRECTION) && !m->direction_written && !unheld)
		return;
	if (!m->direction_written && !w->sdp->direction_written)
		direction = sdp_direction_both(direction, e->allowed);
	if (unheld)
		direction = sdp_direction_both(direction, SDP_SENDONLY);
	buf_lit(w->out, "a=");
	buf_str(w->out, sdp_direction_name(direction));
	buf_lit(w->out, "\r\n");
}

/* RTP's port or the next one: a receiver expects it without a=rtcp (RFC 3605). */
static bool is_usual_rtcp(const struct sdp_media_edit *e)
{
	unsigned int rtp = endpoint_port(&e->rtp), rtcp = endpoint_port(&e->rtcp);

	return rtcp == rtp || rtcp == rtp + 1;
}

static void write_rtcp(struct writer *w, const struct sdp_media_edit *e)
{
	if (!e->rtcp_attr || !endpoint_is_set(&e->rtcp) ||
	    (has_flag(w, SDP_NO_RTCP_ATTR) && is_usual_rtcp(e)))
		return;
	buf_lit(w->out, "a=rtcp:");
	buf_u64(w->out, endpoint_port(&e->rtcp));
	if (has_flag(w, SDP_FULL_RTCP_ATTR)) {
		buf_char(w->out, ' ');
		write_address(w, &e->rtcp);
	}
	buf_lit(w->out, "\r\n");
}

static void write_crypto(struct writer *w, const struct sdp_media_edit *e)
{
	for (size_t i = 0; e->own_crypto && i < e->n_crypto; i++) {
		buf_lit(w->out, "a=crypto:");
		buf_str(w->out, e->crypto[i]);
		buf_lit(w->out, "\r\n");
	}
}

static void write_dtls(struct writer *w, const struct sdp_media_edit *e)
{
	if (!e->own_crypto || !e->fingerprint.len)
		return;
	buf_lit(w->out, "a=setup:");
	buf_str(w->out, e->setup);
	buf_lit(w->out, "\r\na=fingerprint:");
	buf_str(w->out, e->fingerprint);
	buf_lit(w->out, "\r\n");
}

static void write_mid_extension(struct writer *w, const struct sdp_media_edit *e)
{
	if (!e->mid_extension)
		return;
	buf_lit(w->out, "a=extmap:");
	buf_u64(w->out, e->mid_extension);
	buf_lit(w->out, " " SDP_MID_URI "\r\n");
}

static void write_rtp(struct writer *w, const struct sdp_media *m, const struct sdp_media_edit *e)
{
	struct kept kept = kept_codecs(m, e);

	write_m(w, m, e, &kept);
	if (kept.refused) {
		write_portless(w, m, e);
		return;
	}
	write_description(w, m, e);
	for (size_t i = 0; i < m->n_codecs; i++)
		if (is_kept(&kept, i))
			write_codec(w, &m->codecs[i]);
	write_attributes(w, m, e);
	write_direction(w, m, e);
	write_rtcp(w, e);
	if (e->mux == SDP_MUX_ADD || (e->mux == SDP_MUX_KEEP && m->rtcp_mux))
		buf_lit(w->out, "a=rtcp-mux\r\n");
	write_crypto(w, e);
	/* The relay speaks for a phone that has never heard of browsers. */
	if (e->ice || e->fingerprint.len || e->with_mid)
		write_mid(w, m, e);
	write_mid_extension(w, e);
	if (e->ice)
		ice_lines_write(w->out, e->ice);
	write_dtls(w, e);
}

/* Opaque media has no direction; the relay changes only address, port and ICE. */
static void write_opaque(struct writer *w, const struct sdp_media *m,
			 const struct sdp_media_edit *e)
{
	const struct sdp_line *line = &w->sdp->lines[m->first_line + 1];
	const struct sdp_line *end = line + m->n_lines - 1;
	struct kept all = { NULL, false };

	write_m(w, m, e, &all);
	write_description(w, m, e);
	for (; line < end; line++)
		if (line->type == 'a' &&
		    (line->attr != SDP_ATTR_ICE || !has_flag(w, SDP_REMOVE_ICE)))
			write_line(w, line);
}

void sdp_write(const struct sdp *sdp, const struct sdp_edit *edit, struct buf *out)
{
	struct writer w = { .sdp = sdp, .edit = edit, .out = out };

	if (endpoint_is_set(&edit->address))
		w.address = print_address(&edit->address, w.address_text);
	write_session(&w);
	for (size_t i = 0; i < sdp->n_media; i++) {
		const struct sdp_media *m = &sdp->media[i];
		const struct sdp_media_edit *e = &edit->media[i];

		if (!m->port) {
			write_line(&w, &sdp->lines[m->first_line]);
			write_portless(&w, m, e);
		} else if (e->refuse) {
			write_refused(&w, m, e);
		} else if (!is_relayed(m, e)) {
			write_untouched(&w, m);
		} else if (sdp_is_rtp(m->transport)) {
			write_rtp(&w, m, e);
		} else {
			write_opaque(&w, m, e);
		}
	}
}
