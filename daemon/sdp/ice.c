/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ice.c - the ICE lines of an SDP: candidates and username fragments
 */
#include "sdp/ice.h"
#include "sdp/names.h"

/* The value of the ICE attribute @name; STR_NONE: another line. */
static struct str value_of(const struct sdp_line *line, struct str name)
{
	struct str rest = line->value;

	if (line->type != 'a' || line->attr != SDP_ATTR_ICE || !str_eq(str_split(&rest, ':'), name))
		return STR_NONE;
	return rest;
}

/* FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ ... */
static bool read_address(struct str candidate, struct endpoint *address)
{
	struct str word = STR_NONE;

	for (int i = 0; i < 5; i++) {
		do
			word = str_split(&candidate, ' ');
		while (!word.len && candidate.len);
	}
	return endpoint_parse_addr(word, AF_UNSPEC, address);
}

bool sdp_has_candidate(const struct sdp *sdp, sdp_address_fn *fn, const void *arg)
{
	for (size_t i = 0; i < sdp->n_lines; i++) {
		struct str candidate = value_of(&sdp->lines[i], STR("candidate"));
		struct endpoint address;

		if (candidate.len && read_address(candidate, &address) && fn(arg, &address))
			return true;
	}
	return false;
}

static struct str find_ufrag(const struct sdp *sdp, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++) {
		struct str ufrag = value_of(&sdp->lines[i], STR("ice-ufrag"));

		if (ufrag.len)
			return ufrag;
	}
	return STR_NONE;
}

struct str sdp_ice_ufrag(const struct sdp *sdp, const struct sdp_media *media)
{
	struct str ufrag = find_ufrag(sdp, media->first_line, media->n_lines);

	return ufrag.len ? ufrag : find_ufrag(sdp, 0, sdp->session_lines);
}

static void read_lines(const struct sdp *sdp, size_t first, size_t n, struct ice_description *lines)
{
	for (size_t i = first; i < first + n; i++) {
		struct str value = sdp->lines[i].value, name;

		if (sdp->lines[i].type != 'a' || sdp->lines[i].attr != SDP_ATTR_ICE)
			continue;
		name = str_split(&value, ':');
		ice_line_read(lines, name, value);
	}
}

void sdp_ice_read(const struct sdp *sdp, const struct sdp_media *media,
		  struct ice_description *lines)
{
	memset(lines, 0, sizeof(*lines));
	read_lines(sdp, 0, sdp->session_lines, lines);
	read_lines(sdp, media->first_line, media->n_lines, lines);
}
