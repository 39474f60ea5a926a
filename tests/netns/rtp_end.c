/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_end.c - the media of a phone, for any number of calls, with commands over a local socket
 *
 *   rtp_end --serve SOCKET       runs until "quit"
 *   rtp_end SOCKET WORD...       sends one command, prints the answer; exit status 0: "ok"
 *
 * NAME may be a shell pattern, for all streams that match.
 *   ping
 *   open NAME ADDRESS PORT HZ WHO FRIEND[,FRIEND...] [PAYLOAD-TYPE|fax] [mux]
 *                                a stream: its tone, its number, numbers of expected senders;
 *                                PAYLOAD-TYPE + 128: with the marker bit; fax: as UDPTL
 *   move NAME ADDRESS PORT       the same stream from another local address
 *   sdp CALL STATE SDP           sets the streams CALL, CALL.2, ... from an SDP; stores STATE
 *   note NAME STATE              stores the state of SIP
 *   as NAME WHO                  the same stream with another number: another SSRC
 *   every NAME N                 of its packets each Nth is sent
 *   lose NAME 1|0                its packets are lost on their way, until it is told 0
 *   press NAME EVENT             sends a key, RFC 4733: three updates, three ends, type 101
 *   mute|unmute|reset|close|report NAME
 *   value NAME FIELD
 *   wait NAME FIELD OP VALUE MS  until true for all of NAME (OP: = < >), at most MS
 *   quit
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>
#include "rtp_phone.h"

#define FRAME_NS    20000000
#define RTCP_FRAMES 25
#define FDS	    1024

struct end {
	struct phone phone;
	int listener;
	int pacer;
	uint64_t frame;
};

static void end_tick(struct end *end)
{
	uint64_t frames;

	if (read(end->pacer, &frames, sizeof(frames)) != sizeof(frames))
		return;
	for (; frames; frames--) {
		end->frame++;
		for (struct rtp_stream *s = end->phone.streams; s; s = s->next)
			rtp_stream_send(s, end->frame % RTCP_FRAMES == 0, now_us());
	}
}

static size_t end_fds(const struct end *end, struct pollfd fds[FDS], struct rtp_stream *owners[FDS],
		      int which[FDS])
{
	size_t count = 2;

	fds[0] = (struct pollfd){ .fd = end->listener, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = end->pacer, .events = POLLIN };
	for (struct rtp_stream *s = end->phone.streams; s; s = s->next) {
		for (int i = 0; i < 2 && count < FDS; i++) {
			if (s->fd[i] < 0)
				continue;
			fds[count] = (struct pollfd){ .fd = s->fd[i], .events = POLLIN };
			owners[count] = s;
			which[count++] = i;
		}
	}
	return count;
}

static void end_accept(struct end *end)
{
	int client = accept4(end->listener, NULL, NULL, SOCK_CLOEXEC);

	if (client >= 0)
		phone_obey(&end->phone, client);
}

static void end_run(struct end *end)
{
	struct pollfd fds[FDS];
	struct rtp_stream *owners[FDS];
	int which[FDS];

	while (!end->phone.ended) {
		size_t count = end_fds(end, fds, owners, which);

		if (poll(fds, count, -1) < 0)
			continue;
		for (size_t i = 2; i < count; i++) {
			if (fds[i].revents)
				rtp_stream_receive(owners[i], which[i], now_us());
		}
		if (fds[1].revents)
			end_tick(end);
		phone_waiters_look(&end->phone);
		if (fds[0].revents)
			end_accept(end); /* last, since it may free streams */
	}
}

static bool path_addr(const char *path, struct sockaddr_un *addr)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return snprintf(addr->sun_path, sizeof(addr->sun_path), "%s", path) <
	       (int)sizeof(addr->sun_path);
}

static int serve(const char *path)
{
	struct itimerspec pace = { { 0, FRAME_NS }, { 0, FRAME_NS } };
	struct sockaddr_un addr;
	struct end end = {
		.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0),
		.pacer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC),
	};

	if (!path_addr(path, &addr) || end.listener < 0 || end.pacer < 0 ||
	    bind(end.listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(end.listener, 128) < 0 || timerfd_settime(end.pacer, 0, &pace, NULL) < 0) {
		perror(path);
		return EXIT_FAILURE;
	}
	end_run(&end);
	unlink(path);
	return EXIT_SUCCESS;
}

static int ask(const char *path, char **words)
{
	char text[COMMAND_BYTES] = "", reply[65536];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;
	size_t used = 0;
	ssize_t len;

	for (; *words && used < sizeof(text); words++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "",
					 *words);
	if (!path_addr(path, &addr) || fd < 0 || used >= sizeof(text) ||
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    send(fd, text, used, MSG_NOSIGNAL) < 0)
		return EXIT_FAILURE;
	len = recv(fd, reply, sizeof(reply), 0);
	close(fd);
	if (len < 3)
		return EXIT_FAILURE;
	/* The last line "ok" is not printed: the exit status has it. */
	if (memcmp(reply + len - 3, "ok\n", 3) == 0) {
		fwrite(reply, 1, (size_t)len - 3, stdout);
		return EXIT_SUCCESS;
	}
	fwrite(reply, 1, (size_t)len, stderr);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--serve"))
		return serve(argv[2]);
	if (argc >= 3)
		return ask(argv[1], argv + 2);
	fprintf(stderr, "usage: rtp_end --serve SOCKET | rtp_end SOCKET WORD...\n");
	return EXIT_FAILURE;
}
