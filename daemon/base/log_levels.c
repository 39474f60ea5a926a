/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log_levels.c - how important a message must be to be logged: in general, and by subsystem */
#include <assert.h>
#include <stdio.h>
#include "base/count.h"
#include "base/log_levels.h"

static const char *const part_names[] = {
	"admin",    "base", "bpf",	"call",	  "command", "conf",   "ctl",	  "daemon",
	"dtls",	    "dtmf", "firewall", "gate",	  "homer",   "ice",    "journal", "kernel",
	"latch",    "nat",  "ng",	"packet", "port",    "prompt", "record",  "report",
	"rtpproxy", "sdp",  "srtp",	"stats",  "stun",    "web",
};

static_assert(COUNT(part_names) == LOG_PARTS, "the number of subsystems is another");

static const char *const level_words[] = {
	[LOG_LEVEL_ERR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info", [LOG_LEVEL_DEBUG] = "debug",
};

const char *log_level_name(enum log_level level)
{
	return level_words[level];
}

const char *log_part_name(size_t part)
{
	return part_names[part];
}

size_t log_part_find(struct str name)
{
	size_t part = 0;

	while (part < LOG_PARTS && !str_eq(str_of(part_names[part]), name))
		part++;
	return part;
}

static const char *word_of(uint8_t level)
{
	return level < COUNT(level_words) && level_words[level] ? level_words[level] : "none";
}

void log_levels_print(const struct log_levels *levels, char *out, size_t size)
{
	size_t at = (size_t)snprintf(out, size, "%s", word_of(levels->general));

	for (size_t i = 0; i < LOG_PARTS && at < size; i++)
		if (levels->part[i])
			at += (size_t)snprintf(out + at, size - at, ", %s:%s", part_names[i],
					       word_of(levels->part[i]));
}
