/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_dtmf_report.c - the datagram about a key: its text, where it goes, what is lost */
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/dtmf/report.h"
#include "daemon/dtmf/sender.h"
#include "tests/unit/test.h"

static const struct str tags[] = { STR("a"), STR("b\"") };

static struct dtmf_report sample(struct endpoint *source)
{
	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("198.51.100.7:4000"), -1, source));
	return (struct dtmf_report){ .call_id = STR("c@x"),
				     .source_tag = STR("a"),
				     .source_label = STR("l"),
				     .tags = tags,
				     .n_tags = 2,
				     .at_s = 1700000000,
				     .source = source,
				     .duration_ms = 80,
				     .event = 5,
				     .volume = 10 };
}

#define TEXT                                                                                       \
	"{\"callid\":\"c@x\",\"source_tag\":\"a\",\"source_label\":\"l\",\"tags\":[\"a\","         \
	"\"b\\\"\"],\"type\":\"DTMF\",\"timestamp\":1700000000,\"source_ip\":\"198.51.100.7\","    \
	"\"event\":5,\"duration\":80,\"volume\":10}"

static void test_keys_are_those_of_rtpengine(void)
{
	char bytes[DTMF_REPORT_MAX + 1];
	struct buf buf = BUF_INIT(bytes, DTMF_REPORT_MAX);
	struct endpoint source;
	struct dtmf_report report = sample(&source);

	CU_ASSERT_TRUE(dtmf_report_write(&report, &buf));
	bytes[buf.len] = '\0';
	CU_ASSERT_STRING_EQUAL(bytes, TEXT);
}

/* What callers choose may be long: tags are left out, and the text stays whole. */
static void test_long_tags_are_left_out(void)
{
	static char longest[12000], bytes[DTMF_REPORT_MAX + 1];
	struct buf buf = BUF_INIT(bytes, DTMF_REPORT_MAX);
	struct str many[4];
	struct endpoint source;
	struct dtmf_report report = sample(&source);

	memset(longest, 'x', sizeof(longest));
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct str){ longest, sizeof(longest) };
	report.tags = many;
	report.n_tags = COUNT(many);
	CU_ASSERT_TRUE(dtmf_report_write(&report, &buf));
	bytes[buf.len] = '\0';
	CU_ASSERT_TRUE(buf.len > 2 * sizeof(longest) && buf.len < 3 * sizeof(longest));
	CU_ASSERT_PTR_NOT_NULL(strstr(bytes, "x\"],\"type\":\"DTMF\""));
	report.call_id = (struct str){ longest, sizeof(longest) };
	report.source_tag = report.source_label = report.call_id;
	buf.len = 0;
	CU_ASSERT_FALSE(dtmf_report_write(&report, &buf));
}

static void test_places(void)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = { { "192.0.2.1:9000", true },  { "[2001:db8::1]:9000", true },
		     { "192.0.2.1", false },	  { "192.0.2.1:0", false },
		     { "0.0.0.0:9000", false },	  { "[::]:9000", false },
		     { "[fe80::1]:9000", false }, { "[fe80::1%lo]:9000", false },
		     { "localhost:9000", false }, { "", false },
		     { "192.0.2.1:99999", false } };
	struct endpoint place;

	for (size_t i = 0; i < COUNT(rows); i++)
		if (dtmf_place(str_of(rows[i].text), &place) != rows[i].valid) {
			printf("place \"%s\"\n", rows[i].text);
			CU_FAIL("judged otherwise");
		}
}

static int receiver(struct endpoint *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("127.0.0.1:0"), -1, at));
	CU_ASSERT_FATAL(fd >= 0 && !bind(fd, &at->sa, endpoint_len(at)) &&
			!getsockname(fd, &at->sa, &len));
	return fd;
}

static bool hears(int fd)
{
	struct pollfd arrives = { .fd = fd, .events = POLLIN };
	char text[1024];
	ssize_t len = poll(&arrives, 1, 5000) == 1 ? recv(fd, text, sizeof(text), 0) : 0;

	return len == (ssize_t)strlen(TEXT) && !memcmp(text, TEXT, strlen(TEXT));
}

static void test_configured_place_and_that_of_a_call(void)
{
	struct endpoint all, one, none = { 0 }, source, far;
	int all_fd = receiver(&all), one_fd = receiver(&one);
	struct dtmf_report report = sample(&source);
	char target[ENDPOINT_TEXT];
	uint64_t sent = 0, lost = 0;
	struct dtmf_sender_conf conf = { endpoint_print(&all, target), &sent, &lost };
	struct dtmf_sender *sender = dtmf_sender_open(&conf);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sender);
	CU_ASSERT_TRUE(dtmf_sender_has_target(sender));
	dtmf_send(sender, &report, &none);
	CU_ASSERT_TRUE(hears(all_fd));
	dtmf_send(sender, &report, &one);
	CU_ASSERT_TRUE(hears(one_fd));
	CU_ASSERT_EQUAL(sent, 2);
	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("255.255.255.255:9"), -1, &far));
	dtmf_send(sender, &report, &far); /* without SO_BROADCAST: refused by the system */
	CU_ASSERT_EQUAL(lost, 1);
	dtmf_sender_close(sender);
	conf.target = NULL;
	sender = dtmf_sender_open(&conf);
	CU_ASSERT_FALSE(dtmf_sender_has_target(sender));
	dtmf_send(sender, &report, &none); /* nobody wants it */
	CU_ASSERT_EQUAL(sent + lost, 3);
	dtmf_sender_close(sender);
	conf.target = "nonsense";
	CU_ASSERT_PTR_NULL(dtmf_sender_open(&conf));
	close(all_fd);
	close(one_fd);
}

TEST_SUITE(dtmf_report, { "keys are those of rtpengine", test_keys_are_those_of_rtpengine },
	   { "long tags are left out", test_long_tags_are_left_out }, { "places", test_places },
	   { "configured place and that of a call", test_configured_place_and_that_of_a_call });
