/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settings.h - how recordings are written: the settings recording-* that concern files */
#ifndef RTPRELAY_RECORD_SETTINGS_H
#define RTPRELAY_RECORD_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum record_output { RECORD_PCAP = 1, RECORD_WAV = 2, RECORD_BOTH = RECORD_PCAP | RECORD_WAV };
enum record_linktype { RECORD_RAW, RECORD_ETHERNET };
enum record_precision { RECORD_US, RECORD_NS };

/* The settings recording-*. Texts are copied. */
struct record_dir_conf {
	const char *path;
	enum record_output output;
	enum record_linktype linktype;
	enum record_precision precision;
	unsigned int mode;	 /* of files, as in chmod(): 0640; folders get x where r is */
	const char *group;	 /* for messages; NULL: files keep the daemon's group */
	gid_t gid;		 /* of @group */
	uint64_t max_size;	 /* bytes of a part; 0: no limit */
	unsigned int max_time_s; /* of a part; 0: no limit */
	uint64_t min_free;	 /* bytes that must be free, or recordings end; 0: none */
	unsigned int sync_s;	 /* how often a file is written to the disk; 0: at its end only */
};

#endif
