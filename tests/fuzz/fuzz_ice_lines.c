/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_ice_lines.c - any text as a trickle fragment, which has all lines of ICE
 *
 * Nothing may be read past the end. What is taken is written to lines that are read as the same.
 */
#include <stdlib.h>
#include "daemon/ice/fragment.h"
#include "daemon/ice/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The related address is written only for types that have one, and always as the own. */
static void check_candidate(const struct ice_candidate *candidate)
{
	struct ice_candidate again;
	char text[ICE_CANDIDATE_TEXT];
	struct buf buf = BUF_INIT(text, sizeof(text));

	require(candidate->component >= 1 && candidate->component <= ICE_COMPONENTS);
	require(endpoint_is_set(&candidate->address) && endpoint_port(&candidate->address));
	ice_candidate_write(&buf, candidate);
	require(!buf.overflow);
	require(ice_candidate_read((struct str){ text, buf.len }, &again) == ICE_OK);
	require(str_eq(again.foundation, candidate->foundation));
	require(again.component == candidate->component && again.type == candidate->type);
	require(again.priority == candidate->priority);
	require(endpoint_eq(&again.address, &candidate->address));
}

static void check_lines(const struct ice_description *d)
{
	static char text[ICE_CANDIDATES * ICE_CANDIDATE_TEXT + ICE_UFRAG_MAX + ICE_PWD_MAX + 500];
	struct buf buf = BUF_INIT(text, sizeof(text));
	struct ice_fragment again;
	struct ice_section section;

	require(d->n_candidates <= ICE_CANDIDATES);
	for (unsigned int i = 0; i < d->n_candidates; i++)
		check_candidate(&d->candidates[i]);
	ice_lines_write(&buf, d);
	require(!buf.overflow);
	ice_fragment_open(&again, (struct str){ text, buf.len });
	require(again.common.mismatch == d->mismatch);
	if (d->mismatch)
		return;
	require(str_eq(again.common.ufrag, d->ufrag) && str_eq(again.common.pwd, d->pwd));
	require(again.common.n_candidates == d->n_candidates && again.common.end == d->end);
	require(again.common.trickle == d->trickle && again.common.ice2 == d->ice2);
	require(ice_fragment_next(&again, &section) == (d->n_candidates || d->end));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = malloc(size ? size : 1);
	struct ice_fragment fragment;
	struct ice_section section;
	unsigned int sections = 0;

	require(exact);
	if (size)
		memcpy(exact, data, size);
	ice_fragment_open(&fragment, (struct str){ exact, size });
	check_lines(&fragment.common);
	while (ice_fragment_next(&fragment, &section)) {
		require(section.index == sections++);
		check_lines(&section.lines);
	}
	free(exact);
	return 0;
}
