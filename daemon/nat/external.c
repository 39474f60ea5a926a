/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external.c - finds out at which address the relay is reached from outside of its NAT */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mailbox.h"
#include "base/thread.h"
#include "base/wake.h"
#include "nat/external.h"
#include "nat/external_talk.h"

#define RETRY_MS       5000 /* while an address is not known */
#define PAUSE_MS       1000 /* at least, between two rounds */
#define PATIENCE_NS    500000000
#define MAPPING_ROUNDS 10 /* so many rounds later the kind of NAT is asked for again */

const char *const external_knowledge_names[] = {
	[EXTERNAL_UNKNOWN] = "unknown",
	[EXTERNAL_LAST] = "last",
	[EXTERNAL_FOUND] = "found",
};

/* From the thread to the control thread. @index: of the place */
struct report {
	struct letter letter;
	size_t index;
	struct external_finding finding;
	bool is_kind; /* of the NAT: then only @mapping and @filtering are news */
	enum external_mapping mapping;
	enum external_filtering filtering;
};

/**
 * struct asked - what the thread has found for a place
 * @found: in this round; unset: nothing
 * @mapped: the address when it asked how the NAT maps ports; @rounds: until it asks that again
 */
struct asked {
	struct endpoint found, mapped;
	unsigned int rounds;
};

/**
 * struct external
 * @owners: control thread and thread; the last one frees it. Shared, as @box
 * @bind to @media: do not change while the thread runs
 * @asked: of the thread
 * @place, @counters: of the control thread
 */
struct external {
	int owners;
	struct mailbox box;
	int stop_fd, wake_fd, news_fd;
	struct endpoint *bind;
	size_t n;
	struct external_source *source;
	size_t n_sources;
	int64_t interval_ms;
	struct addr_ports *media;
	size_t n_media;
	struct asked *asked;

	pthread_t thread;
	bool started;
	struct external_place *place;
	struct external_counters counters;
};

/* --- Places ----------------------------------------------------------------------------------- */

static enum external_news take_failure(struct external_place *place,
				       const struct external_finding *finding)
{
	bool failed_before = place->failing;

	place->failing = true;
	memcpy(place->why, finding->why, sizeof(place->why));
	return failed_before ? EXTERNAL_SAME : EXTERNAL_FAILS;
}

enum external_news external_place_take(struct external_place *place,
				       const struct external_finding *finding, int64_t now_ms)
{
	bool sure = place->knowledge == EXTERNAL_FOUND && !place->failing;

	place->double_nat = finding->double_nat;
	if (!endpoint_is_set(&finding->address))
		return take_failure(place, finding);
	place->failing = false;
	place->source = finding->source;
	place->checked_ms = now_ms;
	place->knowledge = EXTERNAL_FOUND;
	if (endpoint_addr_eq(&place->address, &finding->address))
		return sure ? EXTERNAL_SAME : EXTERNAL_CONFIRMED;
	place->address = finding->address;
	place->changed_ms = now_ms;
	place->mapping = EXTERNAL_MAPPING_UNKNOWN; /* it may be another NAT */
	place->filtering = EXTERNAL_FILTERING_UNKNOWN;
	return EXTERNAL_CHANGED;
}

/* --- Thread ----------------------------------------------------------------------------------- */

static void drop(struct external *external)
{
	const int fds[] = { external->stop_fd, external->wake_fd, external->news_fd };

	if (__atomic_sub_fetch(&external->owners, 1, __ATOMIC_ACQ_REL))
		return;
	for (struct letter *at = mailbox_take_all(&external->box), *next; at; at = next) {
		next = at->next;
		free(at);
	}
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(external->asked);
	free(external->place);
	free(external->source);
	free(external->media);
	free(external->bind);
	free(external);
}

/* Return: the thread has to end */
static bool wait_on(int stop_fd, int wake_fd, int64_t wait_ms)
{
	struct pollfd fds[] = { { stop_fd, POLLIN, 0 }, { wake_fd, POLLIN, 0 } };

	poll(fds, wake_fd < 0 ? 1 : 2, (int)wait_ms);
	return fds[0].revents;
}

static void add_why(struct external_finding *finding, const char *why)
{
	size_t at = strlen(finding->why);

	snprintf(finding->why + at, sizeof(finding->why) - at, "%s%s", at ? "; " : "", why);
}

/* The first source with a good answer. False: the thread has to end */
static bool ask_for(const struct external *external, size_t index, struct external_finding *finding)
{
	const struct external_question question = { external->bind[index], external->media,
						    external->n_media, external->stop_fd };

	for (size_t i = 0; i < external->n_sources; i++) {
		const struct external_source *source = &external->source[i];
		char why[EXTERNAL_WHY], text[ENDPOINT_TEXT];
		struct endpoint address = { 0 };
		const char *refusal;
		bool scope;
		int error = external_ask(source, &question, &address, why);

		if (error == -ECANCELED)
			return false;
		refusal = error ? why
				: external_refusal(source->kind, &question.bind, &address, &scope);
		if (!refusal) {
			endpoint_set_port(&address, 0);
			finding->address = address;
			finding->source = source->text;
			return true;
		}
		if (!error) {
			external_no(why, 0, "%s: says %s, %s", source->text,
				    endpoint_print_addr(&address, text), refusal);
			finding->double_nat = finding->double_nat || scope;
		}
		add_why(finding, why);
	}
	return true;
}

static struct report *new_report(size_t index)
{
	struct report *report = calloc(1, sizeof(*report));

	if (report)
		report->index = index;
	return report;
}

static void send_report(struct external *external, struct report *report)
{
	if (mailbox_put(&external->box, &report->letter))
		wake_post(external->news_fd);
}

/* Without memory the next round tells it. */
static bool ask_all(struct external *external)
{
	for (size_t i = 0; i < external->n; i++) {
		struct report *report = new_report(i);

		external->asked[i].found = (struct endpoint){ 0 };
		if (!report)
			continue;
		if (!ask_for(external, i, &report->finding)) {
			free(report);
			return false;
		}
		external->asked[i].found = report->finding.address;
		send_report(external, report);
	}
	return true;
}

static bool is_all_known(const struct external *external)
{
	for (size_t i = 0; i < external->n; i++)
		if (!endpoint_is_set(&external->asked[i].found))
			return false;
	return true;
}

/* In the first round with an address, after a change of it, and from time to time. */
static bool is_kind_due(struct asked *asked)
{
	if (!endpoint_is_set(&asked->found))
		return false;
	if (asked->rounds && endpoint_addr_eq(&asked->mapped, &asked->found)) {
		asked->rounds--;
		return false;
	}
	asked->mapped = asked->found;
	asked->rounds = MAPPING_ROUNDS;
	return true;
}

/* After the addresses: calls wait for those, and not for this. False: the thread has to end */
static bool ask_kinds(struct external *external)
{
	for (size_t i = 0; i < external->n; i++) {
		const struct external_question question = { external->bind[i], external->media,
							    external->n_media, external->stop_fd };
		struct report *report;

		if (!is_kind_due(&external->asked[i]))
			continue;
		report = new_report(i);
		if (!report)
			continue;
		report->is_kind = true;
		if (external_mapping(external->source, external->n_sources, &question,
				     &report->mapping) ||
		    external_filtering(external->source, external->n_sources, &question,
				       &report->filtering)) {
			free(report);
			return false;
		}
		send_report(external, report);
	}
	return true;
}

/* While addresses come and go, the next round is not at once. */
static void *run(void *arg)
{
	struct external *external = arg;
	bool stop = false;

	while (!stop && ask_all(external) && ask_kinds(external)) {
		int64_t wait_ms = external->interval_ms;

		if (!is_all_known(external) && wait_ms > RETRY_MS)
			wait_ms = RETRY_MS;
		stop = wait_on(external->stop_fd, -1, PAUSE_MS) ||
		       wait_on(external->stop_fd, external->wake_fd, wait_ms - PAUSE_MS);
		wake_clear(external->wake_fd);
	}
	drop(external);
	return NULL;
}

/* --- Control thread --------------------------------------------------------------------------- */

static bool copy_conf(struct external *external, const struct external_conf *conf)
{
	external->interval_ms = conf->interval_s * 1000LL;
	external->bind = calloc(conf->n_bind + 1, sizeof(*external->bind));
	external->place = calloc(conf->n_bind + 1, sizeof(*external->place));
	external->source = calloc(conf->sources->count + 1, sizeof(*external->source));
	external->asked = calloc(conf->n_bind + 1, sizeof(*external->asked));
	if (!external->bind || !external->place || !external->source || !external->asked)
		return false;
	for (size_t i = 0; i < conf->n_bind; i++)
		external->bind[i] = external->place[i].bind = conf->bind[i];
	external->n = conf->n_bind;
	for (size_t i = 0; i < conf->sources->count; i++)
		if (!external_source_read(conf->sources->item[i],
					  &external->source[external->n_sources]))
			external->n_sources++;
	return true;
}

struct external *external_new(const struct external_conf *conf)
{
	struct external *external = calloc(1, sizeof(*external));

	if (!external)
		return NULL;
	external->owners = 1;
	external->stop_fd = external->wake_fd = external->news_fd = -1;
	if (copy_conf(external, conf))
		return external;
	drop(external);
	return NULL;
}

static int open_fds(struct external *external)
{
	external->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	external->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	external->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return external->stop_fd < 0 || external->wake_fd < 0 || external->news_fd < 0 ? -errno : 0;
}

int external_run(struct external *external, const struct addr_ports *media, size_t n_media)
{
	int error = open_fds(external);

	if (error)
		return error;
	external->media = calloc(n_media + 1, sizeof(*external->media));
	if (!external->media)
		return -ENOMEM;
	for (size_t i = 0; i < n_media; i++)
		external->media[i] = media[i];
	external->n_media = n_media;
	external->owners = 2;
	error = thread_start(&external->thread, THREAD_OUTSIDE, run, external);
	external->started = !error;
	if (error)
		external->owners = 1;
	return error;
}

/* DNS may take half a minute: then the thread is left to itself, until it or the process ends. */
static void end_thread(struct external *external)
{
	struct timespec until;

	wake_post(external->stop_fd);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	if (pthread_clockjoin_np(external->thread, NULL, CLOCK_MONOTONIC, &until))
		pthread_detach(external->thread);
}

void external_free(struct external *external)
{
	if (!external)
		return;
	if (external->started)
		end_thread(external);
	drop(external);
}

size_t external_count(const struct external *external)
{
	return external ? external->n : 0;
}

struct external_place *external_at(struct external *external, size_t index)
{
	return index < external_count(external) ? &external->place[index] : NULL;
}

const struct external_place *external_of(struct external *external, const struct endpoint *bind)
{
	for (size_t i = 0; i < external_count(external); i++)
		if (endpoint_addr_eq(&external->place[i].bind, bind))
			return &external->place[i];
	return NULL;
}

struct external_counters external_counters(const struct external *external)
{
	return external ? external->counters : (struct external_counters){ 0 };
}

int external_fd(const struct external *external)
{
	return external ? external->news_fd : -1;
}

static void count(struct external_counters *counters, const struct external_finding *finding,
		  enum external_news news)
{
	counters->checks++;
	counters->failed += !endpoint_is_set(&finding->address);
	counters->double_nat += finding->double_nat;
	counters->changes += news == EXTERNAL_CHANGED;
}

static void take(struct external *external, const struct report *report, external_fn *fn, void *arg)
{
	struct external_place *place = &external->place[report->index];
	enum external_news news;

	if (report->is_kind) {
		place->mapping = report->mapping;
		place->filtering = report->filtering;
		return;
	}
	news = external_place_take(place, &report->finding, clock_ms());
	count(&external->counters, &report->finding, news);
	if (fn)
		fn(arg, place, news);
}

void external_dispatch(struct external *external, external_fn *fn, void *arg)
{
	struct letter *at, *next;

	if (!external)
		return;
	wake_clear(external->news_fd);
	for (at = mailbox_take_all(&external->box); at; at = next) {
		struct report *report = (struct report *)at; /* its first member */

		next = at->next;
		take(external, report, fn, arg);
		free(report);
	}
}

void external_check(struct external *external)
{
	if (external && external->started)
		wake_post(external->wake_fd);
}
