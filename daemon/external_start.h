/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_start.h - the address outside of a NAT (nat/external.h) from the configuration, and what
 * becomes of it: SDP, log, event, file
 */
#ifndef EXTERNAL_START_H
#define EXTERNAL_START_H

#include "conf/conf.h"

struct relay;

/* Checks external-address, and that interfaces with "!auto" have it. Return: number of errors */
unsigned int external_check_conf(const struct conf *conf);
/* After the interfaces: reads the addresses of the last daemon. 0; -errno: logged */
int external_prepare(struct relay *relay);
/* After all parts that it tells: starts the thread. 0; -errno: logged */
int external_start(struct relay *relay);
/* external_fd() is readable. */
void external_news_came(struct relay *relay);

#endif
