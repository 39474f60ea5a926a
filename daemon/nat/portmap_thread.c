/* SPDX-License-Identifier: GPL-2.0-or-later */
/* portmap_thread.c - the thread that asks routers about mappings, and writes the file of them */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/thread.h"
#include "base/wake.h"
#include "nat/portmap_file.h"
#include "nat/portmap_talk.h"
#include "nat/portmap_thread.h"
#include "nat/upnp_process.h"

#define PATIENCE_NS 500000000

/**
 * struct portmap_thread
 * @owners: control thread and thread; the last one frees it. Shared, as the boxes
 * @dir, @media: do not change while the thread runs
 */
struct portmap_thread {
	int owners;
	struct mailbox orders, done;
	int stop_fd, wake_fd, news_fd;
	char *dir;
	struct addr_ports *media;
	size_t n_media;
	pthread_t thread;
};

void portmap_order_free(struct portmap_order *order)
{
	if (order)
		free(order->text);
	free(order);
}

static void free_letters(struct letter *at)
{
	while (at) {
		struct letter *next = at->next;

		portmap_order_free((struct portmap_order *)at); /* its first member */
		at = next;
	}
}

static void drop(struct portmap_thread *thread)
{
	const int fds[] = { thread->stop_fd, thread->wake_fd, thread->news_fd };

	if (__atomic_sub_fetch(&thread->owners, 1, __ATOMIC_ACQ_REL))
		return;
	free_letters(mailbox_take_all(&thread->orders));
	free_letters(mailbox_take_all(&thread->done));
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(thread->media);
	free(thread->dir);
	free(thread);
}

static void carry_out(const struct portmap_thread *thread, struct portmap_order *order,
		      struct upnp_process **upnp)
{
	struct external_question question = { order->job.local, thread->media, thread->n_media,
					      thread->stop_fd };

	endpoint_set_port(&question.bind, 0);
	if (order->text && thread->dir)
		order->file_error = portmap_file_write(
			thread->dir, (struct str){ order->text, order->text_len });
	order->result.outcome = PORTMAP_CANCELED;
	if (order->ask)
		portmap_talk(&question, &order->job, upnp, &order->result);
}

static bool is_stopped(const struct portmap_thread *thread, int wait_ms)
{
	struct pollfd fds[] = { { thread->stop_fd, POLLIN, 0 }, { thread->wake_fd, POLLIN, 0 } };

	poll(fds, wait_ms ? 2 : 1, wait_ms);
	return fds[0].revents;
}

static void *run(void *arg)
{
	struct portmap_thread *thread = arg;
	struct upnp_process *upnp = NULL;

	while (!is_stopped(thread, -1)) {
		struct letter *at, *next;

		wake_clear(thread->wake_fd);
		for (at = mailbox_take_all(&thread->orders); at; at = next) {
			next = at->next;
			if (!is_stopped(thread, 0))
				carry_out(thread, (struct portmap_order *)at, &upnp);
			if (mailbox_put(&thread->done, at))
				wake_post(thread->news_fd);
		}
	}
	upnp_process_end(upnp);
	drop(thread);
	return NULL;
}

static int fill(struct portmap_thread *thread, const char *dir, const struct addr_ports *media,
		size_t n_media)
{
	thread->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	thread->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	thread->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (thread->stop_fd < 0 || thread->wake_fd < 0 || thread->news_fd < 0)
		return -errno;
	thread->dir = dir ? strdup(dir) : NULL;
	thread->media = calloc(n_media + 1, sizeof(*media));
	if ((dir && !thread->dir) || !thread->media)
		return -ENOMEM;
	for (size_t i = 0; i < n_media; i++)
		thread->media[i] = media[i];
	thread->n_media = n_media;
	return 0;
}

int portmap_thread_start(const char *dir, const struct addr_ports *media, size_t n_media,
			 struct portmap_thread **result)
{
	struct portmap_thread *thread = calloc(1, sizeof(*thread));
	int error;

	if (!thread)
		return -ENOMEM;
	thread->owners = 2;
	thread->stop_fd = thread->wake_fd = thread->news_fd = -1;
	error = fill(thread, dir, media, n_media);
	if (!error)
		error = thread_start(&thread->thread, THREAD_MAPPINGS, run, thread);
	if (error) {
		thread->owners = 1;
		drop(thread);
		return error;
	}
	*result = thread;
	return 0;
}

/* A thread that does not end, as it waits for a disk, is left to itself until the process ends. */
void portmap_thread_end(struct portmap_thread *thread)
{
	struct timespec until;

	if (!thread)
		return;
	wake_post(thread->stop_fd);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	if (pthread_clockjoin_np(thread->thread, NULL, CLOCK_MONOTONIC, &until))
		pthread_detach(thread->thread);
	drop(thread);
}

void portmap_thread_put(struct portmap_thread *thread, struct portmap_order *order)
{
	mailbox_put(&thread->orders, &order->letter);
	wake_post(thread->wake_fd);
}

int portmap_thread_fd(const struct portmap_thread *thread)
{
	return thread->news_fd;
}

struct letter *portmap_thread_take(struct portmap_thread *thread)
{
	wake_clear(thread->news_fd);
	return mailbox_take_all(&thread->done);
}
