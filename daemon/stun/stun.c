/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun.c - reads the STUN messages of ICE: kind, transaction, USERNAME
 */
#include "base/siphash.h"
#include "stun/stun.h"

#define COOKIE		     0x2112a442
#define METHOD_BINDING	     1
#define ATTR_HEADER	     4
#define USERNAME	     0x0006
#define MESSAGE_INTEGRITY    0x0008
#define MESSAGE_INTEGRITY256 0x001c

static unsigned int u16(const uint8_t *at)
{
	return (unsigned int)(at[0] << 8 | at[1]);
}

/* The type has the bits M11..M7 C1 M6..M4 C0 M3..M0 (RFC 8489, section 5). */
static unsigned int method_of(unsigned int type)
{
	return (type & 0x3e00) >> 2 | (type & 0xe0) >> 1 | (type & 0xf);
}

static enum stun_class class_of(unsigned int type)
{
	return (enum stun_class)((type & 0x100) >> 7 | (type & 0x10) >> 4);
}

/* What follows the integrity check could have been added by anybody, and is ignored. */
static bool read_attributes(const uint8_t *at, size_t len, struct stun *stun)
{
	bool ends = false;

	while (len) {
		unsigned int type, size;
		size_t padded;

		if (len < ATTR_HEADER)
			return false;
		type = u16(at);
		size = u16(at + 2);
		padded = ((size_t)size + 3) & ~(size_t)3;
		if (padded > len - ATTR_HEADER)
			return false;
		ends = ends || type == MESSAGE_INTEGRITY || type == MESSAGE_INTEGRITY256;
		if (type == USERNAME && !ends && !stun->username.s)
			stun->username = (struct str){ (const char *)at + ATTR_HEADER, size };
		at += ATTR_HEADER + padded;
		len -= ATTR_HEADER + padded;
	}
	return true;
}

bool stun_read(const uint8_t *data, size_t len, struct stun *stun)
{
	unsigned int type;

	*stun = (struct stun){ .username = STR_NONE };
	if (len < STUN_HEADER || data[0] > 0x3f || u16(data + 2) != len - STUN_HEADER ||
	    len % 4 != 0 || (u16(data + 4) << 16 | u16(data + 6)) != COOKIE)
		return false;
	type = u16(data);
	if (method_of(type) != METHOD_BINDING)
		return false;
	stun->class = class_of(type);
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
