/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_conf.c - files and command lines as an operator writes them, and the messages */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/conf/load.h"
#include "daemon/conf/table.h"
#include "tests/unit/test.h"

#define MAX_ARGS 40

static char output[1 << 15]; /* output of the last run, standard error and output */

struct catcher {
	int target, saved, file;
};

static struct catcher catch_begin(int target)
{
	struct catcher catcher = { target, dup(target), memfd_create("output", MFD_CLOEXEC) };

	fflush(stdout);
	CU_ASSERT_FATAL(catcher.saved >= 0 && catcher.file >= 0);
	dup2(catcher.file, target);
	log_open(LOG_TO_STDERR, LOG_LEVEL_INFO);
	return catcher;
}

static void catch_end(struct catcher *catcher)
{
	ssize_t got;

	fflush(stdout);
	dup2(catcher->saved, catcher->target);
	close(catcher->saved);
	got = pread(catcher->file, output, sizeof(output) - 1, 0);
	output[got > 0 ? got : 0] = '\0';
	close(catcher->file);
}

/*
 * Runs conf_load() with @args ("--config=@": a file that contains @file), and captures its output.
 */
static int load(struct conf *conf, const char *file, const char *args, int target)
{
	char option[] = "--config=/tmp/test_conf.XXXXXX", *path = option + strlen("--config="),
	     line[4096], *argv[MAX_ARGS] = { line, NULL }, *word, *rest;
	int argc = 1, fd = mkstemp(path), result;
	struct catcher catcher;

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, file, strlen(file)), (ssize_t)strlen(file));
	close(fd);
	snprintf(line, sizeof(line), "%s", args);
	for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = strcmp(word, "--config=@") ? word : option;
	catcher = catch_begin(target);
	result = conf_load(conf, argc, argv);
	catch_end(&catcher);
	/* Paths differ from run to run: for comparison the file is called F. */
	for (char *at; (at = strstr(output, path));) {
		*at = 'F';
		memmove(at + 1, at + strlen(path), strlen(at + strlen(path)) + 1);
	}
	unlink(path);
	return result;
}

static int load_args(struct conf *conf, const char *args)
{
	return load(conf, "", args, STDERR_FILENO);
}

#define ENOUGH "--config=none --interface=pub/192.0.2.1 --listen-ng=2223 "

static void test_command_line_of_the_manual_works(void)
{
	struct conf conf;

	CU_ASSERT_EQUAL_FATAL(
		load_args(&conf, "--foreground --config=none --interface=pub/198.51.100.20 "
				 "--listen-ng=198.51.100.20:2223 --port-min=30000 --port-max=39999 "
				 "--delete-delay=0"),
		0);
	CU_ASSERT_STRING_EQUAL(output, "");
	CU_ASSERT_TRUE(conf.foreground);
	CU_ASSERT_EQUAL(conf.interface.count, 1);
	CU_ASSERT_STRING_EQUAL(conf.interface.item[0], "pub/198.51.100.20");
	CU_ASSERT_EQUAL(conf.listen_ng.count, 1);
	CU_ASSERT_STRING_EQUAL(conf.listen_ng.item[0], "198.51.100.20:2223");
	CU_ASSERT_EQUAL(conf.port_min, 30000);
	CU_ASSERT_EQUAL(conf.port_max, 39999);
	CU_ASSERT_EQUAL(conf_port_pairs(&conf), 5000);
	CU_ASSERT_EQUAL(conf.delete_delay_s, 0);
	conf_free(&conf);
}

static void test_one_control_protocol_is_enough(void)
{
	static const char *const rows[] = { "--listen-ng=2223", "--listen-tcp-ng=2223",
					    "--listen-rtpproxy=udp:22222",
					    "--listen-http=2280 --http-ng" };
	char args[128];
	struct conf conf;

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(args, sizeof(args), "--config=none --interface=192.0.2.1 %s", rows[i]);
		CU_ASSERT_EQUAL_FATAL(load_args(&conf, args), 0);
		conf_free(&conf);
	}
}

static void test_defaults_are_as_documented(void)
{
	struct conf conf;

	CU_ASSERT_EQUAL_FATAL(load_args(&conf, ENOUGH), 0);
	CU_ASSERT_EQUAL(conf.port_min, 30000);
	CU_ASSERT_EQUAL(conf.port_max, 40000);
	CU_ASSERT_EQUAL(conf.timeout_s, 60);
	CU_ASSERT_EQUAL(conf.silent_timeout_s, 3600);
	CU_ASSERT_EQUAL(conf.offer_timeout_s, 3600);
	CU_ASSERT_EQUAL(conf.unanswered_timeout_s, 200);
	CU_ASSERT_EQUAL(conf.delete_delay_s, 30);
	CU_ASSERT_EQUAL(conf.tos, 0);
	CU_ASSERT_EQUAL(conf.max_sessions, 0);
	CU_ASSERT_EQUAL(conf.max_medias, 16);
	CU_ASSERT_EQUAL(conf.max_branches, 64);
	CU_ASSERT_EQUAL(conf.media_threads, 0);
	CU_ASSERT_EQUAL(conf.latching, LATCH_SMART);
	CU_ASSERT_EQUAL(conf.latch_patience_ms, 400);
	CU_ASSERT_EQUAL(conf.latch_window_ms, 3000);
	CU_ASSERT_EQUAL(conf.port_quarantine_s, 5);
	CU_ASSERT_EQUAL(conf.homer_id, 2001);
	CU_ASSERT_PTR_NULL(conf.homer);
	CU_ASSERT_EQUAL(conf.log_levels.general, LOG_LEVEL_INFO);
	CU_ASSERT_EQUAL(conf.log_facility, LOG_TO_STDERR);
	CU_ASSERT_EQUAL(conf.syslog_facility, LOG_DAEMON);
	CU_ASSERT_FALSE(conf.foreground);
	CU_ASSERT_FALSE(conf.check_config);
	CU_ASSERT_PTR_NULL(conf.pidfile);
	CU_ASSERT_PTR_NULL(conf.user);
	CU_ASSERT_EQUAL(conf.control_allow.count, 0);
	conf_free(&conf);
}

/* Values in the file, or as options, take the place of the default list, not beside it. */
static void test_list_with_a_default_is_replaced(void)
{
	struct conf conf;

	CU_ASSERT_EQUAL_FATAL(load_args(&conf, ENOUGH), 0);
	CU_ASSERT_EQUAL_FATAL(conf.media_deny.count, 2);
	CU_ASSERT_STRING_EQUAL(conf.media_deny.item[0], "local:0-1023");
	CU_ASSERT_STRING_EQUAL(conf.media_deny.item[1], "local:5060-5061");
	conf_free(&conf);
	CU_ASSERT_EQUAL_FATAL(load_args(&conf, ENOUGH "--media-deny=none"), 0);
	CU_ASSERT_EQUAL_FATAL(conf.media_deny.count, 1);
	CU_ASSERT_STRING_EQUAL(conf.media_deny.item[0], "none");
	conf_free(&conf);
	CU_ASSERT_EQUAL_FATAL(load(&conf,
				   "[rtprelay]\ninterface = 192.0.2.1\nlisten-ng = 2223\n"
				   "media-deny = local, 10.0.0.0/8\nmedia-deny = 192.0.2.7:53\n",
				   "--config=@", STDERR_FILENO),
			      0);
	CU_ASSERT_EQUAL_FATAL(conf.media_deny.count, 3);
	CU_ASSERT_STRING_EQUAL(conf.media_deny.item[0], "local");
	CU_ASSERT_STRING_EQUAL(conf.media_deny.item[2], "192.0.2.7:53");
	conf_free(&conf);
}

static void test_file_sets_every_type(void)
{
	struct conf conf;

	CU_ASSERT_EQUAL_FATAL(load(&conf,
				   "# a comment\n"
				   "[rtprelay]\n"
				   "interface = pub/192.0.2.1!203.0.113.9, priv/198.51.100.1\n"
				   "interface = pub/2001:db8::1\n"
				   "listen-ng = 127.0.0.1:2223 ; for the proxy\n"
				   "listen-ng = [::1]:2223,\n"
				   "    2224\n"
				   "tos = -1\n"
				   "latching = Strict\n"
				   "log-level = debug\n"
				   "log-facility=journal\r\n"
				   "foreground = on\n"
				   "user = nobody\n"
				   "pidfile =\n"
				   "port-min=20000\n"
				   "port-max = 20003",
				   "--config=@", STDERR_FILENO),
			      0);
	CU_ASSERT_STRING_EQUAL(output, "");
	CU_ASSERT_EQUAL_FATAL(conf.interface.count, 3);
	CU_ASSERT_STRING_EQUAL(conf.interface.item[0], "pub/192.0.2.1!203.0.113.9");
	CU_ASSERT_STRING_EQUAL(conf.interface.item[1], "priv/198.51.100.1");
	CU_ASSERT_STRING_EQUAL(conf.interface.item[2], "pub/2001:db8::1");
	CU_ASSERT_EQUAL_FATAL(conf.listen_ng.count, 3);
	CU_ASSERT_STRING_EQUAL(conf.listen_ng.item[0], "127.0.0.1:2223");
	CU_ASSERT_STRING_EQUAL(conf.listen_ng.item[1], "[::1]:2223");
	CU_ASSERT_STRING_EQUAL(conf.listen_ng.item[2], "2224");
	CU_ASSERT_EQUAL(conf.tos, -1);
	CU_ASSERT_EQUAL(conf.latching, LATCH_STRICT);
	CU_ASSERT_EQUAL(conf.log_levels.general, LOG_LEVEL_DEBUG);
	CU_ASSERT_EQUAL(conf.log_facility, LOG_TO_JOURNAL);
	CU_ASSERT_TRUE(conf.foreground);
	CU_ASSERT_STRING_EQUAL(conf.user, "nobody");
	CU_ASSERT_PTR_NULL(conf.pidfile);
	CU_ASSERT_EQUAL(conf_port_pairs(&conf), 2);
	conf_free(&conf);
}

/* Also in capitals. */
static void test_words_have_their_meaning(void)
{
	static const struct {
		const char *option;
		size_t offset; /* in struct conf, of an enum */
		unsigned int value;
	} rows[] = {
		{ "--latching=smart", offsetof(struct conf, latching), LATCH_SMART },
		{ "--latching=STRICT", offsetof(struct conf, latching), LATCH_STRICT },
		{ "--latching=first", offsetof(struct conf, latching), LATCH_FIRST },
		{ "--kernel=auto", offsetof(struct conf, kernel), KMOD_AUTO },
		{ "--kernel=off", offsetof(struct conf, kernel), KMOD_OFF },
		{ "--kernel=require", offsetof(struct conf, kernel), KMOD_REQUIRE },
		{ "--firewall=none", offsetof(struct conf, firewall), FIREWALL_NONE },
		{ "--firewall=notrack", offsetof(struct conf, firewall), FIREWALL_NOTRACK },
		{ "--firewall=Pinhole", offsetof(struct conf, firewall), FIREWALL_PINHOLE },
		{ "--state=keep", offsetof(struct conf, state), STATE_KEEP },
		{ "--state=none", offsetof(struct conf, state), STATE_NONE },
		{ "--log-facility=stderr", offsetof(struct conf, log_facility), LOG_TO_STDERR },
		{ "--log-facility=syslog", offsetof(struct conf, log_facility), LOG_TO_SYSLOG },
		{ "--syslog-facility=daemon", offsetof(struct conf, syslog_facility), LOG_DAEMON },
		{ "--syslog-facility=local0", offsetof(struct conf, syslog_facility), LOG_LOCAL0 },
		{ "--syslog-facility=Local7", offsetof(struct conf, syslog_facility), LOG_LOCAL7 },
		{ "--log-facility=journal", offsetof(struct conf, log_facility), LOG_TO_JOURNAL },
	};
	static const char *const yes[] = { "yes", "true", "on", "1", "YES", "On" };
	static const char *const no[] = { "no", "false", "off", "0", "No", "FALSE" };
	struct conf conf;
	char args[200];

	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned int value;

		snprintf(args, sizeof(args), ENOUGH "%s", rows[i].option);
		CU_ASSERT_EQUAL_FATAL(load_args(&conf, args), 0);
		memcpy(&value, (const char *)&conf + rows[i].offset, sizeof(value));
		CU_ASSERT_EQUAL(value, rows[i].value);
		if (value != rows[i].value)
			fprintf(stderr, "%s is %u\n", rows[i].option, value);
		conf_free(&conf);
	}
	for (size_t i = 0; i < COUNT(yes); i++) {
		snprintf(args, sizeof(args), ENOUGH "--foreground=%s", yes[i]);
		CU_ASSERT_EQUAL_FATAL(load_args(&conf, args), 0);
		CU_ASSERT_TRUE(conf.foreground);
		conf_free(&conf);
		snprintf(args, sizeof(args), ENOUGH "--foreground --foreground=%s", no[i]);
		CU_ASSERT_EQUAL_FATAL(load_args(&conf, args), 0);
		CU_ASSERT_FALSE(conf.foreground);
		conf_free(&conf);
	}
}

static void test_options_override_the_file(void)
{
	struct conf conf;

	CU_ASSERT_EQUAL_FATAL(
		load(&conf,
		     "[rtprelay]\ninterface = a/192.0.2.1, b/192.0.2.2\nlisten-ng = 1111\n"
		     "timeout = 30\ntos = 8\nforeground = yes\n",
		     "--timeout 90 --interface=c/192.0.2.3 --config=@ --interface=d/192.0.2.4,x=d "
		     "--foreground=no",
		     STDERR_FILENO),
		0);
	CU_ASSERT_EQUAL(conf.timeout_s, 90);
	CU_ASSERT_EQUAL(conf.tos, 8);
	CU_ASSERT_FALSE(conf.foreground);
	CU_ASSERT_EQUAL_FATAL(conf.interface.count, 3);
	CU_ASSERT_STRING_EQUAL(conf.interface.item[0], "c/192.0.2.3");
	CU_ASSERT_STRING_EQUAL(conf.interface.item[1], "d/192.0.2.4");
	CU_ASSERT_STRING_EQUAL(conf.interface.item[2], "x=d");
	CU_ASSERT_EQUAL(conf.listen_ng.count, 1);
	conf_free(&conf);
}

#define HEAD "[rtprelay]\ninterface=192.0.2.1\nlisten-ng=2223\n"

/* A level for all, then those of some subsystems. */
static void test_levels_of_subsystems(void)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "error", "error" },
		{ "Warning", "warning" },
		{ "notice,", "notice" },
		{ "debug", "debug" },
		{ "info, latch:debug", "info, latch:debug" },
		{ "info,web:error,admin : debug", "info, admin:debug, web:error" },
		{ "warning, daemon:info", "warning, daemon:info" },
	};
	static const struct {
		const char *text, *error;
	} wrong[] = {
		{ "latch:debug", "the level of all others comes first, as in info, latch:debug" },
		{ "info, latch", "\"\" is not one of error, warning, notice, info, debug" },
		{ "info, latch:7",
		  "\"7\" is not one of error, warning, notice, info, debug; rtpengine's 7 is "
		  "debug" },
		{ "info, web:debug, web:error", "web has two levels" },
		{ "info, latching:debug",
		  "\"latching\" is not one of the subsystems admin, base, bpf, call, command, "
		  "conf, ctl, daemon, dtls, dtmf, firewall, gate, homer, ice, journal, kernel, "
		  "latch, "
		  "nat, ng, "
		  "packet, port, prompt, record, report, rtpproxy, sdp, srtp, stats, stun, web" },
		{ "", "\"\" is not one of error, warning, notice, info, debug" },
	};
	const struct conf_row *row = conf_row_find(STR("log-level"));
	struct conf conf = { .log_levels = { .general = LOG_LEVEL_NOTICE } }, copy = { 0 };
	char text[CONF_ROW_TEXT], error[CONF_ROW_ERROR];

	for (size_t i = 0; i < COUNT(wrong); i++) {
		CU_ASSERT_EQUAL(conf_row_set(row, &conf, wrong[i].text, error), -EINVAL);
		CU_ASSERT_STRING_EQUAL(error, wrong[i].error);
		CU_ASSERT_STRING_EQUAL(conf_row_print(row, &conf, text, sizeof(text)), "notice");
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL(conf_row_set(row, &conf, rows[i].text, error), 0);
		CU_ASSERT_STRING_EQUAL(conf_row_print(row, &conf, text, sizeof(text)),
				       rows[i].shown);
		CU_ASSERT_FALSE(conf_row_equal(row, &conf, &copy));
		conf_row_copy(row, &copy, &conf);
		CU_ASSERT(conf_row_equal(row, &conf, &copy));
	}
	/* The longest text has room. */
	for (size_t i = 0; i < LOG_PARTS; i++)
		conf.log_levels.part[i] = LOG_LEVEL_WARNING;
	CU_ASSERT(strlen(conf_row_print(row, &conf, text, sizeof(text))) < sizeof(text) - 1);
	CU_ASSERT_EQUAL(conf_row_set(row, &copy, text, error), 0);
	CU_ASSERT(conf_row_equal(row, &conf, &copy));
}

static void test_mistakes_in_file_are_reported(void)
{
	static const struct {
		const char *file, *error;
	} rows[] = {
		{ HEAD "port-mni = 1\n",
		  "error: F:4: unknown key \"port-mni\"; did you mean \"port-min\"?\n" },
		{ HEAD "timout = 1\n",
		  "error: F:4: unknown key \"timout\"; did you mean \"timeout\"?\n" },
		{ HEAD "num-threads = 4\n",
		  "error: F:4: unknown key \"num-threads\": rtprelay calls this media-threads\n" },
		/* The same table as rtprelayctl migrate has. */
		{ HEAD "redis-write = 127.0.0.1:6379/1\n",
		  "error: F:4: unknown key \"redis-write\": rtprelay calls this state-dir\n" },
		{ HEAD "recording-method = proc\n",
		  "error: F:4: unknown key \"recording-method\": is of rtpengine; calls in the "
		  "kernel stay there while they are recorded\n" },
		{ HEAD "recording-mode = 9\n",
		  "error: F:4: recording-mode: \"9\" is not a file mode of three octal digits, as "
		  "640\n" },
		{ HEAD "recording-output = mp3\n",
		  "error: F:4: recording-output: \"mp3\" is not one of pcap, wav, both\n" },
		{ HEAD "mos = LQ\n",
		  "error: F:4: unknown key \"mos\": is of rtpengine; nothing has "
		  "to be set here\n" },
		{ HEAD "homer-pasword = x\n", "error: F:4: unknown key \"homer-pasword\"; did you "
					      "mean \"homer-password\"?\n" },
		{ HEAD "log-facility = local1\n",
		  "error: F:4: log-facility: \"local1\" is not one of stderr, syslog, journal; use "
		  "syslog, and syslog-facility\n" },
		{ HEAD "syslog-facility = local8\n",
		  "error: F:4: syslog-facility: \"local8\" is not one of daemon, local0, local1, "
		  "local2, local3, local4, local5, local6, local7\n" },
		{ HEAD "log-level = 6\n",
		  "error: F:4: log-level: \"6\" is not one of error, warning, notice, info, debug; "
		  "rtpengine's 6 is info\n" },
		{ HEAD "latching = heuristic\n",
		  "error: F:4: latching: \"heuristic\" is not one of smart, strict, first; use "
		  "smart\n" },
		{ HEAD "[rtpengine]\ntable = 0\nnum-threads = 4\n\nlog-level = 6\n",
		  "error: F:5: section [rtpengine]: this is an rtpengine.conf; keys belong under "
		  "[rtprelay]: rtprelayctl migrate writes them (docs/from-rtpengine.md)\n" },
		{ HEAD "[a]\nx = 0\ny = 4\n[b]\nz = 6\n",
		  "error: F:5: unknown section [a]; all keys belong to [rtprelay]\n"
		  "error: F:8: unknown section [b]; all keys belong to [rtprelay]\n" },
		{ HEAD "confg = 1\n", "error: F:4: unknown key \"confg\"\n" }, /* an option only */
		{ HEAD "\n\nquarantine-port = 1\n",
		  "error: F:6: unknown key \"quarantine-port\"\n" },
		{ HEAD "Timeout = 1\n",
		  "error: F:4: unknown key \"Timeout\"; did you mean \"timeout\"?\n" },
		{ HEAD "timeout = 0\n", "error: F:4: timeout: 0 is out of range, 1 to 604800\n" },
		{ HEAD "tos = 256\n", "error: F:4: tos: 256 is out of range, -1 to 255\n" },
		{ HEAD "tos = -2\n", "error: F:4: tos: -2 is out of range, -1 to 255\n" },
		{ HEAD "port-min = 99999999999999999999999\n",
		  "error: F:4: port-min: \"99999999999999999999999\" is not a whole number\n" },
		{ HEAD "control-mode = 9\n",
		  "error: F:4: control-mode: \"9\" is not a file mode of "
		  "three octal digits, as 640\n" },
		{ HEAD "cdr-mode = 648\n", "error: F:4: cdr-mode: \"648\" is not a file mode of "
					   "three octal digits, as 640\n" },
		{ HEAD "cdr-mode = 1640\n", "error: F:4: cdr-mode: \"1640\" is not a file mode of "
					    "three octal digits, as 640\n" },
		{ HEAD "timeout = 60s\n", "error: F:4: timeout: \"60s\" is not a whole number\n" },
		{ HEAD "timeout =\n", "error: F:4: timeout: \"\" is not a whole number\n" },
		{ HEAD "max-load = nan\n", "error: F:4: max-load: \"nan\" is not a number\n" },
		{ HEAD "max-load = -1\n", "error: F:4: max-load: \"-1\" is not a number\n" },
		{ HEAD "max-load = 1.2.3\n", "error: F:4: max-load: \"1.2.3\" is not a number\n" },
		{ HEAD "max-load = .\n", "error: F:4: max-load: \".\" is not a number\n" },
		{ HEAD "max-load =\n", "error: F:4: max-load: \"\" is not a number\n" },
		{ HEAD "max-cpu = 100.5\n",
		  "error: F:4: max-cpu: 100.5 is out of range, 0 to 100\n" },
		{ HEAD "foreground = perhaps\n",
		  "error: F:4: foreground: \"perhaps\" is neither yes nor no\n" },
		{ HEAD "latching = none\n",
		  "error: F:4: latching: \"none\" is not one of smart, strict, first\n" },
		{ HEAD "interface = ,\n", "error: F:4: interface: a value is missing\n" },
		{ HEAD "timeout = 1\ntos = 1\ntimeout = 2\n",
		  "error: F:6: timeout: is already set in line 4\n" },
		{ HEAD "check-config = yes\n",
		  "error: F:4: check-config: is allowed only on the command line\n" },
		{ HEAD "nonsense\n", "error: F:4: not a [section], \"key = value\" or comment\n" },
		{ "timeout = 1\n" HEAD,
		  "error: F:1: \"timeout\" must come after the line [rtprelay]\n" },
		{ HEAD "[other]\ntimeout = 1\n",
		  "error: F:5: unknown section [other]; all keys belong to [rtprelay]\n" },
		{ HEAD "port-min = 4000\nport-max = 3999\n",
		  "error: port-min 4000 is above port-max 3999\n" },
		{ HEAD "port-min = 4001\nport-max = 4004\n",
		  "error: ports 4001 to 4004 are too few: a call needs two pairs, each an even "
		  "port and the next one\n" },
		{ "[rtprelay]\nlisten-ng=1\n",
		  "error: no interface is set; for example: --interface=pub/192.0.2.1\n" },
		{ "[rtprelay]\ninterface=192.0.2.1\n",
		  "error: none of listen-ng, listen-tcp-ng, listen-rtpproxy and http-ng is set; "
		  "for example: --listen-ng=127.0.0.1:2223\n" },
		{ "[rtprelay]\ninterface=192.0.2.1\nlisten-http=8080\n",
		  "error: none of listen-ng, listen-tcp-ng, listen-rtpproxy and http-ng is set; "
		  "for example: --listen-ng=127.0.0.1:2223\n" },
		{ HEAD "http-ng = yes\n",
		  "error: http-ng is set, but listen-http is not; for example: "
		  "--listen-http=2280\n" },
		{ HEAD "tos = x\nport-max = 0\nfork = yes\n",
		  "error: F:4: tos: \"x\" is not a whole number\n"
		  "error: F:5: port-max: 0 is out of range, 1 to 65535\n"
		  "error: F:6: unknown key \"fork\"\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf conf;

		CU_ASSERT_EQUAL(load(&conf, rows[i].file, "--config=@", STDERR_FILENO), -EINVAL);
		if (strcmp(output, rows[i].error))
			printf("row %zu: %s", i, output);
		CU_ASSERT_STRING_EQUAL(output, rows[i].error);
	}
}

static void test_mistakes_in_options_are_reported(void)
{
	static const struct {
		const char *args, *error;
	} rows[] = {
		{ ENOUGH "--prot-min=1",
		  "error: unknown option \"--prot-min=1\"; did you mean \"port-min\"?\n" },
		{ ENOUGH "--foo=1", "error: unknown option \"--foo=1\"\n" },
		{ ENOUGH "--tso=1", "error: unknown option \"--tso=1\"; did you mean \"tos\"?\n" },
		/* The beginning of a name is not the name. */
		{ ENOUGH "--listen-tcp=1",
		  "error: unknown option \"--listen-tcp=1\": is of rtpengine; write "
		  "listen-rtpproxy = tcp:HOST:PORT, if a proxy uses it\n" },
		{ ENOUGH "--timeou 5",
		  "error: unknown option \"--timeou\"; did you mean \"timeout\"?\n" },
		{ ENOUGH "--b2b-url=http://192.0.2.1/",
		  "error: unknown option \"--b2b-url=http://192.0.2.1/\": rtprelay calls this "
		  "notify\n" },
		{ ENOUGH "--zzz", "error: unknown option \"--zzz\"\n" },
		{ ENOUGH "-xyz", "error: unknown option \"-xyz\"\n" },
		{ ENOUGH "timeout=3",
		  "error: unknown option \"timeout=3\"; did you mean \"timeout\"?\n" },
		{ ENOUGH "--timeout", "error: --timeout: a value is missing\n" },
		{ ENOUGH "--timeout=x --tos=999",
		  "error: --timeout: \"x\" is not a whole number\nerror: --tos: 999 is out of "
		  "range, -1 to 255\n" },
		{ ENOUGH "--foreground=2", "error: --foreground: \"2\" is neither yes nor no\n" },
		{ ENOUGH "--interface=", "error: --interface: a value is missing\n" },
		{ "--config=/nonexistent/file",
		  "error: /nonexistent/file: No such file or directory\n" },
		{ "--config=/", "error: /: cannot be read\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf conf;

		CU_ASSERT_EQUAL(load_args(&conf, rows[i].args), -EINVAL);
		if (strcmp(output, rows[i].error))
			printf("row %zu: %s", i, output);
		CU_ASSERT_STRING_EQUAL(output, rows[i].error);
	}
}

static void test_long_line_is_refused_whole(void)
{
	char file[2000] = HEAD "control-allow = ";
	struct conf conf;

	for (int i = 0; i < 30; i++)
		strcat(file, "192.0.2.0/24, ");
	strcat(file, "192.0.2.0/24\ntos = 999\n");
	CU_ASSERT_EQUAL(load(&conf, file, "--config=@", STDERR_FILENO), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "error: F:4: the line is longer than "));
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "error: F:5: tos: 999 is out of range"));
}

static void test_help_names_every_key(void)
{
	struct conf conf;

	CU_ASSERT_EQUAL(load(&conf, "", "--help", STDOUT_FILENO), 1);
	for (size_t i = 0; i < conf_n_rows; i++) {
		char option[80];

		snprintf(option, sizeof(option), "  --%s", conf_rows[i].name);
		CU_ASSERT_PTR_NOT_NULL(strstr(output, option));
		CU_ASSERT_TRUE(strlen(conf_rows[i].help) > 10);
	}
	CU_ASSERT_EQUAL(load(&conf, "", "--version", STDOUT_FILENO), 1);
	CU_ASSERT_EQUAL(strncmp(output, "rtprelayd ", 10), 0);
}

static void test_reload_tells_that_a_secret_differs(void)
{
	struct conf conf, fresh;
	struct catcher catcher;

	CU_ASSERT_EQUAL_FATAL(load_args(&conf, ENOUGH "--homer-password=hunter1"), 0);
	CU_ASSERT_EQUAL_FATAL(load_args(&fresh, ENOUGH "--homer-password=hunter2"), 0);
	catcher = catch_begin(STDERR_FILENO);
	CU_ASSERT_EQUAL(conf_reload(&conf, &fresh), 0);
	catch_end(&catcher);
	CU_ASSERT_STRING_EQUAL(output, "warning: reload: homer-password differs: restart the "
				       "daemon to change it\n");
	conf_free(&conf);
	conf_free(&fresh);
}

static void test_reload_takes_what_may_change(void)
{
	struct conf conf, fresh;
	struct catcher catcher;

	CU_ASSERT_EQUAL_FATAL(load_args(&conf, ENOUGH), 0);
	CU_ASSERT_EQUAL_FATAL(load_args(&fresh,
					ENOUGH "--timeout=77 --log-level=debug --port-min=20000 "
					       "--interface=192.0.2.9 --homer-password=hunter2 "
					       "--user=nobody"),
			      0);
	catcher = catch_begin(STDERR_FILENO);
	CU_ASSERT_EQUAL(conf_reload(&conf, &fresh), 2);
	catch_end(&catcher);
	CU_ASSERT_STRING_EQUAL(output, "warning: reload: interface is still pub/192.0.2.1: restart "
				       "the daemon to change it to "
				       "pub/192.0.2.1, 192.0.2.9\n"
				       "warning: reload: port-min is still 30000: restart the "
				       "daemon to change it to 20000\n"
				       "notice: reload: timeout is now 77, it was 60\n"
				       "notice: reload: log-level is now debug, it was info\n"
				       "warning: reload: homer-password is still empty: restart "
				       "the daemon to change it to (set)\n"
				       "warning: reload: user is still empty: restart the daemon "
				       "to change it to nobody\n");
	CU_ASSERT_EQUAL(conf.timeout_s, 77);
	CU_ASSERT_EQUAL(conf.log_levels.general, LOG_LEVEL_DEBUG);
	CU_ASSERT_EQUAL(conf.port_min, 30000);
	CU_ASSERT_EQUAL(conf.interface.count, 1);
	CU_ASSERT_PTR_NULL(conf.user);
	conf_free(&conf);
	conf_free(&fresh);
}

static void test_distance_counts_edits(void)
{
	static const struct {
		const char *a, *b;
		unsigned int distance;
	} rows[] = {
		{ "", "", 0 },	      { "abc", "abc", 0 },	  { "abc", "", 3 },
		{ "", "abc", 3 },     { "abc", "abd", 1 },	  { "abc", "acb", 1 },
		{ "abc", "abcd", 1 }, { "abcd", "bcd", 1 },	  { "ca", "abc", 3 },
		{ "tos", "sot", 2 },  { "kitten", "sitting", 3 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(conf_name_distance(str_of(rows[i].a), str_of(rows[i].b)),
				rows[i].distance);
	CU_ASSERT_TRUE(conf_name_distance(STR("port-min"),
					  STR("a-text-of-more-than-forty-letters-is-far-away")) >
		       1000);
}

static void test_out_of_memory_fails_cleanly(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct conf conf;
		int err = load(&conf, HEAD "user = nobody\ninterface = a/192.0.2.1, b/192.0.2.2\n",
			       "--config=@ --group=nogroup --listen-ng=1,2,3", STDERR_FILENO);

		CU_ASSERT_EQUAL(err, alloc_failed() ? -ENOMEM : 0);
		if (!err)
			conf_free(&conf);
	}
}

/* Who does not know a name finds it by --help, and need not provoke the error. */
static void test_help_names_every_subsystem(void)
{
	const struct conf_row *row = conf_row_find(STR("log-level"));
	char names[500] = ": ";

	for (size_t i = 0; i < LOG_PARTS; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? ", " : "", log_part_name(i));
	CU_ASSERT_PTR_NOT_NULL(strstr(row->help, names));
}

TEST_SUITE(conf, { "levels of subsystems", test_levels_of_subsystems },
	   { "command line of the manual works", test_command_line_of_the_manual_works },
	   { "one control protocol is enough", test_one_control_protocol_is_enough },
	   { "defaults are as documented", test_defaults_are_as_documented },
	   { "a list with a default is replaced", test_list_with_a_default_is_replaced },
	   { "file sets every type", test_file_sets_every_type },
	   { "words have their meaning", test_words_have_their_meaning },
	   { "options override the file", test_options_override_the_file },
	   { "mistakes in file are reported", test_mistakes_in_file_are_reported },
	   { "mistakes in options are reported", test_mistakes_in_options_are_reported },
	   { "long line is refused whole", test_long_line_is_refused_whole },
	   { "help names every key", test_help_names_every_key },
	   { "help names every subsystem", test_help_names_every_subsystem },
	   { "reload takes what may change", test_reload_takes_what_may_change },
	   { "reload tells that a secret differs", test_reload_tells_that_a_secret_differs },
	   { "distance counts edits", test_distance_counts_edits },
	   { "out of memory fails cleanly", test_out_of_memory_fails_cleanly });
