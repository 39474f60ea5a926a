/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.h - reads options and configuration file into struct conf, and reads them again on SIGHUP
 *
 * Each key of the INI file is also a long option. Options on the command line override the file; a
 * list on the command line replaces the file's list.
 */
#ifndef RTPRELAY_CONF_LOAD_H
#define RTPRELAY_CONF_LOAD_H

#include "conf/conf.h"

/**
 * conf_load() - defaults, then the file, then the options
 *
 * Logs every error with log_err(), with file and line or option, and the nearest key. check.h
 * checks what depends on the host: whether addresses are local, whether a user exists.
 * Return: 0; 1: --help or --version was printed, exit; -EINVAL, -ENOMEM: logged, nothing to free
 */
int conf_load(struct conf *conf, int argc, char **argv);
void conf_free(struct conf *conf);
/* The file that was read; "": none */
const char *conf_file(const struct conf *conf);

/**
 * conf_reload() - copies from @fresh the values that may change while running; logs the changes,
 * and which keys need a restart
 * Return: number of values that took effect
 */
unsigned int conf_reload(struct conf *conf, const struct conf *fresh);

/* The same values, without a log. */
void conf_take_live(struct conf *conf, const struct conf *fresh);

#endif
