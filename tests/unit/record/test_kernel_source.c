/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_kernel_source.c - packets of a device reach the sinks of their tap, through the recorder
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/record/kernel_source.h"
#include "tests/unit/record/tun_scene.h"
#include "tests/unit/test.h"

#define DEVICE	    "rtpr-unit1"
#define DEADLINE_MS 5000
/* The recorder's own ring, the smallest, has room for less than 1,600. */
#define MANY 6000

/* What a sink has got; the recorder's thread writes it. */
struct got {
	struct record_sink sink;
	unsigned int packets, wrong, lost, lost_in_ring;
	int64_t last_ns;
};

static void on_packet(void *arg, const struct tap_packet *packet, int64_t time_ns)
{
	struct got *got = arg;
	struct timespec now;
	int64_t now_ns;

	clock_gettime(CLOCK_REALTIME, &now);
	now_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	if (time_ns < got->last_ns || time_ns > now_ns || now_ns - time_ns > 60000000000 ||
	    packet->tap != 7 || packet->side != 1 || !packet->rtcp || packet->len != TUN_PAYLOAD ||
	    packet->data[TUN_PAYLOAD - 1] != TUN_PAYLOAD - 1 ||
	    endpoint_port(&packet->from) != 4000 || endpoint_port(&packet->local) != 30000 ||
	    endpoint_port(&packet->out) != 30100 || endpoint_port(&packet->to) != 5000)
		got->wrong++;
	got->last_ns = time_ns;
	__atomic_add_fetch(&got->packets, 1, __ATOMIC_RELAXED);
}

static void on_lost(void *arg, uint64_t count, bool kernel)
{
	struct got *got = arg;

	*(kernel ? &got->lost : &got->lost_in_ring) += (unsigned int)count;
}

static const struct record_sink_ops ops = { .packet = on_packet, .lost = on_lost };

struct add_letter {
	struct record_letter letter;
	struct got *got;
};

static void run_add(struct recorder *recorder, struct record_letter *letter)
{
	struct add_letter *add = container_of(letter, struct add_letter, letter);

	recorder_add(recorder, &add->got->sink, 7);
}

struct told {
	unsigned int n;
	bool open;
	char why[KERNEL_TAP_WHY];
};

static void on_told(void *arg, bool open, const char *why)
{
	struct told *told = arg;

	told->n++;
	told->open = open;
	snprintf(told->why, sizeof(told->why), "%s", why ? why : "");
}

static void dispatch_until(struct recorder *recorder, const struct told *told, unsigned int n)
{
	int64_t until_ms = clock_ms() + DEADLINE_MS;

	while (told->n < n && clock_ms() < until_ms) {
		struct pollfd fd = { .fd = recorder_fd(recorder), .events = POLLIN };

		poll(&fd, 1, 100);
		recorder_dispatch(recorder);
	}
	CU_ASSERT_EQUAL(told->n, n);
}

static void wait_packets(const struct got *got, unsigned int n)
{
	int64_t until_ms = clock_ms() + DEADLINE_MS;

	while (__atomic_load_n(&got->packets, __ATOMIC_RELAXED) < n && clock_ms() < until_ms)
		poll(NULL, 0, 5);
	CU_ASSERT_EQUAL(__atomic_load_n(&got->packets, __ATOMIC_RELAXED), n);
}

/* The recorder's thread turns on its own: only time passes. */
static void wait_us(int64_t us)
{
	int64_t until_us = clock_us() + us;

	while (clock_us() < until_us)
		poll(NULL, 0, 5);
}

static struct endpoint ep(const char *text)
{
	struct endpoint out;

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), -1, &out));
	return out;
}

/* A recorder whose own ring is as small as can be, a sink, and a source with the device. */
struct scene {
	struct recorder *recorder;
	struct kernel_source *source;
	struct kernel_source_port port;
	struct got got;
	struct add_letter add;
	struct told told;
	int device;
};

static void open_scene(struct scene *s, size_t ring)
{
	const struct recorder_conf conf = { .own_bytes = TAP_RING_MIN };
	struct kernel_source_conf source_conf = {
		.device = DEVICE, .ring = ring, .told = on_told, .arg = &s->told
	};
	int error;

	*s = (struct scene){ .port = { .local = ep("192.0.2.2:30000"),
				       .out = ep("192.0.2.2:30100"),
				       .to = ep("203.0.113.9:5000"),
				       .tap = 7,
				       .side = 1,
				       .rtcp = true },
			     .got.sink = { .ops = &ops, .arg = &s->got },
			     .add = { .letter = { .run = run_add }, .got = &s->got } };
	s->recorder = recorder_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->recorder);
	source_conf.recorder = s->recorder;
	s->source = kernel_source_new(&source_conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->source);
	recorder_post(s->recorder, &s->add.letter);
}

static void open_device(struct scene *s)
{
	unsigned int before = s->told.n;

	s->device = tun_new(DEVICE);
	kernel_source_open(s->source);
	dispatch_until(s->recorder, &s->told, before + 1);
	CU_ASSERT_TRUE(s->told.open);
}

static void close_scene(struct scene *s, struct kernel_tap_counts *counts)
{
	recorder_close(s->recorder, RECORDER_TEST_MS);
	kernel_source_counts(s->source, counts);
	kernel_source_free(s->source);
	close(s->device);
	CU_ASSERT_EQUAL(s->got.wrong, 0);
	CU_ASSERT_EQUAL(counts->lost, s->got.lost);
}

/* Until so many packets of the device were read, whosever they are. */
static void wait_read(struct scene *s, unsigned int n)
{
	int64_t until_ms = clock_ms() + DEADLINE_MS;
	struct kernel_tap_counts counts;

	do {
		poll(NULL, 0, 5);
		kernel_source_counts(s->source, &counts);
	} while (counts.read < n && clock_ms() < until_ms);
	CU_ASSERT_EQUAL(counts.read, n);
}

static void test_packets_reach_the_sinks(void)
{
	struct kernel_tap_counts counts;
	struct scene s;

	open_scene(&s, 0);
	CU_ASSERT_EQUAL(kernel_source_add(s.source, &s.port, 1), 0);
	kernel_source_open(s.source);
	dispatch_until(s.recorder, &s.told, 1);
	CU_ASSERT_FALSE(s.told.open);
	CU_ASSERT_TRUE(*s.told.why);
	open_device(&s);
	tun_send(s.device, 4, 50, 0);
	wait_packets(&s.got, 50);
	/* One that is added again stays. */
	CU_ASSERT_EQUAL(kernel_source_drop(s.source, &s.port.local, 1, 7), 0);
	CU_ASSERT_EQUAL(kernel_source_add(s.source, &s.port, 1), 0);
	wait_us(2 * KERNEL_SOURCE_LINGER_US);
	tun_send(s.device, 4, 10, 0);
	wait_packets(&s.got, 60);
	/* What the kernel still holds comes at the end; later packets reach nobody. */
	tun_send(s.device, 4, 10, 0);
	CU_ASSERT_EQUAL(kernel_source_drop(s.source, &s.port.local, 1, 7), 0);
	kernel_source_open(s.source); /* answered once the letter before it was read */
	dispatch_until(s.recorder, &s.told, 3);
	CU_ASSERT_TRUE(s.told.open);
	wait_packets(&s.got, 70);
	wait_us(2 * KERNEL_SOURCE_LINGER_US);
	tun_send(s.device, 4, 3, 0);
	wait_read(&s, 73);
	close(s.device);
	dispatch_until(s.recorder, &s.told, 4);
	CU_ASSERT_FALSE(s.told.open);
	CU_ASSERT_STRING_EQUAL(s.told.why, "the device is gone");
	s.device = -1;
	close_scene(&s, &counts);
	CU_ASSERT_EQUAL(counts.read, 73);
	CU_ASSERT_EQUAL(counts.unknown, 3);
	CU_ASSERT_EQUAL(s.got.packets, 70);
	kernel_source_free(NULL);
}

/* More than the recorder's own ring has room for: they stay in the kernel's until it has. */
static void test_the_recorders_ring_loses_none(void)
{
	struct kernel_tap_counts counts;
	struct scene s;

	open_scene(&s, 16 * 1024 * 1024);
	CU_ASSERT_EQUAL(kernel_source_add(s.source, &s.port, 1), 0);
	open_device(&s);
	tun_send(s.device, 4, MANY, 0);
	wait_packets(&s.got, MANY);
	close_scene(&s, &counts);
	CU_ASSERT_EQUAL(counts.lost, 0);
	CU_ASSERT_EQUAL(s.got.lost_in_ring, 0);
}

/* The kernel shows them some time later; the thread waits for them before it ends. */
static void test_what_the_kernel_has_at_the_end_is_read(void)
{
	struct kernel_tap_counts counts;
	struct scene s;

	open_scene(&s, 0);
	CU_ASSERT_EQUAL(kernel_source_add(s.source, &s.port, 1), 0);
	open_device(&s);
	tun_send(s.device, 4, 20, 0);
	close_scene(&s, &counts);
	CU_ASSERT_EQUAL(s.got.packets, 20);
	CU_ASSERT_EQUAL(counts.unknown, 0);
}

/* Runs on the recorder's thread, which is as slow as its disk. */
struct slow_letter {
	struct record_letter letter;
	struct scene *scene;
	bool go; /* shared */
};

static void wait_for_go(struct recorder *recorder, struct record_letter *letter)
{
	struct slow_letter *slow = container_of(letter, struct slow_letter, letter);

	(void)recorder;
	while (!__atomic_load_n(&slow->go, __ATOMIC_ACQUIRE))
		poll(NULL, 0, 5);
}

/* A call begins, and speaks, while letters that were posted before are at work. */
static void begin_late(struct recorder *recorder, struct record_letter *letter)
{
	struct scene *s = container_of(letter, struct slow_letter, letter)->scene;

	(void)recorder;
	CU_ASSERT_EQUAL(kernel_source_add(s->source, &s->port, 1), 0);
	tun_send(s->device, 4, 30, 0);
	wait_us(4 * KERNEL_TAP_DELAY_MS * 1000); /* they can be read at once */
}

static void test_a_packet_waits_for_the_letter_of_its_port(void)
{
	struct kernel_tap_counts counts;
	struct slow_letter late = { .letter = { .run = begin_late } };
	struct scene s;

	open_scene(&s, 0);
	open_device(&s);
	late.scene = &s;
	recorder_post(s.recorder, &late.letter);
	wait_packets(&s.got, 30);
	close_scene(&s, &counts);
	CU_ASSERT_EQUAL(counts.unknown, 0);
}

static void speak(struct recorder *recorder, struct record_letter *letter)
{
	struct scene *s = container_of(letter, struct slow_letter, letter)->scene;

	(void)recorder;
	tun_send(s->device, 4, MANY, 0);
}

static void be_slow(struct recorder *recorder, struct record_letter *letter)
{
	(void)recorder;
	(void)letter;
	wait_us(2 * KERNEL_SOURCE_LINGER_US);
}

/*
 * The call ends while the recorder is at a slow disk: its packets are read long after that, some at
 * a time.
 */
static void test_a_port_stays_until_its_packets_are_read(void)
{
	struct slow_letter hold = { .letter = { .run = wait_for_go } };
	struct slow_letter packets = { .letter = { .run = speak } };
	struct record_letter slow = { .run = be_slow };
	struct kernel_tap_counts counts;
	struct scene s;

	open_scene(&s, 16 * 1024 * 1024);
	CU_ASSERT_EQUAL(kernel_source_add(s.source, &s.port, 1), 0);
	open_device(&s);
	packets.scene = &s;
	/* All three between two readings. */
	recorder_post(s.recorder, &hold.letter);
	recorder_post(s.recorder, &packets.letter);
	CU_ASSERT_EQUAL(kernel_source_drop(s.source, &s.port.local, 1, 7), 0);
	recorder_post(s.recorder, &slow);
	__atomic_store_n(&hold.go, true, __ATOMIC_RELEASE);
	wait_packets(&s.got, MANY);
	close_scene(&s, &counts);
	CU_ASSERT_EQUAL(counts.unknown, 0);
}

TEST_SUITE(kernel_source, { "packets reach the sinks", test_packets_reach_the_sinks },
	   { "the recorder's ring loses none", test_the_recorders_ring_loses_none },
	   { "what the kernel has at the end is read",
	     test_what_the_kernel_has_at_the_end_is_read },
	   { "a packet waits for the letter of its port",
	     test_a_packet_waits_for_the_letter_of_its_port },
	   { "a port stays until its packets are read",
	     test_a_port_stays_until_its_packets_are_read });
