/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * admin.h - the control socket of rtprelayctl: connections, requests, answers in slices
 *
 * The protocol is include/control_proto.h. Control thread only.
 */
#ifndef RTPRELAY_ADMIN_H
#define RTPRELAY_ADMIN_H

#include "admin/conf.h"
#include "base/str.h"

struct evbuffer;

struct admin;

/* NULL: out of memory */
struct admin *admin_open(const struct admin_conf *conf);
/* Closes all connections. NULL is allowed. */
void admin_close(struct admin *admin);
/* Adds the connection @fd; admin owns the descriptor from here on. */
void admin_accept(struct admin *admin, int fd);
/**
 * admin_ask() - answers a reading request from within the daemon (the page), in one step
 * @request: as on the control socket, without the line end; its answer must end and be short
 * @out: gets the lines of the answer; for a refused request, the error line
 * Return: 0; -ENOMEM; -E2BIG, the answer is longer than ADMIN_ASK_MAX: @out holds a part of it
 */
int admin_ask(struct admin *admin, struct str request, struct evbuffer *out);
#define ADMIN_ASK_MAX ((size_t)2 << 20)
/* Open connections. */
size_t admin_count(const struct admin *admin);

#endif
