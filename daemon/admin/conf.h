/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf.h - what the control socket is opened with */
#ifndef RTPRELAY_ADMIN_CONF_H
#define RTPRELAY_ADMIN_CONF_H

#include "call/table.h"
#include "conf/conf.h"

/* What the verbs set and config require of the daemon. */
struct admin_settings {
	/* Takes over the keys of @conf that may change while the daemon runs. */
	void (*apply)(void *arg, const struct conf *conf);
	/*
	 * Reads the configuration again, as SIGHUP does. False: it has errors, which were logged;
	 * true: *fresh is to be freed with conf_free()
	 */
	bool (*read)(void *arg, struct conf *fresh);
	void *arg;
};

/* Prints the networks that may send commands, as the value of control-allow. */
typedef void admin_allowed_fn(void *arg, char *text, size_t size);

/* All borrowed. */
struct admin_conf {
	struct event_base *base;
	int fd;	   /* listening; -1: connections come by admin_accept() only (tests) */
	gid_t gid; /* its members may read */
	unsigned int mode;
	const char *path; /* of the socket; NULL: there is none */
	int group_error;  /* of struct admin_socket */
	struct call_table *calls;
	struct events *events;
	const struct conf *conf;
	struct admin_settings settings;
	admin_allowed_fn *allowed; /* NULL: not known */
	void *allowed_arg;
};

#endif
