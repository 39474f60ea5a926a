/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording_conf.c - the settings recording-* of the configuration, as record/ wants them */
#include "base/log.h"
#include "record/name.h"
#include "recording_conf.h"

#define MIB (1024 * 1024)

void recording_conf(const struct conf *conf, gid_t gid, struct record_dir_conf *out)
{
	static const enum record_output outputs[] = {
		[RECORDING_PCAP] = RECORD_PCAP,
		[RECORDING_WAV] = RECORD_WAV,
		[RECORDING_BOTH] = RECORD_BOTH,
	};

	*out = (struct record_dir_conf){
		.path = conf->recording_dir,
		.output = outputs[conf->recording_output],
		.linktype = conf->recording_linktype == RECORDING_ETHERNET ? RECORD_ETHERNET
									   : RECORD_RAW,
		.precision = conf->recording_precision == RECORDING_NS ? RECORD_NS : RECORD_US,
		.mode = conf_octal(conf->recording_mode),
		.group = conf->recording_group,
		.gid = gid,
		.max_size = (uint64_t)conf->recording_max_size_mib * MIB,
		.max_time_s = conf->recording_max_time_s,
		.min_free = (uint64_t)conf->recording_min_free_mib * MIB,
		.sync_s = conf->recording_sync_s,
	};
}

unsigned int recording_check_pattern(const struct conf *conf)
{
	char error[RECORD_NAME_ERROR];

	if (!conf->recording_pattern ||
	    !record_pattern_check(str_of(conf->recording_pattern), error))
		return 0;
	log_err("recording-pattern %s: %s", conf->recording_pattern, error);
	return 1;
}
