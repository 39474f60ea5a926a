/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.h - reads options and configuration file into struct conf, and reads them again on SIGHUP
 *
 * Each key of the INI file is a long option too. Options given on the command line win over the file;
 * a list given on the command line replaces the file's.
 */
#ifndef RTPRELAY_CONF_LOAD_H
#define RTPRELAY_CONF_LOAD_H

#include "conf/conf.h"

/**
 * conf_load() - defaults, then the file, then the options
 *
 * Every mistake is told by log_err(), with file and line or option, and the nearest key. What one value
 * cannot tell (are addresses local, is there such a user) is not looked at here: check.h.
 * Return: 0 go on; 1 done (--help, --version: printed to stdout); -EINVAL, -ENOMEM: told; nothing to free
 */
int conf_load(struct conf *conf, int argc, char **argv);
void conf_free(struct conf *conf);

/**
 * conf_reload() - takes over from @fresh what may change while running; logs what changed and what needs a
 * restart
 * Return: how many values are new
 */
unsigned int conf_reload(struct conf *conf, const struct conf *fresh);

#endif
