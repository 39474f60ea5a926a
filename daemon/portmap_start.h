/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portmap_start.h - ports that a router forwards (nat/portmap.h) from the configuration, and what
 * becomes of them: log, event
 */
#ifndef PORTMAP_START_H
#define PORTMAP_START_H

#include "conf/conf.h"

struct relay;

/* Checks port-mapping. Return: number of errors */
unsigned int portmap_check_conf(const struct conf *conf);
/* After the interfaces, before calls are restored: their ports outside. 0; -errno: logged */
int portmap_prepare(struct relay *relay);
/* After calls are restored: starts the thread. 0; -errno: logged */
int portmap_start(struct relay *relay);
/* portmap_fd() is readable. */
void portmap_news_came(struct relay *relay);

#endif
