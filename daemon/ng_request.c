/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ng_request.c - the keys and flags of a decoded NG request to struct request
 *
 * Two tables: keys, and flags (the members of the list "flags", and of Kamailio's raw "rtpp-flags"). A flag
 * written "key=value" is that key. A row is a name, a function, and what the function is to set.
 */
#include "buf.h"
#include "ng_request.h"

/* Text for the log line about what isn't supported: cut here. */
#define IGNORED_MAX 200
/* Of codec names in one list; more are ignored. */
#define CODECS_MAX 64

struct reader {
	struct arena *arena;
	struct request *request;
	char *ignored; /* IGNORED_MAX bytes; NULL until something is */
};

struct key;
typedef void key_fn(struct reader *r, const struct key *key, const struct dict *value);

struct key {
	struct str name;
	key_fn *read;
	size_t offset; /* in struct request, of what it sets */
};

struct flag {
	struct str name;
	uint32_t set, clear; /* enum request_flag */
};

static void note(struct reader *r, struct str what, struct str value)
{
	struct str *text = &r->request->ignored;
	struct buf out;

	if (!r->ignored) {
		r->ignored = arena_alloc(r->arena, IGNORED_MAX);
		if (!r->ignored)
			return;
	}
	out = BUF_INIT(r->ignored, IGNORED_MAX);
	out.len = text->len;
	if (out.len)
		buf_lit(&out, ", ");
	buf_str(&out, what);
	if (value.len) {
		buf_char(&out, '=');
		buf_str(&out, value);
	}
	if (!out.overflow)
		*text = (struct str){ out.data, out.len };
}

static struct str text_of(const struct dict *value)
{
	return value->type == DICT_STRING ? value->string : STR_NONE;
}

/* The texts of a list; a single text is a list of one. */
static const struct dict *first_of(const struct dict *value)
{
	return value->type == DICT_LIST ? value->first : value;
}

static const struct dict *next_of(const struct dict *value, const struct dict *item)
{
	return item == value ? NULL : item->next;
}

#define for_each_text(item, value)                                                                 \
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))

static const struct flag *find_flag(const struct flag *flags, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (flags[i].name.len == name.len && dict_key_eq(flags[i].name, name))
			return &flags[i];
	return NULL;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One word of a list of words that are flags. */
static void read_word(struct reader *r, const struct flag *flags, size_t count, struct str list,
		      struct str word)
{
	const struct flag *flag = find_flag(flags, count, word);

	if (!flag) {
		note(r, list, word);
		return;
	}
	r->request->flags |= flag->set;
	r->request->flags &= ~flag->clear;
}

/* --- Keys ----------------------------------------------------------------------------------------- */

static void read_text(struct reader *r, const struct key *key, const struct dict *value)
{
	*(struct str *)((char *)r->request + key->offset) = text_of(value);
}

static bool int_of(const struct dict *value, int64_t *number)
{
	uint64_t magnitude;
	struct str text;
	bool minus;

	if (value->type == DICT_INT) {
		*number = value->integer;
		return true;
	}
	text = text_of(value);
	minus = text.len && text.s[0] == '-';
	if (minus) {
		text.s++;
		text.len--;
	}
	if (!str_to_u64(text, INT64_MAX, &magnitude))
		return false;
	*number = minus ? -(int64_t)magnitude : (int64_t)magnitude;
	return true;
}

static void read_int(struct reader *r, const struct key *key, const struct dict *value)
{
	int64_t number;

	if (int_of(value, &number) && number >= 0 && number <= INT32_MAX)
		*(int *)((char *)r->request + key->offset) = (int)number;
	else
		note(r, key->name, text_of(value));
}

static void read_limit(struct reader *r, const struct key *key, const struct dict *value)
{
	if (!int_of(value, &r->request->limit))
		note(r, key->name, text_of(value));
}

static void read_tos(struct reader *r, const struct key *key, const struct dict *value)
{
	int64_t number;

	if (int_of(value, &number) && number >= -1 && number <= 255)
		r->request->tos = (int)number;
	else
		note(r, key->name, text_of(value));
}

static void read_address(struct reader *r, const struct key *key, const struct dict *value)
{
	struct endpoint *ep = (struct endpoint *)((char *)r->request + key->offset);

	if (!endpoint_parse_addr(text_of(value), AF_UNSPEC, ep) || endpoint_is_any(ep)) {
		*ep = (struct endpoint){ 0 };
		note(r, key->name, text_of(value));
	}
}

/* [IP4, 192.0.2.1] */
static void read_received_from(struct reader *r, const struct key *key, const struct dict *value)
{
	if (value->type == DICT_LIST)
		value = value->last;
	if (value)
		read_address(r, key, value);
}

static void read_family(struct reader *r, const struct key *key, const struct dict *value)
{
	struct str name = text_of(value);

	if (str_eq_nocase(name, STR("IP4")) || str_eq_nocase(name, STR("inet")))
		r->request->address_family = AF_INET;
	else if (str_eq_nocase(name, STR("IP6")) || str_eq_nocase(name, STR("inet6")))
		r->request->address_family = AF_INET6;
	else
		note(r, key->name, name);
}

/* [toward the sender, toward the receiver] */
static void read_direction(struct reader *r, const struct key *key, const struct dict *value)
{
	size_t i = 0;

	(void)key;
	for_each_text(item, value) if (i < 2) r->request->direction[i++] = text_of(item);
}

static void read_both_directions(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	r->request->direction[0] = r->request->direction[1] = text_of(value);
}

static void read_protocol(struct reader *r, const struct key *key, const struct dict *value)
{
	struct str name = text_of(value);

	if (str_eq_nocase(name, STR("RTP/AVP")))
		r->request->transport_protocol = STR("RTP/AVP");
	else if (str_eq_nocase(name, STR("RTP/AVPF")))
		r->request->transport_protocol = STR("RTP/AVPF");
	else
		note(r, key->name, name);
}

/* There are no candidates of our own: ICE is always removed. */
static void read_ice(struct reader *r, const struct key *key, const struct dict *value)
{
	if (!str_eq(text_of(value), STR("remove")))
		note(r, key->name, text_of(value));
}

/* What isn't done anyway may be asked to be off. */
static void read_off(struct reader *r, const struct key *key, const struct dict *value)
{
	static const struct flag offs[] = { { STR("off"), 0, 0 },
					    { STR("no"), 0, 0 },
					    { STR("disable"), 0, 0 },
					    { STR("none"), 0, 0 } };

	for_each_text(item, value) read_word(r, offs, COUNT(offs), key->name, text_of(item));
}

/* Known, and nothing to do for us. */
static void read_nothing(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)r;
	(void)key;
	(void)value;
}

static void read_latching(struct reader *r, const struct key *key, const struct dict *value)
{
	struct request *request = r->request;
	struct str name = text_of(value);

	if (str_eq(name, STR("strict")))
		request->latching = LATCH_STRICT;
	else if (str_eq(name, STR("smart")))
		request->latching = LATCH_SMART;
	else if (str_eq(name, STR("first")))
		request->latching = LATCH_FIRST;
	else {
		note(r, key->name, name);
		return;
	}
	request->flags |= REQ_LATCHING;
}

/* rtpengine's names for much the same. */
static void read_learning(struct reader *r, const struct key *key, const struct dict *value)
{
	struct request *request = r->request;
	struct str name = text_of(value);

	if (str_eq(name, STR("off"))) {
		request->flags |= REQ_ASYMMETRIC;
		return;
	}
	if (str_eq(name, STR("immediate")))
		request->latching = LATCH_FIRST;
	else if (str_eq(name, STR("delayed")) || str_eq(name, STR("heuristic")))
		request->latching = LATCH_SMART;
	else {
		note(r, key->name, name);
		return;
	}
	request->flags |= REQ_LATCHING;
}

static void read_replace_word(struct reader *r, struct str word)
{
	static const struct flag replaces[] = {
		{ STR("origin"), REQ_REPLACE_ORIGIN, 0 },
		{ STR("session-connection"), 0, 0 }, /* is done anyway */
		{ STR("username"), REQ_REPLACE_USERNAME, 0 },
		{ STR("session-name"), REQ_REPLACE_SESSION_NAME, 0 },
		{ STR("SDP-version"), REQ_REPLACE_VERSION, 0 },
		{ STR("sdp-version"), REQ_REPLACE_VERSION, 0 },
		{ STR("force-increment-sdp-ver"), REQ_REPLACE_VERSION, 0 },
		{ STR("zero-address"), REQ_REPLACE_ZERO, 0 },
		{ STR("origin-full"),
		  REQ_REPLACE_ORIGIN | REQ_REPLACE_USERNAME | REQ_REPLACE_VERSION, 0 },
	};

	read_word(r, replaces, COUNT(replaces), STR("replace"), word);
}

static void read_replace(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for_each_text(item, value) read_replace_word(r, text_of(item));
}

static void read_mux_word(struct reader *r, struct str word)
{
	static const struct flag muxes[] = {
		{ STR("offer"), REQ_MUX_OFFER, 0 },   { STR("require"), REQ_MUX_REQUIRE, 0 },
		{ STR("demux"), REQ_MUX_DEMUX, 0 },   { STR("accept"), REQ_MUX_ACCEPT, 0 },
		{ STR("reject"), REQ_MUX_REJECT, 0 },
	};

	read_word(r, muxes, COUNT(muxes), STR("rtcp-mux"), word);
}

static void read_mux(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for_each_text(item, value) read_mux_word(r, text_of(item));
}

struct codec_list {
	struct str name;
	size_t list, count; /* offsets in struct request */
};

static const struct codec_list codec_lists[] = {
	{ STR("strip"), offsetof(struct request, codec_strip),
	  offsetof(struct request, n_codec_strip) },
	{ STR("except"), offsetof(struct request, codec_except),
	  offsetof(struct request, n_codec_except) },
	{ STR("offer"), offsetof(struct request, codec_offer),
	  offsetof(struct request, n_codec_offer) },
};

static void add_codec(struct reader *r, const struct codec_list *to, struct str name)
{
	struct str **list = (struct str **)((char *)r->request + to->list);
	size_t *count = (size_t *)((char *)r->request + to->count);

	if (!*list)
		*list = arena_alloc(r->arena, CODECS_MAX * sizeof(**list));
	if (!*list || *count == CODECS_MAX || !name.len)
		note(r, STR("codec"), name);
	else
		(*list)[(*count)++] = name;
}

/* { strip: [PCMA, ...], ... }; what asks for transcoding isn't ours to do. */
static void read_codec(struct reader *r, const struct key *key, const struct dict *value)
{
	const struct dict *entry = value->type == DICT_MAP ? value->first : NULL;

	for (; entry; entry = entry->next) {
		size_t i = 0;

		while (i < COUNT(codec_lists) && !dict_key_eq(codec_lists[i].name, entry->key))
			i++;
		if (i == COUNT(codec_lists)) {
			note(r, key->name, entry->key);
			continue;
		}
		for_each_text(item, entry) add_codec(r, &codec_lists[i], text_of(item));
	}
}

static void read_flag(struct reader *r, struct str word);

static void read_flags(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for_each_text(item, value) read_flag(r, text_of(item));
}

/* The flags as the proxy's script has them, in one text. */
static void read_raw_flags(struct reader *r, const struct key *key, const struct dict *value)
{
	struct str rest = text_of(value);

	(void)key;
	while (rest.len) {
		struct str word = str_split(&rest, ' ');

		if (word.len)
			read_flag(r, word);
	}
}

#define TEXT(name, member)                                                                         \
	{                                                                                          \
		STR(name), read_text, offsetof(struct request, member)                             \
	}
#define KEY(name, read, member)                                                                    \
	{                                                                                          \
		STR(name), read, offsetof(struct request, member)                                  \
	}
#define ANY(name, read)                                                                            \
	{                                                                                          \
		STR(name), read, 0                                                                 \
	}

/* What every request has comes first. */
static const struct key keys[] = {
	TEXT("call-id", call_id),
	TEXT("from-tag", from_tag),
	TEXT("to-tag", to_tag),
	TEXT("sdp", sdp),
	ANY("command", read_nothing),
	ANY("supports", read_nothing),
	ANY("ICE", read_ice),
	ANY("flags", read_flags),
	ANY("replace", read_replace),
	KEY("received-from", read_received_from, received_from),
	TEXT("via-branch", via_branch),
	ANY("direction", read_direction),
	ANY("rtcp-mux", read_mux),
	ANY("transport-protocol", read_protocol),
	ANY("address-family", read_family),
	KEY("media-address", read_address, media_address),
	KEY("delete-delay", read_int, delete_delay),
	KEY("sip-code", read_int, sip_code),
	ANY("sip-message-type", read_nothing),
	ANY("rtpp-flags", read_raw_flags),
	ANY("TOS", read_tos),
	TEXT("label", label),
	TEXT("from-label", label),
	TEXT("set-label", set_label),
	TEXT("metadata", metadata),
	KEY("address", read_address, address),
	TEXT("from-interface", direction[0]),
	TEXT("to-interface", direction[1]),
	TEXT("in-iface", direction[0]),
	TEXT("out-iface", direction[1]),
	ANY("interface", read_both_directions),
	ANY("codec", read_codec),
	ANY("latching", read_latching),
	ANY("endpoint-learning", read_learning),
	ANY("limit", read_limit),
	ANY("SDES", read_off),
	ANY("DTLS", read_off),
	ANY("OSRTP", read_off),
	ANY("record-call", read_off),
};

static const struct key *find_key(struct str name)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		if (keys[i].name.len == name.len && keys[i].name.s[0] == name.s[0] &&
		    dict_key_eq(keys[i].name, name))
			return &keys[i];
	return NULL;
}

/* --- Flags ---------------------------------------------------------------------------------------- */

static const struct flag flags[] = {
	{ STR("trust-address"), 0, REQ_TRUST_SIP },
	{ STR("SIP-source-address"), REQ_TRUST_SIP, 0 },
	{ STR("symmetric"), REQ_SYMMETRIC, REQ_ASYMMETRIC },
	{ STR("asymmetric"), REQ_ASYMMETRIC, REQ_SYMMETRIC },
	{ STR("strict-source"), REQ_STRICT_SOURCE, 0 },
	{ STR("media-handover"), REQ_HANDOVER, 0 },
	{ STR("port-latching"), REQ_PORT_LATCHING, REQ_NO_PORT_LATCHING },
	{ STR("no-port-latching"), REQ_NO_PORT_LATCHING, REQ_PORT_LATCHING },
	{ STR("loop-protect"), REQ_LOOP_PROTECT, 0 },
	{ STR("unidirectional"), REQ_UNIDIRECTIONAL, 0 },
	{ STR("original-sendrecv"), REQ_ORIGINAL_DIRECTION, 0 },
	{ STR("no-rtcp-attribute"), REQ_NO_RTCP_ATTR, 0 },
	{ STR("full-rtcp-attribute"), REQ_FULL_RTCP_ATTR, 0 },
	{ STR("fatal"), REQ_FATAL, 0 },
	{ STR("fast"), REQ_FAST, 0 },
	{ STR("to-tag"), REQ_DELETE_TO_TAG, 0 },
	{ STR("new-branch"), REQ_NEW_BRANCH, 0 },
	{ STR("all"), REQ_ALL, 0 },
	{ STR("debug"), 0, 0 },
	{ STR("no-redis-update"), 0, 0 },
};

static void read_internal(struct reader *r, struct str word)
{
	struct str *direction = r->request->direction;

	direction[direction[0].len ? 1 : 0] = word;
}

static void read_codec_word(struct reader *r, struct str word)
{
	struct str list = str_split(&word, '-');

	for (size_t i = 0; i < COUNT(codec_lists); i++) {
		if (str_eq(list, codec_lists[i].name)) {
			add_codec(r, &codec_lists[i], word);
			return;
		}
	}
	note(r, STR("codec"), list);
}

static void read_off_word(struct reader *r, struct str word)
{
	if (!str_eq(word, STR("off")) && !str_eq(word, STR("no")))
		note(r, STR("SDES"), word);
}

/* Flags that are a key and its value in one word. */
static const struct {
	struct str prefix;
	void (*read)(struct reader *r, struct str rest);
} prefixes[] = {
	{ STR("replace-"), read_replace_word },
	{ STR("rtcp-mux-"), read_mux_word },
	{ STR("codec-"), read_codec_word },
	{ STR("SDES-"), read_off_word },
};

static bool read_prefixed(struct reader *r, struct str word)
{
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		if (!str_starts(word, prefixes[i].prefix))
			continue;
		word.s += prefixes[i].prefix.len;
		word.len -= prefixes[i].prefix.len;
		prefixes[i].read(r, word);
		return true;
	}
	return false;
}

/* Keys whose values cannot be written in one word, or that a flag has no business to set. */
static bool may_be_flag(const struct key *key)
{
	return key && key->read != read_flags && key->read != read_raw_flags &&
	       key->offset != offsetof(struct request, sdp);
}

static void read_flag(struct reader *r, struct str word)
{
	const struct flag *flag = find_flag(flags, COUNT(flags), word);
	struct dict value = { .type = DICT_STRING, .string = word };
	const struct key *key;
	struct str name;

	if (flag) {
		r->request->flags |= flag->set;
		r->request->flags &= ~flag->clear;
		return;
	}
	if (str_eq(word, STR("internal")) || str_eq(word, STR("external"))) {
		read_internal(r, word);
		return;
	}
	if (str_starts(word, STR("RTP/")) || str_starts(word, STR("UDP/"))) {
		read_protocol(r, find_key(STR("transport-protocol")), &value);
		return;
	}
	name = str_split(&value.string, '=');
	key = value.string.len ? find_key(name) : NULL;
	if (may_be_flag(key))
		key->read(r, key, &value);
	else if (!read_prefixed(r, word))
		note(r, word, STR_NONE);
}

void ng_request_read(struct arena *arena, const struct dict *map, struct request *request)
{
	struct reader r = { .arena = arena, .request = request };

	for (const struct dict *value = map->first; value; value = value->next) {
		const struct key *key = value->key.len ? find_key(value->key) : NULL;

		if (key)
			key->read(&r, key, value);
		else
			note(&r, value->key, text_of(value));
	}
}
