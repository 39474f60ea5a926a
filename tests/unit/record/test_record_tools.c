/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_record_tools.c - what programs of others read in the files of a recording */
#include "tests/unit/record/record_scene.h"

/* What the command prints, without the last line ends. */
static const char *output(const struct record_scene *scene, const char *before, const char *name,
			  const char *after)
{
	static char text[4096];
	char command[1024], path[300];
	FILE *pipe;
	size_t got;

	snprintf(command, sizeof(command), "LC_ALL=C %s %s %s 2>/dev/null", before,
		 scene_path(scene, path, name), after);
	pipe = popen(command, "re");
	CU_ASSERT_FATAL(pipe != NULL);
	got = fread(text, 1, sizeof(text) - 1, pipe);
	CU_ASSERT_EQUAL(pclose(pipe), 0);
	while (got && text[got - 1] == '\n')
		got--;
	text[got] = '\0';
	return text;
}

/* Four seconds of both sides; the caller says a tone of 1000 Hz in mu-law. */
static void record(struct record_scene *scene, enum record_linktype linktype)
{
	/* Eight samples of sin(), as ITU-T G.711 encodes them */
	static const uint8_t tone[8] = { 0xff, 0x91, 0x8a, 0x91, 0xff, 0x11, 0x0a, 0x11 };

	scene_make(scene);
	scene->conf.output = RECORD_BOTH;
	scene->conf.linktype = linktype;
	scene_begin(scene);
	for (unsigned int n = 0; n < 200; n++)
		for (uint8_t side = 0; side < 2; side++) {
			struct scene_rtp rtp;
			struct record_packet packet = scene_rtp(&rtp, side, 0, (uint16_t)n, 0xff,
								SCENE_NS + n * 20000000LL);

			for (size_t i = 12; !side && i < sizeof(rtp.bytes); i++)
				rtp.bytes[i] = tone[(i - 12) % 8];
			CU_ASSERT_EQUAL_FATAL(record_file_write(scene->file, &packet), 0);
		}
	CU_ASSERT_EQUAL(record_file_end(scene->file, SCENE_NS + 4 * SECOND_NS, "stopped"), 0);
}

static void test_tcpdump(void)
{
	struct record_scene scene;

	for (int ethernet = 0; ethernet < 2; ethernet++) {
		record(&scene, ethernet ? RECORD_ETHERNET : RECORD_RAW);
		CU_ASSERT_STRING_EQUAL(output(&scene, "tcpdump -nvvr", SCENE_NAME ".pcap",
					      "udp port 30000 | grep -c '192.0.2.7.4000 > "
					      "203.0.113.1.30000.* UDP, length 172'"),
				       "200");
		/* It checks lengths and the header's checksum. */
		CU_ASSERT_STRING_EQUAL(output(&scene, "tcpdump -nvvr", SCENE_NAME ".pcap",
					      "| grep -ciE 'bad|truncated|invalid' || :"),
				       "0");
		scene_remove(&scene);
	}
}

static void test_tshark(void)
{
	struct record_scene scene;

	record(&scene, RECORD_RAW);
	CU_ASSERT_STRING_EQUAL(
		output(&scene,
		       "tshark -Q -d udp.port==30000,rtp -d udp.port==30002,rtp -z rtp,streams -r",
		       SCENE_NAME ".pcap", "| awk '/0x1122330/ {print $3, $6, $8, $9}' | sort"),
		"192.0.2.7 30000 g711U 200\n198.51.100.9 30002 g711U 200");
	scene_remove(&scene);
}

static void test_sox(void)
{
	struct record_scene scene;

	record(&scene, RECORD_RAW);
	CU_ASSERT_STRING_EQUAL(output(&scene, "soxi -D", SCENE_NAME ".wav", ""), "4.000000");
	CU_ASSERT_STRING_EQUAL(output(&scene, "soxi -c", SCENE_NAME ".wav", ""), "2");
	CU_ASSERT_STRING_EQUAL(output(&scene, "soxi -e", SCENE_NAME ".wav", ""), "u-law");
	/*
	 * The caller is left, with a tone of 1000 Hz: in sox's estimate 2 sin(pi / 8) of
	 * 8000 / (2 pi). The callee is silent.
	 */
	CU_ASSERT_STRING_EQUAL(output(&scene, "sox", SCENE_NAME ".wav",
				      "-n remix 1 stat 2>&1 | sed -n 's/^Rough *frequency: *//p'"),
			       "974");
	CU_ASSERT_STRING_EQUAL(output(&scene, "sox", SCENE_NAME ".wav",
				      "-n remix 2 stat 2>&1 | sed -n 's/^Maximum amplitude: *//p'"),
			       "0.000000");
	scene_remove(&scene);
}

TEST_SUITE(record_tools, { "tcpdump", test_tcpdump }, { "tshark", test_tshark },
	   { "sox", test_sox });
