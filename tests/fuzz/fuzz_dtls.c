/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_dtls.c - a datagram of DTLS before OpenSSL sees it, and an a=fingerprint line */
#include <stdlib.h>
#include <string.h>
#include "daemon/dtls/fingerprint.h"
#include "daemon/dtls/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void read_fingerprint(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct dtls_fingerprint fingerprint, back;
	char written[DTLS_FINGERPRINT_TEXT];
	struct buf buf = BUF_INIT(written, sizeof(written));

	if (!dtls_fingerprint_read(text, &fingerprint)) {
		check(!fingerprint.hash);
		return;
	}
	dtls_fingerprint_write(&buf, &fingerprint);
	check(!buf.overflow && dtls_fingerprint_read((struct str){ written, buf.len }, &back) &&
	      dtls_fingerprint_eq(&fingerprint, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dtls_datagram datagram;
	enum dtls_record_fault fault;

	if (!size)
		return 0;
	if (data[0] == 's') {
		read_fingerprint(data, size);
		return 0;
	}
	fault = dtls_record_read(data, size, &datagram);
	check(fault != DTLS_RECORD_OK || size <= DTLS_DATAGRAM_MAX);
	check(!datagram.begins || datagram.hello);
	check(!datagram.hello || datagram.of_client);
	return 0;
}
