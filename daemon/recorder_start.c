/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorder_start.c - starts the recorder's thread, with recording-dir */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "call/news.h"
#include "call/recorded.h"
#include "kernel/kmod.h"
#include "packet/pool.h"
#include "record/dir_watch.h"
#include "record/file.h"
#include "record/kernel_source.h"
#include "record/recorder.h"
#include "recorder_start.h"
#include "recording_conf.h"
#include "relay.h"

/*
 * From the signal on; packaging/rtprelayd.service kills the daemon after five seconds. The next one
 * repairs what is not finished by then.
 */
#define RECORDER_END_MS	      4000
#define RECORDER_END_LEAST_MS 1000

static int open_dir(struct relay *relay)
{
	char error[RECORD_DIR_ERROR];
	struct record_dir_conf conf;

	ring_init(&relay->recordings);
	if (!relay->conf.recording_dir)
		return 0;
	recording_conf(&relay->conf, relay->recording_gid, &conf);
	relay->record_dir = record_dir_open(&conf, error);
	if (!relay->record_dir) {
		log_err("%s", error);
		return -EACCES;
	}
	if (recording_check_pattern(&relay->conf))
		return -EINVAL;
	relay->recorded =
		(struct recorded_conf){ .dir = relay->record_dir,
					.all = &relay->recordings,
					.path = relay->conf.recording_dir,
					.pattern = relay->conf.recording_pattern,
					.sent = relay->conf.recording_side == RECORDING_SENT,
					.no_dtmf = !relay->conf.recording_dtmf,
					.wav = relay->conf.recording_output == RECORDING_WAV };
	return 0;
}

/* For the report, since the control thread does not wait for the disk. */
static void look_at_disk(void *arg)
{
	uint64_t left;

	record_dir_left(arg, &left);
}

/* After a failed start there are no calls. */
static void on_tap_told(void *arg, bool open, const char *why)
{
	struct relay *relay = arg;

	if (relay->calls)
		call_tap_told(relay->calls, open, why);
}

/* The device is opened when a call is to be recorded, and only the module has it. */
static int make_kernel_source(struct relay *relay, size_t ring)
{
	struct kernel_source_conf conf = { .recorder = relay->recorder,
					   .device = RTPRELAY_TAP_DEVICE,
					   .ring = ring,
					   .told = on_tap_told,
					   .arg = relay };

	if (!relay->kmod || relay->conf.kernel == KMOD_BPF)
		return 0;
	relay->kernel_source = kernel_source_new(&conf);
	if (relay->kernel_source)
		return 0;
	log_err("cannot start the recorder: out of memory");
	return -ENOMEM;
}

void recorder_tick(struct relay *relay)
{
	record_dir_watch_tick(relay->recorded.watch, clock_ms());
}

static int make_watch(struct relay *relay)
{
	if (!relay->record_dir)
		return 0;
	relay->recorded.watch = record_dir_watch_new(relay->recorder, relay->record_dir);
	if (relay->recorded.watch) {
		recorder_tick(relay);
		return 0;
	}
	log_err("cannot start the recorder: out of memory");
	return -ENOMEM;
}

void recorder_open_tap(void *arg)
{
	struct relay *relay = arg;

	kernel_source_open(relay->kernel_source);
}

int recorder_start(struct relay *relay)
{
	struct recorder_conf conf = { .n_rings = worker_pool_threads(relay->workers),
				      .own_bytes = (size_t)relay->conf.recording_ring_mib * 1024 *
						   1024 };
	struct tap_ring **rings = calloc(conf.n_rings, sizeof(struct tap_ring *));
	int error = rings ? open_dir(relay) : -ENOMEM;

	for (unsigned int i = 0; rings && i < conf.n_rings; i++)
		rings[i] = worker_pool_tap(relay->workers, i);
	conf.rings = rings;
	conf.look = relay->record_dir ? look_at_disk : NULL;
	conf.look_arg = relay->record_dir;
	if (!error)
		relay->recorder = recorder_open(&conf, &error);
	free(rings);
	if (!relay->recorder) {
		log_err("cannot start the recorder's thread: %s", strerror(-error));
		return error;
	}
	error = make_kernel_source(relay, conf.own_bytes);
	return error ? error : make_watch(relay);
}

int recorder_leftovers(struct relay *relay)
{
	int error =
		relay->record_dir ? recording_end_leftovers(relay->recorder, relay->record_dir) : 0;

	if (error)
		log_err("recording-dir %s: recordings of the former run are not finished: out of "
			"memory: restart rtprelayd",
			relay->conf.recording_dir);
	return 0;
}

/* What is left of RECORDER_END_MS. */
static int64_t patience_ms(const struct relay *relay)
{
	int64_t left_ms = RECORDER_END_MS;

	if (relay->stop_ms)
		left_ms -= clock_ms() - relay->stop_ms;
	return left_ms > RECORDER_END_LEAST_MS ? left_ms : RECORDER_END_LEAST_MS;
}

/* Its thread uses all of it until the process ends. */
static void leave_recorder(struct relay *relay)
{
	relay->recorder_hangs = true;
	worker_pool_keep_taps(relay->workers);
	if (relay->record_dir)
		recording_tell_unfinished(&relay->recordings, relay->conf.recording_dir);
	else
		log_err("the recorder's thread does not end: rtprelayd ends without it");
}

void recorder_stop(struct relay *relay)
{
	if (recorder_close(relay->recorder, patience_ms(relay))) {
		leave_recorder(relay);
		return;
	}
	kernel_source_free(relay->kernel_source);
	relay->kernel_source = NULL;
	record_dir_watch_free(relay->recorded.watch);
	relay->recorded.watch = NULL;
	record_dir_close(relay->record_dir);
}
