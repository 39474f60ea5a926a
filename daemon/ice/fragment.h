/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fragment.h - later candidates of a peer, application/trickle-ice-sdpfrag (RFC 8840)
 *
 *   struct ice_fragment fragment;
 *   struct ice_section section;
 *
 *   ice_fragment_open(&fragment, body);
 *   while (ice_fragment_next(&fragment, &section))
 *           the media with section.mid, or the section.index-th, has section.lines
 */
#ifndef RTPRELAY_ICE_FRAGMENT_H
#define RTPRELAY_ICE_FRAGMENT_H

#include "ice/lines.h"

/**
 * struct ice_fragment - how far it is read
 * @common: the lines before the first media, which count for all
 */
struct ice_fragment {
	struct str rest;
	struct ice_description common;
	unsigned int sections;
};

/**
 * struct ice_section - the lines of a media
 * @mid: STR_NONE: it has none; then @index, from 0, is its place
 */
struct ice_section {
	struct str mid;
	unsigned int index;
	struct ice_description lines;
};

void ice_fragment_open(struct ice_fragment *fragment, struct str body);
/* Return: false: there are no more. A body without medias has one section, if it has candidates. */
bool ice_fragment_next(struct ice_fragment *fragment, struct ice_section *section);

#endif
