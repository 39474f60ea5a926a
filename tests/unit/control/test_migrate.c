/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_migrate.c - rtprelayctl migrate: configurations of rtpengine and rtpproxy become ours */
#include <stdio.h>
#include <stdlib.h>
#include "control/migrate.h"
#include "daemon/base/count.h"
#include "tests/unit/test.h"

/* What the daemon refuses as the user of the unit does not stand in its file. */
#define NOT_FOR_UNIT                                                                               \
	"left out, since the systemd unit runs rtprelayd as its own user, without a pidfile. For " \
	"a start script of yours write "

#define IN_JSON "time-outs are told in JSON, not XMLRPC. For a server that takes it: notify = "

#define SAYS "[rtprelay]\n"

/* Return: what was written after the section's line; "": the form was not recognised */
static const char *migrated(const char *text)
{
	static char out[8192];
	char *copy = strdup(text);
	struct migration m = { .out = fmemopen(out, sizeof(out), "w") };
	bool found;

	memset(out, 0, sizeof(out));
	CU_ASSERT_FATAL(copy && m.out);
	found = migrate_text(&m, copy);
	fclose(m.out);
	free(copy);
	CU_ASSERT_EQUAL(found, strstr(out, SAYS) != NULL);
	return found ? strstr(out, SAYS) + strlen(SAYS) : "";
}

static void check(const char *text, const char *wanted)
{
	const char *said = migrated(text);

	if (strcmp(said, wanted) != 0)
		printf("from:\n%s\nwanted:\n%s\nis:\n%s\n", text, wanted, said);
	CU_ASSERT_STRING_EQUAL(said, wanted);
}

static void test_homer_of_rtpengine(void)
{
	check("[rtpengine]\ninterface=192.0.2.1\nlisten-ng=2223\nhomer = 192.0.2.9:9060\n"
	      "homer-id = 7\nhomer-protocol = udp\n",
	      "interface = 192.0.2.1\nlisten-ng = 2223\nhomer = 192.0.2.9:9060\nhomer-id = 7\n");
}

static void test_rtpengine_conf(void)
{
	check("# mine\n[rtpengine]\ntable = 0\nno-fallback = true\n"
	      "interface = pub/192.0.2.1!203.0.113.5;priv/10.0.0.1; alias=pub\n"
	      "listen-ng = 127.0.0.1:2223;[::1]:2223\r\n  timeout=70\n final-timeout = 7200\n"
	      "delete-delay = 0\nforeground=false\nlog-level = 6\nlog-stderr = true\n"
	      "[other]\ntimeout = 1\n",
	      "kernel = require\ninterface = pub/192.0.2.1!203.0.113.5\n"
	      "interface = priv/10.0.0.1\ninterface = alias=pub\nlisten-ng = 127.0.0.1:2223\n"
	      "listen-ng = [::1]:2223\ntimeout = 70\nfinal-timeout = 7200\ndelete-delay = 0\n"
	      "foreground = no\nlog-level = info\nlog-facility = stderr\n");
	/* Without a section of that name the first one counts; there only one is read. */
	check("[a]\ninterface=192.0.2.1\nlisten-ng=2223\n[b]\ntimeout=5\n",
	      "interface = 192.0.2.1\nlisten-ng = 2223\n");
	check("[a]\ntimeout=5\n[rtpengine]\ninterface=192.0.2.1\nlisten-ng=2223\n",
	      "interface = 192.0.2.1\nlisten-ng = 2223\n");
}

#define FULL	"[rtpengine]\ninterface=192.0.2.1\nlisten-ng=2223\n"
#define FULL_IS "interface = 192.0.2.1\nlisten-ng = 2223\n"

/* A key, and what becomes of it. */
static void test_values_of_rtpengine(void)
{
	static const struct {
		const char *theirs, *ours;
	} rows[] = {
		{ "table = -1", "kernel = off" },
		{ "no-fallback = yes\ntable = 0", "kernel = require" },
		{ "table = 0\nno-fallback = no", "kernel = auto" },
		{ "table = -1\nno-fallback = yes", "kernel = off" },
		{ "timeout = 5\ntos = 8\ntimeout = 6\ntimeout = x",
		  "tos = 8\ntimeout = 6\n# timeout: timeout: \"x\" is not a whole number" },
		{ "log-stderr = false\nlog-facility = daemon", "log-facility = syslog" },
		{ "log-facility = daemon\nlog-stderr = true", "log-facility = stderr" },
		{ "log-stderr = true\nlog-facility = local1",
		  "log-facility = stderr\nsyslog-facility = local1" },
		{ "b2b-url = http://127.0.0.1:8090/RPC2",
		  "# b2b-url: " IN_JSON "http://127.0.0.1:8090/RPC2" },
		{ "b2b-url = http://%%:8090/", "# b2b-url: " IN_JSON "http://HOST:PORT/PATH" },
		{ "b2b-url = https://h/", "# b2b-url: " IN_JSON "http://HOST:PORT/PATH" },
		{ "log-level = 2", "log-level = error" },
		{ "log-level = 9", "log-level = debug" },
		{ "log-level = info", "# log-level: \"info\" is not a number" },
		{ "log-level-core = 7", "log-level = info, call:debug" },
		{ "log-level-rtcp = 9\nlog-level = 5\nlog-level-ice=4\nlog-level-http = 0",
		  "log-level = notice, packet:debug, web:error" },
		{ "log-level-srtp = x", "# log-level-srtp: \"x\" is not a number" },
		{ "log-level-spandsp = 7",
		  "# log-level-spandsp: there is no such subsystem here; rtprelayd(8), log-level, "
		  "lists those that there are" },
		{ "log-stderr = no", "log-facility = syslog" },
		{ "log-facility = daemon", "log-facility = syslog" },
		{ "log-facility = local1", "log-facility = syslog\nsyslog-facility = local1" },
		{ "log-facility = local8",
		  "log-facility = syslog\n# log-facility: the facility of syslog is daemon or "
		  "local0 to local7, not local8" },
		{ "log-facility = user",
		  "log-facility = syslog\n# log-facility: the facility of syslog is daemon or "
		  "local0 to local7, not user" },
		{ "log-facility-cdr = local2",
		  "# log-facility-cdr: records of calls go to cdr-file" },
		{ "endpoint-learning = immediate",
		  "latching = first\n# endpoint-learning: sources are accepted by other rules: "
		  "see docs/latching.md" },
		{ "num-threads = 8", "media-threads = 8" },
		{ "num-threads = -1", NULL },
		{ "max-sessions = 500", "max-sessions = 500" },
		{ "max-sessions = -1", NULL },
		{ "max-sessions = 0", "# max-sessions: 0 is no limit here; new calls are refused "
				      "by rtprelayctl set --drain=on" },
		{ "max-sessions = x", "# max-sessions: max-sessions: \"x\" is not a whole number" },
		{ "sip-source = false\nrec-egress = no", NULL },
		{ "sip-source = true",
		  "# sip-source: give the flag SIP-source-address in the proxy's commands" },
		{ "dtls-passive = true\ndtls-mtu = 1100", "dtls-passive = true\ndtls-mtu = 1100" },
		{ "dtls-ciphers = DEFAULT",
		  "# dtls-ciphers: DTLS has a P-256 certificate, and ciphers AES-GCM and ChaCha: "
		  "there is no choice" },
		{ "listen-tcp-ng = 127.0.0.1:2223;[::1]:2223",
		  "listen-tcp-ng = 127.0.0.1:2223\nlisten-tcp-ng = [::1]:2223" },
		{ "listen-http = 2280", "listen-http = 2280\n# listen-http: for NG over HTTP, POST "
					"/ng, set http-ng = yes" },
		{ "listen-udp = 12222", "listen-rtpproxy = udp:0.0.0.0:12222" },
		{ "listen-udp = [::1]:12222", "listen-rtpproxy = udp6:[::1]:12222" },
		{ "redis = 127.0.0.1:6379/5",
		  "state-dir = /var/lib/rtprelay\n# redis: calls survive the daemon in state-dir, "
		  "not in a database, and not the host" },
		{ "redis-expires = 9", "# redis-expires: see state-dir" },
		{ "interface = eth0", "interface = eth0" },
		{ "interface = pub/eth0;any", "interface = pub/eth0\ninterface = any" },
		{ "interface = any", "interface = any" },
		{ "interface = pub/eth0!203.0.113.5",
		  "# interface: write the address before \"!\" in place of the device: "
		  "pub/eth0!203.0.113.5" },
		{ "interface = pub/2001:db8::1!2001:db8::5",
		  "interface = pub/2001:db8::1!2001:db8::5" },
		{ "port-min = x", "# port-min: port-min: \"x\" is not a whole number" },
		{ "timeout", "# timeout: is not of the form KEY = VALUE" },
		{ "frobnicate = 1", "# frobnicate: not known" },
		{ "frob\x1b[2J = 1", "# frob?[2J: not known" },
		{ "pidfile = /run/a.pid", "# pidfile: " NOT_FOR_UNIT "pidfile = /run/a.pid" },
		{ "poller-per-thread = true", NULL },
	};
	char text[300], wanted[400];

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof(text), FULL "%s\n", rows[i].theirs);
		snprintf(wanted, sizeof(wanted), FULL_IS "%s%s", rows[i].ours ? rows[i].ours : "",
			 rows[i].ours ? "\n" : "");
		check(text, wanted);
	}
}

static void test_command_of_rtpengine(void)
{
	check("[Unit]\nDescription=media\n[Service]\nEnvironment=A=1\n"
	      "ExecStart=/usr/bin/rtpengine -f --interface 192.0.2.1 -E --table=-1 \\\n"
	      "  -m 40000 -M50000 --listen-ng=127.0.0.1:2223 -qX --no-fallback extra\n",
	      "foreground = yes\ninterface = 192.0.2.1\nlog-facility = stderr\nkernel = off\n"
	      "port-min = 40000\nport-max = 50000\nlisten-ng = 127.0.0.1:2223\n"
	      "# -qX: option -X is not known\n# extra: is not an option\n");
}

static void test_command_of_rtpproxy(void)
{
	check("sudo rtpproxy -F -l 192.0.2.1 -s udp:127.0.0.1:7722 -m 10000 -M 20000 -t 0xb8 -f\n",
	      "listen-rtpproxy = udp:127.0.0.1:7722\nport-min = 10000\nport-max = 20000\n"
	      "tos = 184\nforeground = yes\ninterface = pub/192.0.2.1\n");
	check("/usr/sbin/rtpproxy -l '10.0.0.1/192.0.2.1' -A 10.0.0.1/203.0.113.5 -6 /2001:db8::1 "
	      "-s /run/r.sock -d WARN:LOG_LOCAL1 -T 30 -W 90 -n unix:/run/n -u a:b -p /run/p -L "
	      "9 -r /rec -S /spool -P -a -R\n",
	      "listen-rtpproxy = unix:/run/r.sock\nlog-facility = syslog\nsyslog-facility = "
	      "local1\nlog-level = warning\ntimeout = 30\n"
	      "unanswered-timeout = 90\nnotify = unix:/run/n\n# -u: " NOT_FOR_UNIT "user = a\n"
	      "# -u: " NOT_FOR_UNIT "group = b\n# -p: " NOT_FOR_UNIT
	      "pidfile = /run/p\n# -L: set LimitNOFILE= of the systemd unit\n"
	      "recording-dir = /rec\n"
	      "# -S: files are NAME.part in recording-dir until they are finished\n"
	      "# -a: the proxy says which calls are recorded: rtpproxy's start_recording()\n"
	      "# -R: RTCP is recorded too\n"
	      "interface = internal/10.0.0.1!10.0.0.1\n"
	      "interface = external/192.0.2.1!203.0.113.5\ninterface = external/2001:db8::1\n"
	      "# a bridge: media stays symmetric here; phones behind NATs need no option\n"
	      "# rtpproxy's defaults:\nport-min = 35000\nport-max = 65000\ntos = 184\n");
	/* What is missing is said. */
	check("rtpproxy -l '*' --long -Z -t high\n",
	      "# --long: not known\n# -Z: not known\n# -t: \"high\" is not a number\n"
	      "# -l: write the address instead of *\n# rtpproxy's defaults:\n"
	      "listen-rtpproxy = unix:/var/run/rtpproxy.sock\nport-min = 35000\n"
	      "port-max = 65000\n"
	      "# interface: at least one is required, such as interface = pub/192.0.2.1\n");
}

/* Names of the programs stand in other places too. */
static void test_the_command_is_found(void)
{
	check("[Service]\nEnvironmentFile=-/etc/default/rtpproxy\nUser=rtpproxy\n"
	      "ExecStartPre=/bin/mkdir -p /run/rtpproxy\nExecStart=-/usr/bin/rtpproxy -s "
	      "$CONTROL_SOCK -l 192.0.2.1 -m 1000 -M 2000 -t 0 $EXTRA\n",
	      "# -s: the variable in listen-rtpproxy = $CONTROL_SOCK is not set here\n"
	      "port-min = 1000\nport-max = 2000\ntos = 0\n# $EXTRA: not an option\n"
	      "interface = pub/192.0.2.1\n"
	      "# listen-ng or listen-rtpproxy is required, such as listen-ng = "
	      "127.0.0.1:2223\n");
	check("NAME=rtpproxy\nDAEMON=/usr/sbin/$NAME\ntest -x $DAEMON || exit 0\n"
	      "start-stop-daemon --start --quiet --exec $DAEMON -- -s unix:/r -l 192.0.2.1 "
	      "-m 1000 -M 2000 -t 0\n",
	      "listen-rtpproxy = unix:/r\nport-min = 1000\nport-max = 2000\ntos = 0\n"
	      "interface = pub/192.0.2.1\n");
	check("mkdir -p /run/rtpengine\nA=1 exec /usr/bin/rtpengine -i 192.0.2.1 -n 2223\n",
	      "interface = 192.0.2.1\nlisten-ng = 2223\n");
}

static void test_variables_of_a_start_script(void)
{
	check("USER=rtpproxy\nNAME=one\nPIDFILE=\"/run/$NAME.pid\"\nCONTROL_SOCK=udp:127.0.0.1:1 # "
	      "c\n"
	      "ADDR='192.0.2.1'\nEXTRA_OPTS=\"-l ${ADDR} -m 1000 $NOTHING -M 2000 -t 0\"\n",
	      "listen-rtpproxy = udp:127.0.0.1:1\n# -u: " NOT_FOR_UNIT "user = rtpproxy\n"
	      "# -p: " NOT_FOR_UNIT "pidfile = /run/one.pid\n"
	      "port-min = 1000\nport-max = 2000\ntos = 0\n# $NOTHING: not an option\n"
	      "interface = pub/192.0.2.1\n");
	check("OPTS='-l 192.0.2.1 -m 1000 -M 2000'\nexec rtpproxy $OPTS -t 0 -s unix:/r\n",
	      "port-min = 1000\nport-max = 2000\ntos = 0\nlisten-rtpproxy = unix:/r\n"
	      "interface = pub/192.0.2.1\n");
}

static void test_other_texts_are_refused(void)
{
	static const char *const texts[] = { "",
					     "\n\n",
					     "hello\n",
					     "USER=rtpproxy\n",
					     "[Unit]\nDescription=rtpproxy-like\n",
					     "# [rtpengine]\n",
					     "'\n",
					     "\\\n" };

	for (size_t i = 0; i < COUNT(texts); i++)
		CU_ASSERT_STRING_EQUAL(migrated(texts[i]), "");
}

TEST_SUITE(migrate, { "homer of rtpengine", test_homer_of_rtpengine },
	   { "rtpengine.conf", test_rtpengine_conf },
	   { "values of rtpengine", test_values_of_rtpengine },
	   { "a command of rtpengine", test_command_of_rtpengine },
	   { "a command of rtpproxy", test_command_of_rtpproxy },
	   { "the command is found", test_the_command_is_found },
	   { "variables of a start script", test_variables_of_a_start_script },
	   { "other texts are refused", test_other_texts_are_refused });
