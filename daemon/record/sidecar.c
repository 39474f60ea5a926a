/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sidecar.c - the JSON text beside the files of a recording */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/count.h"
#include "base/redact.h"
#include "record/name.h"
#include "record/sidecar.h"
#include "rtp_wire.h"

#define NS_PER_SECOND 1000000000LL
/* SSRCs that are listed of one stream. */
#define SSRCS 8

/* RTP or RTCP of one side of a media. */
struct stream {
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
	struct endpoint from, to; /* of the last packet */
	uint32_t ssrc[SSRCS];
	uint8_t n_ssrc;
	bool encrypted;
};

struct media {
	json_t *told;		    /* object: what is known besides counters */
	struct stream stream[2][2]; /* [side][rtcp] */
	uint64_t lost[2][RECORD_LOSSES];
};

/*
 * @root has all but the medias and sums, which sidecar_text() adds. Members of @root below it are
 * borrowed.
 */
struct sidecar {
	json_t *root, *files, *parties, *sdp, *paused;
	struct media *media[RECORD_MEDIAS];
	uint64_t lost[RECORD_LOSSES]; /* nobody knows whose */
	size_t sdp_bytes;	      /* of all SDPs that are listed */
	bool changed;
};

static const char *const losses[RECORD_LOSSES] = {
	[RECORD_LOST_RING] = "ring",
	[RECORD_LOST_KERNEL] = "kernel",
	[RECORD_LOST_DISK] = "disk",
};
static const char *const sides[2] = { "caller", "callee" };
static const char *const components[2] = { "rtp", "rtcp" };

/* --- Values ----------------------------------------------------------------------------------- */

/* Each byte as the character of Latin-1. */
static json_t *latin1(struct str text)
{
	char *out = malloc(2 * text.len + 1);
	json_t *value;
	size_t n = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.s[i];

		if (c < 0x80) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = (char)(0xc0 | c >> 6);
		out[n++] = (char)(0x80 | (c & 0x3f));
	}
	value = json_stringn(out, n);
	free(out);
	return value;
}

static json_t *text_value(struct str text)
{
	json_t *value = json_stringn(text.len ? text.s : "", text.len);

	return value ? value : latin1(text);
}

/* "2026-11-29T06:30:00.123456Z" */
static json_t *time_value(int64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_SECOND);
	char text[64], day[40];
	struct tm at;

	gmtime_r(&seconds, &at);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &at);
	snprintf(text, sizeof(text), "%s.%06dZ", day, (int)(ns % NS_PER_SECOND / 1000));
	return json_string(text);
}

static void set_text(json_t *object, const char *key, struct str text)
{
	if (text.len)
		json_object_set_new(object, key, text_value(text));
}

static void set_endpoint(json_t *object, const char *key, const struct endpoint *ep)
{
	char text[ENDPOINT_TEXT];

	if (endpoint_is_set(ep))
		json_object_set_new(object, key, json_string(endpoint_print(ep, text)));
}

static void set_count(json_t *object, const char *key, uint64_t count)
{
	json_object_set_new(object, key, json_integer((json_int_t)count));
}

/* "" if there is no such text. */
static const char *get_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static uint64_t get_count(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

/* --- Life ------------------------------------------------------------------------------------- */

/* The member of @type, made if there is none. Borrowed; NULL: out of memory */
static json_t *member(json_t *object, const char *key, json_type type)
{
	json_t *value = json_object_get(object, key);

	if (value && json_typeof(value) == type)
		return value;
	json_object_set_new(object, key, type == JSON_ARRAY ? json_array() : json_object());
	return json_object_get(object, key);
}

/* Takes @root. NULL: out of memory */
static struct sidecar *with_root(json_t *root)
{
	struct sidecar *sidecar = calloc(1, sizeof(*sidecar));

	if (!sidecar || !root) {
		json_decref(root);
		free(sidecar);
		return NULL;
	}
	sidecar->root = root;
	sidecar->files = member(root, "files", JSON_ARRAY);
	sidecar->parties = member(root, "parties", JSON_ARRAY);
	sidecar->paused = member(root, "paused", JSON_ARRAY);
	sidecar->sdp = member(root, "sdp", JSON_ARRAY);
	sidecar->changed = true;
	if (sidecar->files && sidecar->parties && sidecar->paused && sidecar->sdp)
		return sidecar;
	sidecar_free(sidecar);
	return NULL;
}

void sidecar_free(struct sidecar *sidecar)
{
	if (!sidecar)
		return;
	for (size_t i = 0; i < RECORD_MEDIAS; i++)
		if (sidecar->media[i]) {
			json_decref(sidecar->media[i]->told);
			free(sidecar->media[i]);
		}
	json_decref(sidecar->root);
	free(sidecar);
}

struct sidecar *sidecar_new(const struct record_file_about *about, const char *name,
			    const struct record_dir_conf *conf)
{
	json_t *root = json_object();
	struct sidecar *sidecar;
	char id[17];

	snprintf(id, sizeof(id), "%016" PRIx64, about->id);
	json_object_set_new(root, "version", json_integer(SIDECAR_VERSION));
	json_object_set_new(root, "call-id", text_value(about->call_id));
	json_object_set_new(root, "id", json_string(id));
	json_object_set_new(root, "name", json_string(name));
	json_object_set_new(root, "started", time_value(about->now_ns));
	json_object_set_new(root, "linktype",
			    json_string(conf->linktype == RECORD_ETHERNET ? "ethernet" : "raw"));
	json_object_set_new(root, "precision",
			    json_string(conf->precision == RECORD_NS ? "ns" : "us"));
	set_text(root, "metadata", about->metadata);
	sidecar = with_root(root);
	if (sidecar && !json_object_get(root, "name")) {
		sidecar_free(sidecar);
		return NULL;
	}
	return sidecar;
}

const char *sidecar_name(const struct sidecar *sidecar)
{
	return get_text(sidecar->root, "name");
}

const char *sidecar_id(const struct sidecar *sidecar)
{
	return get_text(sidecar->root, "id");
}

static struct media *media_of(struct sidecar *sidecar, size_t number)
{
	struct media *media;

	if (number >= RECORD_MEDIAS)
		return NULL;
	if (sidecar->media[number])
		return sidecar->media[number];
	media = calloc(1, sizeof(*media));
	if (!media)
		return NULL;
	media->told = json_object();
	json_object_set_new(media->told, "media", json_integer((json_int_t)number));
	sidecar->media[number] = media;
	return media;
}

/* --- Reading what a former run has written ---------------------------------------------------- */

static int64_t get_time(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key)), *rest;
	struct tm at = { 0 };
	long us;

	rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &at) : NULL;
	if (!rest || *rest != '.')
		return 0;
	us = strtol(rest + 1, NULL, 10);
	return (int64_t)timegm(&at) * NS_PER_SECOND + (us > 0 && us < 1000000 ? us : 0) * 1000;
}

int64_t sidecar_started(const struct sidecar *sidecar)
{
	return get_time(sidecar->root, "started");
}

static void read_stream(struct stream *stream, const json_t *object)
{
	const json_t *ssrcs = json_object_get(object, "ssrcs");

	stream->packets = get_count(object, "packets");
	stream->bytes = get_count(object, "bytes");
	stream->first_ns = get_time(object, "first");
	stream->last_ns = get_time(object, "last");
	stream->encrypted = json_is_true(json_object_get(object, "encrypted"));
	for (size_t i = 0; i < json_array_size(ssrcs) && i < SSRCS; i++)
		stream->ssrc[stream->n_ssrc++] =
			(uint32_t)json_integer_value(json_array_get(ssrcs, i));
}

static void read_losses(uint64_t *lost, const json_t *object)
{
	for (size_t i = 0; i < RECORD_LOSSES; i++)
		lost[i] = get_count(object, losses[i]);
}

static void read_media(struct sidecar *sidecar, json_t *object)
{
	json_int_t number = json_integer_value(json_object_get(object, "media"));
	struct media *media = NULL;

	if (json_is_integer(json_object_get(object, "media")) && number >= 0)
		media = media_of(sidecar, (size_t)number);
	if (!media)
		return;
	for (int side = 0; side < 2; side++) {
		json_t *of_side = json_object_get(object, sides[side]);

		for (int rtcp = 0; rtcp < 2; rtcp++) {
			json_t *counts = json_object_get(of_side, components[rtcp]);

			read_stream(&media->stream[side][rtcp], counts);
			json_object_del(of_side, components[rtcp]);
		}
		read_losses(media->lost[side], json_object_get(of_side, "lost"));
	}
	json_incref(object);
	json_decref(media->told);
	media->told = object;
}

/* As long as they are now; not more than there may be. */
static void count_sdps(struct sidecar *sidecar)
{
	size_t i, len = 0;
	json_t *entry;

	json_array_foreach(sidecar->sdp, i, entry)
	{
		len += json_string_length(json_object_get(entry, "sdp"));
	}
	sidecar->sdp_bytes = len < RECORD_SDP_BYTES ? len : RECORD_SDP_BYTES;
}

static void drop_bad_files(json_t *files)
{
	for (size_t i = json_array_size(files); i--;) {
		const json_t *file = json_array_get(files, i);
		const char *name = json_string_value(json_object_get(file, "file"));

		if (!name || !record_name_is_below(str_of(name)) ||
		    !json_is_string(json_object_get(file, "format")))
			json_array_remove(files, i);
	}
}

struct sidecar *sidecar_read(const char *text, size_t len)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	const char *name = json_string_value(json_object_get(root, "name"));
	struct sidecar *sidecar;
	json_t *medias;

	if (!name || !record_name_is_below(str_of(name)) ||
	    json_integer_value(json_object_get(root, "version")) != SIDECAR_VERSION) {
		json_decref(root);
		return NULL;
	}
	sidecar = with_root(root);
	if (!sidecar)
		return NULL;
	drop_bad_files(sidecar->files);
	count_sdps(sidecar);
	read_losses(sidecar->lost, json_object_get(root, "lost"));
	medias = json_object_get(root, "medias");
	for (size_t i = 0; i < json_array_size(medias); i++)
		read_media(sidecar, json_array_get(medias, i));
	json_object_del(root, "medias");
	return sidecar;
}

/* --- Files ------------------------------------------------------------------------------------ */

static struct sidecar_file *as_file(json_t *entry)
{
	return (struct sidecar_file *)entry;
}

struct sidecar_file *sidecar_add_file(struct sidecar *sidecar, const char *name, const char *format,
				      unsigned int part, const char *channels, int64_t now_ns)
{
	json_t *entry = json_object();

	json_object_set_new(entry, "file", json_string(name));
	json_object_set_new(entry, "format", json_string(format));
	json_object_set_new(entry, "part", json_integer(part));
	if (channels)
		json_object_set_new(entry, "channels", json_string(channels));
	json_object_set_new(entry, "started", time_value(now_ns));
	sidecar->changed = true;
	if (!json_array_append_new(sidecar->files, entry))
		return as_file(entry);
	return NULL;
}

void sidecar_set_file(struct sidecar_file *file, uint64_t packets, uint64_t bytes, int64_t now_ns,
		      const char *why)
{
	json_t *entry = (json_t *)file;

	set_count(entry, "packets", packets);
	set_count(entry, "bytes", bytes);
	if (!why)
		return;
	json_object_set_new(entry, "ended", time_value(now_ns));
	json_object_set_new(entry, "why", json_string(why));
}

unsigned int sidecar_parts(const struct sidecar *sidecar, const char *format)
{
	json_int_t highest = 0;
	size_t i;
	json_t *entry;

	json_array_foreach(sidecar->files, i, entry)
	{
		json_int_t part = json_integer_value(json_object_get(entry, "part"));

		if (part > highest && part < INT32_MAX &&
		    !strcmp(get_text(entry, "format"), format))
			highest = part;
	}
	return (unsigned int)highest;
}

bool sidecar_each_file(const struct sidecar *sidecar, size_t *at, struct sidecar_entry *entry)
{
	json_t *object = json_array_get(sidecar->files, (*at)++);

	if (!object)
		return false;
	entry->file = as_file(object);
	entry->name = get_text(object, "file");
	entry->format = get_text(object, "format");
	entry->ended = json_object_get(object, "ended");
	return true;
}

/* --- What is told ----------------------------------------------------------------------------- */

void sidecar_tell_metadata(struct sidecar *sidecar, struct str metadata)
{
	json_object_set_new(sidecar->root, "metadata", text_value(metadata));
	sidecar->changed = true;
}

/* The party with this tag, made if there is none; NULL: there are too many */
static json_t *party_of(struct sidecar *sidecar, struct str tag)
{
	json_t *text = text_value(tag), *party, *found = NULL;
	size_t i;

	json_array_foreach(sidecar->parties, i, party)
	{
		if (json_equal(json_object_get(party, "tag"), text))
			found = party;
	}
	if (!found && i < RECORD_PARTIES) {
		found = json_object();
		json_object_set(found, "tag", text);
		json_array_append_new(sidecar->parties, found);
	}
	json_decref(text);
	return found;
}

void sidecar_tell_party(struct sidecar *sidecar, uint8_t side, struct str tag, struct str label,
			struct str metadata)
{
	json_t *party = party_of(sidecar, tag);

	json_object_set_new(party, "side", json_string(sides[side & 1]));
	set_text(party, "label", label);
	set_text(party, "metadata", metadata);
	sidecar->changed = true;
}

void sidecar_tell_media(struct sidecar *sidecar, const struct record_media *told)
{
	struct media *media = media_of(sidecar, told->media);

	if (!media)
		return;
	set_count(media->told, "index", told->index);
	set_text(media->told, "type", told->type);
	for (int side = 0; side < 2; side++) {
		json_t *object = member(media->told, sides[side], JSON_OBJECT);

		set_text(object, "tag", told->tag[side]);
		set_endpoint(object, "local-rtp", &told->local[side][0]);
		set_endpoint(object, "local-rtcp", &told->local[side][1]);
		set_endpoint(object, "remote-rtp", &told->remote[side][0]);
		set_endpoint(object, "remote-rtcp", &told->remote[side][1]);
	}
	sidecar->changed = true;
}

void sidecar_tell_codec(struct sidecar *sidecar, uint8_t number, uint8_t type, struct str name)
{
	struct media *media = media_of(sidecar, number);
	char key[4];

	if (!media || type > 127)
		return;
	if (name.len > RECORD_CODEC_BYTES)
		name.len = RECORD_CODEC_BYTES;
	snprintf(key, sizeof(key), "%u", type & 127U);
	json_object_set_new(member(media->told, "codecs", JSON_OBJECT), key, text_value(name));
	sidecar->changed = true;
}

/* @sdp without keys, to be freed; NULL: out of memory */
static char *without_keys(struct str sdp, size_t *len)
{
	/* The shortest line with a secret, "k=", becomes longer by REDACTED. */
	size_t size = sdp.len * (1 + sizeof(REDACTED)) + 64;
	struct buf out = BUF_INIT(malloc(size), size);

	if (!out.data)
		return NULL;
	while (sdp.len) {
		struct str rest = sdp, line = str_split(&rest, '\n');
		bool cr = line.len && line.s[line.len - 1] == '\r';
		bool ended = rest.len || sdp.s[sdp.len - 1] == '\n';

		line.len -= cr;
		redact_line(line, &out);
		if (cr)
			buf_char(&out, '\r');
		if (ended)
			buf_char(&out, '\n');
		sdp = rest;
	}
	*len = out.len;
	return out.data;
}

void sidecar_tell_sdp(struct sidecar *sidecar, int64_t now_ns, uint8_t side, const char *kind,
		      struct str sdp)
{
	json_t *entry;
	size_t len;
	char *text;

	sidecar->changed = true;
	if (json_array_size(sidecar->sdp) >= RECORD_SDPS ||
	    sdp.len > RECORD_SDP_BYTES - sidecar->sdp_bytes) {
		set_count(sidecar->root, "sdp-not-listed",
			  get_count(sidecar->root, "sdp-not-listed") + 1);
		return;
	}
	text = without_keys(sdp, &len);
	if (!text)
		return;
	entry = json_object();
	json_object_set_new(entry, "time", time_value(now_ns));
	json_object_set_new(entry, "side", json_string(sides[side & 1]));
	json_object_set_new(entry, "kind", json_string(kind));
	json_object_set_new(entry, "sdp", text_value((struct str){ text, len }));
	json_array_append_new(sidecar->sdp, entry);
	sidecar->sdp_bytes += sdp.len;
	free(text);
}

void sidecar_pause(struct sidecar *sidecar, bool paused, int64_t now_ns)
{
	size_t n = json_array_size(sidecar->paused);
	json_t *last = n ? json_array_get(sidecar->paused, n - 1) : NULL;
	bool open = last && !json_object_get(last, "to");

	sidecar->changed = true;
	if (!paused && open) {
		json_object_set_new(last, "to", time_value(now_ns));
	} else if (paused && !open && n < RECORD_PAUSES) {
		last = json_object();
		json_object_set_new(last, "from", time_value(now_ns));
		json_array_append_new(sidecar->paused, last);
	}
}

void sidecar_lost(struct sidecar *sidecar, enum record_loss why, int number, uint8_t side,
		  uint64_t count)
{
	struct media *media = number < 0 ? NULL : media_of(sidecar, (size_t)number);

	if (media)
		media->lost[side & 1][why] += count;
	else
		sidecar->lost[why] += count;
}

static void count_ssrc(struct stream *stream, uint32_t ssrc)
{
	for (size_t i = stream->n_ssrc; i--;)
		if (stream->ssrc[i] == ssrc)
			return;
	if (stream->n_ssrc < SSRCS)
		stream->ssrc[stream->n_ssrc++] = ssrc;
}

void sidecar_count(struct sidecar *sidecar, const struct record_packet *packet)
{
	struct media *media = media_of(sidecar, packet->media);
	size_t ssrc_at = packet->rtcp ? 4 : 8;
	struct stream *stream;

	if (!media)
		return;
	stream = &media->stream[packet->side & 1][packet->rtcp];
	if (!stream->packets++)
		stream->first_ns = packet->time_ns;
	stream->last_ns = packet->time_ns;
	stream->bytes += packet->len;
	stream->from = packet->from;
	stream->to = packet->to;
	stream->encrypted = stream->encrypted || packet->encrypted;
	if (packet->len >= ssrc_at + 4)
		count_ssrc(stream, rtp_wire_u32((const uint8_t *)packet->data + ssrc_at));
}

void sidecar_end(struct sidecar *sidecar, int64_t now_ns, const char *why)
{
	sidecar->changed = true;
	if (!why) {
		json_object_del(sidecar->root, "ended");
		json_object_del(sidecar->root, "why");
		return;
	}
	sidecar_pause(sidecar, false, now_ns);
	json_object_set_new(sidecar->root, "ended", time_value(now_ns));
	json_object_set_new(sidecar->root, "why", json_string(why));
}

/* --- The text --------------------------------------------------------------------------------- */

static json_t *losses_value(const uint64_t *lost)
{
	json_t *object = json_object();

	for (size_t i = 0; i < RECORD_LOSSES; i++)
		set_count(object, losses[i], lost[i]);
	return object;
}

static json_t *stream_value(const struct stream *stream)
{
	json_t *object = json_object(), *ssrcs = json_array();

	set_count(object, "packets", stream->packets);
	set_count(object, "bytes", stream->bytes);
	if (stream->packets) {
		json_object_set_new(object, "first", time_value(stream->first_ns));
		json_object_set_new(object, "last", time_value(stream->last_ns));
	}
	set_endpoint(object, "from", &stream->from);
	set_endpoint(object, "to", &stream->to);
	for (size_t i = 0; i < stream->n_ssrc; i++)
		json_array_append_new(ssrcs, json_integer(stream->ssrc[i]));
	json_object_set_new(object, "ssrcs", ssrcs);
	json_object_set_new(object, "encrypted", json_boolean(stream->encrypted));
	return object;
}

static json_t *media_value(const struct media *media, uint64_t *packets)
{
	json_t *object = json_deep_copy(media->told);

	for (int side = 0; side < 2; side++) {
		json_t *of_side = member(object, sides[side], JSON_OBJECT);

		for (int rtcp = 0; rtcp < 2; rtcp++) {
			json_object_set_new(of_side, components[rtcp],
					    stream_value(&media->stream[side][rtcp]));
			*packets += media->stream[side][rtcp].packets;
		}
		json_object_set_new(of_side, "lost", losses_value(media->lost[side]));
	}
	return object;
}

char *sidecar_text(struct sidecar *sidecar)
{
	json_t *medias = json_array();
	uint64_t packets = 0;
	char *text;

	for (size_t i = 0; i < RECORD_MEDIAS; i++)
		if (sidecar->media[i])
			json_array_append_new(medias, media_value(sidecar->media[i], &packets));
	json_object_set_new(sidecar->root, "medias", medias);
	json_object_set_new(sidecar->root, "lost", losses_value(sidecar->lost));
	set_count(sidecar->root, "packets", packets);
	text = json_dumps(sidecar->root, JSON_INDENT(2));
	json_object_del(sidecar->root, "medias");
	sidecar->changed = false;
	return text;
}

bool sidecar_changed(const struct sidecar *sidecar)
{
	return sidecar->changed;
}
