/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_portmap_file.c - the file of mappings: its lines, what is skipped, what cannot be written */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/nat/portmap_file.h"
#include "tests/unit/test.h"

#define NONCE "000102030405060708090aff"

static void test_lines_have_their_form(void)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "pcp 192.168.7.2 30000 40000 40001 " NONCE, true },
		{ "natpmp 192.168.7.2 30000 40000 40001 " NONCE, true },
		{ "upnp 2001:db8::2 2 1 65535 " NONCE, true },
		{ "stun 192.168.7.2 30000 40000 40001 " NONCE, false },
		{ "pcp host 30000 40000 40001 " NONCE, false },
		{ "pcp 0.0.0.0 30000 40000 40001 " NONCE, false },
		{ "pcp 224.0.0.1 30000 40000 40001 " NONCE, false },
		{ "pcp 192.168.7.2 0 40000 40001 " NONCE, false },
		{ "pcp 192.168.7.2 65535 40000 40001 " NONCE, false }, /* RTCP has no port */
		{ "pcp 192.168.7.2 65536 40000 40001 " NONCE, false },
		{ "pcp 192.168.7.2 30000 0 40001 " NONCE, false },
		{ "pcp 192.168.7.2 30000 40000 40001", false },
		{ "pcp 192.168.7.2 30000 40000 40001 00", false },
		{ "pcp 192.168.7.2 30000 40000 40001 " NONCE "0", false },
		{ "pcp 192.168.7.2 30000 40000 40001 00010203040506070809 aff", false },
		{ "pcp 192.168.7.2 30000 40000 40001 0001020304050607080gzaff", false },
		{ "", false },
	};
	struct portmap_line line;
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(portmap_line_read(str_of(rows[i].text), &line), rows[i].good);
	CU_ASSERT_TRUE(portmap_line_read(str_of(rows[1].text), &line));
	CU_ASSERT_EQUAL(line.protocol, PORTMAP_NATPMP);
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&line.bind, text), "192.168.7.2");
	CU_ASSERT_TRUE(line.port == 30000 && line.external[0] == 40000 &&
		       line.external[1] == 40001);
	CU_ASSERT_TRUE(line.nonce[1] == 1 && line.nonce[11] == 0xff);
}

static void count_line(void *arg, const struct portmap_line *line)
{
	unsigned int *sum = arg;

	*sum += line->port;
}

static void test_file_is_replaced_and_removed(void)
{
	char dir[] = "/tmp/rtprelay-maps-XXXXXX", path[64], nowhere[64];
	const struct str text = STR("pcp 192.168.7.2 30000 40000 40001 " NONCE "\n"
				    "rubbish\n"
				    "upnp 192.168.7.2 30002 40002 40003 " NONCE "\n");
	unsigned int sum = 0;
	struct stat found;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/" PORTMAP_FILE, dir);
	snprintf(nowhere, sizeof(nowhere), "%s/none", dir);
	CU_ASSERT_EQUAL(portmap_file_read(dir, count_line, &sum), 0);
	CU_ASSERT_EQUAL(portmap_file_write(dir, text), 0);
	CU_ASSERT_EQUAL(stat(path, &found), 0);
	CU_ASSERT_EQUAL(found.st_mode & 0777, 0600); /* nonces end mappings */
	CU_ASSERT_EQUAL(portmap_file_read(dir, count_line, &sum), 0);
	CU_ASSERT_EQUAL(sum, 60002);
	CU_ASSERT_EQUAL(portmap_file_write(dir, STR_NONE), 0);
	CU_ASSERT_EQUAL(stat(path, &found), -1);
	CU_ASSERT_EQUAL(portmap_file_write(dir, STR_NONE), 0);
	CU_ASSERT_EQUAL(portmap_file_write(nowhere, text), -ENOENT);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

/* A port that is not granted yet is the one that is asked for: after a crash it may be there. */
static void test_a_pair_is_listed_before_it_is_granted(void)
{
	static const struct portmap_rules rules = { .allowed = { false, true, true } };
	static const uint8_t nonce[PCP_NONCE] = { 1, 2, 3 };
	struct portmap_place *place = malloc(sizeof(*place));
	struct endpoint bind = { 0 };
	char text[2 * PORTMAP_LINE];
	struct buf out = BUF_INIT(text, sizeof(text) - 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(place);
	CU_ASSERT_TRUE(endpoint_parse_addr(STR("192.168.7.2"), AF_INET, &bind));
	portmap_place_init(place, &bind, &rules);
	CU_ASSERT_PTR_NOT_NULL(portmap_place_add(place, 30000, nonce, 1));
	portmap_lines_write(place, &out);
	text[out.len] = '\0';
	CU_ASSERT_STRING_EQUAL(text,
			       "natpmp 192.168.7.2 30000 30000 30001 010203000000000000000000\n");
	free(place);
}

TEST_SUITE(portmap_file, { "lines have their form", test_lines_have_their_form },
	   { "the file is replaced and removed", test_file_is_replaced_and_removed },
	   { "a pair is listed before it is granted", test_a_pair_is_listed_before_it_is_granted });
