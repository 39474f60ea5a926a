/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bundle.c - the lines of an SDP about medias at one port: groups, a=extmap for a=mid, a=ssrc
 */
#include "sdp/bundle.h"
#include "sdp/names.h"

/* The next word; skips blanks before it. Empty at the end. */
static struct str next_word(struct str *rest)
{
	struct str word;

	do
		word = str_split(rest, ' ');
	while (!word.len && rest->len);
	return word;
}

/* What stands behind "a=NAME:", if the line has this attribute. */
static bool value_of(const struct sdp_line *line, enum sdp_attr attr, struct str *value)
{
	if (line->type != 'a' || line->attr != attr)
		return false;
	*value = line->value;
	str_split(value, ':');
	return true;
}

/* --- Groups ----------------------------------------------------------------------------------- */

static void put_in_group(const struct sdp *sdp, struct sdp_bundle *bundle, struct str mid,
			 uint8_t rank)
{
	for (size_t i = 0; i < sdp->n_media; i++) {
		if (bundle->group[i] || !str_eq(sdp->media[i].mid, mid))
			continue;
		bundle->group[i] = bundle->n_groups;
		bundle->rank[i] = rank;
		return;
	}
}

void sdp_bundle_read(const struct sdp *sdp, struct sdp_bundle *bundle)
{
	struct str rest, mid;

	memset(bundle, 0, sizeof(*bundle));
	for (size_t i = 0; i < sdp->session_lines && bundle->n_groups < SDP_GROUPS; i++) {
		uint8_t rank = 0;

		if (!value_of(&sdp->lines[i], SDP_ATTR_GROUP, &rest) ||
		    !str_eq(next_word(&rest), STR("BUNDLE")))
			continue;
		bundle->n_groups++;
		while (rank < SDP_MAX_MEDIA && (mid = next_word(&rest)).len)
			put_in_group(sdp, bundle, mid, rank++);
	}
}

/* --- Header extensions, SSRCs ----------------------------------------------------------------- */

/* "4 urn:...", "4/sendonly urn:... attributes" */
static bool read_extmap(const struct sdp_line *line, uint64_t *id, struct str *uri)
{
	struct str rest, number;

	if (!value_of(line, SDP_ATTR_EXTMAP, &rest))
		return false;
	number = next_word(&rest);
	*uri = next_word(&rest);
	return str_to_u64(str_split(&number, '/'), UINT16_MAX, id) && *id;
}

bool sdp_is_mid_extension(const struct sdp_line *line)
{
	struct str uri;
	uint64_t id;

	return read_extmap(line, &id, &uri) && str_eq(uri, STR(SDP_MID_URI));
}

static uint8_t mid_extension_in(const struct sdp *sdp, size_t first, size_t n)
{
	struct str uri;
	uint64_t id;

	for (size_t i = first; i < first + n; i++)
		if (read_extmap(&sdp->lines[i], &id, &uri) && str_eq(uri, STR(SDP_MID_URI)) &&
		    id <= UINT8_MAX)
			return (uint8_t)id;
	return 0;
}

uint8_t sdp_mid_extension(const struct sdp *sdp, const struct sdp_media *media)
{
	uint8_t id = mid_extension_in(sdp, media->first_line, media->n_lines);

	return id ? id : mid_extension_in(sdp, 0, sdp->session_lines);
}

static bool has_other_in(const struct sdp *sdp, size_t first, size_t n)
{
	struct str uri;
	uint64_t id;

	for (size_t i = first; i < first + n; i++)
		if (read_extmap(&sdp->lines[i], &id, &uri) && !str_eq(uri, STR(SDP_MID_URI)))
			return true;
	return false;
}

bool sdp_has_other_extensions(const struct sdp *sdp, const struct sdp_media *media)
{
	return has_other_in(sdp, media->first_line, media->n_lines) ||
	       has_other_in(sdp, 0, sdp->session_lines);
}

static bool has_ssrc(const uint32_t *ssrc, size_t n, uint32_t one)
{
	while (n--)
		if (ssrc[n] == one)
			return true;
	return false;
}

size_t sdp_ssrcs(const struct sdp *sdp, const struct sdp_media *media, uint32_t *ssrc, size_t max)
{
	struct str rest;
	uint64_t one;
	size_t n = 0;

	for (size_t i = 0; i < media->n_lines && n < max; i++)
		if (value_of(&sdp->lines[media->first_line + i], SDP_ATTR_SSRC, &rest) &&
		    str_to_u64(next_word(&rest), UINT32_MAX, &one) &&
		    !has_ssrc(ssrc, n, (uint32_t)one))
			ssrc[n++] = (uint32_t)one;
	return n;
}
