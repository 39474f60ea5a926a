/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dir_state.h - recording-dir as its files see it: settings, tree, what is shared by all of them */
#ifndef RTPRELAY_RECORD_DIR_STATE_H
#define RTPRELAY_RECORD_DIR_STATE_H

#include <pcap/pcap.h>
#include "record/settings.h"
#include "record/frame.h"
#include "record/tree.h"

/* Folder of the lock, and of the sidecars of running recordings. */
#define RECORD_OPEN ".open"

#define DIR_LEFT_UNKNOWN UINT64_MAX

struct record_dir {
	struct record_dir_conf conf; /* its texts are owned */
	struct record_tree tree;
	int lock_fd;
	pcap_t *format;	    /* link type and precision of new files */
	uint64_t *leftover; /* IDs of recordings of a former run that nobody has resumed */
	size_t n_leftover;
	int64_t asked_ns; /* when @left was asked for; 0: never */
	uint64_t left;
	uint64_t last_left; /* shared, of record_dir_left(); DIR_LEFT_UNKNOWN: it is not known */
	uint8_t frame[RECORD_FRAME_MAX]; /* of the packet being written */
};

#endif
