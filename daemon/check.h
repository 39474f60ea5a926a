/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.h - does the configuration fit this host? What is wrong is told by the log, all of it at once. */
#ifndef RTPRELAY_CHECK_H
#define RTPRELAY_CHECK_H

#include "conf/conf.h"

/**
 * check_conf() - addresses are local, texts parse, user and group are there; holds no port afterwards
 * @addresses: gets how many different addresses media will use
 * Return: how many mistakes were told
 */
unsigned int check_conf(const struct conf *conf, unsigned int *addresses);

/* Warns and advises: descriptors (raises the limit where it may), ports that the kernel gives to other programs. */
void check_host(const struct conf *conf, unsigned int addresses);

#endif
