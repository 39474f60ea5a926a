/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_sdes.c - SDES of a media whose SRTP ends in the relay: lines and keys of both sides
 */
#include <stdlib.h>
#include "call/media_sdes.h"

struct media_sdes *media_sdes_copy(const struct media_sdes *old)
{
	struct media_sdes *copy = calloc(1, sizeof(*copy));

	if (copy && old)
		*copy = *old;
	return copy;
}

void media_sdes_free(struct media_sdes *sdes)
{
	if (!sdes)
		return;
	explicit_bzero(sdes, sizeof(*sdes));
	free(sdes);
}
