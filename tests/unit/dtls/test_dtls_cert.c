/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_dtls_cert.c - fingerprints, the certificate's file, records before OpenSSL */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include "tests/unit/dtls/dtls_scene.h"

#define DAY_S 86400

static void test_reads_fingerprints(void)
{
	static const struct {
		const char *text;
		const char *written; /* NULL: not read */
	} rows[] = {
		{ "sha-1 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:01:02:03:04",
		  "sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:01:02:03:04" },
		{ "SHA-1  00:11:22:33:44:55:66:77:88:99:AA:bb:cc:dd:ee:ff:01:02:03:04 ",
		  "sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:01:02:03:04" },
		{ "sha-1 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:01:02:03", NULL },
		{ "sha-1 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:01:02:03:04:05", NULL },
		{ "sha-1 00-11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:01:02:03:04", NULL },
		{ "sha-1 g0:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:01:02:03:04", NULL },
		{ "sha-256 00:11", NULL },
		{ "md5 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", NULL },
		{ "sha-256", NULL },
		{ "", NULL },
		{ " ", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[DTLS_FINGERPRINT_TEXT + 1] = "";
		struct buf buf = BUF_INIT(text, DTLS_FINGERPRINT_TEXT);
		struct dtls_fingerprint fingerprint;
		bool read = dtls_fingerprint_read(str_of(rows[i].text), &fingerprint);

		CU_ASSERT_EQUAL(read, rows[i].written != NULL);
		CU_ASSERT_EQUAL(!!fingerprint.hash, read);
		if (!read)
			continue;
		dtls_fingerprint_write(&buf, &fingerprint);
		text[buf.len] = '\0';
		CU_ASSERT_STRING_EQUAL(text, rows[i].written);
	}
}

static void test_all_hashes_are_written(void)
{
	struct dtls_cert *cert = dtls_cert_make(time(NULL));

	for (int hash = DTLS_SHA_1; hash <= DTLS_HASHES; hash++) {
		char text[DTLS_FINGERPRINT_TEXT];
		struct buf buf = BUF_INIT(text, sizeof(text));
		struct dtls_fingerprint back;

		dtls_fingerprint_write(&buf, &cert->fingerprint[hash - 1]);
		CU_ASSERT_FALSE(buf.overflow);
		CU_ASSERT_TRUE(dtls_fingerprint_read((struct str){ text, buf.len }, &back));
		CU_ASSERT_TRUE(dtls_fingerprint_eq(&back, &cert->fingerprint[hash - 1]));
	}
	dtls_cert_free(cert);
}

static void test_certificate_is_kept(void)
{
	struct dtls_cert *cert = dtls_cert_make(time(NULL)), *back = NULL;
	char path[] = "/tmp/dtls-cert-XXXXXX";
	struct stat st;
	time_t now = time(NULL);

	close(mkstemp(path));
	chmod(path, 0644); /* of somebody else: it is replaced */
	CU_ASSERT_EQUAL(dtls_cert_save(cert, path), 0);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	CU_ASSERT_EQUAL_FATAL(dtls_cert_load(path, now, &back), 0);
	CU_ASSERT_TRUE(dtls_fingerprint_eq(&cert->fingerprint[2], &back->fingerprint[2]));
	CU_ASSERT_EQUAL(back->until, cert->until);
	CU_ASSERT_TRUE(back->renew_at >= now + 14 * DAY_S && back->renew_at <= now + 15 * DAY_S);
	dtls_cert_free(back);
	back = NULL;
	CU_ASSERT_EQUAL(dtls_cert_load(path, now + 31 * DAY_S, &back), -ESTALE);
	CU_ASSERT_EQUAL(dtls_cert_load(path, now - 2 * DAY_S, &back), -ESTALE);
	CU_ASSERT_EQUAL(truncate(path, 200), 0);
	CU_ASSERT_EQUAL(dtls_cert_load(path, now, &back), -EBADMSG);
	CU_ASSERT_PTR_NULL(back);
	unlink(path);
	CU_ASSERT_EQUAL(dtls_cert_load(path, now, &back), -ENOENT);
	CU_ASSERT_EQUAL(dtls_cert_save(cert, "/nonexistent/dtls.pem"), -ENOENT);
	dtls_cert_free(cert);
}

/* type, version, epoch, sequence number, length; message: type, length, number, offset, fragment */
#define RECORD(type, epoch, len)	 type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0, 0, len
#define MESSAGE(type, len, offset, part) type, 0, 0, len, 0, 0, 0, 0, offset, 0, 0, part

static void test_looks_at_records(void)
{
	static const struct {
		const char *what;
		uint8_t data[48];
		size_t len;
		enum dtls_record_fault fault;
		bool hello, flight;
	} rows[] = {
		{ "empty", { 0 }, 0, DTLS_RECORD_MALFORMED, false, false },
		{ "header only", { RECORD(22, 0, 0) }, 13, DTLS_RECORD_MALFORMED, false, false },
		{ "cut",
		  { RECORD(22, 0, 14), MESSAGE(1, 2, 0, 2) },
		  26,
		  DTLS_RECORD_MALFORMED,
		  false,
		  false },
		{ "hello",
		  { RECORD(22, 0, 14), MESSAGE(1, 2, 0, 2) },
		  27,
		  DTLS_RECORD_OK,
		  true,
		  false },
		{ "part of a hello",
		  { RECORD(22, 0, 14), MESSAGE(1, 9, 7, 2) },
		  27,
		  DTLS_RECORD_OK,
		  true,
		  false },
		{ "part behind the end",
		  { RECORD(22, 0, 14), MESSAGE(1, 9, 8, 2) },
		  27,
		  DTLS_RECORD_MALFORMED,
		  false,
		  false },
		{ "part longer than the record",
		  { RECORD(22, 0, 14), MESSAGE(1, 9, 0, 3) },
		  27,
		  DTLS_RECORD_MALFORMED,
		  false,
		  false },
		{ "unknown message",
		  { RECORD(22, 0, 14), MESSAGE(99, 2, 0, 2) },
		  27,
		  DTLS_RECORD_MALFORMED,
		  false,
		  false },
		{ "key exchange",
		  { RECORD(22, 0, 14), MESSAGE(16, 2, 0, 2) },
		  27,
		  DTLS_RECORD_OK,
		  false,
		  true },
		{ "encrypted", { RECORD(22, 1, 8) }, 21, DTLS_RECORD_OK, false, true },
		{ "plain alert", { RECORD(21, 0, 2), 2, 40 }, 15, DTLS_RECORD_ALERT, false, false },
		{ "encrypted alert",
		  { RECORD(21, 1, 2), 2, 40 },
		  15,
		  DTLS_RECORD_OK,
		  false,
		  false },
		{ "alert behind",
		  { RECORD(20, 0, 1), 1, RECORD(21, 0, 2), 2, 40 },
		  29,
		  DTLS_RECORD_ALERT,
		  false,
		  false },
		{ "data", { RECORD(23, 1, 2), 2, 40 }, 15, DTLS_RECORD_DATA, false, false },
		{ "of TLS",
		  { 22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1 },
		  14,
		  DTLS_RECORD_MALFORMED,
		  false,
		  false },
		{ "tail", { RECORD(20, 0, 1), 1, 7 }, 15, DTLS_RECORD_MALFORMED, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dtls_datagram datagram;
		enum dtls_record_fault fault =
			dtls_record_read(rows[i].data, rows[i].len, &datagram);

		if (fault != rows[i].fault)
			printf("%s: %d\n", rows[i].what, fault);
		CU_ASSERT_EQUAL(fault, rows[i].fault);
		if (fault != DTLS_RECORD_OK)
			continue;
		CU_ASSERT_EQUAL(datagram.hello, rows[i].hello);
		CU_ASSERT_EQUAL(datagram.flight, rows[i].flight);
		CU_ASSERT_FALSE(datagram.begins);
	}
}

TEST_SUITE(dtls_cert, { "reads fingerprints", test_reads_fingerprints },
	   { "all hashes are written", test_all_hashes_are_written },
	   { "certificate is kept", test_certificate_is_kept },
	   { "looks at records", test_looks_at_records });
