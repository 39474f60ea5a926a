/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_external_ask.c - asks a STUN service on a loopback address, and files */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/nat/external_ask.h"
#include "daemon/nat/stun_service.h"
#include "tests/unit/test.h"

static struct endpoint address(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_FATAL(endpoint_parse_addr(str_of(text), 0, &ep));
	return ep;
}

/* A STUN service at a port that nobody else has; its address is in @source, as configured. */
static struct stun_service *open_service(char source[64])
{
	static const struct conf_list everybody;
	struct stun_sites sites;
	struct stun_service_conf conf = { .sites = &sites,
					  .allow = &everybody,
					  .settings = { { true, false }, { 1000, 1000, 100000 } } };
	struct stun_service *service = NULL;
	int error = -EADDRINUSE;

	for (unsigned int port = 20000; port < 30000 && error == -EADDRINUSE; port += 2) {
		const struct conf_list list = { &(char *){ source + 5 }, 1 };
		struct endpoint where;
		const char *wrong;
		size_t item;

		snprintf(source, 64, "stun:127.0.0.1:%u", port);
		CU_ASSERT_FATAL(!stun_sites_read(&sites, &list, NULL, 0, &item, &wrong));
		service = stun_service_open(&conf, &error, &where);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(service);
	return service;
}

static int ask(const char *text, const struct external_question *question, struct endpoint *seen,
	       char why[EXTERNAL_WHY])
{
	struct external_source source;

	CU_ASSERT_PTR_NULL_FATAL(external_source_read(text, &source));
	why[0] = '\0';
	return external_ask(&source, question, seen, why);
}

/* From the address of the interface, and never from a port for media. */
static void test_stun_server_names_the_source(void)
{
	const struct addr_ports media[] = { { address("127.0.0.3"), 1024, 60000 },
					    { address("127.0.0.4"), 60001, 65535 } };
	const struct external_question question = { address("127.0.0.3"), media, 2,
						    eventfd(0, EFD_CLOEXEC) };
	char source[64], why[EXTERNAL_WHY], text[ENDPOINT_TEXT];
	struct stun_service *service = open_service(source);
	uint16_t ports[20];
	struct endpoint seen;
	bool differ = false;

	for (size_t i = 0; i < COUNT(ports); i++) {
		CU_ASSERT_EQUAL(ask(source, &question, &seen, why), 0);
		CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&seen, text), "127.0.0.3");
		ports[i] = endpoint_port(&seen);
		CU_ASSERT_TRUE(ports[i] > 60000);
		differ = differ || ports[i] / 64 != ports[0] / 64;
	}
	CU_ASSERT_TRUE(differ); /* not the next port above those for media */
	stun_service_close(service);
	CU_ASSERT_EQUAL(ask(source, &question, &seen, why), -ECONNREFUSED);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, ": no STUN server is there"));
	close(question.stop_fd);
}

/* A server that receives, and does not reply. */
static int open_silent(char source[64])
{
	struct endpoint at = address("127.0.0.1");
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_FATAL(!bind(fd, &at.sa, endpoint_len(&at)));
	CU_ASSERT_FATAL(!getsockname(fd, &at.sa, &len));
	snprintf(source, 64, "stun:127.0.0.1:%u", endpoint_port(&at));
	return fd;
}

static void test_stop_ends_the_wait(void)
{
	const struct external_question question = { address("127.0.0.3"), NULL, 0,
						    eventfd(1, EFD_CLOEXEC) };
	char source[64], why[EXTERNAL_WHY];
	int fd = open_silent(source);
	int64_t start_ms = clock_ms();
	struct endpoint seen;

	CU_ASSERT_EQUAL(ask(source, &question, &seen, why), -ECANCELED);
	CU_ASSERT_TRUE(clock_ms() - start_ms < 3000); /* without it, 3.75 s */
	close(fd);
	close(question.stop_fd);
}

/* Sent again, and at last given up; a reply of somebody else does not count. */
static void test_silence_ends(void)
{
	const struct external_question question = { address("127.0.0.3"), NULL, 0,
						    eventfd(0, EFD_CLOEXEC) };
	char source[64], why[EXTERNAL_WHY], data[100];
	int fd = open_silent(source), n = 0;
	struct endpoint seen;

	CU_ASSERT_EQUAL(ask(source, &question, &seen, why), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, ": no answer"));
	while (recv(fd, data, sizeof(data), MSG_DONTWAIT) == 20)
		n++;
	CU_ASSERT_EQUAL(n, 4);
	close(fd);
	close(question.stop_fd);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static void test_file_names_the_address(void)
{
	const struct external_question question = { address("192.168.7.2"), NULL, 0, -1 };
	char dir[] = "/tmp/test-external-XXXXXX", path[64], why[EXTERNAL_WHY], text[ENDPOINT_TEXT];
	struct endpoint seen;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/address", dir);
	CU_ASSERT_EQUAL(ask(path, &question, &seen, why), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "No such file"));
	write_text(path, "2001:db8::7\n198.51.100.7\n");
	CU_ASSERT_EQUAL(ask(path, &question, &seen, why), 0);
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&seen, text), "198.51.100.7");
	write_text(path, "unknown\n");
	CU_ASSERT_EQUAL(ask(path, &question, &seen, why), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "has no line that is an IPv4 address"));
	CU_ASSERT_EQUAL(ask(dir, &question, &seen, why), -EINVAL);
	unlink(path);
	CU_ASSERT_FATAL(!mkfifo(path, 0600));
	CU_ASSERT_EQUAL(ask(path, &question, &seen, why), -EINVAL); /* it is not waited for */
	unlink(path);
	rmdir(dir);
}

TEST_SUITE(external_ask, { "a STUN server names the source", test_stun_server_names_the_source },
	   { "stop ends the wait", test_stop_ends_the_wait }, { "silence ends", test_silence_ends },
	   { "a file names the address", test_file_names_the_address });
