/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcap.c - rtprelayctl pcap: the packets of one call as they arrive, as a pcap stream */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include "control_proto.h"
#include "daemon/base/base64.h"
#include "line.h"
#include "verb.h"

/* Of the pcap file format: microseconds, raw IP (LINKTYPE_RAW), in the order of this host. */
#define PCAP_MAGIC     0xa1b2c3d4
#define PCAP_RAW       101
#define PCAP_SNAPLEN   65575
#define FRAME_TEXT_MAX ((PCAP_SNAPLEN + 2) / 3 * 4)

struct pcap_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, figures, snaplen, linktype;
};

struct pcap_packet {
	uint32_t s, us, len, wire_len;
};

/* @packets: written; @lost: this client read too slowly for them */
struct look {
	const struct options *options;
	FILE *out;
	int64_t packets, lost;
	bool failed;
};

static volatile sig_atomic_t is_stopped;

static void on_signal(int number)
{
	(void)number;
	is_stopped = 1;
}

/* The wait for the next line ends, so that what was lost can be told. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void write_head(struct look *look)
{
	const struct pcap_head head = { .magic = PCAP_MAGIC,
					.major = 2,
					.minor = 4,
					.snaplen = PCAP_SNAPLEN,
					.linktype = PCAP_RAW };

	look->failed = fwrite(&head, sizeof(head), 1, look->out) != 1 || fflush(look->out);
}

/* With '=' it has four characters for each three bytes. 0: it is not base64 */
static size_t frame_len(struct str text)
{
	size_t len = text.len / 4 * 3;

	if (!text.len || text.len % 4 || text.len > FRAME_TEXT_MAX)
		return 0;
	return len - (text.s[text.len - 1] == '=') - (text.s[text.len - 2] == '=');
}

static void write_packet(struct look *look, const json_t *line)
{
	static uint8_t frame[PCAP_SNAPLEN + 3];
	const json_t *text = json_object_get(line, "frame");
	const struct str of = { json_string_value(text), json_string_length(text) };
	size_t len = frame_len(of);
	int64_t us = number_of(line, "time-us");
	const struct pcap_packet head = { .s = (uint32_t)(us / 1000000),
					  .us = (uint32_t)(us % 1000000),
					  .len = (uint32_t)len,
					  .wire_len = (uint32_t)len };

	if (!len || us < 0 || !base64_read(of, frame, len))
		return;
	look->failed |= fwrite(&head, sizeof(head), 1, look->out) != 1 ||
			fwrite(frame, len, 1, look->out) != 1;
	look->packets++;
}

/* Return: -1, more follows; else the exit status */
static int take(struct look *look, const json_t *line)
{
	const char *type = text_of(line, "type");

	if (!strcmp(type, "error")) {
		fprintf(stderr, "rtprelayctl: %s\n", text_of(line, "text"));
		return EXIT_REFUSED;
	}
	if (!strcmp(type, "end"))
		return EXIT_OK;
	if (look->options->json)
		put_json(line);
	else if (!strcmp(type, "looking"))
		write_head(look);
	else if (!strcmp(type, "packet"))
		write_packet(look, line);
	if (!strcmp(type, "lost"))
		look->lost += number_of(line, "packets");
	return -1;
}

/* What has come is in the file, or the pipe, before the next wait. */
static int follow(struct look *look, struct line_link *link)
{
	int error, status = -1;

	while (status < 0 && !look->failed) {
		json_t *line = line_next(link, &error);

		if (!line && is_stopped)
			return EXIT_OK;
		if (!line) {
			fprintf(stderr, "rtprelayctl: %s: %s\n", look->options->socket,
				error == -ECONNRESET ? "the daemon closed the connection: it "
						       "stopped, or this client read too slowly"
						     : strerror(-error));
			return EXIT_NO_ANSWER;
		}
		status = take(look, line);
		json_decref(line);
		if (!line_waiting(link))
			look->failed |= fflush(look->out) != 0;
	}
	return status;
}

static int look_on(struct look *look, struct line_link *link, json_t *request)
{
	const struct timeval forever = { 0, 0 };
	int status = EXIT_NO_ANSWER, err = line_send(link, request);

	if (!err && setsockopt(line_fd(link), SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever)))
		err = -errno;
	if (err)
		fprintf(stderr, "rtprelayctl: %s: %s\n", look->options->socket, strerror(-err));
	else
		status = follow(look, link);
	if (look->failed) {
		fprintf(stderr, "rtprelayctl: the packets cannot be written: %s\n",
			strerror(errno));
		status = EXIT_REFUSED;
	}
	if (look->lost)
		fprintf(stderr,
			"rtprelayctl: %" PRId64 " packet%s missing: what reads them is too slow\n",
			look->lost, look->lost == 1 ? " is" : "s are");
	return status;
}

/* Why what is open as @fd is not written over; NULL: it may be */
static const char *why_not(int fd)
{
	struct stat found;

	if (fstat(fd, &found))
		return strerror(errno);
	if (!S_ISREG(found.st_mode))
		return "not a regular file: use - and a pipe";
	if (found.st_uid != geteuid() || found.st_nlink > 1)
		return "another user's file, or one with several names, is not written over: "
		       "remove it, or choose another";
	return ftruncate(fd, 0) ? strerror(errno) : NULL;
}

/*
 * Of what is said in a call nobody else may read: somebody may have put a link there, or a file of
 * his own, since the names of such files can be guessed. NULL: an error was printed
 */
static FILE *open_file(const char *path)
{
	/* It does not wait for the reader of a named pipe. */
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	const char *why = fd >= 0	   ? why_not(fd)
			  : errno == ELOOP ? "a symbolic link, which is not followed: name the "
					     "file itself, or use -"
			  : errno == ENXIO ? "not a regular file: use - and a pipe"
					   : strerror(errno);
	FILE *file = why ? NULL : fdopen(fd, "w");

	if (file)
		return file;
	fprintf(stderr, "rtprelayctl: %s: %s\n", path, why ? why : strerror(errno));
	if (fd >= 0)
		close(fd);
	return NULL;
}

static json_t *request_of(const struct options *options, const char *id)
{
	json_t *request = line_request(CONTROL_VERB_PCAP);

	if (!json_object_set_new(request, "call-id", json_string(id)) &&
	    (!options->rtp_only || !json_object_set_new(request, "rtp-only", json_true())))
		return request;
	json_decref(request);
	return NULL;
}

static int run(const struct options *options, const char *file, json_t *request)
{
	struct line_link *link = line_open(options);
	struct look look = { .options = options };
	int status = EXIT_REFUSED;

	if (!link) {
		json_decref(request);
		return EXIT_NO_ANSWER;
	}
	look.out = file ? open_file(file) : stdout;
	if (look.out)
		status = look_on(&look, link, request);
	else
		json_decref(request);
	line_close(link);
	if (look.out && file && fclose(look.out) && !look.failed) {
		fprintf(stderr, "rtprelayctl: %s: %s\n", file, strerror(errno));
		status = EXIT_REFUSED;
	}
	return status;
}

int verb_pcap(const struct options *options, int argc, char **argv)
{
	const char *file =
		options->write && strcmp(options->write, "-") != 0 ? options->write : NULL;
	json_t *request;

	if (argc != 1)
		return usage("pcap requires one Call-ID", "");
	if (!file && !options->json && isatty(STDOUT_FILENO))
		return usage("a pcap stream is not for a terminal: -w FILE, or ", "| tshark -r -");
	request = request_of(options, argv[0]);
	if (!request)
		return usage("the Call-ID is not valid UTF-8: ", "find it with calls --json");
	catch_signals();
	return run(options, file, request);
}
