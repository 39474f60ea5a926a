/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service.c - the crypto thread as the control thread sees it: start, certificate, links, news, end
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include "base/log.h"
#include "base/thread.h"
#include "dtls/service.h"
#include "dtls/thread.h"

/* --- The certificate -------------------------------------------------------------------------- */

/* Takes @cert, which may be NULL. */
static struct shown_cert *show(struct dtls_cert *cert)
{
	struct shown_cert *shown = cert ? malloc(sizeof(*shown)) : NULL;

	if (!shown) {
		dtls_cert_free(cert);
		return NULL;
	}
	*shown = (struct shown_cert){ .refs = 1, .cert = cert };
	return shown;
}

static int open_cert(struct dtls_service *service)
{
	struct dtls_cert *cert = NULL;
	time_t now = time(NULL);
	int error = service->path ? dtls_cert_load(service->path, now, &cert) : -ENOENT;

	if (error && error != -ENOENT && error != -ESTALE)
		log_warn("dtls: %s cannot be used as key and certificate (%s): others are made",
			 service->path, strerror(-error));
	if (!cert)
		cert = dtls_cert_make(now);
	service->cert = show(cert);
	if (!service->cert)
		return -ENOMEM;
	if (!error || !service->path)
		return 0;
	error = dtls_cert_save(cert, service->path);
	if (error)
		log_warn("dtls: cannot write %s (%s): after a restart another certificate is shown",
			 service->path, strerror(-error));
	return 0;
}

static struct to_crypto *letter_to(struct dtls_link *link, enum letter_kind kind)
{
	struct to_crypto *letter = calloc(1, sizeof(*letter));

	if (!letter)
		return NULL;
	letter->kind = kind;
	letter->link = dtls_link_get(link);
	return letter;
}

/* Links that are open keep theirs. */
static void renew_cert(struct dtls_service *service)
{
	struct shown_cert *shown;
	struct to_crypto *letter;
	time_t now = time(NULL);

	if (now < service->cert->cert->renew_at)
		return;
	shown = show(dtls_cert_make(now));
	if (!shown)
		return;
	shown_cert_put(service->cert);
	service->cert = shown;
	log_info("dtls: a new certificate for new calls");
	letter = service->path ? letter_to(NULL, LETTER_SAVE) : NULL;
	if (!letter)
		return;
	letter->save = shown_cert_get(shown);
	dtls_post(service, letter);
}

/* --- The control thread ----------------------------------------------------------------------- */

static int start(struct dtls_service *service)
{
	int error = open_cert(service);

	if (error)
		return error;
	service->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	service->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (service->wake_fd < 0 || service->news_fd < 0)
		return -errno;
	error = thread_start(&service->thread, THREAD_CRYPTO, dtls_thread_run, service);
	service->running = !error;
	return error;
}

struct dtls_service *dtls_service_open(const struct dtls_service_conf *conf, int *error)
{
	struct dtls_service *service =
		calloc(1, sizeof(*service) + conf->threads * sizeof(service->rings[0]));

	*error = -ENOMEM;
	if (!service)
		return NULL;
	service->conf = *conf;
	service->wake_fd = service->news_fd = -1;
	service->due_ms = INT64_MAX;
	ring_init(&service->busy);
	if (conf->path)
		service->path = strdup(conf->path);
	if (service->path || !conf->path)
		*error = start(service);
	if (!*error)
		return service;
	dtls_service_close(service);
	return NULL;
}

void dtls_service_stop(struct dtls_service *service)
{
	if (!service || !service->running)
		return;
	service->stop.kind = LETTER_STOP;
	dtls_post(service, &service->stop);
	pthread_join(service->thread, NULL);
	service->running = false;
}

/* What the thread has not read; links are closed here. */
static void empty(struct dtls_service *service)
{
	struct dtls_ring_slot *slot;
	struct letter *at, *next;

	dtls_thread_read(service, 0);
	for (unsigned int i = 0; i < service->conf.threads; i++)
		while ((slot = dtls_ring_first(&service->rings[i]))) {
			dtls_link_put(slot->link);
			dtls_ring_drop(&service->rings[i]);
		}
	for (at = mailbox_take_all(&service->news); at; at = next) {
		struct to_control *news = container_of(at, struct to_control, letter);

		next = at->next;
		dtls_link_put(news->link);
		explicit_bzero(&news->keys, sizeof(news->keys));
		free(news);
	}
}

void dtls_service_close(struct dtls_service *service)
{
	if (!service)
		return;
	dtls_service_stop(service);
	empty(service);
	shown_cert_put(service->cert);
	if (service->wake_fd >= 0)
		close(service->wake_fd);
	if (service->news_fd >= 0)
		close(service->news_fd);
	free(service->path);
	free(service);
}

int dtls_service_fd(const struct dtls_service *service)
{
	return service->news_fd;
}

void dtls_service_dispatch(struct dtls_service *service)
{
	struct letter *at, *next;
	uint64_t signals;

	if (read(service->news_fd, &signals, sizeof(signals)) < 0 && errno != EAGAIN)
		return;
	for (at = mailbox_take_all(&service->news); at; at = next) {
		struct to_control *news = container_of(at, struct to_control, letter);

		next = at->next;
		news->report.owner = news->link->owner;
		news->report.link = news->link;
		if (news->report.event == DTLS_EVENT_KEYS)
			news->report.keys = &news->keys;
		if (news->link->owner)
			service->conf.event(service->conf.arg, &news->report);
		dtls_link_put(news->link);
		explicit_bzero(&news->keys, sizeof(news->keys));
		free(news);
	}
}

void dtls_service_counts(const struct dtls_service *service, struct dtls_counts *counts)
{
	const uint64_t *from = (const uint64_t *)&service->counts;
	uint64_t *to = (uint64_t *)counts;

	_Static_assert(!(sizeof(*counts) % sizeof(*to)), "has counters only");
	for (size_t i = 0; i < sizeof(*counts) / sizeof(*to); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

void dtls_service_dates(const struct dtls_service *service, int64_t *from_s, int64_t *until_s)
{
	*from_s = service->cert->cert->from;
	*until_s = service->cert->cert->until;
}

struct dtls_link *dtls_link_open(struct dtls_service *service, dtls_link_send_fn *send, void *arg,
				 void *owner)
{
	struct dtls_link *link = calloc(1, sizeof(*link));
	struct to_crypto *letter;

	if (!link)
		return NULL;
	renew_cert(service);
	*link = (struct dtls_link){ .refs = 1,
				    .service = service,
				    .cert = shown_cert_get(service->cert),
				    .send = send,
				    .arg = arg,
				    .owner = owner };
	letter = letter_to(link, LETTER_OPEN);
	if (!letter) {
		dtls_link_put(link);
		return NULL;
	}
	dtls_post(service, letter);
	return link;
}

void dtls_link_close(struct dtls_link *link)
{
	if (!link)
		return;
	link->owner = NULL;
	link->close = (struct to_crypto){ .kind = LETTER_CLOSE, .link = link };
	dtls_post(link->service, &link->close);
}

int dtls_link_terms(struct dtls_link *link, const struct dtls_terms *terms, bool resumed)
{
	struct to_crypto *letter = letter_to(link, LETTER_TERMS);

	if (!letter)
		return -ENOMEM;
	letter->terms = *terms;
	letter->resumed = resumed;
	dtls_post(link->service, letter);
	return 0;
}

const struct dtls_fingerprint *dtls_link_fingerprint(const struct dtls_link *link,
						     enum dtls_hash hash)
{
	return &link->cert->cert->fingerprint[hash - 1];
}

void dtls_link_set_owner(struct dtls_link *link, void *owner)
{
	link->owner = owner;
}
