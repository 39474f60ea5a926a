/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writer.c - the thread that writes to disk, so that the control thread does not wait */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/thread.h"
#include "base/wake.h"
#include "journal/writer.h"

/* A file that was removed is replaced by a new one, here, since opening it may take long. */
static void write_batch(struct journal_writer *writer, struct journal_letter *order)
{
	order->renewed = false;
	order->error = writer->store ? journal_store_write(writer->store, &order->batch, order->why)
				     : -ESTALE;
	if (order->error == -ESTALE)
		order->renewed = !journal_store_renew(&writer->store, writer->dir, order->why);
}

static void *run(void *arg)
{
	struct journal_writer *writer = arg;
	uint64_t count;

	for (;;) {
		struct letter *letter;

		if (read(writer->wake_fd, &count, sizeof(count)) < 0 && errno != EINTR)
			return NULL;
		letter = mailbox_take_all(&writer->orders);
		while (letter) {
			struct journal_letter *order = (struct journal_letter *)letter;
			bool stop = order->stop;

			letter = letter->next;
			if (!stop)
				write_batch(writer, order);
			mailbox_put(&writer->done, &order->letter);
			wake_post(writer->done_fd);
			if (stop)
				return NULL;
		}
	}
}

static void close_fds(struct journal_writer *writer)
{
	if (writer->wake_fd >= 0)
		close(writer->wake_fd);
	if (writer->done_fd >= 0)
		close(writer->done_fd);
}

int journal_writer_start(struct journal_writer *writer, struct journal_store *store,
			 const char *dir)
{
	int error = 0;

	*writer = (struct journal_writer){ .store = store, .dir = dir };
	writer->wake_fd = eventfd(0, EFD_CLOEXEC);
	writer->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (writer->wake_fd < 0 || writer->done_fd < 0)
		error = -errno;
	if (!error)
		error = thread_start(&writer->thread, THREAD_JOURNAL, run, writer);
	if (error)
		close_fds(writer);
	return error;
}

/* Has the thread ended? It says so by its last letter. */
static bool has_ended(struct journal_writer *writer)
{
	const struct letter *letter = mailbox_take_all(&writer->done);

	for (; letter; letter = letter->next)
		if (letter == &writer->stop.letter)
			return true;
	return false;
}

int journal_writer_stop(struct journal_writer *writer, struct journal_store **store)
{
	struct pollfd pollfd = { writer->done_fd, POLLIN, 0 };
	int64_t until_ms = clock_ms() + WRITER_STOP_MS, left_ms;
	uint64_t count;

	writer->stop.stop = true;
	journal_writer_post(writer, &writer->stop);
	while (!has_ended(writer)) {
		left_ms = until_ms - clock_ms();
		if (left_ms <= 0) {
			pthread_detach(writer->thread);
			return -ETIMEDOUT;
		}
		poll(&pollfd, 1, (int)left_ms);
		if (read(writer->done_fd, &count, sizeof(count)) < 0)
			continue;
	}
	pthread_join(writer->thread, NULL);
	close_fds(writer);
	*store = writer->store;
	return 0;
}

void journal_writer_post(struct journal_writer *writer, struct journal_letter *letter)
{
	mailbox_put(&writer->orders, &letter->letter);
	wake_post(writer->wake_fd);
}

struct journal_letter *journal_writer_done(struct journal_writer *writer)
{
	uint64_t count;

	if (read(writer->done_fd, &count, sizeof(count)) < 0)
		return NULL;
	return (struct journal_letter *)mailbox_take_all(&writer->done);
}
