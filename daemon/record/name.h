/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * name.h - the name of a recording's files below recording-dir, from a pattern or as chosen
 *
 * Pure: time and random number are handed in, so that the control thread can tell the name in its
 * reply before the recorder has opened the file. No result leads out of the directory: no part of
 * it is empty, "." or "..", or begins with a dot, and it has only the bytes A-Z a-z 0-9 . _ @ % + =
 * , - and "/" between parts.
 */
#ifndef RTPRELAY_RECORD_NAME_H
#define RTPRELAY_RECORD_NAME_H

#include "base/str.h"

/* Longest name, with NUL and without what record/file.c adds: "-N.pcap.part". */
#define RECORD_NAME 512
/* Bytes of one part between "/". */
#define RECORD_NAME_PART 200
/* Bytes that a Call-ID has in a name; a longer one is cut, and the random number tells apart. */
#define RECORD_NAME_CALL_ID 150

#define RECORD_PATTERN_DEFAULT "%Y-%m-%d/%c-%r"

/**
 * record_pattern_check() - is @pattern one that record_name_make() takes?
 *   %Y %m %d %H %M %S  date and time of the start, local time
 *   %c                 Call-ID: each byte but A-Z a-z 0-9 . _ @ - is %XX, also a leading dot
 *   %r                 16 hexadecimal digits
 *   %%                 a percent sign
 * @error: RECORD_NAME_ERROR bytes, receives the reason, without the pattern
 * Return: 0; -EINVAL
 */
#define RECORD_NAME_ERROR 160
int record_pattern_check(struct str pattern, char *error);

/**
 * record_name_make() - a name from @pattern, without an extension
 * @pattern: none or one that is not accepted: RECORD_PATTERN_DEFAULT
 * @random:  for %r
 * @time_s:  since 1970
 * Return: @out, of RECORD_NAME bytes. A name that gets too long is made from the default pattern.
 */
const char *record_name_make(char *out, struct str pattern, struct str call_id, uint64_t random,
			     int64_t time_s);

/*
 * Is @name made of parts that lead nowhere else: none empty, with a leading dot, or too long; and
 * of the bytes above?
 */
bool record_name_is_below(struct str name);

/**
 * record_name_chosen() - a name that a command chose (recording-file, "C name")
 * @dir:    recording-dir, absolute
 * @chosen: absolute path inside of @dir, or relative to it; the extensions .pcap and .wav are cut
 * Return: 0 and @out (RECORD_NAME bytes); -EPERM: not inside of @dir, or it has a part or byte
 *	that names may not have; -ENAMETOOLONG
 */
int record_name_chosen(char *out, const char *dir, struct str chosen);

#endif
