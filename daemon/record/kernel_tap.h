/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_tap.h - reads rtprelay0, where the kernel module shows the packets of tapped flows
 *
 * The module clones each packet that such a flow forwards, as it arrived, and sends the clone on
 * this device (kmod/tap.c). It is read by libpcap through a ring of memory shared with the kernel.
 * The device is made by the first tapped flow (kernel/kmod.h: kmod_make_tap()) and disappears with
 * the module.
 * The recorder's thread only. To open the device the thread needs CAP_NET_RAW.
 */
#ifndef RTPRELAY_RECORD_KERNEL_TAP_H
#define RTPRELAY_RECORD_KERNEL_TAP_H

#include "record/kernel_packet.h"
#include "record/kernel_ports.h"

/* A ring of 16 MiB has room for so long, at 1,000 tapped calls of G.711: 540 ms. */
#define KERNEL_TAP_RING_MIN (256 * 1024)
#define KERNEL_TAP_WHY	    256

/* Packets that are longer are cut: media is never that long, except over jumbo frames. */
#define KERNEL_TAP_SNAPLEN 2048
/* The kernel hands packets over at the latest so long after they came. */
#define KERNEL_TAP_DELAY_MS 100

struct kernel_tap;

/*
 * The packet of @time_ns has come to an endpoint that is not known. Return: true: letters were
 * read, which may have told it
 */
typedef bool kernel_tap_news_fn(void *arg, int64_t time_ns);

/*
 * One packet. @time_ns: CLOCK_REALTIME when the kernel had it. @port: whose it is. @packet and
 * @port are valid during the call, which must not close the tap.
 */
typedef void kernel_tap_packet_fn(void *arg, int64_t time_ns, const struct kernel_packet *packet,
				  const struct kernel_port *port);

struct kernel_tap_conf {
	const char *device; /* RTPRELAY_TAP_DEVICE; borrowed */
	size_t ring;	    /* bytes, at least KERNEL_TAP_RING_MIN: of the kernel's memory */
	kernel_tap_packet_fn *packet;
	kernel_tap_news_fn *news; /* or NULL */
	void *arg;
};

/* Since the start, over all devices that were opened. */
struct kernel_tap_counts {
	uint64_t read;	  /* packets, with those that follow but for @lost */
	uint64_t unknown; /* sent to an endpoint that is not tapped, or not any more */
	uint64_t invalid; /* not a UDP datagram */
	uint64_t cut;	  /* longer than KERNEL_TAP_SNAPLEN */
	uint64_t lost;	  /* there was no room in the ring: nobody knows whose they were */
};

struct kernel_tap *kernel_tap_new(const struct kernel_tap_conf *conf); /* NULL: out of memory */
void kernel_tap_free(struct kernel_tap *tap);			       /* takes NULL */

/**
 * kernel_tap_open() - opens the device; if it is open, nothing happens
 * @why: KERNEL_TAP_WHY bytes, receives the reason
 * Return: 0; -ENODEV: there is no such device, or it is down; -EPERM: CAP_NET_RAW is missing;
 *	-EPROTOTYPE: it is another kind of device; other -errno
 */
int kernel_tap_open(struct kernel_tap *tap, char why[KERNEL_TAP_WHY]);
void kernel_tap_close(struct kernel_tap *tap);
/* Readable when there are packets, or when the device is gone; -1: not open */
int kernel_tap_fd(const struct kernel_tap *tap);

/**
 * kernel_tap_read() - hands over packets that are there, oldest first; does not wait
 * @max: so many at most, more than 0
 * Return: 1: there may be more; 0: no more; -ENODEV: the device is gone, the tap is closed
 */
int kernel_tap_read(struct kernel_tap *tap, unsigned int max);

/*
 * As clock_us(): packets that came before were handed over, or are among the lost ones; INT64_MAX:
 * the device is not open. The kernel shows packets in blocks, some time after they came; how long
 * depends on its timers. So it goes by their number: what the kernel had put into the ring at that
 * time has been read.
 */
int64_t kernel_tap_read_us(const struct kernel_tap *tap);

/* Filled by the caller, according to letters of the control thread. */
struct kernel_ports *kernel_tap_ports(struct kernel_tap *tap);
/* @lost: as the kernel has told up to kernel_tap_read_us(), or later */
const struct kernel_tap_counts *kernel_tap_counts(const struct kernel_tap *tap);

#endif
