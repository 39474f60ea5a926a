/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_kernel_tap.c - packets of a device like rtprelay0 are read, and found to be somebody's
 *
 * A tun device has the same type, ARPHRD_NONE. What is written to it appears on the device.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/confine.h"
#include "daemon/base/count.h"
#include "daemon/base/thread.h"
#include "daemon/record/kernel_tap.h"
#include "tests/unit/record/tun_scene.h"
#include "tests/unit/test.h"

static struct endpoint ep(const char *text)
{
	struct endpoint out;

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), -1, &out));
	return out;
}

/* --- The datagram in a packet ----------------------------------------------------------------- */

static void test_both_families_are_read(void)
{
	static const struct {
		int version;
		const char *from, *to;
	} rows[] = { { 4, "192.0.2.1:4000", "192.0.2.2:30000" },
		     { 6, "[2001:db8::1]:4000", "[2001:db8::2]:30000" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[128] = { 0 };
		size_t len = tun_make(bytes, rows[i].version);
		struct endpoint from = ep(rows[i].from), to = ep(rows[i].to);
		struct kernel_packet packet;

		/* What follows after the datagram is none of it. */
		CU_ASSERT_TRUE_FATAL(kernel_packet_read(bytes, len + 6, &packet));
		CU_ASSERT_TRUE(endpoint_eq(&packet.from, &from));
		CU_ASSERT_TRUE(endpoint_eq(&packet.to, &to));
		CU_ASSERT_PTR_EQUAL(packet.data, bytes + len - TUN_PAYLOAD);
		CU_ASSERT_EQUAL(packet.len, TUN_PAYLOAD);
		CU_ASSERT_EQUAL(packet.cut, 0);
		/* The capture has only its beginning. */
		CU_ASSERT_TRUE_FATAL(kernel_packet_read(bytes, len - 5, &packet));
		CU_ASSERT_EQUAL(packet.len, TUN_PAYLOAD - 5);
		CU_ASSERT_EQUAL(packet.cut, 5);
	}
}

static void test_options_are_skipped(void)
{
	uint8_t bytes[128], with[128];
	size_t len = tun_make(bytes, 4);
	struct kernel_packet packet;

	memcpy(with, bytes, 20);
	memset(with + 20, 1, 8);
	memcpy(with + 28, bytes + 20, len - 20);
	with[0] = 0x47;
	with[3] = (uint8_t)(with[3] + 8);
	CU_ASSERT_TRUE_FATAL(kernel_packet_read(with, len + 8, &packet));
	CU_ASSERT_EQUAL(endpoint_port(&packet.to), 30000);
	CU_ASSERT_EQUAL(packet.len, TUN_PAYLOAD);
}

static void test_what_is_no_datagram_is_refused(void)
{
	static const struct {
		const char *name;
		int version;
		uint8_t at, value;
	} rows[] = {
		{ "version 5", 4, 0, 0x55 },
		{ "header of 16 bytes", 4, 0, 0x44 },
		{ "header beyond the packet", 4, 0, 0x4f },
		{ "TCP", 4, 9, 6 },
		{ "more fragments", 4, 6, 0x20 },
		{ "a later fragment", 4, 7, 1 },
		{ "UDP longer than the packet", 4, 25, 9 + TUN_PAYLOAD },
		{ "UDP shorter than its header", 4, 25, 7 },
		{ "packet shorter than its headers", 4, 3, 27 },
		{ "hop-by-hop options", 6, 6, 0 },
		{ "UDP longer than the packet, IPv6", 6, 45, 9 + TUN_PAYLOAD },
		{ "packet shorter than its headers, IPv6", 6, 5, 7 },
	};
	struct kernel_packet packet;
	uint8_t bytes[128];

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = tun_make(bytes, rows[i].version);

		CU_ASSERT_TRUE(kernel_packet_read(bytes, len, &packet));
		bytes[rows[i].at] = rows[i].value;
		if (kernel_packet_read(bytes, len, &packet)) {
			printf("%s is read\n", rows[i].name);
			CU_FAIL("a packet is read");
		}
	}
	for (int version = 4; version <= 6; version += 2) {
		tun_make(bytes, version);
		for (size_t len = 0; len < (version == 4 ? 28u : 48u); len++)
			CU_ASSERT_FALSE(kernel_packet_read(bytes, len, &packet));
	}
}

/* --- Whose it is ------------------------------------------------------------------------------ */

static void test_ports_are_found_by_endpoint(void)
{
	struct endpoint a = ep("192.0.2.2:30000"), b = ep("192.0.2.2:30001"),
			c = ep("[2001:db8::2]:30000"), d = ep("192.0.2.3:30000");
	struct kernel_ports *ports = kernel_ports_new();
	const struct kernel_port *found;

	CU_ASSERT_PTR_NOT_NULL_FATAL(ports);
	CU_ASSERT_EQUAL(kernel_ports_set(ports, &a, &(struct kernel_port){ .tap = 1 }), 0);
	CU_ASSERT_EQUAL(
		kernel_ports_set(ports, &b, &(struct kernel_port){ .tap = 1, .rtcp = true }), 0);
	CU_ASSERT_EQUAL(kernel_ports_set(ports, &c,
					 &(struct kernel_port){ .tap = 2, .media = 3, .side = 1 }),
			0);
	memset(a.in4.sin_zero, 0x5a, sizeof(a.in4.sin_zero));
	found = kernel_ports_find(ports, &a);
	CU_ASSERT_TRUE(found && found->tap == 1 && !found->rtcp);
	found = kernel_ports_find(ports, &b);
	CU_ASSERT_TRUE(found && found->tap == 1 && found->rtcp);
	c.in6.sin6_scope_id = 7;
	found = kernel_ports_find(ports, &c);
	CU_ASSERT_TRUE(found && found->tap == 2 && found->media == 3 && found->side == 1);
	CU_ASSERT_PTR_NULL(kernel_ports_find(ports, &d));
	/* The next call has the port before the end of the last one is known. */
	CU_ASSERT_EQUAL(kernel_ports_set(ports, &a, &(struct kernel_port){ .tap = 9 }), 0);
	kernel_ports_drop(ports, &a, 1);
	found = kernel_ports_find(ports, &a);
	CU_ASSERT_TRUE(found && found->tap == 9);
	kernel_ports_drop(ports, &a, 9);
	kernel_ports_drop(ports, &d, 9);
	CU_ASSERT_PTR_NULL(kernel_ports_find(ports, &a));
	CU_ASSERT_PTR_NOT_NULL(kernel_ports_find(ports, &b));
	CU_ASSERT_PTR_NOT_NULL(kernel_ports_find(ports, &c));
	kernel_ports_free(ports);
	kernel_ports_free(NULL);
}

static void test_ports_without_memory(void)
{
	struct endpoint a = ep("192.0.2.2:30000");

	ALLOC_FAILS_AT_EACH
	{
		struct kernel_ports *ports = kernel_ports_new();
		int error = -ENOMEM;

		if (ports)
			error = kernel_ports_set(ports, &a, &(struct kernel_port){ .tap = 1 });
		CU_ASSERT_EQUAL(error, alloc_failed() ? -ENOMEM : 0);
		CU_ASSERT_TRUE(!ports || !kernel_ports_find(ports, &a) == !!error);
		kernel_ports_free(ports);
	}
}

/* --- The device ------------------------------------------------------------------------------- */

#define DEVICE	"rtpr-unit0"
#define AT_ONCE 4096

struct got {
	unsigned int n, of_tap[2];
	int64_t first_ns, last_ns;
	bool wrong;
	struct kernel_tap *tap;
	unsigned int asked; /* for news */
};

static void on_packet(void *arg, int64_t time_ns, const struct kernel_packet *packet,
		      const struct kernel_port *port)
{
	struct got *got = arg;

	if (!got->n)
		got->first_ns = time_ns;
	got->wrong |= time_ns < got->last_ns || port->tap > 2 || packet->len < TUN_PAYLOAD;
	got->last_ns = time_ns;
	got->of_tap[port->tap - 1]++;
	got->n++;
}

static struct kernel_tap *tap_with_news(size_t ring, struct got *got, kernel_tap_news_fn *news)
{
	const struct kernel_tap_conf conf = {
		.device = DEVICE, .ring = ring, .packet = on_packet, .news = news, .arg = got
	};
	struct kernel_tap *tap = kernel_tap_new(&conf);

	*got = (struct got){ .tap = tap };
	CU_ASSERT_PTR_NOT_NULL_FATAL(tap);
	return tap;
}

static struct kernel_tap *tap_new(size_t ring, struct got *got)
{
	return tap_with_news(ring, got, NULL);
}

/* Until @n packets were handed over; at most for two seconds. Return: result of the last reading */
static int read_until(struct kernel_tap *tap, const struct got *got, unsigned int n)
{
	int64_t until_ms = clock_ms() + 2000;
	int result = 0;

	while (result >= 0 && got->n < n && clock_ms() < until_ms) {
		struct pollfd fd = { .fd = kernel_tap_fd(tap), .events = POLLIN };

		poll(&fd, 1, 100);
		result = kernel_tap_read(tap, AT_ONCE);
	}
	return result;
}

static void test_packets_of_a_device_are_read(void)
{
	struct endpoint v4 = ep("192.0.2.2:30000"), v6 = ep("[2001:db8::2]:30000");
	char why[KERNEL_TAP_WHY] = "";
	const struct kernel_tap_counts *counts;
	int device = tun_new(DEVICE);
	struct timespec now;
	struct kernel_tap *tap;
	struct got got;

	tap = tap_new(0, &got);
	CU_ASSERT_EQUAL(kernel_tap_fd(tap), -1);
	CU_ASSERT_EQUAL(kernel_tap_read(tap, AT_ONCE), 0);
	CU_ASSERT_EQUAL_FATAL(kernel_tap_open(tap, why), 0);
	CU_ASSERT_EQUAL(kernel_tap_open(tap, why), 0);
	CU_ASSERT_TRUE(kernel_tap_fd(tap) >= 0);
	kernel_ports_set(kernel_tap_ports(tap), &v4, &(struct kernel_port){ .tap = 1 });
	clock_gettime(CLOCK_REALTIME, &now);
	tun_send(device, 4, 3, 0);
	tun_send(device, 6, 2, 0); /* nobody's yet */
	tun_send(device, 4, 1, 3000);
	CU_ASSERT_EQUAL(write(device, "\x45 is IPv4, but no UDP", 22), 22);
	read_until(tap, &got, 4);
	kernel_ports_set(kernel_tap_ports(tap), &v6, &(struct kernel_port){ .tap = 2 });
	tun_send(device, 6, 4, 0);
	read_until(tap, &got, 8);
	CU_ASSERT_EQUAL(got.of_tap[0], 4);
	CU_ASSERT_EQUAL(got.of_tap[1], 4);
	CU_ASSERT_FALSE(got.wrong);
	/* Of the wall clock, in nanoseconds. */
	CU_ASSERT_TRUE(got.first_ns >= now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
	CU_ASSERT_TRUE(got.last_ns < (now.tv_sec + 60) * INT64_C(1000000000));
	counts = kernel_tap_counts(tap);
	CU_ASSERT_EQUAL(counts->read, 11);
	CU_ASSERT_EQUAL(counts->unknown, 2);
	CU_ASSERT_EQUAL(counts->invalid, 1);
	CU_ASSERT_EQUAL(counts->cut, 1);
	CU_ASSERT_EQUAL(counts->lost, 0);
	kernel_tap_free(tap);
	close(device);
}

/*
 * Reads @at_once packets at a time, until those that came before now have been read. Return: false:
 * not within some seconds
 */
static bool read_all(struct kernel_tap *tap, unsigned int at_once)
{
	int64_t now_us = clock_us(), until_ms = clock_ms() + 10000;

	while (kernel_tap_read_us(tap) < now_us && clock_ms() < until_ms) {
		struct pollfd fd = { .fd = kernel_tap_fd(tap), .events = POLLIN };

		poll(&fd, 1, 10);
		if (kernel_tap_read(tap, at_once) < 0)
			return false;
	}
	return kernel_tap_read_us(tap) >= now_us;
}

/* The kernel shows them up to 200 ms later, and they are read a few at a time. */
static void test_it_is_known_up_to_when_all_is_read(void)
{
	struct endpoint v4 = ep("192.0.2.2:30000");
	char why[KERNEL_TAP_WHY] = "";
	int device = tun_new(DEVICE);
	struct kernel_tap *tap;
	struct got got;

	tap = tap_new(0, &got);
	CU_ASSERT_EQUAL(kernel_tap_read_us(tap), INT64_MAX);
	CU_ASSERT_EQUAL_FATAL(kernel_tap_open(tap, why), 0);
	CU_ASSERT_TRUE(kernel_tap_read_us(tap) <= clock_us());
	kernel_ports_set(kernel_tap_ports(tap), &v4, &(struct kernel_port){ .tap = 1 });
	for (unsigned int round = 1; round <= 3; round++) {
		tun_send(device, 4, 100, 0);
		CU_ASSERT_TRUE(read_all(tap, 7));
		CU_ASSERT_EQUAL(got.n, 100 * round);
	}
	CU_ASSERT_TRUE(read_all(tap, 1)); /* nothing is there */
	kernel_tap_close(tap);
	CU_ASSERT_EQUAL(kernel_tap_read_us(tap), INT64_MAX);
	kernel_tap_free(tap);
	close(device);
}

/* As a letter that says whose the packet is: it was posted before the packet came. */
static bool tell_port(void *arg, int64_t time_ns)
{
	struct endpoint v4 = ep("192.0.2.2:30000");
	struct got *got = arg;

	CU_ASSERT_TRUE(time_ns > 0);
	got->asked++;
	return !kernel_ports_set(kernel_tap_ports(got->tap), &v4,
				 &(struct kernel_port){ .tap = 1 });
}

static bool tell_nothing(void *arg, int64_t time_ns)
{
	struct got *got = arg;

	(void)time_ns;
	got->asked++;
	return false;
}

static void test_letters_are_read_for_an_unknown_endpoint(void)
{
	static const struct {
		kernel_tap_news_fn *news;
		unsigned int asked, read;
	} rows[] = { { tell_port, 1, 5 }, { tell_nothing, 5, 0 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		char why[KERNEL_TAP_WHY] = "";
		int device = tun_new(DEVICE);
		struct kernel_tap *tap;
		struct got got;

		tap = tap_with_news(0, &got, rows[i].news);
		CU_ASSERT_EQUAL_FATAL(kernel_tap_open(tap, why), 0);
		tun_send(device, 4, 5, 0);
		CU_ASSERT_TRUE(read_all(tap, AT_ONCE));
		CU_ASSERT_EQUAL(got.n, rows[i].read);
		CU_ASSERT_EQUAL(got.asked, rows[i].asked);
		CU_ASSERT_EQUAL(kernel_tap_counts(tap)->unknown, 5 - rows[i].read);
		kernel_tap_free(tap);
		close(device);
	}
}

static void test_what_the_ring_cannot_hold_is_counted(void)
{
	struct endpoint v4 = ep("192.0.2.2:30000");
	char why[KERNEL_TAP_WHY] = "";
	int device = tun_new(DEVICE);
	const unsigned int sent = 6000;
	struct kernel_tap *tap;
	struct got got;

	tap = tap_new(KERNEL_TAP_RING_MIN, &got);
	CU_ASSERT_EQUAL_FATAL(kernel_tap_open(tap, why), 0);
	kernel_ports_set(kernel_tap_ports(tap), &v4, &(struct kernel_port){ .tap = 1 });
	tun_send(device, 4, sent, 500);
	CU_ASSERT_TRUE(read_all(tap, 50));
	CU_ASSERT_TRUE(kernel_tap_counts(tap)->lost > 0);
	CU_ASSERT_EQUAL(kernel_tap_counts(tap)->lost + got.n, sent);
	CU_ASSERT_TRUE(got.n > 100);
	/* Also once it is closed. */
	kernel_tap_close(tap);
	CU_ASSERT_EQUAL(kernel_tap_counts(tap)->lost + got.n, sent);
	kernel_tap_free(tap);
	close(device);
}

static void test_a_device_goes_and_comes_back(void)
{
	struct endpoint v4 = ep("192.0.2.2:30000");
	char why[KERNEL_TAP_WHY] = "";
	struct kernel_tap *tap;
	struct got got;
	int device;

	tap = tap_new(0, &got);
	CU_ASSERT_EQUAL(kernel_tap_open(tap, why), -ENODEV);
	CU_ASSERT_TRUE(*why);
	CU_ASSERT_EQUAL(kernel_tap_fd(tap), -1);
	kernel_ports_set(kernel_tap_ports(tap), &v4, &(struct kernel_port){ .tap = 1 });
	for (unsigned int round = 1; round <= 2; round++) {
		device = tun_new(DEVICE);
		CU_ASSERT_EQUAL_FATAL(kernel_tap_open(tap, why), 0);
		tun_send(device, 4, 5, 0);
		read_until(tap, &got, 5 * round);
		CU_ASSERT_EQUAL(got.n, 5 * round);
		close(device);
		CU_ASSERT_EQUAL(read_until(tap, &got, UINT32_MAX), -ENODEV);
		CU_ASSERT_EQUAL(kernel_tap_fd(tap), -1);
	}
	kernel_tap_free(tap);
}

/* lo has an Ethernet header. */
static void test_another_device_is_refused(void)
{
	const struct kernel_tap_conf conf = { .device = "lo", .packet = on_packet };
	struct kernel_tap *tap = kernel_tap_new(&conf);
	char why[KERNEL_TAP_WHY] = "";

	CU_ASSERT_PTR_NOT_NULL_FATAL(tap);
	CU_ASSERT_EQUAL(kernel_tap_open(tap, why), -EPROTOTYPE);
	CU_ASSERT_STRING_EQUAL(why, "lo is not a device of the kernel module");
	CU_ASSERT_EQUAL(kernel_tap_fd(tap), -1);
	kernel_tap_free(tap);
	kernel_tap_free(NULL);
}

/* --- The recorder's thread -------------------------------------------------------------------- */

#ifndef __SANITIZE_ADDRESS__ /* it makes calls of its own */

static void *open_read_close(void *arg)
{
	struct kernel_tap *tap = arg;
	char why[KERNEL_TAP_WHY] = "";

	for (int round = 0; round < 2; round++) {
		struct pollfd fd;

		if (kernel_tap_open(tap, why)) {
			printf("%s\n", why);
			_exit(3);
		}
		fd = (struct pollfd){ .fd = kernel_tap_fd(tap), .events = POLLIN };
		poll(&fd, 1, 10);
		if (kernel_tap_read(tap, 100) < 0)
			_exit(4);
		kernel_tap_close(tap);
	}
	return NULL;
}

/* In a process of its own, since no filter can be removed. */
static void confined_child(struct kernel_tap *tap)
{
	pthread_t thread;

	if (confine_open(CONFINE_ON) || !confine_is_on() ||
	    thread_start(&thread, THREAD_RECORDER, open_read_close, tap))
		_exit(2);
	pthread_join(thread, NULL);
	_exit(0);
}

/* Of this system's libpcap; a call that its list lacks ends the process by SIGSYS. */
static void test_its_thread_may_open_it(void)
{
	int device = tun_new(DEVICE), status = 0;
	struct kernel_tap *tap;
	struct got got;
	pid_t child;

	tap = tap_new(0, &got);
	fflush(NULL);
	child = fork();
	if (!child)
		confined_child(tap);
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL(status, 0);
	kernel_tap_free(tap);
	close(device);
}

#define IN_PROCESS { "its thread may open it", test_its_thread_may_open_it },
#else
#define IN_PROCESS
#endif

TEST_SUITE(kernel_tap, { "both families are read", test_both_families_are_read },
	   { "options are skipped", test_options_are_skipped },
	   { "what is no datagram is refused", test_what_is_no_datagram_is_refused },
	   { "ports are found by endpoint", test_ports_are_found_by_endpoint },
	   { "ports without memory", test_ports_without_memory },
	   { "packets of a device are read", test_packets_of_a_device_are_read },
	   { "it is known up to when all is read", test_it_is_known_up_to_when_all_is_read },
	   { "letters are read for an unknown endpoint",
	     test_letters_are_read_for_an_unknown_endpoint },
	   { "what the ring cannot hold is counted", test_what_the_ring_cannot_hold_is_counted },
	   { "a device goes and comes back", test_a_device_goes_and_comes_back },
	   IN_PROCESS{ "another device is refused", test_another_device_is_refused });
