/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scene.h - a relay without control sockets: table of calls, real media threads, real ports on the
 * loopback
 *
 * For the suites of calls and commands, and the fuzz entry of NG. Interfaces: pub 127.80.0.1, priv
 * 127.80.0.2, six ::1.
 */
#ifndef RTPRELAY_SCENE_H
#define RTPRELAY_SCENE_H

#include <dirent.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/call/call.h"
#include "daemon/base/clock.h"
#include "daemon/call/news.h"
#include "daemon/call/table.h"
#include "daemon/command/command.h"
#include "daemon/base/log.h"
#include "daemon/packet/pool.h"
#include "daemon/packet/tap_ring.h"
#include "daemon/port/iface.h"
#include "daemon/record/recorder.h"
#include "daemon/stats/stats.h"

#define SCENE_FN	  static __attribute__((unused))
#define SCENE_DEADLINE_MS 5000

struct scene {
	struct event_base *base;
	struct iface_table *ifaces;
	struct worker_pool *workers;
	struct stats stats;
	struct call_table *calls;
	struct recorder *recorder; /* scene_record(); NULL: none */
	struct command_env env;
	size_t fds_before;
};

SCENE_FN void scene_must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

SCENE_FN size_t scene_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	scene_must(dir, "/proc/self/fd");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

SCENE_FN void scene_event(void *arg, struct bridge *bridge, enum bridge_event event, enum side side,
			  enum component comp)
{
	struct scene *scene = arg;

	call_bridge_event(scene->calls, bridge, event, side, comp);
}

/* Opens a relay with these interfaces, ports @port_min..@port_max on each. */
SCENE_FN void scene_open_at(struct scene *scene, const char *const *interfaces, size_t n,
			    uint16_t port_min, uint16_t port_max)
{
	struct worker_pool_conf workers = { .threads = 1,
					    .patience_ms = 400,
					    .window_ms = 3000,
					    .event = scene_event,
					    .arg = scene };
	struct call_table_conf calls;
	const char *why;
	int error;

	*scene = (struct scene){ .fds_before = scene_count_fds() };
	log_set_level(LOG_LEVEL_ERR);
	scene->base = event_base_new();
	scene->ifaces = iface_table_new(port_min, port_max, 0);
	scene->workers = worker_pool_new(&workers, &error);
	scene_must(scene->base && scene->ifaces && scene->workers, "scene");
	for (size_t i = 0; i < n; i++)
		scene_must(!iface_table_add(scene->ifaces, str_of(interfaces[i]), &why), why);
	calls = (struct call_table_conf){ .base = scene->base,
					  .ifaces = scene->ifaces,
					  .workers = scene->workers,
					  .stats = &scene->stats,
					  .timeout_s = 60,
					  .silent_timeout_s = 3600,
					  .offer_timeout_s = 3600,
					  .max_medias = 16,
					  .max_branches = 64,
					  .tos = 0,
					  .latching = LATCH_SMART };
	scene->stats.started_ms = clock_ms();
	scene->calls = call_table_new(&calls);
	scene->env = (struct command_env){ .calls = scene->calls,
					   .stats = &scene->stats,
					   .arena = arena_new(1 << 16),
					   .now_ms = clock_ms() };
	scene_must(scene->calls && scene->env.arena, "scene");
}

/* Ports @port_min..@port_max on each interface. */
SCENE_FN void scene_open_ports(struct scene *scene, uint16_t port_min, uint16_t port_max)
{
	static const char *const interfaces[] = { "pub/127.80.0.1", "priv/127.80.0.2", "six/::1" };

	scene_open_at(scene, interfaces, COUNT(interfaces), port_min, port_max);
}

SCENE_FN void scene_open(struct scene *scene)
{
	scene_open_ports(scene, 21000, 21199);
}

/* Medias can be tapped from now on; media threads give the recorder nothing. */
SCENE_FN void scene_record(struct scene *scene)
{
	const struct recorder_conf conf = { .own_bytes = TAP_RING_MIN };
	int error;

	scene->recorder = recorder_open(&conf, &error);
	scene_must(scene->recorder, "recorder");
	scene->calls->conf.recorder = scene->recorder;
}

/*
 * Waits until the media threads have closed all released bridges; false: not within the deadline.
 */
SCENE_FN bool scene_settle(struct scene *scene)
{
	struct pollfd pollfd = { worker_pool_fd(scene->workers), POLLIN, 0 };
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;

	worker_pool_flush(scene->workers);
	while (call_table_closing(scene->calls)) {
		if (poll(&pollfd, 1, 100) > 0)
			worker_pool_dispatch(scene->workers);
		if (clock_ms() > until_ms)
			return false;
	}
	return true;
}

/* The number of pairs in use in the pool of @name. */
SCENE_FN unsigned int scene_used(struct scene *scene, const char *name)
{
	bool known;
	struct iface_addr *addr = iface_pick(scene->ifaces, str_of(name), AF_UNSPEC, &known);

	scene_must(known, name);
	return port_pool_usage(addr->pool, clock_ms()).used;
}

/* Ends all calls. False: a port is still in use. */
SCENE_FN bool scene_ends_clean(struct scene *scene)
{
	call_table_close_all(scene->calls);
	return scene_settle(scene) && !scene_used(scene, "pub") && !scene_used(scene, "priv") &&
	       !scene_used(scene, "six");
}

/* True: nothing was left behind. */
SCENE_FN bool scene_close(struct scene *scene)
{
	bool clean;

	call_table_close_all(scene->calls);
	clean = scene_settle(scene);
	for (size_t i = 0; i < iface_count(scene->ifaces); i++)
		clean = clean &&
			!port_pool_usage(iface_at(scene->ifaces, i)->pool, clock_ms()).used;
	worker_pool_free(scene->workers);
	call_table_free(scene->calls);
	recorder_close(scene->recorder, 60000);
	arena_free(scene->env.arena);
	iface_table_free(scene->ifaces);
	event_base_free(scene->base);
	return clean && scene_count_fds() == scene->fds_before;
}

SCENE_FN struct reply scene_run(struct scene *scene, command_fn *run, struct request request)
{
	struct reply reply = { 0 };

	scene->env.now_ms = clock_ms();
	arena_reset(scene->env.arena);
	run(&scene->env, &request, &reply);
	worker_pool_flush(scene->workers);
	return reply;
}

#endif
