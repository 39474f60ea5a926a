/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parse.c - SDP text to struct sdp: lines, media, codecs, addresses for the media
 *
 * Two passes. The first slices the text into lines and refuses lines that are not "x=value"; the
 * second reads the lines that a relay uses. Time and memory are linear in the length of the text.
 */
#include <errno.h>
#include "sdp/names.h"
#include "sdp/sdp.h"

#define NO_MEMORY "out of memory"

struct parser {
	struct arena *arena;
	struct sdp *sdp;
	const char **why;
	enum sdp_direction direction; /* of the session */
	struct sdp_media *media;      /* the one being read, NULL before the first m= */
	struct str rtcp;	      /* a=rtcp of this media */
	uint8_t codec_of_pt[128];     /* of this media: index into codecs, plus one */
};

static int refuse(struct parser *p, const char *why)
{
	*p->why = why;
	return -EINVAL;
}

static int no_memory(struct parser *p)
{
	*p->why = NO_MEMORY;
	return -ENOMEM;
}

/* The next word; skips blanks before it. Empty at the end. */
static struct str next_word(struct str *rest)
{
	while (rest->len && *rest->s == ' ') {
		rest->s++;
		rest->len--;
	}
	return str_split(rest, ' ');
}

static struct str trim(struct str text)
{
	while (text.len && *text.s == ' ') {
		text.s++;
		text.len--;
	}
	while (text.len && text.s[text.len - 1] == ' ')
		text.len--;
	return text;
}

static size_t count_lines(struct str text)
{
	size_t lines = 0;

	while (text.len) {
		str_split(&text, '\n');
		lines++;
	}
	return lines;
}

/* The next line without its end. Some senders write CR CR LF. */
static struct str next_line(struct str *text)
{
	struct str line = str_split(text, '\n');

	while (line.len && line.s[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Without the empty lines before it, and without the NUL that some senders count as text. */
static struct str without_margins(struct str text)
{
	while (text.len && (*text.s == '\r' || *text.s == '\n')) {
		text.s++;
		text.len--;
	}
	while (text.len && strchr("\r\n", text.s[text.len - 1])) /* finds '\0', too */
		text.len--;
	return text;
}

/* A blank line, or v= of a second description: what follows is not part of this one. */
static bool ends_description(const struct sdp *sdp, struct str line)
{
	return !trim(line).len || (sdp->n_lines && str_starts(line, STR("v=")));
}

/*
 * CR and NUL inside a line are refused, because a receiver may treat them as the end of the line:
 * it would then read a line that the relay did not check.
 */
static int slice_lines(struct parser *p, struct str text)
{
	struct sdp *sdp = p->sdp;

	sdp->lines = arena_alloc(p->arena, count_lines(text) * sizeof(*sdp->lines));
	if (!sdp->lines)
		return no_memory(p);
	while (text.len) {
		struct str line = next_line(&text);

		if (ends_description(sdp, line))
			break;
		if (line.len < 2 || line.s[1] != '=' || line.s[0] < 'a' || line.s[0] > 'z')
			return refuse(p, "a line is not \"x=value\"");
		if (memchr(line.s, '\r', line.len) || memchr(line.s, '\0', line.len))
			return refuse(p, "CR or NUL inside a line");
		sdp->lines[sdp->n_lines++] = (struct sdp_line){
			.type = line.s[0],
			.value = { line.s + 2, line.len - 2 },
		};
	}
	return 0;
}

static int make_room_for_media(struct parser *p)
{
	struct sdp *sdp = p->sdp;
	size_t count = 0;

	for (size_t i = 0; i < sdp->n_lines; i++)
		count += sdp->lines[i].type == 'm';
	if (count > SDP_MAX_MEDIA)
		return refuse(p, "too many m= lines");
	sdp->media = arena_zalloc(p->arena, (count ? count : 1) * sizeof(*sdp->media));
	return sdp->media ? 0 : no_memory(p);
}

static bool is_host_name(struct str text)
{
	bool letter = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.s[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			letter = true;
		else if (!(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_')
			return false;
	}
	return letter;
}

/*
 * "IN IP4 192.0.2.1", as in c= and a=rtcp. A host name leaves *ep unset. "/127" (time to live and
 * number of addresses of a multicast group) is ignored. An IPv4-mapped IPv6 address is read as
 * IPv4.
 */
static bool read_connection(struct str text, struct endpoint *ep)
{
	struct str nettype = next_word(&text);
	struct str family = next_word(&text);
	struct str rest = next_word(&text);
	struct str address = str_split(&rest, '/');
	bool v4 = str_eq(family, STR("IP4"));

	memset(ep, 0, sizeof(*ep));
	if (!str_eq(nettype, STR("IN")) || (!v4 && !str_eq(family, STR("IP6"))))
		return false;
	if (!v4 && address.len > 7 && !strncasecmp(address.s, "::ffff:", 7))
		return endpoint_parse_addr((struct str){ address.s + 7, address.len - 7 }, AF_INET,
					   ep);
	return endpoint_parse_addr(address, v4 ? AF_INET : AF_INET6, ep) || is_host_name(address);
}

/* The last word; skips blanks after it. Empty at the beginning. */
static struct str last_word(struct str *rest)
{
	struct str word = trim(*rest);
	const char *end = word.s + word.len;

	*rest = word;
	while (rest->len && rest->s[rest->len - 1] != ' ')
		rest->len--;
	return (struct str){ rest->s + rest->len, (size_t)(end - rest->s) - rest->len };
}

/* "IN IP4", as words 2 and 3 of the last five of o=. */
static bool names_network(const struct str *word)
{
	return str_eq_nocase(word[2], STR("IN")) &&
	       (str_eq_nocase(word[3], STR("IP4")) || str_eq_nocase(word[3], STR("IP6")));
}

/*
 * From the right, because some phones write a user name with blanks, or none. Five words are enough
 * if they name the network; words after the address are ignored.
 */
static int read_origin(struct parser *p, struct str value)
{
	struct str word[5] = { STR_NONE }, rest = trim(value), left = rest;
	struct sdp *sdp = p->sdp;
	size_t words = 0;

	if (sdp->origin.s)
		return refuse(p, "second o=");
	while (rest.len && !(words >= 5 && names_network(word))) {
		memmove(&word[1], &word[0], 4 * sizeof(word[0]));
		word[0] = last_word(&rest);
		words++;
	}
	if (words < 5 || !names_network(word)) { /* another network: by position */
		for (size_t i = 5; i--;)
			word[i] = last_word(&left);
		rest = left;
		if (!trim(rest).len)
			return refuse(p, "o= does not have six fields");
	}
	sdp->origin = value;
	sdp->o_username = trim(rest);
	sdp->o_id = word[0];
	sdp->o_version = word[1];
	sdp->o_nettype = word[2];
	sdp->o_addrtype = word[3];
	sdp->o_address = word[4];
	return 0;
}

static int read_c(struct parser *p, struct str value)
{
	struct endpoint ep;

	if (!read_connection(value, &ep))
		return refuse(p, "malformed c=");
	if (!p->media && !p->sdp->session_connection) {
		p->sdp->session_connection = true;
		p->sdp->connection = ep;
	} else if (p->media && !p->media->connection) {
		p->media->connection = true;
		p->media->rtp = ep;
	}
	return 0;
}

/* @rtpmap: "PCMU/8000", "opus/48000/2"; if empty, the codec stays without a name. */
static void name_codec(struct sdp_codec *codec, struct str rtpmap)
{
	uint64_t clock = 0;

	if (!rtpmap.len)
		return;
	codec->name = str_split(&rtpmap, '/');
	str_to_u64(trim(str_split(&rtpmap, '/')), UINT32_MAX, &clock);
	codec->clock = (uint32_t)clock;
	codec->params = trim(rtpmap);
}

/* The payload types of an m= line, without repetitions. */
static int read_codecs(struct parser *p, struct sdp_media *m)
{
	struct str rest = m->formats;
	size_t room = 1;
	struct str word;
	uint64_t pt;

	for (size_t i = 0; i < rest.len && room < sizeof(p->codec_of_pt); i++)
		room += rest.s[i] == ' ';
	m->codecs = arena_alloc(p->arena, room * sizeof(*m->codecs));
	if (!m->codecs)
		return no_memory(p);
	while ((word = next_word(&rest)).len) {
		if (!str_to_u64(word, 127, &pt))
			return refuse(p, "m= has a format that is not a payload type");
		if (p->codec_of_pt[pt])
			continue;
		m->codecs[m->n_codecs] = (struct sdp_codec){ .pt = (uint8_t)pt };
		name_codec(&m->codecs[m->n_codecs], sdp_static_rtpmap((uint8_t)pt));
		p->codec_of_pt[pt] = (uint8_t)++m->n_codecs;
	}
	return 0;
}

/* Is it at the port of another media? Its formats are payload types as well. */
static bool is_bundle_only(const struct sdp *sdp, size_t line)
{
	while (++line < sdp->n_lines && sdp->lines[line].type != 'm')
		if (sdp->lines[line].type == 'a' &&
		    str_eq(sdp->lines[line].value, STR("bundle-only")))
			return true;
	return false;
}

static int read_m(struct parser *p, size_t line)
{
	struct sdp_media *m = &p->sdp->media[p->sdp->n_media++];
	struct str rest = p->sdp->lines[line].value;
	uint64_t port, count = 1;
	struct str ports;

	p->media = m;
	p->rtcp = STR_NONE;
	memset(p->codec_of_pt, 0, sizeof(p->codec_of_pt));
	m->first_line = line;
	m->direction = p->direction;
	m->type = next_word(&rest);
	ports = next_word(&rest);
	m->proto = next_word(&rest);
	m->formats = trim(rest);
	m->transport = sdp_transport_of(m->proto);
	if (!m->proto.len)
		return refuse(p, "m= is incomplete");
	if (!str_to_u64(str_split(&ports, '/'), 65535, &port) ||
	    (ports.len && (!str_to_u64(ports, 65535, &count) || !count)))
		return refuse(p, "m= has a malformed port");
	m->port = (uint16_t)port;
	if (!m->formats.len && port)
		return refuse(p, "m= has no formats");
	m->bundle_only = !port && is_bundle_only(p->sdp, line);
	return sdp_is_rtp(m->transport) && (port || m->bundle_only) ? read_codecs(p, m) : 0;
}

/* Links an rtpmap, fmtp or rtcp-fb line to its codec; the rtpmap line is the first. */
static void read_codec_line(struct parser *p, size_t at, struct str rest)
{
	struct sdp_line *line = &p->sdp->lines[at];
	struct sdp_codec *codec;
	uint64_t pt;

	if (!str_to_u64(next_word(&rest), 127, &pt) || !p->codec_of_pt[pt])
		return;
	codec = &p->media->codecs[p->codec_of_pt[pt] - 1];
	rest = trim(rest);
	if (line->attr == SDP_ATTR_RTPMAP && !codec->has_rtpmap) {
		if (!rest.len)
			return;
		name_codec(codec, rest);
		codec->has_rtpmap = true;
		line->next = codec->first_line;
		codec->first_line = (uint32_t)at;
	} else {
		if (codec->first_line)
			p->sdp->lines[codec->last_line].next = (uint32_t)at;
		else
			codec->first_line = (uint32_t)at;
	}
	if (!line->next)
		codec->last_line = (uint32_t)at;
	line->attr = SDP_ATTR_CODEC;
}

static void read_session_attribute(struct parser *p, enum sdp_attr attr, struct str rest)
{
	if (attr >= SDP_ATTR_SENDRECV && attr <= SDP_ATTR_INACTIVE) {
		p->direction = (enum sdp_direction)(attr - SDP_ATTR_SENDRECV);
		p->sdp->direction_written = true;
	} else if (attr == SDP_ATTR_ICE) {
		p->sdp->ice = true;
	} else if (attr == SDP_ATTR_FINGERPRINT) {
		p->sdp->dtls = true;
	} else if (attr == SDP_ATTR_LOOP_MARK && !p->sdp->loop_mark.s) {
		p->sdp->loop_mark = rest;
	}
}

static void read_media_attribute(struct parser *p, size_t at, struct str rest)
{
	struct sdp_media *m = p->media;
	enum sdp_attr attr = p->sdp->lines[at].attr;

	switch (attr) {
	case SDP_ATTR_RTPMAP:
	case SDP_ATTR_FMTP:
	case SDP_ATTR_RTCP_FB:
		read_codec_line(p, at, rest);
		break;
	case SDP_ATTR_RTCP:
		p->rtcp = rest;
		break;
	case SDP_ATTR_RTCP_MUX:
		m->rtcp_mux = true;
		break;
	case SDP_ATTR_RTCP_MUX_ONLY:
		m->rtcp_mux_only = true;
		break;
	case SDP_ATTR_SENDRECV:
	case SDP_ATTR_SENDONLY:
	case SDP_ATTR_RECVONLY:
	case SDP_ATTR_INACTIVE:
		m->direction = (enum sdp_direction)(attr - SDP_ATTR_SENDRECV);
		m->direction_written = true;
		break;
	case SDP_ATTR_ICE:
		m->ice = true;
		break;
	case SDP_ATTR_FINGERPRINT:
		m->dtls = true;
		break;
	case SDP_ATTR_CRYPTO:
		m->sdes = true;
		break;
	case SDP_ATTR_BUNDLE_ONLY: /* is known */
		break;
	case SDP_ATTR_MID:
		m->mid = rest;
		break;
	case SDP_ATTR_OTHER:
	case SDP_ATTR_GROUP:
	case SDP_ATTR_EXTMAP:
	case SDP_ATTR_SSRC:
	case SDP_ATTR_DTLS:
	case SDP_ATTR_CODEC:
	case SDP_ATTR_LOOP_MARK:
		break;
	}
}

static void read_a(struct parser *p, size_t at)
{
	struct sdp_line *line = &p->sdp->lines[at];
	struct str rest;

	line->attr = (uint8_t)sdp_attr_of(line->value, &rest);
	if (p->media)
		read_media_attribute(p, at, rest);
	else
		read_session_attribute(p, line->attr, rest);
}

/* "a=rtcp:4001" or "a=rtcp:4001 IN IP4 192.0.2.1" (RFC 3605) */
static void read_rtcp(struct parser *p, struct sdp_media *m)
{
	struct str rest = p->rtcp;
	struct endpoint address = m->rtp;
	uint64_t port;

	if (!str_to_u64(next_word(&rest), 65535, &port) || !port)
		return;
	rest = trim(rest);
	if (rest.len && !read_connection(rest, &address))
		return;
	m->rtcp_attr = true;
	m->rtcp = address;
	if (endpoint_is_set(&address))
		endpoint_set_port(&m->rtcp, (uint16_t)port);
}

/* At the end of a media: its c= and a=rtcp lines may come in any order. */
static void finish_media(struct parser *p, size_t end)
{
	struct sdp_media *m = p->media;

	if (!m)
		return;
	m->n_lines = end - m->first_line;
	if (!m->connection)
		m->rtp = p->sdp->connection;
	if (endpoint_is_set(&m->rtp)) {
		/* With ICE it says that the place is not known yet (RFC 8838, 8840). */
		m->held = endpoint_is_any(&m->rtp) && !m->ice && !p->sdp->ice;
		endpoint_set_port(&m->rtp, m->port);
		if (m->port && m->port < 65535) {
			m->rtcp = m->rtp;
			endpoint_set_port(&m->rtcp, m->port + 1);
		}
	}
	if (m->port && p->rtcp.s)
		read_rtcp(p, m);
	/* The old way to hold: the party does not receive, and still sends. */
	if (m->held && !m->direction_written && !p->sdp->direction_written)
		m->direction = SDP_SENDONLY;
}

static int read_line(struct parser *p, size_t at)
{
	struct sdp *sdp = p->sdp;
	struct str value = sdp->lines[at].value;

	switch (sdp->lines[at].type) {
	case 'o':
		return p->media ? refuse(p, "o= after m=") : read_origin(p, value);
	case 's':
		if (!p->media && !sdp->session_name.s)
			sdp->session_name = value;
		return 0;
	case 'c':
		return read_c(p, value);
	case 'm':
		finish_media(p, at);
		return read_m(p, at);
	case 'a':
		read_a(p, at);
		return 0;
	default:
		return 0;
	}
}

int sdp_parse(struct arena *arena, struct str text, struct sdp *sdp, const char **why)
{
	struct parser p = { .arena = arena, .sdp = sdp, .why = why };
	int err;

	memset(sdp, 0, sizeof(*sdp));
	text = without_margins(text);
	if (!str_starts(text, STR("v=0")))
		return refuse(&p, "does not begin with v=0");
	err = slice_lines(&p, text);
	if (!err) {
		sdp->lines[0].value = trim(sdp->lines[0].value);
		if (!str_eq(sdp->lines[0].value, STR("0")))
			err = refuse(&p, "does not begin with v=0");
	}
	if (!err)
		err = make_room_for_media(&p);
	for (size_t i = 0; !err && i < sdp->n_lines; i++)
		err = read_line(&p, i);
	if (err)
		return err;
	finish_media(&p, sdp->n_lines);
	sdp->session_lines = sdp->n_media ? sdp->media[0].first_line : sdp->n_lines;
	return 0;
}

struct str sdp_codec_format(const struct sdp *sdp, const struct sdp_codec *codec)
{
	for (uint32_t at = codec->first_line; at; at = sdp->lines[at].next) {
		struct str rest = sdp->lines[at].value;

		if (!str_eq(str_split(&rest, ':'), STR("fmtp")))
			continue;
		next_word(&rest); /* the payload type */
		return trim(rest);
	}
	return STR_NONE;
}

unsigned int sdp_ptime(const struct sdp *sdp, const struct sdp_media *media)
{
	for (size_t i = 0; i < media->n_lines; i++) {
		struct str rest = sdp->lines[media->first_line + i].value;
		uint64_t ms;

		if (sdp->lines[media->first_line + i].type != 'a' ||
		    !str_eq(str_split(&rest, ':'), STR("ptime")))
			continue;
		return str_to_u64(trim(rest), 999, &ms) ? (unsigned int)ms : 0;
	}
	return 0;
}

bool sdp_next_crypto(const struct sdp *sdp, const struct sdp_media *media, size_t *at,
		     struct str *value)
{
	while (*at < media->n_lines) {
		const struct sdp_line *line = &sdp->lines[media->first_line + (*at)++];

		if (line->type != 'a' || line->attr != SDP_ATTR_CRYPTO)
			continue;
		*value = line->value;
		str_split(value, ':');
		return true;
	}
	return false;
}

bool sdp_has_mark(const struct sdp *sdp, struct str mark)
{
	for (size_t i = 0; i < sdp->session_lines; i++) {
		struct str value = sdp->lines[i].value;

		if (sdp->lines[i].type == 'a' && sdp->lines[i].attr == SDP_ATTR_LOOP_MARK) {
			str_split(&value, ':');
			if (str_eq(value, mark))
				return true;
		}
	}
	return false;
}
