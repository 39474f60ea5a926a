/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.c - the keys of a decoded NG request to struct request
 *
 * A table: a row is a name, a function, and the member that the function sets. Flags: ng/flags.c
 */
#include "base/count.h"
#include "dtmf/sender.h"
#include "ng/flags.h"
#include "ng/reader.h"
#include "ng/request.h"
#include "packet/side.h"

static void read_text(struct reader *r, const struct key *key, const struct dict *value)
{
	*(struct str *)((char *)r->request + key->offset) = ng_text_of(value);
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
	text = ng_text_of(value);
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
		ng_note(r, key->name, ng_text_of(value));
}

static void read_limit(struct reader *r, const struct key *key, const struct dict *value)
{
	if (!int_of(value, &r->request->limit))
		ng_note(r, key->name, ng_text_of(value));
}

static void read_tos(struct reader *r, const struct key *key, const struct dict *value)
{
	int64_t number;

	if (int_of(value, &number) && number >= -1 && number <= 255)
		r->request->tos = (int)number;
	else
		ng_note(r, key->name, ng_text_of(value));
}

/* "off", or seconds; 0 is off. */
static void read_keepalive(struct reader *r, const struct key *key, const struct dict *value)
{
	int64_t number;

	if (str_eq(ng_text_of(value), STR("off")))
		r->request->keepalive_s = KEEPALIVE_OFF;
	else if (int_of(value, &number) && number >= 0 && number <= KEEPALIVE_MAX_S)
		r->request->keepalive_s = number ? (uint16_t)number : KEEPALIVE_OFF;
	else
		ng_note(r, key->name, ng_text_of(value));
}

static void read_address(struct reader *r, const struct key *key, const struct dict *value)
{
	struct endpoint *ep = (struct endpoint *)((char *)r->request + key->offset);

	if (!endpoint_parse_addr(ng_text_of(value), AF_UNSPEC, ep) || endpoint_is_any(ep)) {
		*ep = (struct endpoint){ 0 };
		ng_note(r, key->name, ng_text_of(value));
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
	struct str name = ng_text_of(value);

	if (str_eq_nocase(name, STR("IP4")) || str_eq_nocase(name, STR("inet")))
		r->request->address_family = AF_INET;
	else if (str_eq_nocase(name, STR("IP6")) || str_eq_nocase(name, STR("inet6")))
		r->request->address_family = AF_INET6;
	else
		ng_note(r, key->name, name);
}

/* [toward the sender, toward the receiver]; a single name is the next of the two. */
static void read_direction(struct reader *r, const struct key *key, const struct dict *value)
{
	size_t i = value->type == DICT_STRING && r->request->direction[0].len;

	(void)key;
	for (const struct dict *item = first_of(value); item; item = next_of(value, item))
		if (i < 2)
			r->request->direction[i++] = ng_text_of(item);
}

static void read_both_directions(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	r->request->direction[0] = r->request->direction[1] = ng_text_of(value);
}

static void read_protocol(struct reader *r, const struct key *key, const struct dict *value)
{
	struct str name = ng_text_of(value);

	if (str_eq_nocase(name, STR("RTP/AVP")))
		r->request->transport_protocol = STR("RTP/AVP");
	else if (str_eq_nocase(name, STR("RTP/AVPF")))
		r->request->transport_protocol = STR("RTP/AVPF");
	else if (str_eq_nocase(name, STR("RTP/SAVP")))
		r->request->transport_protocol = STR("RTP/SAVP");
	else if (str_eq_nocase(name, STR("RTP/SAVPF")))
		r->request->transport_protocol = STR("RTP/SAVPF");
	else if (str_eq_nocase(name, STR("UDP/TLS/RTP/SAVP")))
		r->request->transport_protocol = STR("UDP/TLS/RTP/SAVP");
	else if (str_eq_nocase(name, STR("UDP/TLS/RTP/SAVPF")))
		r->request->transport_protocol = STR("UDP/TLS/RTP/SAVPF");
	else if (str_eq_nocase(name, STR("accept")))
		r->request->accepts_protocol = true;
	else
		ng_note(r, key->name, name);
}

/* The parties of a subscription; more than a call has are of no use. */
#define FROM_TAGS_MAX 64

static void read_from_tags(struct reader *r, const struct key *key, const struct dict *value)
{
	struct request *request = r->request;

	if (!request->from_tags)
		request->from_tags =
			arena_alloc(r->arena, FROM_TAGS_MAX * sizeof(*request->from_tags));
	for (const struct dict *item = first_of(value); item; item = next_of(value, item)) {
		if (!request->from_tags || request->n_from_tags == FROM_TAGS_MAX)
			ng_note(r, key->name, ng_text_of(item));
		else
			request->from_tags[request->n_from_tags++] = ng_text_of(item);
	}
}

/* "all" as a key: whatever its value is, but a denial. */
static void read_all(struct reader *r, const struct key *key, const struct dict *value)
{
	struct str word = ng_text_of(value);

	(void)key;
	if (!str_eq_nocase(word, STR("no")) && !str_eq_nocase(word, STR("off")) &&
	    !str_eq_nocase(word, STR("none")))
		r->request->flags |= REQ_ALL;
}

/* Known keys that need no action. */
static void read_nothing(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)r;
	(void)key;
	(void)value;
}

static void read_latching(struct reader *r, const struct key *key, const struct dict *value)
{
	struct request *request = r->request;
	struct str name = ng_text_of(value);

	if (str_eq(name, STR("strict")))
		request->latching = LATCH_STRICT;
	else if (str_eq(name, STR("smart")))
		request->latching = LATCH_SMART;
	else if (str_eq(name, STR("first")))
		request->latching = LATCH_FIRST;
	else {
		ng_note(r, key->name, name);
		return;
	}
	request->flags |= REQ_LATCHING;
}

/* The nearest equivalents of rtpengine's names. */
static void read_learning(struct reader *r, const struct key *key, const struct dict *value)
{
	struct request *request = r->request;
	struct str name = ng_text_of(value);

	if (str_eq(name, STR("off"))) {
		request->flags |= REQ_ASYMMETRIC;
		return;
	}
	if (str_eq(name, STR("immediate")))
		request->latching = LATCH_FIRST;
	else if (str_eq(name, STR("delayed")) || str_eq(name, STR("heuristic")))
		request->latching = LATCH_SMART;
	else {
		ng_note(r, key->name, name);
		return;
	}
	request->flags |= REQ_LATCHING;
}

/* No name: looking it up would hold up all commands. */
static void read_dtmf_place(struct reader *r, const struct key *key, const struct dict *value)
{
	struct str text = ng_text_of(value);
	struct endpoint place;

	if (dtmf_place(text, &place))
		r->request->dtmf_place = text;
	else
		ng_note(r, key->name, text);
}

/* rtpengine plays a file once if it is told 0 times; -1 is for ever, as in the other protocol. */
static void read_times(struct reader *r, const struct key *key, const struct dict *value)
{
	int64_t number;

	if (!int_of(value, &number) || number < -1 || number > INT32_MAX) {
		ng_note(r, key->name, ng_text_of(value));
		return;
	}
	r->request->play.times = number < 0 ? 0 : number ? (int)number : 1;
	r->request->play.times_given = true;
}

static void read_other_source(struct reader *r, const struct key *key, const struct dict *value)
{
	(void)key;
	(void)value;
	r->request->play.other = true;
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

/* The keys that every request has come first, so that the search is short. */
static const struct key keys[] = {
	TEXT("call-id", call_id),
	TEXT("from-tag", from_tag),
	TEXT("to-tag", to_tag),
	TEXT("sdp", sdp),
	ANY("command", read_nothing),
	ANY("supports", read_nothing),
	ANY("ICE", ng_read_ice),
	ANY("ICE-lite", ng_read_ice_lite),
	ANY("bundle", ng_read_bundle),
	ANY("flags", ng_read_flags),
	ANY("replace", ng_read_replace),
	KEY("received-from", read_received_from, received_from),
	TEXT("via-branch", via_branch),
	ANY("direction", read_direction),
	ANY("rtcp-mux", ng_read_mux),
	ANY("transport-protocol", read_protocol),
	ANY("address-family", read_family),
	KEY("media-address", read_address, media_address),
	KEY("delete-delay", read_int, delete_delay),
	KEY("sip-code", read_int, sip_code),
	ANY("sip-message-type", read_nothing),
	ANY("rtpp-flags", ng_read_raw_flags),
	ANY("TOS", read_tos),
	TEXT("label", label),
	TEXT("from-label", label),
	TEXT("set-label", set_label),
	TEXT("to-label", to_label),
	ANY("from-tags", read_from_tags),
	ANY("all", read_all),
	TEXT("metadata", metadata),
	TEXT("SDP", sdp),
	KEY("address", read_address, address),
	TEXT("from-interface", direction[0]),
	TEXT("to-interface", direction[1]),
	TEXT("in-iface", direction[0]),
	TEXT("out-iface", direction[1]),
	ANY("interface", read_both_directions),
	ANY("codec", ng_read_codec),
	ANY("latching", read_latching),
	ANY("endpoint-learning", read_learning),
	ANY("media-keepalive", read_keepalive),
	ANY("limit", read_limit),
	ANY("SDES", ng_read_sdes),
	ANY("DTLS", ng_read_dtls),
	ANY("DTLS-reverse", ng_read_dtls_reverse),
	ANY("DTLS-fingerprint", ng_read_dtls_fingerprint),
	ANY("OSRTP", ng_read_osrtp),
	ANY("record-call", ng_read_record),
	ANY("pause", ng_read_record_pause),
	TEXT("recording-file", record.file),
	TEXT("output-destination", record.file),
	TEXT("output-dest", record.file),
	TEXT("recording-destination", record.file),
	TEXT("recording-dest", record.file),
	TEXT("recording-pattern", record.pattern),
	ANY("dtmf-log-dest", read_dtmf_place),
	TEXT("file", play.file),
	ANY("blob", read_other_source),
	ANY("blob64", read_other_source),
	ANY("db-id", read_other_source),
	ANY("repeat-times", read_times),
	KEY("repeat-duration", read_int, play.duration_ms),
	KEY("start-pos", read_int, play.start_ms),
};

void ng_request_read(struct arena *arena, const struct dict *map, struct request *request)
{
	struct reader r = {
		.arena = arena, .request = request, .keys = keys, .n_keys = COUNT(keys)
	};

	for (const struct dict *value = map->first; value; value = value->next) {
		const struct key *key = value->key.len ? ng_find_key(&r, value->key) : NULL;

		if (key)
			key->read(&r, key, value);
		else
			ng_note(&r, value->key, ng_text_of(value));
	}
}
