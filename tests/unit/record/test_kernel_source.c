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

/* What a sink has got; the recorder's thread writes it. */
struct got {
	struct record_sink sink;
	unsigned int packets, wrong, lost;
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

	if (kernel)
		__atomic_add_fetch(&got->lost, (unsigned int)count, __ATOMIC_RELAXED);
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

static void test_packets_reach_the_sinks(void)
{
	const struct recorder_conf conf = { .own_bytes = TAP_RING_MIN };
	struct kernel_source_port port = { .local = ep("192.0.2.2:30000"),
					   .out = ep("192.0.2.2:30100"),
					   .to = ep("203.0.113.9:5000"),
					   .tap = 7,
					   .side = 1,
					   .rtcp = true };
	struct got got = { .sink = { .ops = &ops, .arg = &got } };
	struct add_letter add = { .letter = { .run = run_add }, .got = &got };
	struct told told = { 0 };
	struct kernel_source_conf source_conf = {
		.device = DEVICE, .ring = 0, .told = on_told, .arg = &told
	};
	struct kernel_tap_counts counts;
	struct kernel_source *source;
	struct recorder *recorder;
	int error, device;

	recorder = recorder_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(recorder);
	source_conf.recorder = recorder;
	source = kernel_source_new(&source_conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(source);
	recorder_post(recorder, &add.letter);
	CU_ASSERT_EQUAL(kernel_source_add(source, &port, 1), 0);
	kernel_source_open(source);
	dispatch_until(recorder, &told, 1);
	CU_ASSERT_FALSE(told.open);
	CU_ASSERT_TRUE(*told.why);
	device = tun_new(DEVICE);
	kernel_source_open(source);
	dispatch_until(recorder, &told, 2);
	CU_ASSERT_TRUE(told.open);
	tun_send(device, 4, 50, 0);
	wait_packets(&got, 50);
	/* One that is added again stays. */
	CU_ASSERT_EQUAL(kernel_source_drop(source, &port.local, 1, 7), 0);
	CU_ASSERT_EQUAL(kernel_source_add(source, &port, 1), 0);
	wait_us(2 * KERNEL_SOURCE_LINGER_US);
	tun_send(device, 4, 10, 0);
	wait_packets(&got, 60);
	/* What the kernel still holds comes at the end; later packets reach nobody. */
	tun_send(device, 4, 10, 0);
	CU_ASSERT_EQUAL(kernel_source_drop(source, &port.local, 1, 7), 0);
	kernel_source_open(source); /* answered once the letter before it was read */
	dispatch_until(recorder, &told, 3);
	CU_ASSERT_TRUE(told.open);
	wait_packets(&got, 70);
	wait_us(2 * KERNEL_SOURCE_LINGER_US);
	tun_send(device, 4, 3, 0);
	close(device);
	dispatch_until(recorder, &told, 4);
	CU_ASSERT_FALSE(told.open);
	CU_ASSERT_STRING_EQUAL(told.why, "the device is gone");
	recorder_close(recorder, RECORDER_TEST_MS);
	kernel_source_counts(source, &counts);
	CU_ASSERT_TRUE(counts.read >= 70);
	CU_ASSERT_EQUAL(counts.lost, got.lost);
	CU_ASSERT_EQUAL(got.packets, 70);
	CU_ASSERT_EQUAL(got.wrong, 0);
	kernel_source_free(source);
	kernel_source_free(NULL);
}

TEST_SUITE(kernel_source, { "packets reach the sinks", test_packets_reach_the_sinks });
