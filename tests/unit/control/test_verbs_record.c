/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_verbs_record.c - rtprelayctl record, recordings, pcap and ban */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "control_scene.h"
#include "daemon/base/count.h"

static void test_ban_that_is_not_saved_is_told(void)
{
	ask("ban 192.0.2.7", "{\"type\":\"unsaved\",\"state\":\"off\"}\n" END);
	CU_ASSERT_STRING_EQUAL(complained, "rtprelayctl: the ban ends with the daemon, because "
					   "state-dir is not set\n");
	ask("unban 192.0.2.7", "{\"type\":\"unsaved\",\"state\":\"unreadable\"}\n" END);
	CU_ASSERT_PTR_NOT_NULL(strstr(complained, "the file of bans in state-dir cannot be read;"));
	ask("ban 192.0.2.7", END);
	CU_ASSERT_STRING_EQUAL(complained, "");
}

static void test_banned_addresses_are_listed(void)
{
	CU_ASSERT_EQUAL(ask("banned",
			    "{\"type\":\"banned\",\"address\":\"192.0.2.7\",\"since\":1}\n"
			    "{\"type\":\"other\"}\n" END),
			EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"banned\"}");
	squeeze(printed);
	CU_ASSERT_STRING_EQUAL(printed, "ADDRESS BANNED FOR\n192.0.2.7 9999d00h\n");
}

#define RECORDING(paused, packets, ring, disk)                                                     \
	"{\"type\":\"recording\",\"call-id\":\"one\",\"file\":\"/var/spool/rtprelay/one.pcap\","   \
	"\"since\":1,\"paused\":" paused ",\"packets\":" packets ",\"lost\":{\"ring\":" ring       \
	",\"kernel\":2,\"disk\":" disk "}}\n"

static void test_recordings_are_listed(void)
{
	static const char *const lines[] = { "record", "recordings" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		CU_ASSERT_EQUAL(ask(lines[i], RECORDING("false", "17", "1", "3")
						      RECORDING("true", "0", "0", "0") END),
				EXIT_OK);
		CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"recordings\"}");
		squeeze(printed);
		CU_ASSERT_EQUAL(strncmp(printed, "CALL-ID FOR STATE PACKETS LOST FILE\none ", 40),
				0);
		expect(" records 17 6 /var/spool/rtprelay/one.pcap\n");
		expect(" paused 0 2 /var/spool/rtprelay/one.pcap\n");
	}
}

static void test_status_shows_recording_and_copies(void)
{
	CU_ASSERT_EQUAL(ask("status",
			    "{\"type\":\"status\",\"recording\":{\"dir\":\"/nonexistent/records\","
			    "\"min-free-mib\":1024,\"begun\":7,\"failed\":2,\"lost-ring\":3,"
			    "\"lost-kernel\":4,\"lost-disk\":5},\"copies\":{\"made\":9,\"now\":1,"
			    "\"lines\":2}}\n" END),
			EXIT_OK);
	expect("\nrecording  /nonexistent/records; begun 7, failed 2, packets lost 12\n");
	expect("\ncopies     1 recorder now, 2 lines; so far 9\n");
	CU_ASSERT_EQUAL(ask("status", "{\"type\":\"status\",\"recording\":{\"dir\":\"/\","
				      "\"min-free-mib\":5}}\n" END),
			EXIT_OK);
	expect("\nrecording  /, ");
	expect(" MiB free (at least 5 are kept); begun 0, failed 0, packets lost 0\n");
	CU_ASSERT_PTR_NULL(strstr(printed, "copies "));
}

static void test_record_says_what_it_wants(void)
{
	CU_ASSERT_EQUAL(ask("record one pause", RECORDING("true", "0", "0", "0") END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(
		daemon_.asked,
		"{\"v\":1,\"verb\":\"record\",\"call-id\":\"one\",\"action\":\"pause\"}");
	CU_ASSERT_STRING_EQUAL(printed, "/var/spool/rtprelay/one.pcap (paused)\n");
	CU_ASSERT_EQUAL(ask("record one start", RECORDING("false", "0", "0", "0") END), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(printed, "/var/spool/rtprelay/one.pcap\n");
	CU_ASSERT_EQUAL(ask("record one stop",
			    "{\"type\":\"error\",\"code\":\"not-recorded\",\"text\":\"no\"}\n"),
			EXIT_REFUSED);
	CU_ASSERT_STRING_EQUAL(complained, "rtprelayctl: no\n");
}

static void test_call_shows_its_recording_and_copies(void)
{
	CU_ASSERT_EQUAL(ask("call one",
			    RECORDING("true", "1", "0",
				      "0") "{\"type\":\"copy\",\"tag\":\"srs\",\"siprec\":true,"
					   "\"paused\":false,\"lines\":["
					   "{\"label\":0,\"kind\":\"audio\",\"of\":\"f\",\"to\":"
					   "\"192.0.2.9:6000\","
					   "\"sends\":true,\"packets\":1,\"errors\":0},"
					   "{\"label\":1,\"kind\":\"audio\",\"of\":\"t\",\"to\":"
					   "\"192.0.2.9:6002\","
					   "\"sends\":false,\"packets\":5,\"errors\":3},"
					   "{\"label\":2,\"kind\":\"audio\",\"of\":\"u\","
					   "\"sends\":false,\"packets\":0,\"errors\":0}]}\n" END),
			EXIT_OK);
	CU_ASSERT_STRING_EQUAL(
		printed,
		"recording, paused: /var/spool/rtprelay/one.pcap, 1 packet, 2 lost\n"
		"copies to recorder srs (SIPREC)\n"
		"  label 0: audio of f, to 192.0.2.9:6000, 1 packet\n"
		"  label 1: audio of t, not sent now to 192.0.2.9:6002, 5 packets, 3 could not be "
		"sent\n"
		"  label 2: audio of u, not sent now, 0 packets\n");
}

#define LOOKING	    "{\"type\":\"looking\",\"call-id\":\"one\"}\n"
#define PACKET(b64) "{\"type\":\"packet\",\"time-us\":1000002,\"frame\":\"" b64 "\"}\n"

/* Two frames, "abc" and "abcd"; one that is no base64 is left out. */
static void test_pcap_writes_what_it_gets(void)
{
	static const uint32_t head[] = { 0xa1b2c3d4, 0, 0, 0, 65575, 101 };
	static const uint32_t first[] = { 1, 2, 3, 3 }, second[] = { 1, 2, 4, 4 };
	static const uint16_t version[] = { 2, 4 };
	char expected[128], path[] = "/tmp/test_pcap.XXXXXX", line[64];
	int fd = mkstemp(path);

	memcpy(expected, head, 24);
	memcpy(expected + 4, version, 4);
	memcpy(expected + 24, first, 16);
	memcpy(expected + 40, "abc", 3);
	memcpy(expected + 43, second, 16);
	memcpy(expected + 59, "abcd", 4);
	CU_ASSERT_EQUAL(ask("pcap one --rtp-only", LOOKING PACKET("YWJj") PACKET("YW!j")
							   PACKET("YWJjZA==") PACKET("YWJ") END),
			EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked,
			       "{\"v\":1,\"verb\":\"pcap\",\"call-id\":\"one\",\"rtp-only\":true}");
	CU_ASSERT_EQUAL(memcmp(printed, expected, 63), 0);
	CU_ASSERT(printed[63] == '\0');
	snprintf(line, sizeof(line), "pcap one -w %s", path);
	CU_ASSERT_EQUAL(
		ask(line, LOOKING PACKET("YWJj") "{\"type\":\"lost\",\"packets\":7}\n" PACKET(
				  "YWJjZA==") END),
		EXIT_OK);
	CU_ASSERT_STRING_EQUAL(daemon_.asked, "{\"v\":1,\"verb\":\"pcap\",\"call-id\":\"one\"}");
	CU_ASSERT_STRING_EQUAL(complained, "rtprelayctl: 7 packets are missing: what reads them is "
					   "too slow\n");
	CU_ASSERT_EQUAL(pread(fd, line, sizeof(line), 0), 63);
	CU_ASSERT_EQUAL(memcmp(line, expected, 63), 0);
	CU_ASSERT_EQUAL(unlink(path) + close(fd), 0);
}

/* @said: the end of the complaint, or NULL: it writes the file */
static void try_file(const char *path, const char *said)
{
	char line[100];

	snprintf(line, sizeof(line), "pcap one -w %s", path);
	daemon_.asked[0] = '\0';
	CU_ASSERT_EQUAL(ask(line, LOOKING END), said ? EXIT_REFUSED : EXIT_OK);
	if (said)
		CU_ASSERT_PTR_NOT_NULL(strstr(complained, said));
	if (said)
		CU_ASSERT_STRING_EQUAL(daemon_.asked, "");
}

/* Where others may write, a name that can be guessed may be a link to a file of ours. */
static void test_pcap_writes_over_nothing_but_a_file(void)
{
	char dir[] = "/tmp/test_pcap.XXXXXX", path[4][48];
	static const char *const names[] = { "ours", "link", "pipe", "twice" };
	struct stat found;
	int fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	for (int i = 0; i < 4; i++)
		snprintf(path[i], sizeof(path[i]), "%s/%s", dir, names[i]);
	fd = open(path[0], O_WRONLY | O_CREAT, 0600);
	CU_ASSERT_EQUAL(write(fd, dir, sizeof(dir)), (ssize_t)sizeof(dir));
	CU_ASSERT_EQUAL(close(fd) + symlink("ours", path[1]) + mkfifo(path[2], 0600), 0);
	try_file(path[1], "/link: a symbolic link, which is not followed: name the file itself, or "
			  "use -\n");
	try_file(path[2], "/pipe: not a regular file: use - and a pipe\n");
	fd = open(path[2], O_RDONLY | O_NONBLOCK); /* it has a reader now */
	try_file(path[2], "/pipe: not a regular file: use - and a pipe\n");
	CU_ASSERT_EQUAL(close(fd) + link(path[0], path[3]), 0);
	try_file(path[3], "/twice: another user's file, or one with several names, is not written "
			  "over: remove it, or choose another\n");
	CU_ASSERT_EQUAL(stat(path[0], &found), 0);
	CU_ASSERT_EQUAL(found.st_size, sizeof(dir));
	CU_ASSERT_EQUAL(unlink(path[3]), 0);
	try_file(path[0], NULL);
	CU_ASSERT_EQUAL(stat(path[0], &found), 0);
	CU_ASSERT_EQUAL(found.st_size, 24); /* the head of a pcap */
	if (!geteuid()) {
		CU_ASSERT_EQUAL(chown(path[0], 1, 1), 0);
		try_file(path[0], "another user's file");
	}
	CU_ASSERT_EQUAL(unlink(path[0]) + unlink(path[1]) + unlink(path[2]) + rmdir(dir), 0);
}

TEST_SUITE(verbs_record, { "ban that is not saved is told", test_ban_that_is_not_saved_is_told },
	   { "banned addresses are listed", test_banned_addresses_are_listed },
	   { "recordings are listed", test_recordings_are_listed },
	   { "status shows recording and copies", test_status_shows_recording_and_copies },
	   { "record says what it wants", test_record_says_what_it_wants },
	   { "a call shows its recording and copies", test_call_shows_its_recording_and_copies },
	   { "pcap writes what it gets", test_pcap_writes_what_it_gets },
	   { "pcap writes over nothing but a file", test_pcap_writes_over_nothing_but_a_file });
