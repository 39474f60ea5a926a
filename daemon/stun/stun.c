/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun.c - reads the STUN messages of ICE: kind, transaction, USERNAME
 */
#include "base/siphash.h"
#include "stun/stun.h"

/* What follows the integrity check could have been added by anybody, and is ignored. */
static bool read_attributes(const uint8_t *at, size_t len, struct stun *stun)
{
	struct stun_attr attr;
	bool ends = false;

	while (len) {
		if (!stun_attr_next(&at, &len, &attr))
			return false;
		ends = ends || attr.type == STUN_MESSAGE_INTEGRITY ||
		       attr.type == STUN_MESSAGE_INTEGRITY_SHA256;
		if (attr.type == STUN_USERNAME && !ends && !stun->username.s)
			stun->username = (struct str){ (const char *)attr.value, attr.size };
	}
	return true;
}

bool stun_read(const uint8_t *data, size_t len, struct stun *stun)
{
	unsigned int type;

	*stun = (struct stun){ .username = STR_NONE };
	if (!stun_is_framed(data, len) || !stun_has_cookie(data))
		return false;
	type = stun_u16(data);
	if (stun_method(type) != STUN_BINDING)
		return false;
	stun->class = stun_class(type);
	stun->transaction = data + STUN_HEADER - STUN_TRANSACTION;
	return read_attributes(data + STUN_HEADER, len - STUN_HEADER, stun);
}

uint64_t stun_ufrag_id(struct str ufrag)
{
	/* The journal keeps it: the key may not change. */
	static const struct siphash_key key = { { 0x696365, 0x7566726167 } };
	uint64_t id = ufrag.len ? siphash(&key, ufrag) : 0;

	return ufrag.len && !id ? 1 : id;
}

bool stun_username_ids(struct str username, uint64_t *receiver, uint64_t *sender)
{
	struct str rest = username, first = str_split(&rest, ':');

	*receiver = stun_ufrag_id(first);
	*sender = stun_ufrag_id(rest);
	return *receiver && *sender;
}
