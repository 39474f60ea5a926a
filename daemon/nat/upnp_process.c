/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upnp_process.c - the process that speaks UPnP, as seen by the daemon */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/confine.h"
#include "nat/upnp_process.h"

struct upnp_process {
	pid_t pid;
	int fd; /* SOCK_SEQPACKET: one packet is a request or a reply */
};

void upnp_process_end(struct upnp_process *process)
{
	if (!process)
		return;
	close(process->fd);
	kill(process->pid, SIGKILL);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(process);
}

/* What the library prints about a router is of no use without the request. */
static int set_files(posix_spawn_file_actions_t *actions, int fd)
{
	int error = posix_spawn_file_actions_adddup2(actions, fd, STDIN_FILENO);

	for (int out = STDOUT_FILENO; out <= STDERR_FILENO && !error; out++)
		error = posix_spawn_file_actions_addopen(actions, out, "/dev/null", O_WRONLY, 0);
	return error;
}

/* Signals that end the daemon do not end it: it still ends the mappings. SIGALRM is its own. */
static int set_signals(posix_spawnattr_t *attr)
{
	sigset_t all;
	int error;

	sigfillset(&all);
	sigdelset(&all, SIGALRM);
	error = posix_spawnattr_setsigmask(attr, &all);
	return error ?: posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK);
}

static int start_program(const char *program, int fd, pid_t *pid)
{
	char name[] = "rtprelayd", argument[] = UPNP_ARGUMENT, confined[] = UPNP_CONFINED;
	char *const argv[] = { name, argument, confine_is_on() ? confined : NULL, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return -error;
	error = posix_spawnattr_init(&attr);
	if (!error) {
		error = set_files(&actions, fd) ?: set_signals(&attr);
		if (!error)
			error = posix_spawn(pid, program, &actions, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

/* NULL and *error */
static struct upnp_process *start(const char *program, int *error)
{
	struct upnp_process *process = calloc(1, sizeof(*process));
	int fd[2];

	*error = -ENOMEM;
	if (!process)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd)) {
		*error = -errno;
		free(process);
		return NULL;
	}
	process->fd = fd[0];
	*error = start_program(program, fd[1], &process->pid);
	close(fd[1]);
	if (!*error)
		return process;
	close(process->fd);
	free(process);
	return NULL;
}

static bool has_end(const char why[EXTERNAL_WHY])
{
	return memchr(why, '\0', EXTERNAL_WHY);
}

static bool is_ipv4(const struct endpoint *ep)
{
	return ep->sa.sa_family == AF_INET;
}

static bool is_unset(const struct endpoint *ep)
{
	return ep->sa.sa_family == AF_UNSPEC;
}

/* A host of the LAN may have found a hole in the library: that process can lie, and no more. */
static bool is_reply(const struct upnp_reply *reply, const struct upnp_request *request)
{
	const struct portmap_result *result = &reply->result;

	if (!has_end(reply->why) || !has_end(result->why) || result->has_epoch)
		return false;
	if (!request->maps)
		return reply->error < 0 || (!reply->error && is_ipv4(&reply->address));
	return (unsigned int)result->outcome < PORTMAP_CANCELED &&
	       (is_ipv4(&result->external) || is_unset(&result->external));
}

static int await(const struct upnp_process *process, int stop_fd, int64_t until_ms,
		 const struct upnp_request *request, struct upnp_reply *reply)
{
	struct pollfd fds[] = { { stop_fd, POLLIN, 0 }, { process->fd, POLLIN, 0 } };
	ssize_t n;

	while (!fds[0].revents && !fds[1].revents) {
		int64_t left_ms = until_ms - clock_ms();

		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
	}
	if (fds[0].revents)
		return -ECANCELED;
	n = recv(process->fd, reply, sizeof(*reply), MSG_DONTWAIT | MSG_TRUNC);
	return n == (ssize_t)sizeof(*reply) && is_reply(reply, request) ? 0 : -EPIPE;
}

/*
 * One that has ended meanwhile, killed by somebody, is replaced at once. Return: the process that
 * has the request; NULL and *error
 */
static struct upnp_process *hand_over(struct upnp_process *process, const char *program,
				      const struct upnp_request *request, int *error)
{
	for (int i = 0; i < 2; i++) {
		if (!process)
			process = start(program, error);
		if (!process)
			return NULL;
		if (send(process->fd, request, sizeof(*request), MSG_NOSIGNAL | MSG_DONTWAIT) ==
		    (ssize_t)sizeof(*request))
			return process;
		upnp_process_end(process);
		process = NULL;
	}
	*error = -EPIPE;
	return NULL;
}

int upnp_process_ask(struct upnp_process **process, const char *program, int stop_fd,
		     int patience_ms, const struct upnp_request *request, struct upnp_reply *reply)
{
	int error = 0;
	struct upnp_process *asked = hand_over(*process, program, request, &error);

	*process = asked;
	*reply = (struct upnp_reply){ 0 };
	if (!asked)
		return error;
	error = await(asked, stop_fd, clock_ms() + patience_ms, request, reply);
	if (!error)
		return 0;
	*reply = (struct upnp_reply){ 0 };
	upnp_process_end(asked);
	*process = NULL;
	return error;
}
