/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_source.h - packets that the kernel has forwarded, for the recorder
 *
 * The control thread asks for rtprelay0 to be opened and says whose the local endpoints are; the
 * recorder's thread reads the device, and puts the packets into its own ring, where they are merged
 * with those of the media threads.
 */
#ifndef RTPRELAY_RECORD_KERNEL_SOURCE_H
#define RTPRELAY_RECORD_KERNEL_SOURCE_H

#include "record/kernel_tap.h"
#include "record/recorder.h"

struct kernel_source;

/*
 * Packets of the tap that came so long after kernel_source_drop() are still delivered: until the
 * kernel's flow is changed.
 */
#define KERNEL_SOURCE_LINGER_US (2 * RECORDER_HOLD_US)

/*
 * On the control thread: the device is open, could not be opened, or is gone. @why: not open: the
 * reason in words, else NULL; valid during the call
 */
typedef void kernel_source_fn(void *arg, bool open, const char *why);

struct kernel_source_conf {
	struct recorder *recorder; /* outlives the source's use, not its memory */
	const char *device;	   /* RTPRELAY_TAP_DEVICE; borrowed */
	size_t ring;		   /* bytes of the kernel's memory: recording-ring */
	kernel_source_fn *told;
	void *arg;
};

/* All functions but kernel_source_counts() on the control thread. NULL: out of memory */
struct kernel_source *kernel_source_new(const struct kernel_source_conf *conf);
/* After recorder_close(). Takes NULL. */
void kernel_source_free(struct kernel_source *source);

/* kernel_source_fn is the answer; if it is open already, at once by the next dispatch. */
void kernel_source_open(struct kernel_source *source);

/**
 * struct kernel_source_port - one local endpoint
 * @out, @to: where its packets leave to; unset: not known
 * @rtcp: all its packets are RTCP; @rtp: they are RTP, or RTCP by their type (RFC 5761, 4)
 */
struct kernel_source_port {
	struct endpoint local, out, to;
	uint32_t tap;
	uint8_t side;
	bool rtcp, rtp;
};

/*
 * Packets to these endpoints are of their taps from now on. 0; -ENOMEM, or -ENOBUFS of
 * recorder_offer(): nothing is changed
 */
int kernel_source_add(struct kernel_source *source, const struct kernel_source_port ports[],
		      size_t n);
/*
 * Those of @tap are nobody's any more, KERNEL_SOURCE_LINGER_US later, unless they are added again;
 * however long it takes until what came before has been read. 0; -ENOMEM, -ENOBUFS:
 * packets of @tap go on to be delivered
 */
int kernel_source_drop(struct kernel_source *source, const struct endpoint locals[], size_t n,
		       uint32_t tap);

/* Any thread; as of the last turn of the recorder. */
void kernel_source_counts(const struct kernel_source *source, struct kernel_tap_counts *counts);

#endif
