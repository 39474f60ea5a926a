/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_record_file.c - recordings as real files, read by libpcap and jansson */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "tests/unit/record/record_scene.h"

#define PCAP SCENE_NAME ".pcap"

/* --- Reading ---------------------------------------------------------------------------------- */

static pcap_t *open_pcap(const struct record_scene *scene, const char *name, u_int precision)
{
	char path[300], error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(scene_path(scene, path, name),
							       precision, error);

	CU_ASSERT_STRING_EQUAL(error, "");
	CU_ASSERT_FATAL(pcap != NULL);
	return pcap;
}

/* Packets in the file; all have to be whole. */
static unsigned int count_packets(const struct record_scene *scene, const char *name)
{
	pcap_t *pcap = open_pcap(scene, name, PCAP_TSTAMP_PRECISION_MICRO);
	struct pcap_pkthdr *header;
	const u_char *bytes;
	unsigned int n = 0;
	int result;

	while ((result = pcap_next_ex(pcap, &header, &bytes)) == 1)
		n++;
	CU_ASSERT_EQUAL(result, PCAP_ERROR_BREAK);
	pcap_close(pcap);
	return n;
}

static uint16_t sum16(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)bytes[i] << (i & 1 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static mode_t mode_of(const struct record_scene *scene, const char *name)
{
	struct stat found = { 0 };
	char path[300];

	CU_ASSERT_EQUAL(stat(scene_path(scene, path, name), &found), 0);
	return found.st_mode & 0777;
}

/* --- Files ------------------------------------------------------------------------------------ */

static void test_packets_are_read_back(void)
{
	struct record_scene scene;
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *pcap;
	json_t *root, *file;

	scene_make(&scene);
	scene_begin(&scene);
	CU_ASSERT(scene_has(&scene, PCAP ".part"));
	CU_ASSERT(scene_has(&scene, ".open/0123456789abcdef.json"));
	CU_ASSERT_EQUAL(scene_talk(&scene, 0, 10), 0);
	CU_ASSERT_EQUAL(record_file_state(scene.file)->packets, 20);
	CU_ASSERT_EQUAL(record_file_state(scene.file)->bytes, 24 + 20 * (16 + 28 + 172));
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + SECOND_NS, "stopped"), 0);
	CU_ASSERT(!scene_has(&scene, PCAP ".part"));
	CU_ASSERT(!scene_has(&scene, ".open/0123456789abcdef.json"));
	CU_ASSERT_EQUAL(count_packets(&scene, PCAP), 20);
	CU_ASSERT_EQUAL(mode_of(&scene, PCAP), 0640);
	CU_ASSERT_EQUAL(mode_of(&scene, SCENE_NAME ".json"), 0640);
	CU_ASSERT_EQUAL(mode_of(&scene, "2026-11-29"), 0750);

	pcap = open_pcap(&scene, PCAP, PCAP_TSTAMP_PRECISION_MICRO);
	CU_ASSERT_EQUAL(pcap_datalink(pcap), DLT_RAW);
	CU_ASSERT_EQUAL(pcap_next_ex(pcap, &header, &bytes), 1);
	CU_ASSERT_EQUAL(header->ts.tv_sec, SCENE_S);
	CU_ASSERT_EQUAL(header->caplen, 28 + 172);
	CU_ASSERT_EQUAL(sum16(bytes, 20), 0xffff);
	CU_ASSERT_EQUAL(ntohs(*(const uint16_t *)(const void *)(bytes + 2)), 200);
	CU_ASSERT(!memcmp(bytes + 12, "\xc0\x00\x02\x07\xcb\x00\x71\x01", 8));
	CU_ASSERT(!memcmp(bytes + 20, "\x0f\xa0\x75\x30\x00\xb4\x00\x00", 8));
	CU_ASSERT_EQUAL(bytes[28], 0x80);
	CU_ASSERT_EQUAL(pcap_next_ex(pcap, &header, &bytes), 1);
	CU_ASSERT_EQUAL(header->ts.tv_usec, 1);
	pcap_close(pcap);

	root = scene_json(&scene, SCENE_NAME ".json");
	CU_ASSERT_STRING_EQUAL(scene_text(root, "call-id"), "call");
	CU_ASSERT_STRING_EQUAL(scene_text(root, "metadata"), "k:v");
	CU_ASSERT_STRING_EQUAL(scene_text(root, "started"), "2026-11-29T06:30:05.000000Z");
	CU_ASSERT_STRING_EQUAL(scene_text(root, "ended"), "2026-11-29T06:30:06.000000Z");
	CU_ASSERT_STRING_EQUAL(scene_text(root, "why"), "stopped");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(root, "packets")), 20);
	file = json_array_get(json_object_get(root, "files"), 0);
	CU_ASSERT_STRING_EQUAL(scene_text(file, "file"), PCAP);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(file, "packets")), 20);
	json_decref(root);
	scene_remove(&scene);
}

static void test_ethernet_ipv6_nanoseconds(void)
{
	uint8_t data[7] = "abcdef", pseudo[40 + 8 + 8];
	struct record_packet packet = { .time_ns = SCENE_NS + 123456789,
					.from = scene_endpoint("[2001:db8::7]:4000"),
					.to = scene_endpoint("[2001:db8::1]:30000"),
					.data = data,
					.len = sizeof(data) };
	struct record_scene scene;
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *pcap;

	scene_make(&scene);
	scene.conf.linktype = RECORD_ETHERNET;
	scene.conf.precision = RECORD_NS;
	scene_begin(&scene);
	CU_ASSERT_EQUAL(record_file_write(scene.file, &packet), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS, "stopped"), 0);
	pcap = open_pcap(&scene, PCAP, PCAP_TSTAMP_PRECISION_NANO);
	CU_ASSERT_EQUAL(pcap_datalink(pcap), DLT_EN10MB);
	CU_ASSERT_EQUAL_FATAL(pcap_next_ex(pcap, &header, &bytes), 1);
	CU_ASSERT_EQUAL(header->ts.tv_usec, 123456789);
	CU_ASSERT_EQUAL(header->caplen, 14 + 40 + 8 + 7);
	CU_ASSERT(!memcmp(bytes + 12, "\x86\xdd\x60", 3));
	/* The pseudo-header of RFC 8200, 8.1; the datagram with its checksum sums up to ones. */
	memset(pseudo, 0, sizeof(pseudo));
	memcpy(pseudo, bytes + 14 + 8, 32);
	pseudo[35] = 15;
	pseudo[39] = IPPROTO_UDP;
	memcpy(pseudo + 40, bytes + 14 + 40, 15);
	CU_ASSERT_EQUAL(sum16(pseudo, sizeof(pseudo)), 0xffff);
	pcap_close(pcap);
	scene_remove(&scene);
}

static void test_longest_payload_is_readable(void)
{
	static uint8_t data[65535];
	struct record_packet packet = { .time_ns = SCENE_NS,
					.from = scene_endpoint("192.0.2.7:4000"),
					.to = scene_endpoint("203.0.113.1:30000"),
					.media = 255,
					.data = data,
					.len = sizeof(data) };
	struct record_scene scene;

	scene_make(&scene);
	scene.conf.linktype = RECORD_ETHERNET;
	scene_begin(&scene);
	CU_ASSERT_EQUAL(record_file_write(scene.file, &packet), 0);
	packet.len = 0;
	CU_ASSERT_EQUAL(record_file_write(scene.file, &packet), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS, "stopped"), 0);
	CU_ASSERT_EQUAL(count_packets(&scene, PCAP), 2);
	scene_remove(&scene);
}

static void test_parts_by_size_and_time(void)
{
	struct record_scene scene;
	json_t *root, *files;

	scene_make(&scene);
	/* Ten packets of 216 bytes. */
	scene.conf.max_size = 24 + 10 * 216;
	scene_begin(&scene);
	CU_ASSERT_EQUAL(scene_talk(&scene, 0, 15), 0);
	CU_ASSERT_EQUAL(record_file_state(scene.file)->parts, 3);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS, "stopped"), 0);
	CU_ASSERT_EQUAL(count_packets(&scene, PCAP), 10);
	CU_ASSERT_EQUAL(count_packets(&scene, SCENE_NAME "-2.pcap"), 10);
	CU_ASSERT_EQUAL(count_packets(&scene, SCENE_NAME "-3.pcap"), 10);
	root = scene_json(&scene, SCENE_NAME ".json");
	files = json_object_get(root, "files");
	CU_ASSERT_EQUAL(json_array_size(files), 3);
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(files, 0), "why"), "size");
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(files, 2), "why"), "stopped");
	json_decref(root);
	scene_remove(&scene);

	scene_make(&scene);
	scene.conf.max_time_s = 1;
	scene_begin(&scene);
	CU_ASSERT_EQUAL(scene_talk(&scene, 0, 60), 0);
	CU_ASSERT_EQUAL(record_file_state(scene.file)->parts, 2);
	/* Also without packets. */
	CU_ASSERT_EQUAL(record_file_tick(scene.file, SCENE_NS + 3 * SECOND_NS), 0);
	CU_ASSERT_EQUAL(record_file_state(scene.file)->parts, 3);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS, "stopped"), 0);
	CU_ASSERT_EQUAL(count_packets(&scene, PCAP), 100);
	CU_ASSERT_EQUAL(count_packets(&scene, SCENE_NAME "-2.pcap"), 20);
	CU_ASSERT_EQUAL(count_packets(&scene, SCENE_NAME "-3.pcap"), 0);
	scene_remove(&scene);
}

static void make_file(const struct record_scene *scene, const char *name)
{
	char path[300];
	FILE *file = fopen(scene_path(scene, path, name), "wx");

	CU_ASSERT_FATAL(file != NULL);
	fputs("of another call", file);
	fclose(file);
}

/* recording-pattern=%c, and calls "call-2" and "call-3" of a phone that does not want the rest. */
static void test_parts_of_others_do_not_end_it(void)
{
	static const char own[] = SCENE_NAME "-0123456789abcdef";
	struct record_scene scene;
	char path[300], text[32] = "";
	FILE *file;

	scene_make(&scene);
	scene.conf.max_size = 24 + 10 * 216;
	scene_begin(&scene);
	make_file(&scene, SCENE_NAME "-2.pcap");
	make_file(&scene, SCENE_NAME "-3.pcap.part");
	CU_ASSERT_EQUAL(scene_talk(&scene, 0, 20), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS, "stopped"), 0);
	CU_ASSERT_EQUAL(count_packets(&scene, PCAP), 10);
	snprintf(path, sizeof(path), "%s-2.pcap", own);
	CU_ASSERT_EQUAL(count_packets(&scene, path), 10);
	snprintf(path, sizeof(path), "%s-3.pcap", own);
	CU_ASSERT_EQUAL(count_packets(&scene, path), 10);
	CU_ASSERT_EQUAL(count_packets(&scene, SCENE_NAME "-4.pcap"), 10);
	file = fopen(scene_path(&scene, path, SCENE_NAME "-2.pcap"), "r");
	CU_ASSERT_FATAL(file != NULL);
	CU_ASSERT_PTR_NOT_NULL(fgets(text, sizeof(text), file));
	CU_ASSERT_STRING_EQUAL(text, "of another call");
	fclose(file);
	scene_remove(&scene);
}

static void test_taken_name_is_not_written_over(void)
{
	struct record_scene scene;
	struct record_file *other;

	scene_make(&scene);
	scene_begin(&scene);
	CU_ASSERT_EQUAL(scene_talk(&scene, 0, 3), 0);
	other = scene.file;
	CU_ASSERT_EQUAL_FATAL(scene_try(&scene, SCENE_NS, false), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS, "stopped"), 0);
	CU_ASSERT_EQUAL(record_file_end(other, SCENE_NS, "stopped"), 0);
	CU_ASSERT_EQUAL(count_packets(&scene, PCAP), 6);
	CU_ASSERT_EQUAL(count_packets(&scene, SCENE_NAME "-0123456789abcdef.pcap"), 0);
	scene_remove(&scene);
}

/* A symbolic link in the place of a folder or file. */
static void test_no_link_leads_out(void)
{
	char path[300], elsewhere[] = "/tmp/test-elsewhere-XXXXXX";
	struct record_scene scene;

	scene_make(&scene);
	CU_ASSERT_FATAL(mkdtemp(elsewhere) != NULL);
	CU_ASSERT_EQUAL(symlink(elsewhere, scene_path(&scene, path, "2026-11-29")), 0);
	scene_open_dir(&scene);
	CU_ASSERT(scene_try(&scene, SCENE_NS, false) == -ENOTDIR ||
		  scene_try(&scene, SCENE_NS, false) == -ELOOP);
	CU_ASSERT_EQUAL(rmdir(elsewhere), 0);
	CU_ASSERT(!scene_has(&scene, ".open/0123456789abcdef.json"));
	scene_remove(&scene);
}

/* --- The sidecar ------------------------------------------------------------------------------ */

static void test_sidecar_tells_the_call(void)
{
	static const char sdp[] = "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n"
				  "a=ice-pwd:hidden\r\nm=audio 4000 RTP/AVP 0\r\n";
	struct record_media media = { .media = 0,
				      .type = STR("audio"),
				      .tag = { STR("from"), STR("to") },
				      .local = { { scene_endpoint("203.0.113.1:30000") } },
				      .remote = { { scene_endpoint("192.0.2.7:4000") } } };
	struct record_scene scene;
	json_t *root, *value, *rtp;
	const char *text;

	scene_make(&scene);
	scene_begin(&scene);
	record_file_tell_party(scene.file, 0, STR("from"), STR("alice"), STR_NONE);
	record_file_tell_party(scene.file, 1, STR("to\xff\"\n"), STR_NONE, STR("m:1"));
	record_file_tell_party(scene.file, 0, STR("from"), STR("alice2"), STR_NONE);
	record_file_tell_media(scene.file, &media);
	record_file_tell_codec(scene.file, 0, 0, STR("PCMU/8000"));
	record_file_tell_sdp(scene.file, SCENE_NS, 0, "offer", str_of(sdp));
	CU_ASSERT_EQUAL(scene_talk(&scene, 0, 5), 0);
	record_file_pause(scene.file, true, SCENE_NS + SECOND_NS);
	record_file_pause(scene.file, true, SCENE_NS + SECOND_NS);
	CU_ASSERT_EQUAL(scene_talk(&scene, 50, 5), 0);
	record_file_pause(scene.file, false, SCENE_NS + 2 * SECOND_NS);
	CU_ASSERT_EQUAL(scene_talk(&scene, 100, 1), 0);
	record_file_lost(scene.file, RECORD_LOST_RING, 0, 1, 3);
	record_file_lost(scene.file, RECORD_LOST_KERNEL, -1, 0, 4);
	CU_ASSERT_EQUAL(record_file_state(scene.file)->paused_packets, 10);
	CU_ASSERT_EQUAL(record_file_state(scene.file)->side_packets[1], 6);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + 3 * SECOND_NS, "deleted"), 0);
	CU_ASSERT_EQUAL(count_packets(&scene, PCAP), 12);

	root = scene_json(&scene, SCENE_NAME ".json");
	value = json_object_get(root, "parties");
	CU_ASSERT_EQUAL(json_array_size(value), 2);
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(value, 0), "label"), "alice2");
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(value, 1), "tag"), "to\xc3\xbf\"\n");
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(value, 1), "side"), "callee");
	value = json_array_get(json_object_get(root, "sdp"), 0);
	text = scene_text(value, "sdp");
	CU_ASSERT(strstr(text, "m=audio 4000") && strstr(text, "AES_CM_128_HMAC_SHA1_80"));
	CU_ASSERT(!strstr(text, "c2VjcmV0") && !strstr(text, "hidden"));
	value = json_object_get(root, "paused");
	CU_ASSERT_EQUAL(json_array_size(value), 1);
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(value, 0), "from"),
			       "2026-11-29T06:30:06.000000Z");
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(value, 0), "to"),
			       "2026-11-29T06:30:07.000000Z");
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(json_object_get(root, "lost"), "kernel")), 4);
	value = json_array_get(json_object_get(root, "medias"), 0);
	CU_ASSERT_STRING_EQUAL(scene_text(json_object_get(value, "codecs"), "0"), "PCMU/8000");
	CU_ASSERT_STRING_EQUAL(scene_text(json_object_get(value, "caller"), "local-rtp"),
			       "203.0.113.1:30000");
	value = json_object_get(value, "callee");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(value, "lost"), "ring")),
			3);
	rtp = json_object_get(value, "rtp");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(rtp, "packets")), 6);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(rtp, "bytes")), 6 * 172);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(rtp, "ssrcs"), 0)),
			0x11223301);
	CU_ASSERT_STRING_EQUAL(scene_text(rtp, "from"), "198.51.100.9:4002");
	CU_ASSERT_STRING_EQUAL(scene_text(rtp, "last"), "2026-11-29T06:30:07.000001Z");
	CU_ASSERT(json_is_false(json_object_get(rtp, "encrypted")));
	json_decref(root);
	scene_remove(&scene);
}

static void test_discard_leaves_nothing(void)
{
	struct record_scene scene;

	scene_make(&scene);
	scene.conf.output = RECORD_BOTH;
	scene.conf.max_size = 1000;
	scene_begin(&scene);
	CU_ASSERT_EQUAL(scene_talk(&scene, 0, 15), 0);
	record_file_discard(scene.file);
	CU_ASSERT(!scene_has(&scene, PCAP));
	CU_ASSERT(!scene_has(&scene, SCENE_NAME "-2.pcap"));
	CU_ASSERT(!scene_has(&scene, SCENE_NAME ".wav"));
	CU_ASSERT(!scene_has(&scene, SCENE_NAME ".json"));
	CU_ASSERT(!scene_has(&scene, ".open/0123456789abcdef.json"));
	scene_remove(&scene);
}

/* --- Crash and restart ------------------------------------------------------------------------ */

/*
 * Ends the run without a word, as kill -9 does: a copy of the process ends, in which the recording
 * was begun. Half a record is behind what was flushed.
 */
static void crash(struct record_scene *scene, const char *part, bool tail)
{
	char path[300];
	int status, fd;
	pid_t child = fork();

	if (!child) {
		char error[RECORD_DIR_ERROR];

		scene->dir = record_dir_open(&scene->conf, error);
		if (!scene->dir || scene_try(scene, SCENE_NS, false) || scene_talk(scene, 0, 10) ||
		    record_file_tick(scene->file, SCENE_NS + SECOND_NS) || scene_talk(scene, 50, 3))
			_exit(1);
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL_FATAL(status, 0);
	fd = tail ? open(scene_path(scene, path, part), O_WRONLY | O_APPEND) : -1;
	CU_ASSERT_FATAL(!tail || (fd >= 0 && write(fd, path, 30) == 30));
	if (fd >= 0)
		close(fd);
}

static void test_goes_on_after_a_crash(void)
{
	struct record_scene scene;
	json_t *root, *files;

	scene_make(&scene);
	crash(&scene, PCAP ".part", true);
	scene_open_dir(&scene);
	CU_ASSERT_EQUAL_FATAL(scene_try(&scene, SCENE_NS + 5 * SECOND_NS, true), 0);
	CU_ASSERT_EQUAL(record_dir_end_leftovers(scene.dir, SCENE_NS), 0);
	CU_ASSERT_EQUAL(scene_talk(&scene, 250, 4), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + 9 * SECOND_NS, "deleted"), 0);
	/* What was flushed is there, and what came after it is not. */
	CU_ASSERT_EQUAL(count_packets(&scene, PCAP), 20);
	CU_ASSERT_EQUAL(count_packets(&scene, SCENE_NAME "-2.pcap"), 8);
	root = scene_json(&scene, SCENE_NAME ".json");
	CU_ASSERT_STRING_EQUAL(scene_text(root, "why"), "deleted");
	CU_ASSERT_STRING_EQUAL(scene_text(root, "started"), "2026-11-29T06:30:05.000000Z");
	files = json_object_get(root, "files");
	CU_ASSERT_EQUAL(json_array_size(files), 2);
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(files, 0), "why"), "crash");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(files, 0), "packets")),
			20);
	json_decref(root);
	scene_remove(&scene);
}

static void test_leftovers_are_finished(void)
{
	struct record_scene scene;
	json_t *root;

	scene_make(&scene);
	scene.conf.output = RECORD_BOTH;
	crash(&scene, PCAP ".part", true);
	scene_open_dir(&scene);
	CU_ASSERT_EQUAL(record_dir_end_leftovers(scene.dir, SCENE_NS + 60 * SECOND_NS), 1);
	CU_ASSERT_EQUAL(record_dir_end_leftovers(scene.dir, SCENE_NS + 60 * SECOND_NS), 0);
	CU_ASSERT_EQUAL(count_packets(&scene, PCAP), 20);
	CU_ASSERT(scene_has(&scene, SCENE_NAME ".wav"));
	CU_ASSERT(!scene_has(&scene, ".open/0123456789abcdef.json"));
	root = scene_json(&scene, SCENE_NAME ".json");
	CU_ASSERT_STRING_EQUAL(scene_text(root, "why"), "crash");
	json_decref(root);
	scene_remove(&scene);
}

static void test_unreadable_sidecar_stays(void)
{
	struct record_scene scene;
	char path[300];
	FILE *file;

	scene_make(&scene);
	crash(&scene, PCAP ".part", false);
	file = fopen(scene_path(&scene, path, ".open/0123456789abcdef.json"), "w");
	CU_ASSERT_FATAL(file != NULL);
	fputs("{\"version\": 1, \"name\": \"../x\", \"files\": []}", file);
	fclose(file);
	scene_open_dir(&scene);
	CU_ASSERT_EQUAL(record_dir_end_leftovers(scene.dir, SCENE_NS), 0);
	CU_ASSERT(scene_has(&scene, ".open/0123456789abcdef.json"));
	CU_ASSERT(scene_has(&scene, PCAP ".part"));
	scene_remove(&scene);
}

static void test_suspended_goes_on(void)
{
	struct record_scene scene;
	json_t *root, *caller;

	scene_make(&scene);
	scene.conf.output = RECORD_BOTH;
	scene_begin(&scene);
	CU_ASSERT_EQUAL(scene_talk(&scene, 0, 10), 0);
	CU_ASSERT_EQUAL(record_file_suspend(scene.file, SCENE_NS + SECOND_NS), 0);
	CU_ASSERT_EQUAL(count_packets(&scene, PCAP), 20);
	CU_ASSERT(!scene_has(&scene, SCENE_NAME ".json"));
	record_dir_close(scene.dir);
	scene_open_dir(&scene);
	CU_ASSERT_EQUAL_FATAL(scene_try(&scene, SCENE_NS + 2 * SECOND_NS, true), 0);
	CU_ASSERT_EQUAL(scene_talk(&scene, 100, 5), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + 3 * SECOND_NS, "deleted"), 0);
	CU_ASSERT_EQUAL(count_packets(&scene, SCENE_NAME "-2.pcap"), 10);
	CU_ASSERT(scene_has(&scene, SCENE_NAME "-2.wav"));
	root = scene_json(&scene, SCENE_NAME ".json");
	/* Counters go on, too. */
	caller = json_object_get(json_array_get(json_object_get(root, "medias"), 0), "caller");
	CU_ASSERT_EQUAL(
		json_integer_value(json_object_get(json_object_get(caller, "rtp"), "packets")), 15);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "files")), 4);
	json_decref(root);
	scene_remove(&scene);
}

/* --- The disk --------------------------------------------------------------------------------- */

/*
 * A disk of @kib; in a mount namespace of the child, which exits 0 if all is as expected. Without
 * the right to mount: the size of files is limited, and the error is another one.
 */
static int small_disk(const char *path, unsigned int kib)
{
	struct rlimit limit = { kib * 1024, kib * 1024 };
	char options[32];

	snprintf(options, sizeof(options), "size=%uk", kib);
	if (!unshare(CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	    !mount("small", path, "tmpfs", 0, options))
		return -ENOSPC;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	return -EFBIG;
}

/* @ticks: what was written is flushed each second; else the buffer of 256 KiB fills the disk. */
static int fill_disk(struct record_scene *scene, bool ticks)
{
	unsigned int failures = CU_get_number_of_failures();
	int expected = small_disk(scene->path, 256), error = 0;
	const struct record_file_state *state;
	char directory_error[RECORD_DIR_ERROR];
	unsigned int packets, n = 0;
	uint64_t handed, lost;
	json_t *root, *file;

	scene->dir = record_dir_open(&scene->conf, directory_error);
	if (!scene->dir || scene_try(scene, SCENE_NS, false))
		return 2;
	for (; n < 100 && !error; n++) {
		error = scene_talk(scene, n * 50, 50);
		handed = error ? 1 : 0;
		if (!error && ticks)
			error = record_file_tick(scene->file, SCENE_NS + n * SECOND_NS);
	}
	state = record_file_state(scene->file);
	if (error != expected || state->error != expected)
		return 3;
	if (expected == -ENOSPC && strcmp(state->why, "disk full") != 0)
		return 4;
	if (scene_talk(scene, n * 50, 1) != expected)
		return 5;
	handed += state->packets + 1;
	lost = state->lost[RECORD_LOST_DISK];
	record_file_end(scene->file, SCENE_NS, "deleted");
	/* Whole records only, as many as the disk has had room for. */
	packets = count_packets(scene, PCAP);
	if (packets < 1000 || packets > 256 * 1024 / 216)
		return 6;
	if (packets + lost != handed)
		return 9;
	if (CU_get_number_of_failures() != failures)
		return 7;
	if (expected != -ENOSPC)
		return 0;
	/* 250 KB of 256 were there for packets; the sidecar has a page or two. */
	root = scene_json(scene, scene_has(scene, SCENE_NAME ".json")
					 ? SCENE_NAME ".json"
					 : ".open/0123456789abcdef.json");
	file = json_array_get(json_object_get(root, "files"), 0);
	return json_is_object(file) ? 0 : 8;
}

static void test_full_disk_ends_the_recording(void)
{
	for (int ticks = 0; ticks < 2; ticks++) {
		struct record_scene scene;
		int status;
		pid_t child;

		scene_make(&scene);
		child = fork();
		if (!child)
			_exit(fill_disk(&scene, ticks));
		CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
		CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
		CU_ASSERT(WIFEXITED(status));
		scene_remove(&scene);
	}
}

static void test_reserve_is_kept(void)
{
	struct record_scene scene;
	uint64_t left, last;

	scene_make(&scene);
	scene.conf.min_free = UINT64_MAX / 2;
	scene_open_dir(&scene);
	CU_ASSERT(!record_dir_left_last(scene.dir, &last));
	CU_ASSERT_EQUAL(scene_try(&scene, SCENE_NS, false), -ENOSPC);
	CU_ASSERT(!scene_has(&scene, "2026-11-29"));
	CU_ASSERT(record_dir_left(scene.dir, &left));
	CU_ASSERT_EQUAL(left, 0);
	CU_ASSERT(record_dir_left_last(scene.dir, &last));
	CU_ASSERT_EQUAL(last, 0);
	record_dir_close(scene.dir);
	scene.conf.min_free = 4096;
	scene_open_dir(&scene);
	CU_ASSERT(record_dir_left(scene.dir, &left));
	CU_ASSERT(left > 0);
	CU_ASSERT(record_dir_left_last(scene.dir, &last));
	CU_ASSERT_EQUAL(last, left);
	CU_ASSERT_EQUAL(scene_try(&scene, SCENE_NS, false), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS, "stopped"), 0);
	scene_remove(&scene);
}

static void test_removed_directory_ends_the_recording(void)
{
	struct record_scene scene;
	const struct record_file_state *state;
	char path[300];

	scene_make(&scene);
	scene_begin(&scene);
	CU_ASSERT_EQUAL(scene_talk(&scene, 0, 5), 0);
	nftw(scene.path, scene_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	CU_ASSERT_EQUAL(record_file_tick(scene.file, SCENE_NS + SECOND_NS), -ENOENT);
	state = record_file_state(scene.file);
	CU_ASSERT_STRING_EQUAL(state->why, "file removed");
	CU_ASSERT_EQUAL(scene_talk(&scene, 50, 5), -ENOENT);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS, "deleted"), -ENOENT);
	CU_ASSERT_EQUAL(scene_try(&scene, SCENE_NS, false), -ENOENT);
	/* It is made again: recordings go on there. */
	CU_ASSERT_EQUAL_FATAL(mkdir(scene.path, 0700), 0);
	CU_ASSERT_EQUAL_FATAL(scene_try(&scene, SCENE_NS, false), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS, "deleted"), 0);
	CU_ASSERT_EQUAL(access(scene_path(&scene, path, PCAP), F_OK), 0);
	scene_remove(&scene);
}

/* --- The directory ---------------------------------------------------------------------------- */

static void test_second_daemon_is_refused(void)
{
	char error[RECORD_DIR_ERROR], want[RECORD_DIR_ERROR];
	struct record_scene scene;

	scene_make(&scene);
	scene_open_dir(&scene);
	CU_ASSERT(!record_dir_open(&scene.conf, error));
	snprintf(
		want, sizeof(want),
		"recording-dir %s is used by another rtprelayd (pid %ld): give each daemon its own",
		scene.path, (long)getpid());
	CU_ASSERT_STRING_EQUAL(error, want);
	record_dir_close(scene.dir);
	scene_open_dir(&scene);
	scene_remove(&scene);
}

static void test_missing_directory_is_named(void)
{
	struct record_dir_conf conf = { .path = "/nonexistent/records" };
	char error[RECORD_DIR_ERROR];

	CU_ASSERT(!record_dir_open(&conf, error));
	CU_ASSERT_STRING_EQUAL(error,
			       "recording-dir /nonexistent/records: cannot be opened: No such file "
			       "or directory; create it, with the daemon's user as its owner");
	CU_ASSERT_EQUAL(record_dir_check(&conf, error), -ENOENT);
	CU_ASSERT(strstr(error, "cannot be opened") != NULL);
}

/* A phone chooses how long its SDP is, and how often it sends another one. */
static void test_sidecar_stays_short(void)
{
	struct record_scene scene;
	size_t size = 60000, n, i;
	char *text = malloc(size);
	json_t *root, *sdp, *entry;
	size_t bytes = 0;

	CU_ASSERT_FATAL(text != NULL);
	memset(text, 'a', size);
	scene_make(&scene);
	scene_begin(&scene);
	for (int again = 0; again < 2; again++) {
		for (n = 0; n < 20; n++)
			record_file_tell_sdp(scene.file, SCENE_NS, 0, "offer",
					     (struct str){ text, size });
		CU_ASSERT_EQUAL(record_file_suspend(scene.file, SCENE_NS), 0);
		record_dir_close(scene.dir);
		scene_open_dir(&scene);
		CU_ASSERT_EQUAL_FATAL(scene_try(&scene, SCENE_NS + SECOND_NS, true), 0);
	}
	record_file_tell_sdp(scene.file, SCENE_NS, 1, "answer", STR("v=0\r\n"));
	record_file_tell_media(scene.file, &(struct record_media){ .media = 0 });
	record_file_tell_codec(scene.file, 0, 96, (struct str){ text, size });
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + SECOND_NS, "stopped"), 0);
	root = scene_json(&scene, SCENE_NAME ".json");
	sdp = json_object_get(root, "sdp");
	json_array_foreach(sdp, i, entry)
	{
		bytes += strlen(scene_text(entry, "sdp"));
	}
	CU_ASSERT_EQUAL(json_array_size(sdp), RECORD_SDP_BYTES / size + 1); /* the answer, too */
	CU_ASSERT(bytes <= RECORD_SDP_BYTES);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(root, "sdp-not-listed")),
			40 - RECORD_SDP_BYTES / size);
	entry = json_object_get(json_array_get(json_object_get(root, "medias"), 0), "codecs");
	CU_ASSERT_EQUAL(strlen(scene_text(entry, "96")), RECORD_CODEC_BYTES);
	json_decref(root);
	free(text);
	scene_remove(&scene);
}

static void test_allocation_failures(void)
{
	struct record_scene scene;

	scene_make(&scene);
	scene.conf.output = RECORD_BOTH;
	ALLOC_FAILS_AT_EACH
	{
		char error[RECORD_DIR_ERROR];

		scene.dir = record_dir_open(&scene.conf, error);
		if (!scene.dir)
			continue;
		if (!scene_try(&scene, SCENE_NS, false)) {
			scene_talk(&scene, 0, 2);
			record_file_tell_sdp(scene.file, SCENE_NS, 0, "offer", STR("v=0\r\n"));
			record_file_tell_party(scene.file, 0, STR("t\xff"), STR("l"), STR_NONE);
			record_file_tick(scene.file, SCENE_NS + SECOND_NS);
			record_file_discard(scene.file);
		}
		record_dir_close(scene.dir);
		CU_ASSERT(!scene_has(&scene, PCAP));
	}
	scene.dir = NULL;
	scene_remove(&scene);
}

TEST_SUITE(record_file, { "packets are read back", test_packets_are_read_back },
	   { "ethernet, IPv6, nanoseconds", test_ethernet_ipv6_nanoseconds },
	   { "longest payload is readable", test_longest_payload_is_readable },
	   { "parts by size and time", test_parts_by_size_and_time },
	   { "parts of others do not end it", test_parts_of_others_do_not_end_it },
	   { "taken name is not written over", test_taken_name_is_not_written_over },
	   { "no link leads out", test_no_link_leads_out },
	   { "sidecar tells the call", test_sidecar_tells_the_call },
	   { "sidecar stays short", test_sidecar_stays_short },
	   { "discard leaves nothing", test_discard_leaves_nothing },
	   { "goes on after a crash", test_goes_on_after_a_crash },
	   { "leftovers are finished", test_leftovers_are_finished },
	   { "unreadable sidecar stays", test_unreadable_sidecar_stays },
	   { "suspended goes on", test_suspended_goes_on },
	   { "full disk ends the recording", test_full_disk_ends_the_recording },
	   { "reserve is kept", test_reserve_is_kept },
	   { "removed directory ends the recording", test_removed_directory_ends_the_recording },
	   { "second daemon is refused", test_second_daemon_is_refused },
	   { "missing directory is named", test_missing_directory_is_named },
	   { "allocation failures", test_allocation_failures });
