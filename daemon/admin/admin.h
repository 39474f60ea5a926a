/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * admin.h - the control socket of rtprelayctl: who is connected, what is asked, answers in slices
 *
 * The contract with the other side is include/control_proto.h. Control thread only.
 */
#ifndef RTPRELAY_ADMIN_H
#define RTPRELAY_ADMIN_H

#include "admin/conf.h"
#include "base/str.h"

struct evbuffer;

struct admin;

/* NULL: out of memory */
struct admin *admin_open(const struct admin_conf *conf);
/* Cuts all connections. Takes NULL. */
void admin_close(struct admin *admin);
/* Somebody is connected by @fd, which is admin's from here. */
void admin_accept(struct admin *admin, int fd);
/**
 * admin_ask() - a reading request, asked from within the daemon (the page), answered at once
 * @request: as on the control socket, without the line end; one whose answer has an end, and is not long
 * @out: gets the lines of the answer, the error among them if it is refused
 * Return: 0; -ENOMEM; -E2BIG, the answer is longer than ADMIN_ASK_MAX: @out holds a part of it
 */
int admin_ask(struct admin *admin, struct str request, struct evbuffer *out);
#define ADMIN_ASK_MAX ((size_t)2 << 20)
/* Connections now. */
size_t admin_count(const struct admin *admin);

#endif
