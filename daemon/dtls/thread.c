/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread.c - what the crypto thread does
 *
 * It waits for letters of the control thread, datagrams of the media threads, and the next
 * retransmission. Associations belong to it; it sends keys and failures to the control thread.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include "base/clock.h"
#include "base/log.h"
#include "dtls/thread.h"

#define NICE 5 /* below media */
/* Retransmissions are looked at so often at most: thousands of them may wait. */
#define TICK_MS 5
/* Datagrams of one media thread in a row. */
#define BATCH 16

static void count(uint64_t *counter)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

static void on_send(void *arg, const uint8_t *data, size_t len)
{
	struct dtls_link *link = arg;

	link->send(link->arg, link, data, len);
}

static void on_event(void *arg, enum dtls_event event, const struct dtls_keys *keys,
		     const char *why, unsigned int took_ms)
{
	struct dtls_link *link = arg;
	struct dtls_service *service = link->service;
	struct to_control *news = calloc(1, sizeof(*news));

	if (!news)
		return; /* the peer begins again, or the call times out */
	news->link = dtls_link_get(link);
	news->report = (struct dtls_report){ .event = event, .why = why, .took_ms = took_ms };
	if (keys)
		news->keys = *keys;
	if (mailbox_put(&service->news, &news->letter))
		wake_post(service->news_fd);
}

/* After each change: its place among those that are busy. */
static void follow(struct dtls_link *link, int wait_ms, int64_t now_ms)
{
	struct dtls_service *service = link->service;
	bool busy = wait_ms >= 0;

	if (link->is_busy && !busy)
		ring_remove(&link->busy);
	if (!link->is_busy && busy)
		ring_insert(&service->busy, &link->busy);
	link->is_busy = busy;
	link->due_ms = now_ms + wait_ms;
	if (busy && link->due_ms < service->due_ms)
		service->due_ms = link->due_ms;
}

static void look(struct dtls_link *link, int64_t now_ms)
{
	follow(link, dtls_association_tick(link->association, now_ms), now_ms);
}

static void open_association(struct dtls_link *link)
{
	const struct dtls_association_conf conf = { .cert = link->cert->cert,
						    .mtu = link->service->conf.mtu,
						    .first_ms = DTLS_FIRST_MS,
						    .send = on_send,
						    .event = on_event,
						    .arg = link };

	if (!link->association)
		link->association = dtls_association_new(&conf);
}

static void close_association(struct dtls_link *link)
{
	follow(link, -1, 0);
	dtls_association_free(link->association);
	link->association = NULL;
}

static void execute(struct dtls_service *service, struct to_crypto *letter, int64_t now_ms)
{
	struct dtls_link *link = letter->link;

	switch (letter->kind) {
	case LETTER_OPEN:
		open_association(link);
		break;
	case LETTER_TERMS:
		open_association(link);
		if (!link->association)
			break;
		dtls_association_terms(link->association, &letter->terms, letter->resumed, now_ms);
		look(link, now_ms);
		break;
	case LETTER_CLOSE:
		close_association(link);
		dtls_link_put(link); /* the letter is a member of it */
		return;
	case LETTER_SAVE:
		if (dtls_cert_save(letter->save->cert, service->path))
			log_warn("dtls: cannot write %s: calls of today will need new handshakes "
				 "with another certificate after a restart",
				 service->path);
		shown_cert_put(letter->save);
		break;
	case LETTER_STOP:
		service->stopping = true;
		return;
	}
	dtls_link_put(link);
	free(letter);
}

void dtls_thread_read(struct dtls_service *service, int64_t now_ms)
{
	struct letter *at = mailbox_take_all(&service->letters);

	while (at) {
		struct letter *next = at->next;

		execute(service, container_of(at, struct to_crypto, letter), now_ms);
		at = next;
	}
}

static void receive(struct dtls_service *service, const struct dtls_ring_slot *slot, int64_t now_ms)
{
	struct dtls_link *link = slot->link;

	__atomic_sub_fetch(&link->queued, 1, __ATOMIC_RELAXED);
	if (!link->association) /* closed, or out of memory */
		return;
	count(&service->counts.taken[dtls_association_receive(link->association, slot->data,
							      slot->len, now_ms)]);
	look(link, now_ms);
}

/* Return: there may be more */
static bool read_ring(struct dtls_service *service, struct dtls_ring *ring)
{
	struct dtls_ring_slot *slot;
	int n = 0;

	while (n < BATCH && (slot = dtls_ring_first(ring))) {
		struct dtls_link *link = slot->link;

		receive(service, slot, clock_ms());
		dtls_ring_drop(ring);
		dtls_link_put(link);
		n++;
	}
	return n == BATCH;
}

static void look_at_busy(struct dtls_service *service, int64_t now_ms)
{
	struct ring *at = service->busy.next, *next;

	if (now_ms < service->due_ms || now_ms - service->looked_ms < TICK_MS)
		return;
	service->looked_ms = now_ms;
	service->due_ms = INT64_MAX;
	for (; at != &service->busy; at = next) {
		struct dtls_link *link = container_of(at, struct dtls_link, busy);

		next = at->next;
		if (link->due_ms <= now_ms)
			look(link, now_ms);
		else if (link->due_ms < service->due_ms)
			service->due_ms = link->due_ms;
	}
}

static int sleep_ms(const struct dtls_service *service, bool more, int64_t now_ms)
{
	int64_t at_ms = service->due_ms;

	if (more)
		return 0;
	if (service->busy.next == &service->busy)
		return -1;
	if (at_ms < service->looked_ms + TICK_MS)
		at_ms = service->looked_ms + TICK_MS;
	return at_ms <= now_ms ? 0 : at_ms - now_ms > 1000 ? 1000 : (int)(at_ms - now_ms);
}

static void lower_priority(void)
{
	id_t thread = (id_t)syscall(SYS_gettid);

	setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + NICE);
}

void *dtls_thread_run(void *arg)
{
	struct dtls_service *service = arg;
	bool more = false;

	lower_priority();
	while (!service->stopping) {
		struct pollfd fd = { .fd = service->wake_fd, .events = POLLIN };
		uint64_t signals;

		poll(&fd, 1, sleep_ms(service, more, clock_ms()));
		/* First the wake-up, then what it is about: what arrives later wakes us again. */
		if (read(service->wake_fd, &signals, sizeof(signals)) < 0 && errno != EAGAIN)
			continue;
		dtls_thread_read(service, clock_ms());
		more = false;
		for (unsigned int i = 0; i < service->conf.threads; i++)
			more |= read_ring(service, &service->rings[i]);
		look_at_busy(service, clock_ms());
	}
	return NULL;
}
