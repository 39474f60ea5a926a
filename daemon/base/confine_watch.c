/* SPDX-License-Identifier: GPL-2.0-or-later */
/* confine_watch.c - for seccomp=log: the threads that are told of each call that no list has */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "base/confine_watch.h"
#include "base/log.h"

#define NUMBERS 1024 /* of system calls: more than there are */

static struct {
	int watch, pipe[2]; /* from the thread that answers to the one that logs: struct seen */
	int calls_fd;	    /* of CONFINE_CALLS: a file for tests; -1: none */
	atomic_ulong calls;
	uint8_t told[THREAD_KINDS][NUMBERS]; /* of the thread that answers */
} watched = { .watch = -1, .calls_fd = -1 };

/* A call that was not seen before from this kind of thread. */
struct seen {
	enum thread_kind kind;
	int number;
	unsigned long long args[3];
};

unsigned long confine_watch_count(void)
{
	return atomic_load_explicit(&watched.calls, memory_order_relaxed);
}

static void *log_calls(void *arg)
{
	struct seen seen;

	(void)arg;
	while (read(watched.pipe[0], &seen, sizeof(seen)) == (ssize_t)sizeof(seen)) {
		const char *kind = thread_kind_name(seen.kind);
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, seen.number);

		log_warn("seccomp: thread %s calls %s (%d; %#llx, %#llx, %#llx), which is not in "
			 "its list: with seccomp=on the daemon would end; further ones are only "
			 "counted",
			 kind, name ? name : "a call", seen.number, seen.args[0], seen.args[1],
			 seen.args[2]);
		if (watched.calls_fd >= 0)
			dprintf(watched.calls_fd, "%s %s %#llx %#llx %#llx\n", kind,
				name ? name : "?", seen.args[0], seen.args[1], seen.args[2]);
		free(name);
	}
	return NULL;
}

static void tell(enum thread_kind kind, const struct seccomp_data *call)
{
	const struct seen seen = { kind,
				   call->nr,
				   { call->args[0], call->args[1], call->args[2] } };

	if (call->nr < 0 || call->nr >= NUMBERS || watched.told[kind][call->nr])
		return;
	if (write(watched.pipe[1], &seen, sizeof(seen)) == (ssize_t)sizeof(seen))
		watched.told[kind][call->nr] = 1;
}

static void answer(int fd, enum thread_kind kind, struct seccomp_notif *request,
		   struct seccomp_notif_resp *reply)
{
	memset(request, 0, sizeof(*request)); /* the kernel wants it so */
	if (seccomp_notify_receive(fd, request))
		return;
	*reply = (struct seccomp_notif_resp){ .id = request->id,
					      .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	atomic_fetch_add_explicit(&watched.calls, 1, memory_order_relaxed);
	tell(kind, &request->data);
	seccomp_notify_respond(fd, reply); /* fails if the caller was killed meanwhile */
}

static void *answer_calls(void *arg)
{
	struct seccomp_notif_resp *reply = NULL;
	struct seccomp_notif *request = NULL;
	struct epoll_event event;

	(void)arg;
	if (seccomp_notify_alloc(&request, &reply)) {
		log_err("seccomp=log: %m");
		return NULL;
	}
	for (;;) {
		int fd;

		if (epoll_wait(watched.watch, &event, 1, -1) < 1)
			continue;
		fd = (int)(event.data.u64 >> 32);
		if (event.events & EPOLLIN)
			answer(fd, (enum thread_kind)(event.data.u64 & UINT32_MAX), request, reply);
		else
			close(fd); /* the thread has ended */
	}
	return NULL;
}

/* Not by thread_start(), which would load a filter. */
static int start_thread(const char *name, void *(*run)(void *))
{
	sigset_t all, before;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return -error;
	pthread_setname_np(thread, name);
	pthread_detach(thread);
	return 0;
}

int confine_watch_start(void)
{
	int error;

	watched.watch = epoll_create1(EPOLL_CLOEXEC);
	if (watched.watch < 0 || pipe2(watched.pipe, O_CLOEXEC))
		return -errno;
#ifdef CONFINE_CALLS
	watched.calls_fd = open(CONFINE_CALLS, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (watched.calls_fd < 0)
		log_err("%s: %m", CONFINE_CALLS);
#endif
	fcntl(watched.pipe[1], F_SETFL, O_NONBLOCK);
	error = start_thread("seccomp", answer_calls);
	return error ? error : start_thread("seccomp-log", log_calls);
}

int confine_watch_add(int fd, enum thread_kind kind)
{
	struct epoll_event event = { .events = EPOLLIN,
				     .data.u64 = (uint64_t)fd << 32 | (uint64_t)kind };

	return epoll_ctl(watched.watch, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}
