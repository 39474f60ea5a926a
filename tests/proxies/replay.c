/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.c - holds the conversation of a flow with a running relay; README.md has the format
 *
 *   replay FLOW            exit status 0: all replies and media as expected
 *   replay --shapes FLOW   prints the shape of each command
 *
 * The first difference is printed with its line, and ends the run.
 */
#include <err.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "daemon/base/bencode.h"
#include "flow_value.h"
#include "phone.h"
#include "shape.h"
#include "tests/netns/peer_sdp.h"

#define RELAY	    "192.0.2.20"
#define PROXY	    "192.0.2.10"
#define NG_PORT	    2223
#define RTPP_PORT   22222
#define PHONES	    8
#define PORTS	    16
#define PROCESSES   8
#define REPLY_MS    2000
#define CLOSE_TRIES 200 /* of 10 ms */
#define BYTES	    65536
#define LINE_WORDS  8

struct port {
	struct str name;
	unsigned int number;
	struct str addr; /* of the relay */
};

struct replay {
	struct arena *arena;
	const char *file;
	int line;
	bool shapes_only;
	struct sockaddr_storage ng, rtpproxy;
	struct phone phones[PHONES];
	size_t n_phones;
	struct port ports[PORTS];
	size_t n_ports;
	struct str cookie; /* its first part */
	unsigned int sent;
	size_t process; /* each process of a proxy has sockets of its own */
	int fds[PROCESSES][2];
	struct dict *map; /* the NG command or the NG reply that is being read; NULL: none */
	bool expecting;
	bool with_ng;
	bool replaces; /* the last NG command demands that no address of a phone is left */
	char request[BYTES];
	size_t request_len;
	char reply[BYTES + 1];
	size_t reply_len;
	struct dict *answer; /* the last NG reply */
};

static void __attribute__((noreturn, format(printf, 2, 3)))
fail(const struct replay *r, const char *format, ...)
{
	va_list args;

	printf("%s:%d: ", r->file, r->line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static const char *text_of(struct replay *r, struct str text)
{
	struct str copy = arena_str(r->arena, text);

	return copy.s ? copy.s : "";
}

/* --- Commands and replies -------------------------------------------------------------------- */

static int socket_of(struct replay *r, bool ng)
{
	int *fd = &r->fds[r->process][ng];
	const struct sockaddr_storage *to = ng ? &r->ng : &r->rtpproxy;

	struct sockaddr_storage proxy;

	if (*fd <= 0) {
		peer_addr(PROXY, 0, &proxy);
		*fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (*fd < 0 || bind(*fd, (struct sockaddr *)&proxy, sizeof(struct sockaddr_in)) ||
		    connect(*fd, (const struct sockaddr *)to, sizeof(struct sockaddr_in)))
			fail(r, "the addresses of relay and proxy cannot be used");
	}
	return *fd;
}

/* Sends r->request and waits for the reply to its cookie. */
static void exchange(struct replay *r)
{
	const char *blank = memchr(r->request, ' ', r->request_len);
	size_t cookie_len = (size_t)(blank - r->request) + 1;
	int fd = socket_of(r, r->with_ng);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t len;

	if (send(fd, r->request, r->request_len, 0) != (ssize_t)r->request_len)
		fail(r, "the command cannot be sent");
	if (poll(&pfd, 1, REPLY_MS) != 1)
		fail(r, "no reply");
	len = recv(fd, r->reply, BYTES, 0);
	if (len < (ssize_t)cookie_len || memcmp(r->reply, r->request, cookie_len) != 0)
		fail(r, "the reply has another cookie");
	r->reply_len = (size_t)len;
	r->reply[len] = '\0';
}

static struct str without_cookie(const struct replay *r)
{
	const char *blank = memchr(r->reply, ' ', r->reply_len);

	return (struct str){ blank + 1, (size_t)(r->reply + r->reply_len - blank - 1) };
}

static void request_begin(struct replay *r, struct buf *out)
{
	*out = BUF_INIT(r->request, BYTES);
	buf_str(out, r->cookie);
	buf_u64(out, r->sent++);
	buf_char(out, ' ');
}

static void request_end(struct replay *r, const struct buf *out)
{
	if (out->overflow)
		fail(r, "the command is too long");
	r->request_len = out->len;
	exchange(r);
}

static void send_ng(struct replay *r)
{
	struct buf out;

	if (r->shapes_only) {
		shape_print_ng(r->map);
		return;
	}
	r->with_ng = true;
	r->replaces = dict_get(r->map, STR("replace")) || dict_get(r->map, STR("rtpp-flags"));
	request_begin(r, &out);
	bencode_encode(r->map, &out);
	request_end(r, &out);
	if (bencode_decode(r->arena, without_cookie(r), &r->answer))
		fail(r, "the reply is not bencode: %s", r->reply);
}

static void send_rtpproxy(struct replay *r, struct str command)
{
	struct buf out;

	if (r->shapes_only) {
		shape_print_rtpproxy(command);
		return;
	}
	r->with_ng = false;
	request_begin(r, &out);
	buf_str(&out, command);
	request_end(r, &out);
}

/* A proxy repeats a command whose reply was lost. */
static void send_again(struct replay *r)
{
	static char before[BYTES];
	size_t len = r->reply_len;

	memcpy(before, r->reply, len);
	exchange(r);
	if (r->reply_len != len || memcmp(before, r->reply, len) != 0)
		fail(r, "another reply to the same command: %s", r->reply);
}

/* --- Phones and ports ------------------------------------------------------------------------ */

static struct phone *phone_find(struct replay *r, struct str name)
{
	for (size_t i = 0; i < r->n_phones; i++)
		if (str_eq(str_of(r->phones[i].name), name))
			return &r->phones[i];
	fail(r, "no phone " STR_FMT, STR_ARG(name));
}

static void phone_add(struct replay *r, const struct str *words, size_t count)
{
	bool nat = count == 5 && str_eq(words[3], STR("behind"));

	if ((count != 3 && !nat) || r->n_phones == PHONES)
		fail(r, "phone NAME ADDRESS:PORT [behind ADDRESS:PORT]");
	if (!phone_open(&r->phones[r->n_phones++], text_of(r, words[1]), text_of(r, words[2]),
			nat ? text_of(r, words[4]) : NULL) &&
	    !r->shapes_only)
		fail(r, "the addresses of the phone cannot be used");
}

/* "<NAME>": without the brackets; else STR_NONE */
static struct str bracketed(struct str text)
{
	if (text.len < 3 || text.s[0] != '<' || text.s[text.len - 1] != '>')
		return STR_NONE;
	return (struct str){ text.s + 1, text.len - 2 };
}

static const struct port *port_find(struct replay *r, struct str word)
{
	struct str name = bracketed(word);

	for (size_t i = 0; i < r->n_ports; i++)
		if (str_eq(r->ports[i].name, name))
			return &r->ports[i];
	fail(r, "no port " STR_FMT " was told", STR_ARG(word));
}

static struct sockaddr_storage port_addr(struct replay *r, struct str word)
{
	const struct port *port = port_find(r, word);
	struct sockaddr_storage addr;

	if (!peer_addr(text_of(r, port->addr), port->number, &addr))
		fail(r, STR_FMT " is no address", STR_ARG(port->addr));
	return addr;
}

/* A known name has the same port as before; a new one has a port that no other name has. */
static void port_learn(struct replay *r, struct str name, struct str addr, unsigned int number)
{
	for (size_t i = 0; i < r->n_ports; i++) {
		const struct port *port = &r->ports[i];
		bool same = str_eq(port->name, name);

		if (same && port->number != number)
			fail(r, "port %u, but <" STR_FMT "> was %u", number, STR_ARG(name),
			     port->number);
		if (!same && port->number == number)
			fail(r, "<" STR_FMT "> is port %u, which is <" STR_FMT ">", STR_ARG(name),
			     number, STR_ARG(port->name));
		if (same)
			return;
	}
	if (!number || r->n_ports == PORTS)
		fail(r, "port %u for <" STR_FMT ">", number, STR_ARG(name));
	r->ports[r->n_ports++] = (struct port){ name, number, addr };
}

/* "<A> + a=sendonly + a=ptime:20"; "relay <toB>": the relay's, if a call passes it twice */
static struct str sdp_of(struct replay *r, struct str text)
{
	struct str head = flow_trim(str_split(&text, '+')), name = bracketed(head), sdp;
	struct str more = STR_NONE;
	struct phone relay = { .name = "relay", .addr = RELAY };
	char *made;

	if (str_starts(head, STR("relay <"))) {
		if (!r->shapes_only)
			relay.port = port_find(r, (struct str){ head.s + 6, head.len - 6 })->number;
	} else if (!name.len) {
		fail(r, "sdp: <PHONE> or relay <PORT>");
	}
	while (text.len) {
		struct str line = flow_trim(str_split(&text, '+'));

		more = arena_printf(r->arena, STR_FMT STR_FMT "\r\n", STR_ARG(more), STR_ARG(line));
	}
	made = phone_sdp(name.len ? phone_find(r, name) : &relay, more.len ? more.s : "");
	sdp = arena_str(r->arena, str_of(made));
	free(made);
	return sdp;
}

/* --- What is expected ------------------------------------------------------------------------ */

static void sdp_shows_no_phone(struct replay *r, const char *sdp)
{
	for (size_t i = 0; i < r->n_phones; i++)
		if (r->phones[i].behind_nat && strstr(sdp, r->phones[i].addr))
			fail(r, "the SDP shows the private address of %s:\n%s", r->phones[i].name,
			     sdp);
}

/* "with LINE" or "without LINE" of the SDP, or nothing */
static void expect_line(struct replay *r, const char *sdp, struct str wanted)
{
	struct str line = wanted, how = str_split(&line, ' ');
	bool has = line.len && strstr(sdp, text_of(r, line));

	if (line.len && has != str_eq(how, STR("with")))
		fail(r, "not " STR_FMT ":\n%s", STR_ARG(wanted), sdp);
}

/* "<toB> at 192.0.2.20 with LINE" */
static void expect_sdp(struct replay *r, struct str wanted)
{
	const char *sdp = text_of(r, dict_get_str(r->answer, STR("sdp")));
	struct str line = wanted, name = bracketed(flow_trim(str_split(&line, ' ')));
	struct str at = str_split(&line, ' '), addr = str_split(&line, ' ');
	const char *c = strstr(sdp, "c=IN IP"), *m = strstr(sdp, "m=");
	char shown[48] = "";
	unsigned int port = 0;

	if (!name.len || !str_eq(at, STR("at")))
		fail(r, "sdp: <PORT> at ADDRESS [with LINE]");
	if (!c || !m || sscanf(c, "c=IN IP%*c %47[^ \r\n]", shown) != 1 ||
	    sscanf(m, "m=%*s %u", &port) != 1)
		fail(r, "no SDP with an address and a port: %s", r->reply);
	if (!str_eq(str_of(shown), addr))
		fail(r, "the SDP shows %s:\n%s", shown, sdp);
	port_learn(r, name, addr, port);
	if (r->replaces)
		sdp_shows_no_phone(r, sdp);
	expect_line(r, sdp, line);
}

static void expect_key(struct replay *r, struct str key, struct str wanted)
{
	const struct dict *value = dict_get(r->answer, key);

	if (str_eq(key, STR("sdp"))) {
		expect_sdp(r, wanted);
	} else if (str_eq(wanted, STR("-"))) {
		if (value)
			fail(r, "the reply has " STR_FMT ": %s", STR_ARG(key), r->reply);
	} else if (!value) {
		fail(r, "the reply has no " STR_FMT ": %s", STR_ARG(key), r->reply);
	} else if (!str_eq(wanted, STR("*")) && !str_eq(value->string, wanted)) {
		fail(r, STR_FMT " is \"" STR_FMT "\"", STR_ARG(key), STR_ARG(value->string));
	}
}

/* Word by word; <NAME> is a port, * is any word. */
static void expect_words(struct replay *r, struct str wanted)
{
	struct str reply = without_cookie(r);

	if (!reply.len || reply.s[reply.len - 1] != '\n')
		fail(r, "the reply does not end in LF: %s", r->reply);
	reply.len--;
	while (wanted.len || reply.len) {
		struct str word = str_split(&wanted, ' '), got = str_split(&reply, ' ');
		struct str name = bracketed(word);
		uint64_t port;

		if (name.len && str_to_u64(got, 65535, &port))
			port_learn(r, name, STR(RELAY), (unsigned int)port);
		else if (!str_eq(word, got) && !(str_eq(word, STR("*")) && got.len))
			fail(r, "the reply is: %s", r->reply);
	}
}

static void expect_calls(struct replay *r, struct str wanted)
{
	struct dict *map = dict_new(r->arena, DICT_MAP);
	const struct dict *calls;
	uint64_t count;

	dict_add_str(r->arena, map, STR("command"), STR("list"));
	if (r->shapes_only)
		return;
	r->map = map;
	send_ng(r);
	r->map = NULL;
	calls = dict_get(r->answer, STR("calls"));
	if (!calls || !str_to_u64(wanted, 1000, &count))
		fail(r, "calls NUMBER");
	if (calls->count != count)
		fail(r, "the relay has %zu calls", calls->count);
}

/* media A <toA> B <toB>: each sends to the port that it was told. */
static void expect_media(struct replay *r, const struct str *words, size_t count)
{
	struct talk talks[2] = { { .heard = 0 } };

	if (r->shapes_only)
		return;
	if (count != 5)
		fail(r, "media PHONE <PORT> PHONE <PORT>");
	for (int i = 0; i < 2; i++) {
		talks[i].phone = phone_find(r, words[1 + 2 * i]);
		talks[i].relay = port_addr(r, words[2 + 2 * i]);
	}
	if (!phones_talk(talks))
		fail(r, "%s received %u packets and %u strange ones, %s %u and %u",
		     talks[0].phone->name, talks[0].heard, talks[0].strange, talks[1].phone->name,
		     talks[1].heard, talks[1].strange);
}

/* Media threads close ports after the reply. */
static bool closes(const struct sockaddr_storage *addr)
{
	socklen_t size = addr->ss_family == AF_INET ? sizeof(struct sockaddr_in)
						    : sizeof(struct sockaddr_in6);
	bool closed = false;

	for (int i = 0; i < CLOSE_TRIES && !closed; i++) {
		int fd = socket(addr->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		closed = fd >= 0 && !bind(fd, (const struct sockaddr *)addr, size);
		if (fd >= 0)
			close(fd);
		if (!closed)
			poll(NULL, 0, 10);
	}
	return closed;
}

/* closed <PORT>...: nothing receives there any more. */
static void expect_closed(struct replay *r, const struct str *words, size_t count)
{
	for (size_t i = 1; i < count && !r->shapes_only; i++) {
		struct sockaddr_storage addr = port_addr(r, words[i]);

		if (!closes(&addr))
			fail(r, STR_FMT " is still open", STR_ARG(words[i]));
	}
}

/* --- The lines of a flow --------------------------------------------------------------------- */

static void key_line(struct replay *r, struct str line)
{
	struct str value = line, key = flow_trim(str_split(&value, ':'));

	value = flow_trim(value);
	if (!r->map && !r->expecting)
		fail(r, "a key outside of a command");
	if (r->expecting) {
		if (!r->shapes_only)
			expect_key(r, key, value);
	} else if (str_eq_nocase(key, STR("sdp"))) {
		dict_add_str(r->arena, r->map, key, sdp_of(r, value));
	} else if (!flow_value_add(r->arena, r->map, key, value)) {
		fail(r, "malformed value");
	}
}

/* A line without indentation ends the command before it. */
static void block_end(struct replay *r)
{
	if (r->map)
		send_ng(r);
	r->map = NULL;
	r->expecting = false;
}

static void set_process(struct replay *r, struct str number)
{
	uint64_t process;

	if (!str_to_u64(number, PROCESSES - 1, &process))
		fail(r, "process NUMBER, below %d", PROCESSES);
	r->process = process;
}

static void expect(struct replay *r, struct str rest)
{
	r->expecting = !rest.len;
	if (rest.len && !r->shapes_only)
		expect_words(r, rest);
}

static void verb_line(struct replay *r, struct str line)
{
	struct str rest = line, words[LINE_WORDS], all = line, verb = str_split(&rest, ' ');
	size_t count = 0;

	while (all.len && count < LINE_WORDS)
		words[count++] = str_split(&all, ' ');
	if (str_eq(line, STR("send ng")))
		r->map = dict_new(r->arena, DICT_MAP);
	else if (str_starts(line, STR("send rtpproxy ")))
		send_rtpproxy(r, (struct str){ line.s + 14, line.len - 14 });
	else if (str_eq(line, STR("send again")) && !r->shapes_only)
		send_again(r);
	else if (str_eq(verb, STR("expect")))
		expect(r, rest);
	else if (str_eq(verb, STR("phone")))
		phone_add(r, words, count);
	else if (str_eq(verb, STR("cookie")))
		r->cookie = rest;
	else if (str_eq(verb, STR("process")))
		set_process(r, rest);
	else if (str_eq(verb, STR("media")))
		expect_media(r, words, count);
	else if (str_eq(verb, STR("closed")))
		expect_closed(r, words, count);
	else if (str_eq(verb, STR("calls")))
		expect_calls(r, rest);
	else if (!str_eq(line, STR("send again")))
		fail(r, "unknown line: " STR_FMT, STR_ARG(line));
}

static void flow_run(struct replay *r)
{
	FILE *file = fopen(r->file, "r");
	char text[1024];

	if (!file)
		err(2, "%s", r->file);
	while (fgets(text, sizeof(text), file)) {
		struct str line = { text, strcspn(text, "\n") };

		r->line++;
		line = arena_str(r->arena, line);
		if (!line.len || line.s[0] == '#')
			continue;
		if (line.s[0] == ' ' || line.s[0] == '\t') {
			key_line(r, line);
			continue;
		}
		block_end(r);
		verb_line(r, line);
	}
	fclose(file);
	block_end(r);
	expect_calls(r, STR("0"));
}

int main(int argc, char **argv)
{
	static struct replay replay = { .cookie = { "1_", 2 } };
	bool shapes = argc == 3 && !strcmp(argv[1], "--shapes");

	if (argc != 2 && !shapes)
		errx(2, "usage: replay [--shapes] FLOW");
	replay.shapes_only = shapes;
	replay.file = argv[argc - 1];
	replay.arena = arena_new(BYTES);
	if (!replay.arena)
		err(2, "memory");
	peer_addr(RELAY, NG_PORT, &replay.ng);
	peer_addr(RELAY, RTPP_PORT, &replay.rtpproxy);
	flow_run(&replay);
	for (size_t i = 0; i < replay.n_phones; i++)
		phone_close(&replay.phones[i]);
	arena_free(replay.arena);
	return 0;
}
