/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtmf_keys.c - packets of telephone-event to the keys that were pressed; pure */
#include <string.h>
#include "packet/dtmf_keys.h"

#define REPORT_BYTES 4
/* A segment ends at the longest duration; some senders end it a packet earlier. */
#define SEGMENT_LEAST 0x8000

static void read_report(const uint8_t *report, struct dtmf_packet *packet)
{
	packet->event = report[0];
	packet->end = report[1] & 0x80;
	packet->volume = report[1] & 0x3f;
	packet->duration = (uint16_t)(report[2] << 8 | report[3]);
}

static bool may_follow(const struct dtmf_packet *before, const struct dtmf_packet *packet)
{
	return before->end && before->duration && packet->duration;
}

size_t dtmf_read(const uint8_t *payload, size_t len, const struct dtmf_packet *header,
		 struct dtmf_packet to[DTMF_REPORTS])
{
	size_t n = 0;

	for (; n < DTMF_REPORTS && len >= REPORT_BYTES; n++) {
		to[n] = *header;
		read_report(payload, &to[n]);
		if (n && !may_follow(&to[n - 1], &to[n]))
			break;
		if (n) {
			to[n].timestamp = to[n - 1].timestamp + to[n - 1].duration;
			to[n].marker = true; /* a key of its own, never a segment */
		}
		payload += REPORT_BYTES;
		len -= REPORT_BYTES;
	}
	return n;
}

static bool is_of(const struct dtmf_key *key, const struct dtmf_packet *packet)
{
	return key->there && key->ssrc == packet->ssrc && key->timestamp == packet->timestamp &&
	       key->event == packet->event;
}

/* Some phones never change the timestamp: after a second the same one is another key. */
static struct dtmf_key *find_past(struct dtmf_keys *keys, const struct dtmf_packet *packet,
				  int64_t now_ms)
{
	for (int i = 0; i < DTMF_PAST; i++) {
		struct dtmf_key *key = &keys->past[i];

		if (is_of(key, packet) && now_ms - key->heard_ms < DTMF_PAST_MS)
			return key;
	}
	return NULL;
}

/* Was it sent before the last packet of the open key, which is not its own? */
static bool is_late(const struct dtmf_key *open, const struct dtmf_packet *packet)
{
	return open->there && open->ssrc == packet->ssrc &&
	       (int16_t)(uint16_t)(packet->seq - open->seq) < 0;
}

/* The next segment of a key that is held: its timestamp is the end of the one before. */
static bool continues(const struct dtmf_key *open, const struct dtmf_packet *packet)
{
	uint32_t ahead = packet->timestamp - open->timestamp;

	if (!open->there || packet->marker || open->ssrc != packet->ssrc ||
	    open->event != packet->event)
		return false;
	return ahead == UINT16_MAX || (ahead == open->duration && ahead >= SEGMENT_LEAST);
}

static void remember(struct dtmf_keys *keys, const struct dtmf_key *key)
{
	keys->past[keys->next] = *key;
	keys->next = (uint8_t)((keys->next + 1) % DTMF_PAST);
}

static struct dtmf_key key_of(const struct dtmf_packet *packet, int64_t now_ms)
{
	return (struct dtmf_key){ .there = true,
				  .ssrc = packet->ssrc,
				  .timestamp = packet->timestamp,
				  .seq = packet->seq,
				  .event = packet->event,
				  .volume = packet->volume,
				  .duration = packet->duration,
				  .heard_ms = now_ms };
}

static struct dtmf_event event_of(const struct dtmf_key *key, bool end_lost)
{
	return (struct dtmf_event){ .event = key->event,
				    .volume = key->volume,
				    .duration = key->base + key->duration,
				    .end_lost = end_lost };
}

/* The open key is over. Return: 1, it is in @told; 0: there was none */
static size_t close_key(struct dtmf_keys *keys, bool end_lost, struct dtmf_event *told)
{
	if (!keys->open.there)
		return 0;
	*told = event_of(&keys->open, end_lost);
	remember(keys, &keys->open);
	keys->open.there = false;
	return 1;
}

/* Updates may overtake each other: the longest duration counts, and the packet sent last. */
static void update(struct dtmf_key *open, const struct dtmf_packet *packet, int64_t now_ms)
{
	open->heard_ms = now_ms;
	if ((int16_t)(uint16_t)(packet->seq - open->seq) < 0)
		return;
	open->seq = packet->seq;
	open->volume = packet->volume;
	if (packet->duration > open->duration)
		open->duration = packet->duration;
}

/* Of a key that nobody knows, and that is over: the open one goes on. */
static size_t hear_late(struct dtmf_keys *keys, const struct dtmf_packet *packet, int64_t now_ms,
			struct dtmf_event *told)
{
	struct dtmf_key key = key_of(packet, now_ms);

	if (!packet->end)
		return 0;
	*told = event_of(&key, false);
	remember(keys, &key);
	return 1;
}

/* The segment before counts as past, so that its late packets are known. */
static void continue_key(struct dtmf_keys *keys, const struct dtmf_packet *packet, int64_t now_ms)
{
	struct dtmf_key *open = &keys->open;
	uint32_t base = open->base + (packet->timestamp - open->timestamp);

	remember(keys, open);
	*open = key_of(packet, now_ms);
	open->base = base;
}

size_t dtmf_hear(struct dtmf_keys *keys, const struct dtmf_packet *packet, int64_t now_ms,
		 struct dtmf_event told[DTMF_AT_ONCE])
{
	struct dtmf_key *past;
	size_t n = 0;

	if (packet->event >= DTMF_EVENTS)
		return 0;
	if (is_of(&keys->open, packet)) {
		update(&keys->open, packet, now_ms);
	} else {
		past = find_past(keys, packet, now_ms);
		if (past) {
			past->heard_ms = now_ms;
			return 0;
		}
		if (is_late(&keys->open, packet))
			return hear_late(keys, packet, now_ms, told);
		if (continues(&keys->open, packet)) {
			continue_key(keys, packet, now_ms);
		} else {
			n = close_key(keys, true, told);
			keys->open = key_of(packet, now_ms);
		}
	}
	if (packet->end)
		n += close_key(keys, false, told + n);
	return n;
}

int64_t dtmf_due_ms(const struct dtmf_keys *keys)
{
	return keys->open.there ? keys->open.heard_ms + DTMF_GAP_MS : -1;
}

bool dtmf_expire(struct dtmf_keys *keys, int64_t now_ms, struct dtmf_event *told)
{
	return keys->open.there && now_ms >= dtmf_due_ms(keys) && close_key(keys, true, told);
}

char dtmf_digit(uint8_t event)
{
	static const char digits[DTMF_EVENTS + 1] = "0123456789*#ABCD!";

	return event < DTMF_EVENTS ? digits[event] : '?';
}
