/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_tap.c - reads rtprelay0, where the kernel module shows the packets of tapped flows
 *
 * Never in libpcap's immediate mode: that has one frame of KERNEL_TAP_SNAPLEN bytes for each packet
 * (TPACKET_V2), a tenth of the packets in the same memory. Otherwise blocks are filled one packet
 * after the other, and handed over when they are full or KERNEL_TAP_DELAY_MS old.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "record/kernel_tap.h"

/* Packets that are missing for so long are not in the ring, whatever the kernel has counted. */
#define MARK_MAX_US 2000000

/**
 * struct kernel_tap
 * @pcap: NULL: closed
 * @told: as last told of @pcap: its counters wrap
 * @fraction_ns: unit of the parts of a second in its time stamps
 * @shown, @taken: packets of @pcap: those that the kernel has put into the ring, those that were
 *	read
 * @mark, @mark_us: @shown at that time, which @taken has not reached; 0: there is no mark
 * @read_us: kernel_tap_read_us(), if it is open
 */
struct kernel_tap {
	struct kernel_tap_conf conf;
	struct kernel_tap_counts counts;
	struct kernel_ports *ports;
	pcap_t *pcap;
	struct {
		unsigned int seen, lost;
	} told;
	int64_t fraction_ns;
	uint64_t shown, taken, mark;
	int64_t mark_us, read_us;
	int fd;
};

/*
 * Some builds of libpcap look for InfiniBand devices at each pcap_create(). Where there are some,
 * the first one loads libraries, which the recorder's thread may not (seccomp).
 */
static void load_libraries(const char *device)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_create(device, why);

	if (pcap)
		pcap_close(pcap);
}

struct kernel_tap *kernel_tap_new(const struct kernel_tap_conf *conf)
{
	struct kernel_tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		return NULL;
	tap->conf = *conf;
	tap->fd = -1;
	tap->ports = kernel_ports_new();
	if (tap->ports) {
		load_libraries(conf->device);
		return tap;
	}
	free(tap);
	return NULL;
}

void kernel_tap_free(struct kernel_tap *tap)
{
	if (!tap)
		return;
	kernel_tap_close(tap);
	kernel_ports_free(tap->ports);
	free(tap);
}

/* --- Open and close --------------------------------------------------------------------------- */

static size_t ring_bytes(const struct kernel_tap_conf *conf)
{
	if (conf->ring < KERNEL_TAP_RING_MIN)
		return KERNEL_TAP_RING_MIN;
	return conf->ring < INT32_MAX ? conf->ring : INT32_MAX;
}

static int error_of(int status)
{
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENODEV;
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return -EPERM;
	default:
		return -EIO;
	}
}

/* Only before it is activated. A setting that is refused shows there, or does not matter. */
static void set_up(pcap_t *pcap, const struct kernel_tap_conf *conf)
{
	pcap_set_snaplen(pcap, KERNEL_TAP_SNAPLEN);
	pcap_set_promisc(pcap, 0);
	pcap_set_timeout(pcap, KERNEL_TAP_DELAY_MS);
	pcap_set_buffer_size(pcap, (int)ring_bytes(conf));
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
}

static int activate(struct kernel_tap *tap, pcap_t *pcap, char why[KERNEL_TAP_WHY])
{
	char text[PCAP_ERRBUF_SIZE];
	int status = pcap_activate(pcap);

	if (status < 0) {
		snprintf(why, KERNEL_TAP_WHY, "%s%s%.180s", pcap_statustostr(status),
			 *pcap_geterr(pcap) ? ": " : "", pcap_geterr(pcap));
		return error_of(status);
	}
	if (pcap_datalink(pcap) != DLT_RAW) {
		snprintf(why, KERNEL_TAP_WHY, "%s is not a device of the kernel module",
			 tap->conf.device);
		return -EPROTOTYPE;
	}
	if (pcap_setnonblock(pcap, 1, text)) {
		snprintf(why, KERNEL_TAP_WHY, "%.200s", text);
		return -EIO;
	}
	return 0;
}

int kernel_tap_open(struct kernel_tap *tap, char why[KERNEL_TAP_WHY])
{
	char text[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap;
	int error;

	if (tap->pcap)
		return 0;
	pcap = pcap_create(tap->conf.device, text);
	if (!pcap) {
		snprintf(why, KERNEL_TAP_WHY, "%.200s", text);
		return -ENOMEM;
	}
	set_up(pcap, &tap->conf);
	error = activate(tap, pcap, why);
	if (error) {
		pcap_close(pcap);
		return error;
	}
	tap->pcap = pcap;
	tap->told.seen = tap->told.lost = 0;
	tap->shown = tap->taken = 0;
	tap->mark_us = 0;
	tap->read_us = clock_us();
	tap->fd = pcap_get_selectable_fd(pcap);
	tap->fraction_ns = pcap_get_tstamp_precision(pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
	return 0;
}

/* Counters of libpcap have 32 bits. What was lost is among what was seen. */
static void ask_kernel(struct kernel_tap *tap)
{
	unsigned int seen, lost;
	struct pcap_stat stat;

	if (pcap_stats(tap->pcap, &stat))
		return;
	seen = stat.ps_recv - tap->told.seen;
	lost = stat.ps_drop - tap->told.lost;
	tap->told.seen = stat.ps_recv;
	tap->told.lost = stat.ps_drop;
	tap->counts.lost += lost;
	tap->shown += seen - lost;
}

void kernel_tap_close(struct kernel_tap *tap)
{
	if (!tap->pcap)
		return;
	ask_kernel(tap);
	pcap_close(tap->pcap);
	tap->pcap = NULL;
	tap->fd = -1;
}

int kernel_tap_fd(const struct kernel_tap *tap)
{
	return tap->fd;
}

/* --- Packets ---------------------------------------------------------------------------------- */

/* The letter that says whose it is may have been posted after letters were read. */
static const struct kernel_port *find_port(struct kernel_tap *tap, int64_t time_ns,
					   const struct endpoint *to)
{
	const struct kernel_port *port = kernel_ports_find(tap->ports, to);

	if (port || !tap->conf.news || !tap->conf.news(tap->conf.arg, time_ns))
		return port;
	return kernel_ports_find(tap->ports, to);
}

static void on_packet(u_char *arg, const struct pcap_pkthdr *head, const u_char *bytes)
{
	struct kernel_tap *tap = (struct kernel_tap *)arg;
	int64_t time_ns =
		head->ts.tv_sec * INT64_C(1000000000) + head->ts.tv_usec * tap->fraction_ns;
	const struct kernel_port *port;
	struct kernel_packet packet;

	tap->counts.read++;
	tap->taken++;
	if (!kernel_packet_read(bytes, head->caplen, &packet)) {
		tap->counts.invalid++;
		return;
	}
	port = find_port(tap, time_ns, &packet.to);
	if (!port) {
		tap->counts.unknown++;
		return;
	}
	tap->counts.cut += packet.cut > 0;
	tap->conf.packet(tap->conf.arg, time_ns, &packet, port);
}

/* The ring keeps the order: all that is in it now has been read when so many were. */
static void set_mark(struct kernel_tap *tap)
{
	if (tap->mark_us)
		return;
	tap->mark_us = clock_us();
	ask_kernel(tap);
	tap->mark = tap->shown;
}

/* @n: packets that were there just now */
static void look_at_mark(struct kernel_tap *tap, int n)
{
	bool missing = tap->taken < tap->mark;

	if (missing && (n || clock_us() - tap->mark_us < MARK_MAX_US))
		return;
	tap->read_us = tap->mark_us;
	tap->mark_us = 0;
	if (missing)
		tap->taken = tap->mark;
}

int kernel_tap_read(struct kernel_tap *tap, unsigned int max)
{
	int n;

	if (!tap->pcap)
		return 0;
	set_mark(tap);
	n = pcap_dispatch(tap->pcap, (int)max, on_packet, (u_char *)tap);
	if (n < 0) {
		kernel_tap_close(tap);
		return -ENODEV;
	}
	look_at_mark(tap, n);
	return n == (int)max;
}

int64_t kernel_tap_read_us(const struct kernel_tap *tap)
{
	return tap->pcap ? tap->read_us : INT64_MAX;
}

struct kernel_ports *kernel_tap_ports(struct kernel_tap *tap)
{
	return tap->ports;
}

const struct kernel_tap_counts *kernel_tap_counts(const struct kernel_tap *tap)
{
	return &tap->counts;
}
