/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording_conf.h - the settings recording-* of the configuration, as record/ wants them */
#ifndef RTPRELAY_RECORDING_CONF_H
#define RTPRELAY_RECORDING_CONF_H

#include "conf/conf.h"
#include "record/dir.h"

/* @gid: of recording-group, if it is set. *out borrows texts of @conf. */
void recording_conf(const struct conf *conf, gid_t gid, struct record_dir_conf *out);
/*
 * Is recording-pattern one that names can be made from? Else logs why.
 * Return: number of errors
 */
unsigned int recording_check_pattern(const struct conf *conf);

#endif
