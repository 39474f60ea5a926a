/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flags.c - lists of words in an NG request: flags, replace, rtcp-mux, codec
 *
 * Flags are the members of the list "flags", and the words of Kamailio's raw "rtpp-flags". A flag
 * written as "key=value" or "key=[value value]" (ng/flag_text.h) is read like that key.
 */
#include "base/buf.h"
#include "base/count.h"
#include "ng/flag_text.h"
#include "ng/flags.h"

/* Codec names in one list, at most; more are ignored. */
#define CODECS_MAX 64

struct flag {
	struct str name;
	uint32_t set, clear; /* enum request_flag */
};

static const struct flag *find_flag(const struct flag *flags, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (flags[i].name.len == name.len && dict_key_eq(flags[i].name, name))
			return &flags[i];
	return NULL;
}

/* One word of @list: sets or clears its flag; an unknown word is noted as ignored. */
static void read_word(struct reader *r, const struct flag *flags, size_t count, struct str list,
		      struct str word)
{
	const struct flag *flag = find_flag(flags, count, word);

	if (!flag) {
		ng_note(r, list, word);
		return;
	}
	r->request->flags |= flag->set;
	r->request->flags &= ~flag->clear;
}

static void read_replace_word(struct reader *r, struct str word)
{
	static const struct flag replaces[] = {
		{ STR("origin"), REQ_REPLACE_ORIGIN, 0 },
		{ STR("session-connection"), 0, 0 }, /* always done */
		{ STR("username"), REQ_REPLACE_USERNAME, 0 },
		{ STR("session-name"), REQ_REPLACE_SESSION_NAME, 0 },
		{ STR("SDP-version"), REQ_REPLACE_VERSION, 0 },
		{ STR("sdp-version"), REQ_REPLACE_VERSION, 0 },
		{ STR("force-increment-sdp-ver"), REQ_REPLACE_VERSION | REQ_RAISE_VERSION, 0 },
		{ STR("zero-address"), REQ_REPLACE_ZERO, 0 },
		{ STR("origin-full"),
		  REQ_REPLACE_ORIGIN | REQ_REPLACE_USERNAME | REQ_REPLACE_VERSION, 0 },
	};

	read_word(r, replaces, COUNT(replaces), STR("replace"), word);
}

void ng_read_replace(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))
		read_replace_word(r, ng_text_of(item));
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

void ng_read_mux(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))
		read_mux_word(r, ng_text_of(item));
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
		ng_note(r, STR("codec"), name);
	else
		(*list)[(*count)++] = name;
}

/* @names: one text or a list. A list that asks for transcoding is noted as ignored. */
static void add_codecs(struct reader *r, struct str list, const struct dict *names)
{
	size_t i = 0;

	while (i < COUNT(codec_lists) && !dict_key_eq(codec_lists[i].name, list))
		i++;
	if (i == COUNT(codec_lists)) {
		ng_note(r, STR("codec"), list);
		return;
	}
	for (const struct dict *item = first_of(names); item; item = next_of(names, item))
		add_codec(r, &codec_lists[i], ng_text_of(item));
}

/* "strip-PCMU", and "strip=[PCMU G722]" */
static void read_codec_word(struct reader *r, struct str word)
{
	struct str names = word, list = str_split(&names, '=');
	struct dict *value;

	if (list.len && memchr(list.s, '-', list.len)) {
		names = word;
		list = str_split(&names, '-');
	}
	value = names.len ? flag_text_value(r->arena, names) : NULL;
	if (value)
		add_codecs(r, list, value);
	else
		ng_note(r, STR("codec"), word);
}

/* { strip: [PCMA, ...], ... } */
void ng_read_codec(struct reader *r, const struct key *key, const struct dict *value)
{
	const struct dict *entry = value->type == DICT_MAP ? value->first : first_of(value);

	(void)key;
	for (; entry; entry = next_of(value, entry)) {
		if (entry->key.len && entry != value)
			add_codecs(r, entry->key, entry);
		else
			read_codec_word(r, ng_text_of(entry));
	}
}

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
	{ STR("allow-no-codec-media"), REQ_ALLOW_NO_CODEC, 0 },
	{ STR("single-codec"), REQ_SINGLE_CODEC, 0 },
	{ STR("all"), REQ_ALL, 0 },
	{ STR("block-egress"), 0, 0 }, /* of play media: always done */
	{ STR("debug"), 0, 0 },
	{ STR("no-redis-update"), 0, 0 },
	{ STR("egress"), 0, 0 },	    /* copies are of what is sent */
	{ STR("allow-transcoding"), 0, 0 }, /* of a subscription's answer; it is never done */
};

static void read_internal(struct reader *r, struct str word)
{
	struct str *direction = r->request->direction;

	direction[direction[0].len ? 1 : 0] = word;
}

static void read_sdes_word(struct reader *r, struct str word)
{
	if (!sdes_policy_add(&r->request->sdes, word))
		ng_note(r, STR("SDES"), word);
}

void ng_read_sdes(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))
		read_sdes_word(r, ng_text_of(item));
}

/* The legacy kinds would offer the media twice, as two m= lines: they are not done. */
static void read_osrtp_word(struct reader *r, struct str word)
{
	static const struct {
		struct str word;
		uint8_t flag;
	} words[] = { { STR("offer"), OSRTP_OFFER },
		      { STR("offer-RFC"), OSRTP_OFFER },
		      { STR("accept"), OSRTP_ACCEPT },
		      { STR("accept-RFC"), OSRTP_ACCEPT },
		      { STR("off"), 0 },
		      { STR("no"), 0 },
		      { STR("disable"), 0 },
		      { STR("none"), 0 } };

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(word, words[i].word)) {
			r->request->osrtp |= words[i].flag;
			return;
		}
	ng_note(r, STR("OSRTP"), word);
}

void ng_read_osrtp(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))
		read_osrtp_word(r, ng_text_of(item));
}

static void read_ice_lite_word(struct reader *r, struct str word)
{
	static const struct {
		struct str word;
		enum request_ice_lite lite;
	} words[] = { { STR("forward"), REQUEST_LITE_FORWARD },
		      { STR("backward"), REQUEST_LITE_BACKWARD },
		      { STR("both"), REQUEST_LITE_BOTH },
		      { STR("off"), REQUEST_LITE_OFF },
		      { STR("no"), REQUEST_LITE_OFF },
		      { STR("none"), REQUEST_LITE_OFF },
		      { STR("disable"), REQUEST_LITE_OFF } };

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(word, words[i].word)) {
			r->request->ice_lite = words[i].lite;
			return;
		}
	ng_note(r, STR("ICE-lite"), word);
}

void ng_read_ice_lite(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))
		read_ice_lite_word(r, ng_text_of(item));
}

/*
 * "optional" counts as default: candidates of the other phone, which cannot be reached from here,
 * do not stay among ours. "force-relay" is noted as ignored.
 */
static void read_ice_word(struct reader *r, struct str word)
{
	if (str_starts(word, STR("lite-"))) {
		read_ice_lite_word(r, (struct str){ word.s + 5, word.len - 5 });
	} else if (str_eq(word, STR("remove"))) {
		r->request->ice = REQUEST_ICE_REMOVE;
	} else if (str_eq(word, STR("force"))) {
		r->request->ice = REQUEST_ICE_FORCE;
	} else if (!str_eq(word, STR("default")) && !str_eq(word, STR("optional"))) {
		ng_note(r, STR("ICE"), word);
	}
}

void ng_read_ice(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))
		read_ice_word(r, ng_text_of(item));
}

static void read_bundle_word(struct reader *r, struct str word)
{
	struct request *request = r->request;

	if (str_eq_nocase(word, STR("accept")))
		request->bundle = REQUEST_BUNDLE_ACCEPT;
	else if (str_eq_nocase(word, STR("reject")) || str_eq_nocase(word, STR("remove")))
		request->bundle = REQUEST_BUNDLE_REJECT;
	else if (str_eq_nocase(word, STR("offer")))
		request->bundle_offer = true;
	else if (str_eq_nocase(word, STR("require")) || str_eq_nocase(word, STR("strict")))
		request->bundle_require = true;
	else if (!str_eq_nocase(word, STR("default")))
		ng_note(r, STR("bundle"), word);
}

void ng_read_bundle(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))
		read_bundle_word(r, ng_text_of(item));
}

/* Flags that have a member of their own in the request: all bits of its flags are taken. */
static const struct {
	struct str name;
	size_t offset;
} switches[] = {
	{ STR("pierce-NAT"), offsetof(struct request, pierce_nat) },
	{ STR("trickle-ICE"), offsetof(struct request, trickle_ice) },
	{ STR("reject-ICE"), offsetof(struct request, reject_ice) },
	{ STR("reset"), offsetof(struct request, ice_reset) },
	{ STR("pause"), offsetof(struct request, record.pause) },
	{ STR("discard-recording"), offsetof(struct request, record.discard) },
	{ STR("exclude-recording"), offsetof(struct request, record.exclude) },
	{ STR("generate-mid"), offsetof(struct request, generate_mid) },
	{ STR("fragment"), offsetof(struct request, fragment) },
	{ STR("siprec"), offsetof(struct request, siprec) },
	{ STR("SIPREC"), offsetof(struct request, siprec) },
	{ STR("inactive"), offsetof(struct request, inactive) },
};

/* Without a value; with one it is the key (ng_read_record). */
static bool is_record_call(struct str word)
{
	static const struct str name = STR("record-call");

	return word.len == name.len && dict_key_eq(name, word);
}

static bool read_switch(struct request *request, struct str word)
{
	for (size_t i = 0; i < COUNT(switches); i++)
		if (switches[i].name.len == word.len && dict_key_eq(switches[i].name, word)) {
			*(bool *)((char *)request + switches[i].offset) = true;
			return true;
		}
	if (!is_record_call(word))
		return false;
	request->record.call = RECORD_CALL_ON;
	return true;
}

static bool is_off(struct str word)
{
	return str_eq_nocase(word, STR("off")) || str_eq_nocase(word, STR("no")) ||
	       str_eq_nocase(word, STR("disable")) || str_eq_nocase(word, STR("disabled")) ||
	       str_eq_nocase(word, STR("none"));
}

static bool is_on(struct str word)
{
	return str_eq_nocase(word, STR("yes")) || str_eq_nocase(word, STR("on")) ||
	       str_eq_nocase(word, STR("true")) || str_eq_nocase(word, STR("enable")) ||
	       str_eq_nocase(word, STR("enabled")) || str_eq(word, STR("1"));
}

void ng_read_record(struct reader *r, const struct key *key, const struct dict *value)
{
	struct str word = ng_text_of(value);

	(void)key;
	if (is_on(word))
		r->request->record.call = RECORD_CALL_ON;
	else if (is_off(word))
		r->request->record.call = RECORD_CALL_OFF;
	else if (str_eq_nocase(word, STR("discard")))
		r->request->record.call = RECORD_CALL_DISCARD;
	else
		ng_note(r, STR("record-call"), word);
}

void ng_read_record_pause(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	r->request->record.pause = is_on(ng_text_of(value));
}

static void read_role(struct reader *r, struct str key, struct str word)
{
	if (str_eq_nocase(word, STR("passive")))
		r->request->dtls.role = DTLS_PASSIVE;
	else if (str_eq_nocase(word, STR("active")))
		r->request->dtls.role = DTLS_ACTIVE;
	else
		ng_note(r, key, word);
}

static void read_dtls_word(struct reader *r, struct str word)
{
	if (is_off(word))
		r->request->dtls.off = true;
	else
		read_role(r, STR("DTLS"), word);
}

static void read_reverse_word(struct reader *r, struct str word)
{
	read_role(r, STR("DTLS-reverse"), word);
}

static void read_fingerprint_word(struct reader *r, struct str word)
{
	enum dtls_hash hash = dtls_hash_by_name(word);

	if (hash)
		r->request->dtls.hash = (uint8_t)hash;
	else
		ng_note(r, STR("DTLS-fingerprint"), word);
}

static void read_words(struct reader *r, const struct dict *value,
		       void (*read)(struct reader *r, struct str word))
{
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))
		read(r, ng_text_of(item));
}

void ng_read_dtls(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	read_words(r, value, read_dtls_word);
}

void ng_read_dtls_reverse(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	read_words(r, value, read_reverse_word);
}

void ng_read_dtls_fingerprint(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	read_words(r, value, read_fingerprint_word);
}

/* Flags that consist of a key, "-" and a value. */
static const struct {
	struct str prefix;
	void (*read)(struct reader *r, struct str rest);
} prefixes[] = {
	{ STR("replace-"), read_replace_word },
	{ STR("rtcp-mux-"), read_mux_word },
	{ STR("codec-"), read_codec_word },
	{ STR("SDES-"), read_sdes_word },
	{ STR("OSRTP-"), read_osrtp_word },
	{ STR("ICE-lite-"), read_ice_lite_word },
	{ STR("ICE-"), read_ice_word },
	{ STR("DTLS-reverse-"), read_reverse_word },
	{ STR("DTLS-fingerprint-"), read_fingerprint_word },
	{ STR("DTLS-"), read_dtls_word },
	{ STR("BUNDLE-"), read_bundle_word },
	{ STR("bundle-"), read_bundle_word },
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

/* Not as a flag: lists of flags (they would nest), and the SDP. */
static bool may_be_flag(const struct key *key)
{
	return key && key->read != ng_read_flags && key->read != ng_read_raw_flags &&
	       key->offset != offsetof(struct request, sdp);
}

static void read_flag(struct reader *r, struct str word)
{
	const struct flag *flag = find_flag(flags, COUNT(flags), word);
	struct dict text = { .type = DICT_STRING, .string = word };
	struct str name, rest = word;
	const struct dict *value;
	const struct key *key;

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
		key = ng_find_key(r, STR("transport-protocol"));
		key->read(r, key, &text);
		return;
	}
	if (read_switch(r->request, word))
		return;
	name = str_split(&rest, '=');
	key = rest.len ? ng_find_key(r, name) : NULL;
	value = may_be_flag(key) ? flag_text_value(r->arena, rest) : NULL;
	if (value)
		key->read(r, key, value);
	else if (!read_prefixed(r, word))
		ng_note(r, word, STR_NONE);
}

/* The last of the items that a word with brackets was split into, and their length in *size. */
static const struct dict *last_part(const struct dict *list, const struct dict *item, size_t *size)
{
	const struct dict *last = item;
	size_t open = 0;

	for (*size = 0; item; item = next_of(list, item)) {
		last = item;
		open = flag_text_open(open, ng_text_of(item));
		*size += ng_text_of(item).len + 1;
		if (!open)
			break;
	}
	return last;
}

/* A word of the list, from *item on. Proxies split at blanks, also in brackets: it is joined. */
static struct str take_word(struct reader *r, const struct dict *list, const struct dict **item)
{
	size_t size;
	const struct dict *first = *item, *last = last_part(list, first, &size);
	struct buf out;

	*item = last;
	if (last == first)
		return ng_text_of(first);
	out = BUF_INIT(arena_alloc(r->arena, size), size);
	if (!out.data)
		return STR_NONE;
	for (const struct dict *part = first;; part = part->next) {
		buf_str(&out, ng_text_of(part));
		if (part == last)
			break;
		buf_char(&out, ' ');
	}
	return (struct str){ out.data, out.len };
}

void ng_read_flags(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))
		read_flag(r, take_word(r, value, &item));
}

/* The flags in one text, as the proxy's script has them. */
void ng_read_raw_flags(struct reader *r, const struct key *key, const struct dict *value)
{
	struct str rest = ng_text_of(value), word;

	(void)key;
	while ((word = flag_text_next(&rest)).len)
		read_flag(r, word);
}
