/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_log_facility.c - the facility that syslog is opened with; openlog() is the test's own */
#include <syslog.h>
#include "daemon/base/log.h"
#include "tests/unit/test.h"

static int opened = -1;

/* In place of the C library's. */
void openlog(const char *name, int option, int facility)
{
	(void)name;
	(void)option;
	opened = facility;
}

static void test_syslog_is_opened_with_the_facility(void)
{
	enum log_level level = log_get_level();

	log_open(LOG_TO_SYSLOG, level);
	CU_ASSERT_EQUAL(opened, LOG_DAEMON);
	log_set_facility(LOG_LOCAL3);
	log_open(LOG_TO_SYSLOG, level);
	CU_ASSERT_EQUAL(opened, LOG_LOCAL3);
	opened = -1;
	log_reopen();
	CU_ASSERT_EQUAL(opened, LOG_LOCAL3);
	log_set_facility(LOG_DAEMON);
	log_open(LOG_TO_STDERR, level);
}

TEST_SUITE(log_facility,
	   { "syslog is opened with the facility", test_syslog_is_opened_with_the_facility });
