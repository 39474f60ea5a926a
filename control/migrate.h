/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate.h - turns a configuration of rtpengine or rtpproxy into one of rtprelay
 *
 * What is written is a file that rtprelayd reads: our keys, and a comment for each key or option of
 * theirs that has no counterpart, or another meaning.
 */
#ifndef RTPRELAY_MIGRATE_H
#define RTPRELAY_MIGRATE_H

#include <stdio.h>
#include "daemon/base/log_levels.h"
#include "daemon/conf/conf.h"
#include "daemon/conf/table.h"

#define MIGRATE_MAX ((size_t)1024 * 1024) /* bytes of a file */

struct migration {
	FILE *out;
	struct conf conf;	      /* what was written so far */
	struct log_levels levels;     /* of rtpengine, where each subsystem has a key; 0: none */
	unsigned int taken, remarked; /* keys written; keys of theirs with a remark */
	/*
	 * The daemon refuses a key that is set twice, unless it is a list. Several keys of theirs
	 * become one of ours, so the text is read twice: first only to find out which value counts.
	 */
	bool surveying;
	struct {
		unsigned int puts, last; /* so far; the one that is written: 1 is the first */
		unsigned int weight;	 /* of that one */
	} key[CONF_MAX_ROWS];
};

/*
 * Writes "key = value", unless our configuration refuses the value: then a remark. Of several
 * values for a key that is no list the last one of the greatest weight is written.
 */
void migrate_put_weighted(struct migration *m, const char *theirs, const char *key,
			  const char *value, unsigned int weight);
/* With weight 0 */
void migrate_put(struct migration *m, const char *theirs, const char *key, const char *value);
/* The same for each part of @value between any of @separators. */
void migrate_put_each(struct migration *m, const char *theirs, const char *key, const char *value,
		      const char *separators);
/* Writes a comment about their key or option. */
void migrate_remark(struct migration *m, const char *theirs, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * Writes a comment instead of a key that does not fit the systemd unit, which has a user of its own
 * and needs no pidfile.
 */
void migrate_not_for_unit(struct migration *m, const char *theirs, const char *key,
			  const char *value);
/* A comment of ours; counts as nothing. */
void migrate_note(struct migration *m, const char *text);

/* --- Their forms ------------------------------------------------------------------------------ */

/* Writes what an INI file with the section [rtpengine] says. @text is changed. */
void migrate_rtpengine_file(struct migration *m, char *text);
/* Options of rtpengine, of rtpproxy: argv[0] is the program. Texts are changed. */
void migrate_rtpengine_options(struct migration *m, int argc, char **argv);
void migrate_rtpproxy(struct migration *m, int argc, char **argv);

/**
 * migrate_text() - recognises the form of @text and writes our configuration to m->out
 * @text: rtpengine.conf; or shell text or a systemd unit with a command line of either program, or
 *	the variables of Debian's /etc/default/rtpproxy. Is changed.
 * Return: false: none of these forms; nothing was written
 */
bool migrate_text(struct migration *m, char *text);

#endif
