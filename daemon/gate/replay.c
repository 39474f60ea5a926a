/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.c - cookie to last reply
 *
 * One uthash table. It keeps its entries in the order of insertion: its head is the oldest entry,
 * and no other list is needed. Limits and expiry both remove from the head: each entry once, and a
 * bounded number in each call, so that no command has to scan the table.
 */
#include <assert.h>
#include <stdlib.h>
#include "base/hash.h"
#include "gate/replay.h"

/* One command adds one entry: removing more than one drains the expired entries at bounded cost. */
#define EXPIRED_PER_CALL 4

/* Without padding between or after the members: it is hashed and compared as bytes. */
struct key {
	uint8_t addr[16];
	uint16_t family;
	uint16_t port;
	char cookie[REPLAY_COOKIE_MAX];
};

struct entry {
	UT_hash_handle hh;
	int64_t expires_ms;
	size_t key_len;
	size_t reply_len;
	char bytes[]; /* key, then reply */
};

struct replay {
	struct replay_limits limits;
	struct entry *oldest; /* the table's head */
	size_t bytes;
	uint64_t evicted;
};

struct replay *replay_new(const struct replay_limits *limits)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	if (replay)
		replay->limits = *limits;
	return replay;
}

static size_t cookie_and_reply(size_t key_len, size_t reply_len)
{
	return key_len - offsetof(struct key, cookie) + reply_len;
}

static void entry_remove(struct replay *replay, struct entry *entry)
{
	HASH_DEL(replay->oldest, entry);
	assert(replay->oldest != entry); /* clang's analyzer cannot derive this */
	replay->bytes -= cookie_and_reply(entry->key_len, entry->reply_len);
	free(entry);
}

void replay_free(struct replay *replay)
{
	if (!replay)
		return;
	while (replay->oldest)
		entry_remove(replay, replay->oldest);
	free(replay);
}

/* Return: how many bytes of *key are used; 0: the cookie is too long. */
static size_t key_make(struct key *key, const struct endpoint *source, struct str cookie)
{
	if (cookie.len > sizeof(key->cookie))
		return 0;
	memset(key->addr, 0, sizeof(key->addr));
	if (source->sa.sa_family == AF_INET)
		memcpy(key->addr, &source->in4.sin_addr, sizeof(source->in4.sin_addr));
	else
		memcpy(key->addr, &source->in6.sin6_addr, sizeof(source->in6.sin6_addr));
	key->family = source->sa.sa_family;
	key->port = endpoint_port(source);
	if (cookie.len)
		memcpy(key->cookie, cookie.s, cookie.len);
	return offsetof(struct key, cookie) + cookie.len;
}

static struct entry *entry_find(struct replay *replay, const struct key *key, size_t key_len)
{
	struct entry *entry;

	HASH_FIND(hh, replay->oldest, key, key_len, entry);
	return entry;
}

static void expire(struct replay *replay, int64_t now_ms)
{
	for (int i = 0; i < EXPIRED_PER_CALL; i++) {
		if (!replay->oldest || replay->oldest->expires_ms > now_ms)
			return;
		entry_remove(replay, replay->oldest);
	}
}

bool replay_find(struct replay *replay, const struct endpoint *source, struct str cookie,
		 int64_t now_ms, struct str *reply)
{
	struct key key;
	size_t key_len = key_make(&key, source, cookie);
	struct entry *entry;

	expire(replay, now_ms);
	entry = key_len ? entry_find(replay, &key, key_len) : NULL;
	if (!entry || entry->expires_ms <= now_ms)
		return false;
	*reply = (struct str){ entry->bytes + entry->key_len, entry->reply_len };
	return true;
}

/* Makes room for another entry of @bytes; the caller has checked that it fits an empty cache. */
static void evict(struct replay *replay, size_t bytes, int64_t now_ms)
{
	while (HASH_COUNT(replay->oldest) >= replay->limits.entries ||
	       replay->bytes > replay->limits.bytes - bytes) {
		assert(replay->oldest);
		if (replay->oldest->expires_ms > now_ms)
			replay->evicted++;
		entry_remove(replay, replay->oldest);
	}
}

static struct entry *entry_new(const struct key *key, size_t key_len, struct str reply)
{
	struct entry *entry = malloc(sizeof(*entry) + key_len + reply.len);

	if (!entry)
		return NULL;
	entry->key_len = key_len;
	entry->reply_len = reply.len;
	memcpy(entry->bytes, key, key_len);
	if (reply.len)
		memcpy(entry->bytes + key_len, reply.s, reply.len);
	return entry;
}

void replay_put(struct replay *replay, const struct endpoint *source, struct str cookie,
		struct str reply, int64_t now_ms)
{
	struct key key;
	size_t key_len = key_make(&key, source, cookie);
	struct entry *entry;
	size_t bytes;

	expire(replay, now_ms);
	if (!key_len)
		return;
	entry = entry_find(replay, &key, key_len);
	if (entry)
		entry_remove(replay, entry);
	bytes = cookie_and_reply(key_len, reply.len);
	if (!replay->limits.entries || bytes > replay->limits.bytes)
		return;
	evict(replay, bytes, now_ms);
	entry = entry_new(&key, key_len, reply);
	if (!entry)
		return;
	entry->expires_ms = now_ms + replay->limits.ttl_ms;
	HASH_ADD_KEYPTR(hh, replay->oldest, entry->bytes, entry->key_len, entry);
	if (!entry->hh.tbl) { /* out of memory: the table could not grow */
		free(entry);
		return;
	}
	replay->bytes += bytes;
}

struct replay_usage replay_usage(const struct replay *replay)
{
	return (struct replay_usage){
		.entries = HASH_COUNT(replay->oldest),
		.bytes = replay->bytes,
		.evicted = replay->evicted,
	};
}
