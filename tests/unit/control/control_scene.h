/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control_scene.h - rtprelayctl as a user calls it: what it asks, what it prints, its exit status;
 * a thread takes the daemon's place
 */
#ifndef RTPRELAY_CONTROL_SCENE_H
#define RTPRELAY_CONTROL_SCENE_H

#include <pthread.h>
#include <stdio.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "control/verb.h"
#include "tests/unit/test.h"

#define SCENE_FN static __attribute__((unused))

#define MAX_ARGS    16
#define MAX_ANSWERS 3
#define DEADLINE_MS 5000

/* Answers each connection with the next answer, or the last one. */
struct daemon {
	int fd;
	struct sockaddr_un addr;
	const char *answer[MAX_ANSWERS];
	char asked[4096]; /* the last request */
	unsigned int n_asked;
	bool is_watch; /* then: */
	bool waits;    /* without limit for what comes after the answer */
	bool flushes;  /* had printed it all before the connection ended */
};

static struct daemon daemon_;
static char printed[1 << 17], complained[4096];

SCENE_FN socklen_t daemon_len(void)
{
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(daemon_.addr.sun_path) +
			   1);
}

/* The client's socket is in this process: the one whose peer is the daemon's socket. */
SCENE_FN int find_client(void)
{
	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_un peer;
		socklen_t len = sizeof(peer);

		if (!getpeername(fd, (struct sockaddr *)&peer, &len) &&
		    peer.sun_family == AF_UNIX && len == daemon_len() &&
		    !strcmp(peer.sun_path, daemon_.addr.sun_path))
			return fd;
	}
	return -1;
}

SCENE_FN bool waits_without_limit(void)
{
	int fd = find_client();

	for (int ms = 0; ms < DEADLINE_MS; ms++) {
		struct timeval limit;
		socklen_t len = sizeof(limit);

		if (!getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, &len) && !limit.tv_sec &&
		    !limit.tv_usec)
			return true;
		usleep(1000);
	}
	return false;
}

/* Standard output is a file while rtprelayctl runs. */
SCENE_FN bool prints(const char *part)
{
	char text[1024];

	for (int ms = 0; ms < DEADLINE_MS; ms++) {
		ssize_t got = pread(STDOUT_FILENO, text, sizeof(text) - 1, 0);

		text[got > 0 ? got : 0] = '\0';
		if (strstr(text, part))
			return true;
		usleep(1000);
	}
	return false;
}

SCENE_FN void *daemon_run(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(daemon_.fd, NULL, NULL)) >= 0) {
		ssize_t len = recv(fd, daemon_.asked, sizeof(daemon_.asked) - 1, 0);
		unsigned int nth = daemon_.n_asked++;

		while (nth && (nth >= MAX_ANSWERS || !daemon_.answer[nth]))
			nth--;
		daemon_.asked[len > 0 ? len : 0] = '\0';
		daemon_.asked[strcspn(daemon_.asked, "\n")] = '\0';
		send(fd, daemon_.answer[nth], strlen(daemon_.answer[nth]), MSG_NOSIGNAL);
		if (daemon_.is_watch) {
			daemon_.waits = waits_without_limit();
			daemon_.flushes = prints("events lost");
		}
		close(fd);
	}
	return NULL;
}

struct catcher {
	int target, saved, file;
};

SCENE_FN struct catcher catch_begin(int target)
{
	struct catcher catcher = { target, dup(target), memfd_create("output", MFD_CLOEXEC) };

	CU_ASSERT_FATAL(catcher.saved >= 0 && catcher.file >= 0);
	dup2(catcher.file, target);
	return catcher;
}

SCENE_FN void catch_end(struct catcher *catcher, char *text, size_t size)
{
	ssize_t got;

	dup2(catcher->saved, catcher->target);
	close(catcher->saved);
	got = pread(catcher->file, text, size - 1, 0);
	text[got > 0 ? got : 0] = '\0';
	close(catcher->file);
}

/* As control/main.c */
SCENE_FN int run_line(const char *line)
{
	struct options options = { .socket = daemon_.addr.sun_path,
				   .server = "127.0.0.1:2223",
				   .timeout_s = 5,
				   .interval_s = 1,
				   .limit = -1 };
	char words[512], *argv[MAX_ARGS + 1] = { (char[]){ "rtprelayctl" } }, *rest;
	int argc = 1, option, status = -1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &rest); word && argc < MAX_ARGS;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	optind = 0;
	opterr = 0;
	while (status < 0 &&
	       (option = getopt_long(argc, argv, options_short, options_known, NULL)) != -1)
		status = option_take(&options, option);
	return status >= 0 ? status : verb_run(&options, argc - optind, argv + optind);
}

/* Runs rtprelayctl with the words of @line, and catches what it prints. */
SCENE_FN int run(const char *line)
{
	struct catcher out, err;
	int status;

	fflush(stdout);
	fflush(stderr);
	out = catch_begin(STDOUT_FILENO);
	err = catch_begin(STDERR_FILENO);
	status = run_line(line);
	fflush(stdout);
	fflush(stderr);
	catch_end(&err, complained, sizeof(complained));
	catch_end(&out, printed, sizeof(printed));
	return status;
}

static pthread_t thread;

SCENE_FN void daemon_start(void)
{
	static unsigned int nth;

	daemon_ = (struct daemon){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
				   .addr = { .sun_family = AF_UNIX } };
	snprintf(daemon_.addr.sun_path, sizeof(daemon_.addr.sun_path), "/tmp/test_verbs.%d.%u",
		 (int)getpid(), nth++);
	CU_ASSERT_EQUAL_FATAL(bind(daemon_.fd, (struct sockaddr *)&daemon_.addr, daemon_len()), 0);
	CU_ASSERT_EQUAL_FATAL(listen(daemon_.fd, 4), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, daemon_run, NULL), 0);
}

SCENE_FN void daemon_stop(void)
{
	shutdown(daemon_.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(daemon_.fd);
	unlink(daemon_.addr.sun_path);
}

/* One run with one answer. */
SCENE_FN int ask(const char *line, const char *answer)
{
	int status;

	daemon_start();
	daemon_.answer[0] = answer;
	status = run(line);
	daemon_stop();
	return status;
}

/* Blanks in a row, which align columns, become one. */
SCENE_FN void squeeze(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++)
		if (*at != ' ' || (to > text && to[-1] != ' '))
			*to++ = *at;
	*to = '\0';
}

SCENE_FN void expect(const char *part)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, part));
	if (!strstr(printed, part))
		fprintf(stderr, "no '%s' in:\n%s", part, printed);
}

#define END "{\"type\":\"end\",\"count\":1}\n"

#define CALL(id, age, packets, lost, jitter, mos, drops, heard)                                    \
	"{\"type\":\"call\",\"call-id\":\"" id "\",\"age\":" age                                   \
	",\"state\":\"answered\",\"path\":\"user\",\"codec\":\"PCMU\",\"from\":\"192.0.2.1:4000\"" \
	",\"to\":\"192.0.2.2:4002\",\"packets\":[" packets "],\"expected\":1000,\"lost\":" lost    \
	",\"jitter-ms\":" jitter mos ",\"drops\":" drops ",\"heard-ago-ms\":" heard "}\n"

#endif
