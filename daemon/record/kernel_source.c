/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_source.c - packets that the kernel has forwarded, for the recorder */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "record/kernel_source.h"
#include "rtp_wire.h"

/* Packets in one turn of the recorder, which has files to write as well. */
#define AT_ONCE 4096

struct kernel_source {
	struct kernel_source_conf conf;
	/* The recorder's thread. */
	struct kernel_tap *tap;
	int64_t until_us; /* packets that were read came before */
	uint64_t lost_told;
	struct ports_letter *leaving, **leaving_end; /* oldest first */
	struct kernel_tap_counts counts;	     /* shared: a copy of the tap's */
};

struct open_letter {
	struct record_letter letter;
	struct kernel_source *source;
};

struct ports_letter {
	struct record_letter letter;
	struct kernel_source *source;
	bool drop;
	int64_t leaves_us;
	struct ports_letter *next; /* in kernel_source.leaving */
	size_t n;
	struct kernel_source_port port[];
};

struct told_news {
	struct record_news news;
	struct kernel_source *source;
	bool open;
	char why[KERNEL_TAP_WHY];
};

/* --- The recorder's thread -------------------------------------------------------------------- */

static void run_told(struct record_news *news)
{
	struct told_news *told = container_of(news, struct told_news, news);
	struct kernel_source *source = told->source;

	source->conf.told(source->conf.arg, told->open, told->open ? NULL : told->why);
	free(told);
}

/* Without memory the control thread is not told: it goes on without the kernel's packets. */
static void tell(struct kernel_source *source, bool open, const char *why)
{
	struct told_news *told = calloc(1, sizeof(*told));

	if (!told)
		return;
	told->news.run = run_told;
	told->source = source;
	told->open = open;
	snprintf(told->why, sizeof(told->why), "%s", why);
	recorder_tell(source->conf.recorder, &told->news);
}

/* Muxed RTCP has the types that RTP does not use there: RFC 5761, 4. */
static bool is_rtcp(const struct kernel_packet *packet, const struct kernel_port *port)
{
	return port->rtcp ||
	       (port->rtp && packet->len > 1 && rtp_wire_is_rtcp_type(packet->data[1]));
}

/*
 * When a packet came, by the monotonic clock, which the recorder goes by. The wall clock may have
 * been set meanwhile: it came neither later than now, nor before what has been read already, but
 * for the little time by which processors overtake each other.
 */
static int64_t came_us(struct kernel_source *source, int64_t time_ns)
{
	int64_t us = recorder_clock_us(source->conf.recorder, time_ns);
	int64_t from_us = kernel_tap_read_us(source->tap) - RECORDER_HOLD_US;

	if (us > source->until_us)
		source->until_us = clock_us();
	if (us > source->until_us)
		return source->until_us;
	return us < from_us ? from_us : us;
}

static bool on_news(void *arg, int64_t time_ns)
{
	struct kernel_source *source = arg;

	return recorder_catch_up(source->conf.recorder, came_us(source, time_ns));
}

/* There is room: read_room(). */
static void on_packet(void *arg, int64_t time_ns, const struct kernel_packet *packet,
		      const struct kernel_port *port)
{
	struct kernel_source *source = arg;
	struct tap_ring *ring = recorder_ring(source->conf.recorder);
	struct tap_packet *slot = tap_ring_slot(ring, packet->len);

	if (!slot)
		return;
	slot->time_us = came_us(source, time_ns);
	slot->tap = port->tap;
	slot->side = port->side;
	slot->rtcp = is_rtcp(packet, port);
	slot->from = packet->from;
	slot->local = packet->to;
	slot->out = port->out;
	slot->to = port->to;
	memcpy(slot->data, packet->data, packet->len);
	tap_ring_put(ring, slot);
}

static void set_count(uint64_t *to, uint64_t count)
{
	__atomic_store_n(to, count, __ATOMIC_RELAXED);
}

static void look_at_counts(struct kernel_source *source)
{
	const struct kernel_tap_counts *counts = kernel_tap_counts(source->tap);

	if (counts->lost > source->lost_told)
		recorder_lost_in_kernel(source->conf.recorder, counts->lost - source->lost_told);
	source->lost_told = counts->lost;
	set_count(&source->counts.read, counts->read);
	set_count(&source->counts.unknown, counts->unknown);
	set_count(&source->counts.invalid, counts->invalid);
	set_count(&source->counts.cut, counts->cut);
	set_count(&source->counts.lost, counts->lost);
}

/* --- Endpoints -------------------------------------------------------------------------------- */

/* Without memory its packets are counted as unknown. */
static void set_port(struct kernel_ports *ports, const struct endpoint *local,
		     const struct kernel_port *port)
{
	if (kernel_ports_set(ports, local, port))
		return;
}

static void add_port(struct kernel_ports *ports, const struct kernel_source_port *port)
{
	const struct kernel_port of = { .tap = port->tap,
					.side = port->side,
					.rtcp = port->rtcp,
					.rtp = port->rtp,
					.out = port->out,
					.to = port->to };

	set_port(ports, &port->local, &of);
}

static void leave_port(struct kernel_ports *ports, const struct kernel_source_port *port,
		       int64_t leaves_us)
{
	const struct kernel_port *now = kernel_ports_find(ports, &port->local);
	struct kernel_port leaving;

	if (!now || now->tap != port->tap)
		return;
	leaving = *now;
	leaving.leaves_us = leaves_us;
	set_port(ports, &port->local, &leaving);
}

/* One that was added again, or is to leave later, stays. */
static void end_ports(struct kernel_ports *ports, const struct ports_letter *letter)
{
	for (size_t i = 0; i < letter->n; i++) {
		const struct endpoint *local = &letter->port[i].local;
		const struct kernel_port *now = kernel_ports_find(ports, local);

		if (now && now->leaves_us == letter->leaves_us)
			kernel_ports_drop(ports, local, letter->port[i].tap);
	}
}

static void end_left(struct kernel_source *source, int64_t now_us)
{
	struct ports_letter *letter = source->leaving;

	while (letter && letter->leaves_us <= now_us) {
		source->leaving = letter->next;
		end_ports(kernel_tap_ports(source->tap), letter);
		free(letter);
		letter = source->leaving;
	}
	if (!letter)
		source->leaving_end = &source->leaving;
}

static void run_ports(struct recorder *recorder, struct record_letter *at)
{
	struct ports_letter *letter = container_of(at, struct ports_letter, letter);
	struct kernel_source *source = letter->source;
	struct kernel_ports *all = kernel_tap_ports(source->tap);

	(void)recorder;
	letter->leaves_us = clock_us() + KERNEL_SOURCE_LINGER_US;
	for (size_t i = 0; i < letter->n; i++)
		if (letter->drop)
			leave_port(all, &letter->port[i], letter->leaves_us);
		else
			add_port(all, &letter->port[i]);
	if (!letter->drop) {
		free(letter);
		return;
	}
	*source->leaving_end = letter;
	source->leaving_end = &letter->next;
	/* Without a device nothing can still come. */
	if (kernel_tap_fd(source->tap) < 0)
		end_left(source, INT64_MAX);
}

/* --- The device ------------------------------------------------------------------------------- */

/*
 * As many as the recorder's ring has room for: the kernel's ring keeps the others, and counts what
 * it cannot keep. Return: of kernel_tap_read()
 */
static int read_room(struct kernel_source *source)
{
	const struct tap_ring *ring = recorder_ring(source->conf.recorder);
	size_t left = AT_ONCE;
	int more = 1;

	while (more == 1 && left) {
		size_t room = tap_ring_room(ring, KERNEL_TAP_SNAPLEN);

		if (!room)
			break;
		room = room < left ? room : left;
		left -= room;
		more = kernel_tap_read(source->tap, (unsigned int)room);
	}
	return more;
}

static int64_t read_device(void *arg)
{
	struct kernel_source *source = arg;
	bool open = kernel_tap_fd(source->tap) >= 0;
	int more;

	source->until_us = clock_us();
	more = open ? read_room(source) : 0;
	look_at_counts(source);
	end_left(source, kernel_tap_read_us(source->tap));
	if (more < 0) {
		recorder_watch(source->conf.recorder, -1, read_device, source);
		tell(source, false, "the device is gone");
	}
	return kernel_tap_read_us(source->tap);
}

static void run_open(struct recorder *recorder, struct record_letter *letter)
{
	struct open_letter *open = container_of(letter, struct open_letter, letter);
	struct kernel_source *source = open->source;
	char why[KERNEL_TAP_WHY] = "";
	int error = kernel_tap_open(source->tap, why);

	recorder_watch(recorder, kernel_tap_fd(source->tap), read_device, source);
	tell(source, !error, why);
	free(open);
}

/* --- The control thread ----------------------------------------------------------------------- */

struct kernel_source *kernel_source_new(const struct kernel_source_conf *conf)
{
	struct kernel_source *source = calloc(1, sizeof(*source));
	struct kernel_tap_conf tap = {
		.device = conf->device,
		.ring = conf->ring,
		.packet = on_packet,
		.news = on_news,
		.arg = source,
	};

	if (!source)
		return NULL;
	source->conf = *conf;
	source->tap = kernel_tap_new(&tap);
	source->leaving_end = &source->leaving;
	if (source->tap)
		return source;
	free(source);
	return NULL;
}

void kernel_source_free(struct kernel_source *source)
{
	if (!source)
		return;
	end_left(source, INT64_MAX);
	kernel_tap_free(source->tap);
	free(source);
}

void kernel_source_open(struct kernel_source *source)
{
	struct open_letter *open = calloc(1, sizeof(*open));

	if (!open) {
		source->conf.told(source->conf.arg, false, "out of memory");
		return;
	}
	open->letter.run = run_open;
	open->source = source;
	if (!recorder_offer(source->conf.recorder, &open->letter, sizeof(*open), RECORD_RANK_NEEDS))
		return;
	free(open);
	source->conf.told(source->conf.arg, false, "the recorder does not read its orders");
}

static struct ports_letter *ports_letter(struct kernel_source *source, size_t n, bool drop)
{
	struct ports_letter *letter = calloc(1, sizeof(*letter) + n * sizeof(letter->port[0]));

	if (!letter)
		return NULL;
	letter->letter.run = run_ports;
	letter->source = source;
	letter->drop = drop;
	letter->n = n;
	return letter;
}

/* 0; -ENOBUFS: the letter is freed */
static int offer(struct kernel_source *source, struct ports_letter *letter)
{
	int error = recorder_offer(source->conf.recorder, &letter->letter,
				   sizeof(*letter) + letter->n * sizeof(letter->port[0]),
				   RECORD_RANK_NEEDS);

	if (error)
		free(letter);
	return error;
}

int kernel_source_add(struct kernel_source *source, const struct kernel_source_port ports[],
		      size_t n)
{
	struct ports_letter *letter = ports_letter(source, n, false);

	if (!letter)
		return -ENOMEM;
	memcpy(letter->port, ports, n * sizeof(ports[0]));
	return offer(source, letter);
}

int kernel_source_drop(struct kernel_source *source, const struct endpoint locals[], size_t n,
		       uint32_t tap)
{
	struct ports_letter *letter = ports_letter(source, n, true);

	if (!letter)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		letter->port[i] = (struct kernel_source_port){ .local = locals[i], .tap = tap };
	return offer(source, letter);
}

void kernel_source_counts(const struct kernel_source *source, struct kernel_tap_counts *counts)
{
	counts->read = __atomic_load_n(&source->counts.read, __ATOMIC_RELAXED);
	counts->unknown = __atomic_load_n(&source->counts.unknown, __ATOMIC_RELAXED);
	counts->invalid = __atomic_load_n(&source->counts.invalid, __ATOMIC_RELAXED);
	counts->cut = __atomic_load_n(&source->counts.cut, __ATOMIC_RELAXED);
	counts->lost = __atomic_load_n(&source->counts.lost, __ATOMIC_RELAXED);
}
