/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stun_service.c - the STUN service: its sockets, and the thread that answers */
#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/count.h"
#include "base/thread.h"
#include "base/wake.h"
#include "nat/stun_service.h"
#include "nat/stun_tcp.h"

#define NICE	       10	   /* more than that of the daemon */
#define BATCH	       16	   /* datagrams of one socket, before the next one is read */
#define RECEIVE_BUFFER (64 * 1024) /* a flood waits in the kernel, and is dropped there */
#define SOCKETS_MAX    (STUN_SITE_SOCKETS * STUN_SITES_MAX)
/* A slice of time, and how many datagrams are read in it: it grows with the answers allowed. */
#define SLICE_US       10000
#define SLICE_READS(t) (50 + (t) / 40)

struct socket {
	int fd;
	const struct stun_site *site;
	unsigned int index; /* in @site */
};

/* Reads of the current slice. */
struct pace {
	int64_t ends_us;
	unsigned int left;
};

/* Addresses that have changed: those to name, and those of media. */
struct fresh {
	struct stun_sites sites;
	struct addr_ports *media;
	size_t n_media;
};

/**
 * struct stun_service
 * @told: addresses as the control thread has told them; @sites: the thread's, once it runs
 * @tcp: the thread's, once it runs
 * @fresh_bans: a set for the thread to take, or NO_BANS; shared
 * @fresh: addresses for the thread, or NULL; shared
 * @classic to @total: struct stun_settings; shared
 * @counters: written by the thread; shared
 * @bans: the thread's; @media as well, once it runs
 */
struct stun_service {
	struct stun_sites told, sites;
	struct stun_tcp *tcp;
	struct socket socket[SOCKETS_MAX];
	size_t n_sockets;
	struct cidr *allow;
	size_t n_allow;
	struct addr_ports *media;
	size_t n_media;
	struct stun_limit *limit;
	pthread_t thread;
	bool started, stop;
	int wake_fd;
	struct banned *fresh_bans;
	struct fresh *fresh;
	unsigned int classic, discovery, rate, burst, total;
	struct stun_counters counters;

	struct banned *bans;
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	struct endpoint source[BATCH];
	uint8_t data[BATCH][STUN_REQUEST_MAX];
	struct stun_answer answer;
};

/* No other set is at this address. */
#define NO_BANS ((struct banned *)-1)

static void count(uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

/* --- Thread: a datagram ----------------------------------------------------------------------- */

static bool is_allowed(const struct stun_service *service, const struct endpoint *source)
{
	for (size_t i = 0; i < service->n_allow; i++)
		if (cidr_has(&service->allow[i], source))
			return true;
	return !service->n_allow;
}

/* An answer to one of the relay's own ports would arrive as media. */
static bool is_own_media(const struct stun_service *service, const struct endpoint *source)
{
	for (size_t i = 0; i < service->n_media; i++)
		if (addr_ports_has(&service->media[i], source))
			return true;
	return false;
}

/*
 * NULL: @source may be answered; else the counter of the reason. By TCP nothing arrives as media.
 */
static uint64_t *why_refused(struct stun_service *service, const struct endpoint *source, bool tcp)
{
	if (banned_has(service->bans, source))
		return &service->counters.banned;
	if (!is_allowed(service, source))
		return &service->counters.not_allowed;
	return !tcp && is_own_media(service, source) ? &service->counters.source : NULL;
}

static uint64_t *counter_of(struct stun_counters *counters, enum stun_verdict verdict)
{
	uint64_t *const of[STUN_VERDICTS] = {
		[STUN_ANSWER_CLASSIC] = &counters->classic,
		[STUN_ANSWER_DISCOVERY] = &counters->discovery,
		[STUN_ANSWER_ERROR] = &counters->errors,
		[STUN_SILENT_MALFORMED] = &counters->malformed,
		[STUN_SILENT_FINGERPRINT] = &counters->fingerprint,
		[STUN_SILENT_SOURCE] = &counters->source,
		[STUN_SILENT_CLASSIC] = &counters->classic_refused,
		[STUN_SILENT_CHANGE] = &counters->cannot_change,
	};

	return of[verdict];
}

/* The sockets of a site are in the order of their indices. */
static const struct socket *sibling(const struct socket *socket, unsigned int index)
{
	return socket - socket->index + index;
}

static bool send_answer(const struct stun_service *service, const struct socket *socket)
{
	const struct stun_answer *answer = &service->answer;
	const struct socket *from = sibling(socket, answer->from);

	return sendto(from->fd, answer->bytes, answer->len, MSG_DONTWAIT | MSG_NOSIGNAL,
		      &answer->to.sa, endpoint_len(&answer->to)) == (ssize_t)answer->len;
}

static enum stun_limited take(struct stun_service *service, const struct endpoint *source)
{
	const struct stun_rates rates = {
		.rate = __atomic_load_n(&service->rate, __ATOMIC_RELAXED),
		.burst = __atomic_load_n(&service->burst, __ATOMIC_RELAXED),
		.total = __atomic_load_n(&service->total, __ATOMIC_RELAXED),
	};

	return stun_limit_take(service->limit, &rates, source, clock_us());
}

static bool may_reply(struct stun_service *service, const struct endpoint *source)
{
	struct stun_counters *counters = &service->counters;
	enum stun_limited limited = take(service, source);

	if (limited != STUN_UNLIMITED)
		count(limited == STUN_LIMITED ? &counters->limited : &counters->limited_total);
	return limited == STUN_UNLIMITED;
}

static void reply(struct stun_service *service, const struct socket *socket,
		  const struct endpoint *source, uint64_t *kind)
{
	struct stun_counters *counters = &service->counters;

	if (!may_reply(service, source))
		return;
	if (!send_answer(service, socket)) {
		count(&counters->send_failed);
		return;
	}
	count(&counters->replies);
	if (kind)
		count(kind);
}

static struct stun_rules rules_of(const struct stun_service *service)
{
	return (struct stun_rules){
		.classic = __atomic_load_n(&service->classic, __ATOMIC_RELAXED),
		.discovery = __atomic_load_n(&service->discovery, __ATOMIC_RELAXED),
	};
}

static void handle(struct stun_service *service, const struct socket *socket,
		   const struct mmsghdr *msg)
{
	const struct endpoint *source = msg->msg_hdr.msg_name;
	const struct stun_rules rules = rules_of(service);
	enum stun_verdict verdict = STUN_SILENT_MALFORMED;
	uint64_t *refused = why_refused(service, source, false), *kind;

	count(&service->counters.requests);
	if (refused) {
		count(refused);
		return;
	}
	if (!(msg->msg_hdr.msg_flags & MSG_TRUNC))
		verdict =
			stun_answer(socket->site, &rules, socket->index, source,
				    msg->msg_hdr.msg_iov->iov_base, msg->msg_len, &service->answer);
	kind = counter_of(&service->counters, verdict);
	if (verdict < STUN_ANSWERS)
		reply(service, socket, source, kind);
	else
		count(kind);
}

/* --- Thread: connections ---------------------------------------------------------------------- */

static bool lets(void *arg, const struct endpoint *source)
{
	return !why_refused(arg, source, true);
}

/* A silence, as by UDP, is the end of the connection. */
static size_t answer_stream(void *arg, const struct endpoint *source, const uint8_t *data,
			    size_t len, const uint8_t **reply)
{
	/* Only sites with two addresses are named in replies. */
	static const struct stun_site none = { .n = 2 };
	const struct stun_rules rules = { .stream = true };
	struct stun_service *service = arg;
	uint64_t *refused = why_refused(service, source, true), *kind;
	enum stun_verdict verdict;

	count(&service->counters.requests);
	if (refused) {
		count(refused);
		return 0;
	}
	verdict = stun_answer(&none, &rules, 0, source, data, len, &service->answer);
	kind = counter_of(&service->counters, verdict);
	if (verdict >= STUN_ANSWERS) {
		count(kind);
		return 0;
	}
	if (!may_reply(service, source))
		return 0;
	count(&service->counters.replies);
	if (kind)
		count(kind);
	*reply = service->answer.bytes;
	return service->answer.len;
}

static void count_connection(void *arg, enum stun_tcp_event event)
{
	struct stun_counters *counters = &((struct stun_service *)arg)->counters;
	uint64_t *const of[] = {
		[STUN_TCP_ACCEPTED] = &counters->tcp,
		[STUN_TCP_REFUSED] = &counters->tcp_refused,
		[STUN_TCP_IDLE] = &counters->tcp_ended,
	};

	count(of[event]);
}

/* --- Thread: the loop ------------------------------------------------------------------------- */

/* Return: datagrams read */
static unsigned int read_socket(struct stun_service *service, const struct socket *socket)
{
	int n;

	for (size_t i = 0; i < BATCH; i++) {
		service->iov[i] = (struct iovec){ service->data[i], sizeof(service->data[i]) };
		service->msg[i].msg_hdr = (struct msghdr){ .msg_name = &service->source[i],
							   .msg_namelen = sizeof(struct endpoint),
							   .msg_iov = &service->iov[i],
							   .msg_iovlen = 1 };
	}
	n = recvmmsg(socket->fd, service->msg, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		handle(service, socket, &service->msg[i]);
	return n > 0 ? (unsigned int)n : 0;
}

static void begin_slice(const struct stun_service *service, struct pace *pace, int64_t now_us)
{
	if (now_us < pace->ends_us)
		return;
	pace->ends_us = now_us + SLICE_US;
	pace->left = SLICE_READS(__atomic_load_n(&service->total, __ATOMIC_RELAXED));
}

static void free_fresh(struct fresh *fresh)
{
	if (fresh)
		free(fresh->media);
	free(fresh);
}

/* The sockets stay as they are. */
static void take_addresses(struct stun_service *service)
{
	struct fresh *fresh = __atomic_exchange_n(&service->fresh, NULL, __ATOMIC_ACQ_REL);

	if (!fresh)
		return;
	for (size_t i = 0; i < service->sites.n; i++)
		memcpy(service->sites.site[i].named, fresh->sites.site[i].named,
		       sizeof(fresh->sites.site[i].named));
	free(service->media);
	service->media = fresh->media;
	service->n_media = fresh->n_media;
	fresh->media = NULL;
	free_fresh(fresh);
}

static void take_orders(struct stun_service *service)
{
	struct banned *fresh = __atomic_exchange_n(&service->fresh_bans, NO_BANS, __ATOMIC_ACQ_REL);
	uint64_t wakes;

	take_addresses(service);
	if (read(service->wake_fd, &wakes, sizeof(wakes)) < 0)
		wakes = 0; /* it was a time-out */
	if (fresh == NO_BANS)
		return;
	banned_put(service->bans);
	service->bans = fresh;
}

/*
 * Until something arrives, an order comes or a connection has been idle for too long; after too
 * many datagrams, until the slice ends or for an order.
 */
static void wait_for_work(const struct stun_service *service, const struct pace *pace,
			  struct pollfd *fds, size_t n, int64_t idle_ms)
{
	int64_t rest_us = pace->ends_us - clock_us();
	struct timespec rest = { 0, rest_us > 0 ? rest_us * 1000 : 0 };
	int64_t wait_ms = idle_ms - clock_ms();

	for (size_t i = 0; i <= service->n_sockets; i++)
		fds[i].revents = 0;
	if (wait_ms < 0)
		wait_ms = 0; /* it has become idle meanwhile; -1 would be for ever */
	if (pace->left)
		poll(fds, n, idle_ms < 0 ? -1 : (int)wait_ms);
	else
		ppoll(fds, 1, &rest, NULL);
}

static void read_sockets(struct stun_service *service, struct pace *pace, const struct pollfd *fds)
{
	for (size_t i = 0; i < service->n_sockets; i++) {
		unsigned int n;

		if (!pace->left || !fds[i + 1].revents)
			continue;
		n = read_socket(service, &service->socket[i]);
		pace->left -= n < pace->left ? n : pace->left;
	}
}

static void serve(struct stun_service *service, struct pace *pace, struct pollfd *fds)
{
	struct pollfd *tcp_fds = fds + 1 + service->n_sockets;
	int64_t idle_ms = stun_tcp_tick(service->tcp, clock_ms());
	size_t n_tcp = stun_tcp_fds(service->tcp, tcp_fds);

	wait_for_work(service, pace, fds, 1 + service->n_sockets + n_tcp, idle_ms);
	take_orders(service);
	begin_slice(service, pace, clock_us());
	read_sockets(service, pace, fds);
	pace->left -= stun_tcp_handle(service->tcp, tcp_fds, pace->left, clock_ms());
}

/* Media threads are never to wait for this one. A lower priority is always permitted. */
static void yield_to_media(void)
{
	id_t thread = (id_t)syscall(SYS_gettid);

	setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + NICE);
}

static void *run(void *arg)
{
	struct stun_service *service = arg;
	struct pollfd fds[1 + SOCKETS_MAX + STUN_TCP_FDS] = { { service->wake_fd, POLLIN, 0 } };
	struct pace pace = { 0 };

	yield_to_media();
	for (size_t i = 0; i < service->n_sockets; i++)
		fds[i + 1] = (struct pollfd){ service->socket[i].fd, POLLIN, 0 };
	begin_slice(service, &pace, clock_us());
	while (!__atomic_load_n(&service->stop, __ATOMIC_ACQUIRE))
		serve(service, &pace, fds);
	return NULL;
}

/* --- Control thread --------------------------------------------------------------------------- */

void stun_service_set(struct stun_service *service, const struct stun_settings *settings)
{
	if (!service)
		return;
	__atomic_store_n(&service->classic, settings->rules.classic, __ATOMIC_RELAXED);
	__atomic_store_n(&service->discovery, settings->rules.discovery, __ATOMIC_RELAXED);
	__atomic_store_n(&service->rate, settings->rates.rate, __ATOMIC_RELAXED);
	__atomic_store_n(&service->burst, settings->rates.burst, __ATOMIC_RELAXED);
	__atomic_store_n(&service->total, settings->rates.total, __ATOMIC_RELAXED);
}

void stun_service_ban(struct stun_service *service, struct banned *banned)
{
	struct banned *unread;

	if (!service)
		return;
	unread = __atomic_exchange_n(&service->fresh_bans, banned_get(banned), __ATOMIC_ACQ_REL);
	if (unread != NO_BANS)
		banned_put(unread);
	wake_post(service->wake_fd);
}

static struct addr_ports *copy_media(const struct addr_ports *media, size_t n_media)
{
	struct addr_ports *copy = calloc(n_media + 1, sizeof(*copy));

	for (size_t i = 0; copy && i < n_media; i++)
		copy[i] = media[i];
	return copy;
}

void stun_service_follow(struct stun_service *service, const struct stun_sites *sites,
			 const struct addr_ports *media, size_t n_media)
{
	struct fresh *fresh = service ? calloc(1, sizeof(*fresh)) : NULL;

	if (!fresh)
		return; /* the next change, or the same again, tells it */
	fresh->media = copy_media(media, n_media);
	if (!fresh->media) {
		free_fresh(fresh);
		return;
	}
	fresh->n_media = n_media;
	fresh->sites = service->told = *sites;
	free_fresh(__atomic_exchange_n(&service->fresh, fresh, __ATOMIC_ACQ_REL));
	wake_post(service->wake_fd);
}

/* Datagrams that came faster than they were read. */
static uint64_t dropped_by_kernel(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return 0;
	return info[SK_MEMINFO_DROPS];
}

struct stun_counters stun_service_counters(const struct stun_service *service)
{
	struct stun_counters sum = { 0 };
	uint64_t *to = (uint64_t *)&sum;
	const uint64_t *from;

	if (!service)
		return sum;
	from = (const uint64_t *)&service->counters;
	for (size_t i = 0; i < sizeof(sum) / sizeof(*to); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	for (size_t i = 0; i < service->n_sockets; i++)
		sum.receive_queue += dropped_by_kernel(service->socket[i].fd);
	return sum;
}

const struct stun_sites *stun_service_sites(const struct stun_service *service)
{
	return service ? &service->told : NULL;
}

static int open_socket(const struct endpoint *bind_to)
{
	const int one = 1, size = RECEIVE_BUFFER;
	int fd = socket(bind_to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (bind_to->sa.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)))
		error = -errno;
	if (!error && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		error = -errno;
	if (!error && bind(fd, &bind_to->sa, endpoint_len(bind_to)))
		error = -errno;
	if (error)
		close(fd);
	return error ? error : fd;
}

static int open_site(struct stun_service *service, const struct stun_site *site,
		     struct endpoint *where)
{
	for (unsigned int i = 0; i < site->n; i++) {
		int fd = open_socket(&site->bind[i]);

		if (fd < 0) {
			*where = site->bind[i];
			return fd;
		}
		service->socket[service->n_sockets++] = (struct socket){ fd, site, i };
	}
	return 0;
}

static int copy_allow(struct stun_service *service, const struct conf_list *allow)
{
	service->allow = calloc(allow->count + 1, sizeof(*service->allow));
	if (!service->allow)
		return -ENOMEM;
	for (; service->n_allow < allow->count; service->n_allow++)
		if (!cidr_parse(str_of(allow->item[service->n_allow]),
				&service->allow[service->n_allow]))
			return -EINVAL;
	return 0;
}

static int copy_conf(struct stun_service *service, const struct stun_service_conf *conf)
{
	service->sites = service->told = *conf->sites;
	stun_service_set(service, &conf->settings);
	service->media = copy_media(conf->media, conf->n_media);
	if (!service->media)
		return -ENOMEM;
	service->n_media = conf->n_media;
	return copy_allow(service, conf->allow);
}

static int make_limit(struct stun_service *service)
{
	struct siphash_key key;

	if (getrandom(&key, sizeof(key), 0) != sizeof(key))
		return -EIO;
	service->limit = stun_limit_new(&key);
	return service->limit ? 0 : -ENOMEM;
}

static int open_tcp(struct stun_service *service, struct endpoint *where)
{
	const struct stun_tcp_ops ops = { lets, answer_stream, count_connection, service };
	int error = 0;

	service->tcp = stun_tcp_new(&ops);
	if (!service->tcp)
		return -ENOMEM;
	for (size_t i = 0; i < service->sites.n_tcp && !error; i++) {
		error = stun_tcp_listen(service->tcp, &service->sites.tcp[i]);
		if (error)
			*where = service->sites.tcp[i];
	}
	return error;
}

static int start(struct stun_service *service, const struct stun_service_conf *conf,
		 struct endpoint *where)
{
	int error = copy_conf(service, conf);

	if (!error)
		error = make_limit(service);
	for (size_t i = 0; i < service->sites.n && !error; i++)
		error = open_site(service, &service->sites.site[i], where);
	if (!error)
		error = open_tcp(service, where);
	if (!error) {
		service->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		error = service->wake_fd < 0 ? -errno : 0;
	}
	if (!error)
		error = thread_start(&service->thread, THREAD_STUN, run, service);
	service->started = !error;
	return error;
}

struct stun_service *stun_service_open(const struct stun_service_conf *conf, int *error,
				       struct endpoint *where)
{
	struct stun_service *service = calloc(1, sizeof(*service));

	*where = (struct endpoint){ 0 };
	*error = -ENOMEM;
	if (!service)
		return NULL;
	service->wake_fd = -1;
	service->fresh_bans = NO_BANS;
	*error = start(service, conf, where);
	if (!*error)
		return service;
	stun_service_close(service);
	return NULL;
}

void stun_service_close(struct stun_service *service)
{
	if (!service)
		return;
	if (service->started) {
		__atomic_store_n(&service->stop, true, __ATOMIC_RELEASE);
		wake_post(service->wake_fd);
		pthread_join(service->thread, NULL);
	}
	if (service->fresh_bans != NO_BANS)
		banned_put(service->fresh_bans);
	banned_put(service->bans);
	free_fresh(service->fresh);
	stun_tcp_free(service->tcp);
	for (size_t i = 0; i < service->n_sockets; i++)
		close(service->socket[i].fd);
	if (service->wake_fd >= 0)
		close(service->wake_fd);
	stun_limit_free(service->limit);
	free(service->media);
	free(service->allow);
	free(service);
}
