/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conf.h - options and config file, one table row each
 *
 * Each key of the INI file is a long option too. Options given on the command line win over the file;
 * a list given on the command line replaces the file's.
 */
#ifndef RTPRELAY_CONF_H
#define RTPRELAY_CONF_H

#include "endpoint.h"
#include "log.h"
#include "nat_latch.h"

struct conf_list {
	char **item;
	size_t count;
};

struct conf {
	struct conf_list interface;	/* NAME/BIND[!ADVERTISED], BIND[!ADVERTISED], ALIAS=NAME: parsed by iface.c */
	struct conf_list listen_ng;	/* HOST:PORT, [V6]:PORT, PORT */
	struct conf_list control_allow; /* CIDR; empty: loopback and the subnets of the listening addresses */
	unsigned int port_min, port_max;      /* 30000, 40000 */
	unsigned int timeout_s;		      /* 60 */
	unsigned int silent_timeout_s;	      /* 3600 */
	unsigned int offer_timeout_s;	      /* 3600 */
	unsigned int delete_delay_s;	      /* 30 */
	int tos;			      /* 0; -1 keep */
	unsigned int max_sessions;	      /* 0: no limit but ports and descriptors */
	unsigned int media_threads;	      /* 0: one per core */
	enum latch_mode latching;	      /* smart */
	unsigned int latch_patience_ms;	      /* 400 */
	unsigned int latch_window_ms;	      /* 3000 */
	unsigned int port_quarantine_s;	      /* 5 */
	unsigned int replay_entries;	      /* bounds of the cache of recorded replies */
	unsigned int replay_mbytes;
	enum log_level log_level;	      /* info */
	enum log_target log_facility;	      /* stderr */
	bool foreground;
	bool check_config;
	char *pidfile, *user, *group;
	char *config; /* path; "none" */
};

/**
 * conf_load() - defaults, then the file, then the options
 * Return: 0 go on; 1 done (--help, --version: printed to stdout); -EINVAL told on stderr, with file and line or option, and the nearest key
 */
int conf_load(struct conf *conf, int argc, char **argv);
void conf_free(struct conf *conf);

#endif
