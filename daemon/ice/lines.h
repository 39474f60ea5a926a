/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines.h - the ICE lines of one media of an SDP (RFC 8839)
 *
 * A description of the session's lines is where one of each media begins: what a media says itself
 * replaces what the session says.
 */
#ifndef RTPRELAY_ICE_LINES_H
#define RTPRELAY_ICE_LINES_H

#include "ice/candidate.h"

/* Candidates of a media that are used; browsers with many addresses have some dozens. */
#define ICE_CANDIDATES 64
#define ICE_SLOWEST_MS 1000 /* of ice-pacing; with more there are calls without media */

/**
 * struct ice_description - slices into the SDP
 * @ufrag, @pwd: STR_NONE: none, or not of the length that they must have
 * @lite: at session level, but also understood in a media
 * @mismatch: the peer does no ICE, since a box between changed the addresses
 * @end: there are no more candidates
 * @trickle, @ice2: ice-options
 * @pacing_ms: ice-pacing, between new checks; 0: none, or above ICE_SLOWEST_MS
 * @candidates: the first @n_candidates
 * @faults: candidates that are not used, by reason
 * @remote: what the controlling agent has selected, by component; unset: none
 */
struct ice_description {
	struct str ufrag, pwd;
	bool lite, mismatch, end, trickle, ice2;
	unsigned int pacing_ms;
	unsigned int n_candidates;
	struct ice_candidate candidates[ICE_CANDIDATES];
	unsigned int faults[ICE_FAULTS];
	struct endpoint remote[ICE_COMPONENTS];
};

/**
 * ice_line_read() - adds a line
 * @name, @value: of a=name or a=name:value
 * Return: false: it is no line of ICE
 */
bool ice_line_read(struct ice_description *description, struct str name, struct str value);
/* Has it what a peer with ICE must send? */
bool ice_is_offered(const struct ice_description *description);

/**
 * ice_is_mismatch() - is the address of c= and m= none of the candidates?
 * @address: unset: a name, which is no mismatch; nor is port 9, as of trickle, or the zero address
 */
bool ice_is_mismatch(const struct ice_description *description, unsigned int component,
		     const struct endpoint *address);

/*
 * The lines of a media, each with "a=" and CRLF: ufrag, pwd, options, candidates, remote-candidates
 * and end-of-candidates; or ice-mismatch alone. ice-lite is a line of the session.
 */
void ice_lines_write(struct buf *buf, const struct ice_description *description);

#endif
