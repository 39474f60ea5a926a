/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hole.c - linked into a daemon for tests: parsers that do what an attacker wants
 *
 * The linker puts these functions before those of the daemon (--wrap). An SDP with a line
 * a=hole:WHAT runs WHAT in the control thread, a packet of media that has the text "hole:WHAT"
 * behind its RTP header runs it in the media thread.
 */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon/packet/state.h"
#include "daemon/packet/stream.h"
#include "daemon/sdp/sdp.h"

#define RTP_HEADER 12

/* Makes the file that the environment names: whoever finds it knows that a program ran. */
static void run_program(void)
{
	char *const args[] = { (char[]){ "touch" }, getenv("HOLE_FILE"), NULL };

	if (!args[1])
		_exit(3);
	execv("/usr/bin/touch", args);
}

static void run_child(void)
{
	pid_t child = fork();

	if (!child)
		run_program();
	waitpid(child, NULL, 0);
}

/* As an exploit brings its own code. */
static void run_code(void)
{
	void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (code != MAP_FAILED)
		mprotect(code, 4096, PROT_READ | PROT_EXEC);
}

static void call_out(void)
{
	socket(AF_INET, SOCK_STREAM, 0);
}

/* Without the handler a thread could try one call after the other. */
static void remove_handler(void)
{
	signal(SIGSYS, SIG_IGN);
	run_program();
}

static void block_signal(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	run_program();
}

static void end_other(void)
{
	kill(getppid(), SIGTERM);
}

/* Keys as if the administrator had pressed them. */
static void press_key(void)
{
	ioctl(STDIN_FILENO, TIOCSTI, "\n");
}

/* Signals for another process, without kill(). */
static void aim_signals(void)
{
	fcntl(STDIN_FILENO, F_SETOWN, getppid());
}

static void join_group(void)
{
	int group = 1;

	setsockopt(STDIN_FILENO, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

static const struct {
	const char *name;
	void (*run)(void);
} holes[] = {
	{ "program", run_program }, { "child", run_child },	   { "code", run_code },
	{ "socket", call_out },	    { "handler", remove_handler }, { "blocked", block_signal },
	{ "kill", end_other },	    { "terminal", press_key },	   { "owner", aim_signals },
	{ "group", join_group },
};

static void try_holes(const char *text, size_t len)
{
	static const char mark[] = "hole:";
	const char *at = memmem(text, len, mark, sizeof(mark) - 1);
	size_t rest;

	if (!at)
		return;
	at += sizeof(mark) - 1;
	rest = len - (size_t)(at - text);
	for (size_t i = 0; i < sizeof(holes) / sizeof(holes[0]); i++)
		if (rest >= strlen(holes[i].name) &&
		    !memcmp(at, holes[i].name, strlen(holes[i].name)))
			holes[i].run();
}

int __real_sdp_parse(struct arena *arena, struct str text, struct sdp *sdp, const char **why);
int __wrap_sdp_parse(struct arena *arena, struct str text, struct sdp *sdp, const char **why);
struct stream *__real_stream_accept(struct stream *stream, struct packet *packet, int64_t now_us);
struct stream *__wrap_stream_accept(struct stream *stream, struct packet *packet, int64_t now_us);

int __wrap_sdp_parse(struct arena *arena, struct str text, struct sdp *sdp, const char **why)
{
	try_holes(text.s, text.len);
	return __real_sdp_parse(arena, text, sdp, why);
}

struct stream *__wrap_stream_accept(struct stream *stream, struct packet *packet, int64_t now_us)
{
	if (packet->len > RTP_HEADER)
		try_holes((const char *)packet->data + RTP_HEADER, packet->len - RTP_HEADER);
	return __real_stream_accept(stream, packet, now_us);
}
