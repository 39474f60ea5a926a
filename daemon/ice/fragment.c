/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fragment.c - later candidates of a peer, application/trickle-ice-sdpfrag
 */
#include "ice/fragment.h"

static struct str next_line(struct str *rest)
{
	struct str line = str_split(rest, '\n');

	while (line.len && line.s[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* The name of a=name or a=name:value; empty: another line */
static struct str attribute(struct str line, struct str *value)
{
	if (!str_starts(line, STR("a=")))
		return STR_NONE;
	*value = (struct str){ line.s + 2, line.len - 2 };
	return str_split(value, ':');
}

/* Peers of older drafts leave out the m= lines: then each a=mid begins a media. */
static bool begins_media(struct str line)
{
	struct str value;

	return str_starts(line, STR("m=")) || str_eq(attribute(line, &value), STR("mid"));
}

static bool is_ahead(struct str rest)
{
	return begins_media(next_line(&rest));
}

void ice_fragment_open(struct ice_fragment *fragment, struct str body)
{
	struct str name, value;

	*fragment = (struct ice_fragment){ .rest = body };
	while (fragment->rest.len && !is_ahead(fragment->rest)) {
		name = attribute(next_line(&fragment->rest), &value);
		if (name.len)
			ice_line_read(&fragment->common, name, value);
	}
}

/* The lines up to the next media. @line: the first one */
static void read_media(struct ice_fragment *fragment, struct str line, struct ice_section *section)
{
	bool named = false;

	for (;;) {
		struct str value, name = attribute(line, &value);

		if (str_eq(name, STR("mid"))) {
			section->mid = value;
			named = true;
		} else if (name.len) {
			ice_line_read(&section->lines, name, value);
		}
		if (!fragment->rest.len)
			return;
		if (is_ahead(fragment->rest) && (named || str_starts(fragment->rest, STR("m="))))
			return;
		line = next_line(&fragment->rest);
	}
}

bool ice_fragment_next(struct ice_fragment *fragment, struct ice_section *section)
{
	const struct ice_description *common = &fragment->common;
	bool alone = !fragment->sections && (common->n_candidates || common->end);

	if (!fragment->rest.len && !alone)
		return false;
	*section = (struct ice_section){ .mid = STR_NONE,
					 .index = fragment->sections++,
					 .lines = *common };
	if (fragment->rest.len)
		read_media(fragment, next_line(&fragment->rest), section);
	return true;
}
