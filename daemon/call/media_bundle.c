/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_bundle.c - medias of a dialog at one port on a side (BUNDLE, RFC 9143)
 */
#include <stdlib.h>
#include "base/log.h"
#include "call/media_bundle.h"
#include "call/media_sdes.h"
#include "packet/bridge.h"

static uint8_t carrier_of(const struct media *media, int side)
{
	return media && media->bundle ? media->bundle->side[side].carrier : 0;
}

struct media *media_carrier(const struct media *media, enum side side)
{
	const struct dialog *dialog = media->dialog;
	uint8_t carrier = carrier_of(media, side);
	struct media *other =
		dialog && carrier && carrier <= dialog->n_media ? dialog->media[carrier - 1] : NULL;

	return other ? other : (struct media *)(uintptr_t)media;
}

bool media_is_told_apart(const struct media *media)
{
	for (int side = 0; side < 2; side++) {
		const struct media *at = media_carrier(media, side);

		if (at->bundle && at->bundle->told[side])
			return true;
	}
	return false;
}

/* --- What the media thread is told ------------------------------------------------------------ */

/* RTP that is at the port of @carrier on @side, itself too; the others have no packets there. */
static bool is_at(const struct media *media, int side, const struct media *carrier)
{
	return media && bridge_conf(media->bridge)->kind == BRIDGE_RTP &&
	       carrier_of(media, side) == carrier->index + 1U;
}

/* Does what comes to @carrier have to be told apart? */
static bool is_needed(const struct dialog *dialog, int side, const struct media *carrier)
{
	bool others = false, differs = false;

	for (size_t i = 0; i < dialog->n_media; i++) {
		const struct media *media = dialog->media[i];

		if (!is_at(media, side, carrier))
			continue;
		others |= media != carrier;
		differs |= media_sdes_ends(media->sdes) ||
			   carrier_of(media, !side) != carrier->index + 1U;
	}
	return others && differs;
}

static void fill_member(struct bundle *bundle, uint8_t number, const struct media *media, int side)
{
	const struct media_bundle_side *own = &media->bundle->side[side];
	struct bundle_member *member = &bundle->member[number - 1];

	member->bridge = media->bridge;
	member->strip = own->strip;
	member->mid_len = (uint8_t)strlen(media->bundle->mid);
	memcpy(member->mid, media->bundle->mid, member->mid_len);
	if (!bundle->mid_id)
		bundle->mid_id = own->mid_id;
	bundle_add_pts(bundle, number, bridge_conf(media->bridge)->pts);
	for (unsigned int i = 0; i < own->n_ssrc; i++)
		bundle_add_ssrc(bundle, number, own->ssrc[i]);
}

static struct bundle *make_bundle(const struct dialog *dialog, int side,
				  const struct media *carrier)
{
	struct bundle *bundle;
	size_t n = 0;

	for (size_t i = 0; i < dialog->n_media; i++)
		n += is_at(dialog->media[i], side, carrier);
	bundle = bundle_new(n);
	n = 0;
	for (size_t i = 0; bundle && i < dialog->n_media; i++)
		if (is_at(dialog->media[i], side, carrier))
			fill_member(bundle, (uint8_t)++n, dialog->media[i], side);
	return bundle;
}

static void tell(const struct dialog *dialog, struct media *media, int side)
{
	bool needed = is_needed(dialog, side, media);
	struct bundle *bundle = NULL;

	if (!needed && !media->bundle->told[side])
		return;
	if (needed)
		bundle = make_bundle(dialog, side, media);
	if ((needed && !bundle) || bridge_bundle(media->bridge, side, bundle)) {
		free(bundle);
		log_call(LOG_LEVEL_ERR, dialog->call->id,
			 "media %u: BUNDLE of the %s stays as it was: out of memory",
			 media->index + 1U, side_names[side]);
		return;
	}
	media->bundle->told[side] = needed;
}

void media_bundle_tell(struct dialog *dialog)
{
	for (size_t i = 0; i < dialog->n_media; i++)
		for (int side = 0; side < 2; side++)
			if (dialog->media[i] && dialog->media[i]->bundle)
				tell(dialog, dialog->media[i], side);
}
