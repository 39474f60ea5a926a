/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.h - checks whether the configuration fits this host; logs all errors at once */
#ifndef RTPRELAY_CHECK_H
#define RTPRELAY_CHECK_H

#include "conf/conf.h"

/**
 * check_conf() - checks all that can be known before the parts are started: addresses are local,
 * texts valid, user, groups and directories exist, required privileges and module are there
 *
 * At the start and for --check-config. Keeps no port, creates no file; with kernel=require it may
 * load the module, as the start does.
 * Return: number of errors, all logged
 */
unsigned int check_conf(const struct conf *conf);

/**
 * check_degraded() - checks for what the start logs as an error or a warning, but does not refuse;
 * for --check-config
 * Return: number of errors, all logged
 */
unsigned int check_degraded(const struct conf *conf);

/*
 * Logs warnings: too few descriptors (after raising the limit if permitted), ports that the kernel
 * may assign to other programs, or that a listener has.
 */
void check_host(const struct conf *conf);

#endif
