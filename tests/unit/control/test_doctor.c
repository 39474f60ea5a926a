/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_doctor.c - rtprelayctl doctor: what it finds, and what it says to do */
#include <arpa/inet.h>
#include <grp.h>
#include <sys/stat.h>
#include "control/doctor.h"
#include "control/line.h"
#include "control_scene.h"
#include "version.h"

/* max-load and its like: shown if they are set, and a finding while they refuse calls. */
static void test_limit_that_refuses_calls_is_named(void)
{
	static const char answer[] =
		"{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION "\",\"limits\":["
		"{\"key\":\"max-load\",\"limit\":4.000,\"value\":4.250,\"exceeded\":true},"
		"{\"key\":\"max-bandwidth\",\"limit\":25000000.000,\"value\":24000000.000,"
		"\"exceeded\":false}]}\n" END;

	CU_ASSERT_EQUAL(ask("status", answer), EXIT_OK);
	expect("limit      max-load 4, now 4.25: above, new calls are refused\n"
	       "limit      max-bandwidth 25000000, now 24000000\n");
	ask("doctor", answer);
	expect("note   max-load is 4, now it is 4.25: new calls are refused\n"
	       "       -> proxies use another relay meanwhile; to accept more: rtprelayctl set "
	       "max-load=N, and in rtprelay.conf\n");
	CU_ASSERT_PTR_NULL(strstr(printed, "max-bandwidth"));
}

/* Without a daemon the host is checked all the same, and the first line says what to do. */
static void test_doctor_checks_the_host_without_a_daemon(void)
{
	CU_ASSERT_EQUAL(run("--socket=/nonexistent/socket doctor"), EXIT_REFUSED);
	CU_ASSERT_EQUAL(strncmp(printed, "WRONG  rtprelayd ", 17), 0);
	expect("/nonexistent/socket");
	expect("       -> ");
	expect("default receive buffer of sockets: ");
	expect("nftables: table inet rtprelay is absent\n");
	CU_ASSERT_STRING_EQUAL(complained, "");
}

/* Who is refused learns by which group the socket may be opened. */
static void test_group_of_the_socket_is_named(void)
{
	gid_t gid = geteuid() ? getegid() : 1;
	const struct group *group = getgrgid(gid);
	char path[] = "/tmp/rtprelay-who-XXXXXX", text[320], part[128];
	int fd = mkstemp(path);

	CU_ASSERT_TRUE_FATAL(fd >= 0 && group);
	CU_ASSERT_EQUAL(fchown(fd, (uid_t)-1, gid), 0);
	CU_ASSERT_EQUAL(fchmod(fd, 0660), 0);
	snprintf(part, sizeof(part), "as a member of group %s: usermod -aG %s ", group->gr_name,
		 group->gr_name);
	CU_ASSERT_PTR_NOT_NULL(strstr(line_who_may(path, text, sizeof(text)), part));
	CU_ASSERT_EQUAL(fchmod(fd, 0640), 0);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(line_who_may(path, text, sizeof(text)), "no group may open it"));
	close(fd);
	unlink(path);
}

/* A port that the process with the daemon's number has open is the daemon's. */
static void test_doctor_finds_what_is_wrong(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char answer[1024], part[128];
	unsigned int port;

	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	getsockname(fd, (struct sockaddr *)&addr, &len);
	port = ntohs(addr.sin_port);
	snprintf(answer, sizeof(answer),
		 "{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION
		 "\",\"pid\":%d,\"port-min\":%u,\"port-max\":%u,\"firewall\":\"none\","
		 "\"unheard\":{\"calls\":9,\"last-hour\":3},\"interfaces\":["
		 "{\"name\":\"pub\",\"address\":\"192.0.2.77\",\"pairs\":100,\"free\":5,"
		 "\"used\":20,\"quarantined\":60,\"taken-by-others\":15},"
		 "{\"name\":\"full\",\"address\":\"127.0.0.1\",\"pairs\":100000000,\"free\":0},"
		 "{\"name\":\"home\",\"address\":\"127.0.0.1\",\"pairs\":100,\"free\":0,"
		 "\"mapping\":{\"state\":\"starting\"}},"
		 "{\"name\":\"lo\",\"address\":\"127.0.0.1\",\"port-min\":9,\"port-max\":9,"
		 "\"pairs\":100,\"free\":10}]}\n" END,
		 (int)getpid(), port, port);
	CU_ASSERT_EQUAL(ask("doctor", answer), EXIT_REFUSED);
	close(fd);
	snprintf(part, sizeof(part), "ok     no other program has UDP ports of %u-%u open\n", port,
		 port);
	expect(part);
	expect("ok     no other program has UDP ports of 9-9 open\n");
	expect("note   interface pub (192.0.2.77): 5 of 100 pairs of ports are free; used by "
	       "calls: 20, quarantined (at rest after a call): 60, taken by other programs: 15\n"
	       "       -> they rest after their call: shorten port-quarantine");
	expect("WRONG  interface full (127.0.0.1): 0 of 100000000 pairs of ports are free; used by "
	       "calls: 0, quarantined (at rest after a call): 0, taken by other programs: 0\n"
	       "       -> widen its range of ports (port-min, port-max), or add an interface\n");
	expect("ok     interface lo (127.0.0.1): 10 of 100 pairs of ports are free; ");
	CU_ASSERT_PTR_NULL(strstr(printed, "interface home (127.0.0.1): 0 of 100"));
	expect("note   interface home: the router has not answered yet (port-mapping)\n");
	expect("note   calls of the last hour with media that was refused, from an address that "
	       "neither SDP nor SIP names: 3\n       -> the log names each of them (\"is not "
	       "heard\"). If these are phones: ");
	expect("set latching=first");
	expect("note   the daemon may open ");
	expect("WRONG  192.0.2.77 is not an address of this host\n       -> bring the interface "
	       "up");
}

/* Several names of an address have the same ports, on the same device. */
static void test_doctor_counts_an_address_once(void)
{
	char answer[1024];

	snprintf(answer, sizeof(answer),
		 "{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION
		 "\",\"pid\":%d,\"port-min\":9,\"port-max\":9,\"firewall\":\"none\","
		 "\"calls\":2,\"max-sessions\":2,\"interfaces\":["
		 "{\"name\":\"a\",\"address\":\"127.0.0.1\",\"pairs\":5,\"free\":5},"
		 "{\"name\":\"b\",\"address\":\"127.0.0.1\",\"pairs\":5,\"free\":5},"
		 "{\"name\":\"c\",\"address\":\"127.0.0.1\",\"port-min\":10,\"port-max\":11,"
		 "\"pairs\":1,\"free\":1}]}\n" END,
		 (int)getpid());
	ask("doctor", answer);
	expect(", needed 140\n");
	expect("127.0.0.1 is on lo\n");
	CU_ASSERT_PTR_NULL(strstr(strstr(printed, "127.0.0.1 is on lo") + 1, "127.0.0.1 is on lo"));
	expect("note   2 calls: max-sessions is reached, new calls are refused\n"
	       "       -> for more: rtprelayctl set max-sessions=N\n");
}

/* What fits is ok; an address that is gone and a shared pool are no more ports. */
static void test_doctor_tune_compares_with_the_daemon(void)
{
	static const char answer[] =
		"{\"type\":\"status\",\"pid\":1,\"max-sessions\":400,\"interfaces\":["
		"{\"name\":\"a\",\"address\":\"192.0.2.1\",\"port-min\":30000,\"pairs\":1200},"
		"{\"name\":\"b\",\"address\":\"192.0.2.1\",\"port-min\":30000,\"pairs\":1200},"
		"{\"name\":\"a\",\"address\":\"192.0.2.2\",\"port-min\":30000,\"pairs\":1200,"
		"\"gone\":true}]}\n" END;

	CU_ASSERT_EQUAL(ask("doctor --tune=500", answer), EXIT_OK);
	expect("ok     ports: 2400 are needed, the daemon has 2400\n");
	expect("note   the daemon accepts at most 400 calls\n       -> rtprelay.conf: "
	       "max-sessions\n");
	expect("50000 packets/s take about 0.6 cores on the user path, 0.1 on the kernel path");
	CU_ASSERT_EQUAL(ask("doctor --tune=20000", answer), EXIT_OK);
	expect("note   ports: 96000 are needed, the daemon has 2400\n       -> rtprelay.conf: "
	       "port-min = 16384, port-max = 64383; addresses (interface): 2\n");
	expect("LimitNOFILE=96512");
}

static void test_doctor_tune_needs_no_daemon(void)
{
	CU_ASSERT_EQUAL(run("doctor --tune=5000"), EXIT_OK);
	expect("note   ports: 24000 are needed\n       -> rtprelay.conf: port-min = 30000, "
	       "port-max = 53999; addresses (interface): 1\n");
	expect("note   descriptors: 24512 are needed\n");
	CU_ASSERT_EQUAL(run("doctor --tune=0"), EXIT_USAGE);
	CU_ASSERT_EQUAL(run("doctor --tune=x"), EXIT_USAGE);
}

static void test_records_that_are_lost_are_told(void)
{
	ask("doctor", "{\"type\":\"status\",\"cdr\":{\"file\":\"/x\",\"state\":\"failing\","
		      "\"lost\":3}}\n" END);
	expect("WRONG  records of calls cannot be written to cdr-file /x; lost so far: 3\n");
	ask("doctor", "{\"type\":\"status\",\"cdr\":{\"file\":\"/x\",\"state\":\"ok\","
		      "\"lost\":3}}\n" END);
	expect("note   records of calls were lost, cdr-file /x: 3\n");
	ask("doctor", "{\"type\":\"status\",\"cdr\":{\"file\":\"/x\",\"state\":\"ok\","
		      "\"lost\":0}}\n" END);
	expect("ok     records of calls are written to /x\n");
	ask("status", "{\"type\":\"status\",\"cdr\":{\"file\":\"/x\",\"state\":\"failing\","
		      "\"lost\":3}}\n" END);
	expect("records    of calls in /x: failing, lost 3\n");
}

static void test_state_none_is_told(void)
{
	ask("doctor", "{\"type\":\"status\",\"state\":\"none\",\"state-dir\":\"/s\","
		      "\"journal\":{\"state\":\"off\"}}\n" END);
	expect("note   calls are not saved, because state=none switches state-dir off: they end "
	       "with the daemon\n       -> to save them again: remove state = none ");
	ask("doctor", "{\"type\":\"status\",\"state\":\"none\",\"state-dir\":\"\","
		      "\"journal\":{\"state\":\"off\"}}\n" END);
	expect("ok     calls are not saved, because state=none: they end with the daemon\n");
	ask("status", "{\"type\":\"status\",\"state\":\"none\",\"journal\":{"
		      "\"state\":\"off\"}}\n" END);
	expect("journal    off (state=none), calls restored 0");
}

#define RECORDED(min_free)                                                                         \
	"{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION                                     \
	"\",\"recording\":{\"dir\":\"/\",\"min-free-mib\":" min_free                               \
	",\"failed\":1,\"lost-ring\":2,\"lost-kernel\":3}}\n" END

/* Of the disk of this host: no space is left but for the reserve; or a call fills it in an hour. */
static void test_doctor_sees_that_recordings_fail(void)
{
	CU_ASSERT_EQUAL(ask("doctor", RECORDED("1000000000000")), EXIT_REFUSED);
	expect("WRONG  1 recording ended before the call\n");
	expect("5 packets are missing in recordings\n");
	expect("WRONG  recording-dir / has no more space than recording-min-free");
	CU_ASSERT_EQUAL(ask("doctor", RECORDED("0")), EXIT_REFUSED);
	CU_ASSERT_PTR_NULL(strstr(printed, "recording-dir /"));
	daemon_start();
	daemon_.answer[0] = daemon_.answer[1] = RECORDED("0"); /* the first only tries it */
	daemon_.answer[2] = "{\"type\":\"recording\",\"since\":1,"
			    "\"bytes\":4611686018427387904}\n" END;
	run("doctor");
	daemon_stop();
	expect("recording-dir / is full in ");
}

#define RECORDING_DIR(members)                                                                     \
	"{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION                                     \
	"\",\"recording\":{\"dir\":\"/\",\"min-free-mib\":0" members "}}\n" END

static void test_directory_that_cannot_be_written_is_told(void)
{
	static const char bad[] = RECORDING_DIR(
		",\"usable\":false,\"why-not\":\"recording-dir /: cannot write there: Permission "
		"denied\"");

	CU_ASSERT_EQUAL(ask("doctor", bad), EXIT_REFUSED);
	expect("WRONG  nothing can be recorded: recording-dir /: cannot write there: Permission "
	       "denied\n");
	ask("status", bad);
	expect("nothing can be recorded: recording-dir /: cannot write there: Permission denied\n");
	ask("doctor", RECORDING_DIR(",\"usable\":true"));
	expect("ok     recordings can be written to /\n");
	ask("doctor", RECORDING_DIR("")); /* not known yet */
	CU_ASSERT_PTR_NULL(strstr(printed, "recordings can be"));
	CU_ASSERT_PTR_NULL(strstr(printed, "nothing can be recorded"));
}

static void test_group_that_cannot_be_given_is_wrong(void)
{
	char answer[256];

	snprintf(answer, sizeof(answer),
		 "{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION
		 "\",\"pid\":%d,\"control\":{"
		 "\"group\":\"voip\",\"group-error\":\"Operation not permitted\"}}\n" END,
		 (int)getpid());
	CU_ASSERT_EQUAL(ask("doctor", answer), EXIT_REFUSED);
	expect("WRONG  control-group voip cannot use the control socket: the daemon's user is not "
	       "in the group (Operation not permitted)\n       -> usermod -aG voip ");
	CU_ASSERT_EQUAL(ask("status", answer), EXIT_OK);
	expect("control    group voip cannot be given: Operation not permitted: only root and the "
	       "daemon's user can use rtprelayctl\n");
	ask("doctor", "{\"type\":\"status\",\"version\":\"" RTPRELAY_VERSION
		      "\",\"control\":{\"group\":\"voip\"}}\n" END);
	expect("ok     control-group voip may use the control socket\n");
}

static void test_doctor_asks_no_dns_without_a_domain(void)
{
	ask("doctor", "{\"type\":\"status\",\"stun\":{\"listen\":[\"127.0.0.1:9\"],"
		      "\"discovery\":true}}\n" END);
	expect("STUN: 127.0.0.1:9 does not answer ");
	CU_ASSERT_PTR_NULL(strstr(printed, "DNS:"));
}

/* Nobody is heard, and one is refused: that is the proxy. The advice is the whole new value. */
static void test_doctor_names_a_refused_proxy(void)
{
	ask("doctor", "{\"type\":\"status\",\"control-allow\":\"127.0.0.0/8, ::1\","
		      "\"refused-proxies\":[{\"address\":\"192.0.2.9\",\"commands\":7,"
		      "\"last-ago\":3}]}\n" END);
	expect("WRONG  7 commands from 192.0.2.9 not answered, because it is not in "
	       "control-allow; no command was accepted from anywhere\n       -> if it is your "
	       "proxy, set control-allow = 127.0.0.0/8, ::1, 192.0.2.9 and restart rtprelayd\n");
	ask("status", "{\"type\":\"status\",\"control-allow\":\"127.0.0.0/8, ::1\","
		      "\"refused-proxies\":[{\"address\":\"192.0.2.9\",\"commands\":7,"
		      "\"last-ago\":3}]}\n" END);
	expect("commands   accepted from 127.0.0.0/8, ::1\n");
	expect("refused    7 commands from 192.0.2.9, the last 3s ago: it is not in "
	       "control-allow\n");
	expect("if it is your proxy, set control-allow = 127.0.0.0/8, ::1, 192.0.2.9 and restart");
}

static void versions_say(struct module_versions versions, const char *what)
{
	static const struct options options;
	struct doctor doctor = { .options = &options };
	struct catcher out;

	fflush(stdout);
	out = catch_begin(STDOUT_FILENO);
	doctor_versions(&doctor, &versions);
	fflush(stdout);
	catch_end(&out, printed, sizeof(printed));
	CU_ASSERT_STRING_EQUAL(printed, what);
}

#define RELOAD_MODULE                                                                              \
	"\n       -> modprobe -r rtprelay && modprobe rtprelay (calls continue in user space "     \
	"meanwhile)\n"

/* A module of older sources is found also if its version is the same. */
static void test_stale_module_is_found(void)
{
	const char *now = RTPRELAY_VERSION;
	struct module_versions v = { "", "", "", "" };

	versions_say(v, "");
	strcpy(v.loaded, now);
	strcpy(v.file, now);
	versions_say(v, "ok     the loaded module is version " RTPRELAY_VERSION "\n");
	strcpy(v.loaded_source, "ABC");
	versions_say(v, "ok     the loaded module is version " RTPRELAY_VERSION "\n");
	strcpy(v.file_source, "DEF");
	versions_say(v, "note   the loaded module (version " RTPRELAY_VERSION
			", srcversion ABC) is not the installed one (version " RTPRELAY_VERSION
			", srcversion DEF)" RELOAD_MODULE);
	strcpy(v.file_source, "ABC");
	strcpy(v.file, "0.0.9");
	strcpy(v.loaded, "0.0.9");
	versions_say(v, "note   the installed module is version 0.0.9, rtprelayctl is "
			"version " RTPRELAY_VERSION
			"\n       -> make install-module, from the source of "
			"rtprelayctl\nnote   the loaded module is version 0.0.9, rtprelayctl is "
			"version " RTPRELAY_VERSION RELOAD_MODULE);
}

TEST_SUITE(doctor, { "limit that refuses calls is named", test_limit_that_refuses_calls_is_named },
	   { "doctor checks the host without a daemon",
	     test_doctor_checks_the_host_without_a_daemon },
	   { "group of the socket is named", test_group_of_the_socket_is_named },
	   { "doctor finds what is wrong", test_doctor_finds_what_is_wrong },
	   { "doctor counts an address once", test_doctor_counts_an_address_once },
	   { "doctor --tune compares with the daemon", test_doctor_tune_compares_with_the_daemon },
	   { "doctor --tune needs no daemon", test_doctor_tune_needs_no_daemon },
	   { "records that are lost are told", test_records_that_are_lost_are_told },
	   { "state=none is told", test_state_none_is_told },
	   { "doctor sees that recordings fail", test_doctor_sees_that_recordings_fail },
	   { "a directory that cannot be written is told",
	     test_directory_that_cannot_be_written_is_told },
	   { "a group that cannot be given is wrong", test_group_that_cannot_be_given_is_wrong },
	   { "doctor asks no DNS without a domain", test_doctor_asks_no_dns_without_a_domain },
	   { "doctor names a refused proxy", test_doctor_names_a_refused_proxy },
	   { "a stale module is found", test_stale_module_is_found });
