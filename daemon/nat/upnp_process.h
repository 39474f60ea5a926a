/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * upnp_process.h - UPnP IGD is spoken by a process of its own, whose time and memory are limited
 *
 * Any host of the LAN may answer a search for routers, and libminiupnpc reads what it sends for as
 * long as it sends: a byte each few seconds would hold the caller for ever. So this program is
 * started a second time, without privileges and without the daemon's sockets; a request that takes
 * too long ends that process, and the next one starts another. Requests and replies are structs of
 * this program itself; a reply is checked nevertheless.
 */
#ifndef RTPRELAY_NAT_UPNP_PROCESS_H
#define RTPRELAY_NAT_UPNP_PROCESS_H

#include "nat/portmap_job.h"

#define UPNP_ARGUMENT	 "--upnp-process" /* the only one of that process, */
#define UPNP_CONFINED	 "confined"	  /* but for this one if seccomp=on */
#define UPNP_PROGRAM	 "/proc/self/exe"
#define UPNP_PATIENCE_MS 15000 /* a slow router, with a search of 2 s; a request takes up to 5 */

/**
 * struct upnp_request
 * @bind: the address here
 * @maps: @job is asked for; else the address outside
 */
struct upnp_request {
	struct endpoint bind;
	bool maps;
	struct portmap_job job;
};

/**
 * struct upnp_reply
 * @result: of a job
 * @error, @address, @why: else
 */
struct upnp_reply {
	struct portmap_result result;
	int error;
	struct endpoint address;
	char why[EXTERNAL_WHY];
};

struct upnp_process;

/**
 * upnp_process_ask() - has a request carried out
 * @process: *process is NULL or what an earlier call left there; freed if it fails
 * @program: UPNP_PROGRAM, started with UPNP_ARGUMENT if there is no process
 * @stop_fd: readable: the caller has to end
 * Return: 0; -ETIMEDOUT: not within @patience_ms; -ECANCELED: stop; other -errno: no process, it
 * has ended, or -EPIPE: what it said is no reply; *reply is empty then
 */
int upnp_process_ask(struct upnp_process **process, const char *program, int stop_fd,
		     int patience_ms, const struct upnp_request *request, struct upnp_reply *reply);
/* Takes NULL. */
void upnp_process_end(struct upnp_process *process);

#endif
