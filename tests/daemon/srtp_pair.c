/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * srtp_pair.c - a phone with SRTP, by libsrtp2, and a plain one, on both sides of a relay
 *
 *   srtp_pair ADDRESS RELAY PORT_A PORT_B KEY_A KEY_RELAY
 *
 * The phone with SRTP is at ADDRESS:4000 and sends to RELAY:PORT_A with KEY_A; the plain one is at
 * ADDRESS:5000 and sends to RELAY:PORT_B. Keys with salts of AES_CM_128_HMAC_SHA1_80, in
 * hexadecimal digits. For each line of input they exchange packets; sequence numbers wrap in
 * between. Prints what the journal has to know then, in hexadecimal digits: SSRC, 0, and the
 * highest index; or why it failed.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEY	30
#define RTP	172
#define STEP	16384 /* the daemon stores indexes that rose so far */
#define ROUND	6
#define WAIT_MS 10000
#define SSRC	0x01020304

static uint64_t rtp_index;

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };

	addr.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, host, &addr.sin_addr) != 1)
		errx(2, "%s: not an address", host);
	return addr;
}

/* Connected: it hears the relay alone. */
static int phone(const char *host, const char *port, const char *relay, const char *relay_port)
{
	struct sockaddr_in from = address(host, port), to = address(relay, relay_port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(2, "%s:%s to %s:%s", host, port, relay, relay_port);
	return fd;
}

static srtp_t keyed(const char *hex, srtp_ssrc_type_t type)
{
	srtp_policy_t policy = { .ssrc = { .type = type }, .window_size = 128 };
	unsigned char key[KEY];
	srtp_t srtp;

	for (size_t i = 0; i < KEY; i++) {
		char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		key[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	srtp_crypto_policy_set_rtp_default(&policy.rtp);
	srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
	policy.key = key;
	if (srtp_create(&srtp, &policy))
		errx(2, "srtp_create");
	return srtp;
}

static size_t hear(int fd, void *bytes, size_t size)
{
	struct pollfd ready = { fd, POLLIN, 0 };
	ssize_t len = poll(&ready, 1, WAIT_MS) > 0 ? recv(fd, bytes, size, 0) : 0;

	return len < 0 ? 0 : (size_t)len;
}

/* One packet each way. NULL: both arrived, decrypted and encrypted */
static const char *talk(int secure, int plain, srtp_t send_srtp, srtp_t hear_srtp)
{
	unsigned char rtp[RTP], bytes[RTP + SRTP_MAX_TRAILER_LEN];
	const unsigned char head[] = { 0x80,
				       0,
				       (unsigned char)(rtp_index >> 8),
				       (unsigned char)rtp_index,
				       0,
				       0,
				       0,
				       0,
				       1,
				       2,
				       3,
				       4 };
	int len = RTP;

	memset(rtp, 0x55, sizeof(rtp));
	memcpy(rtp, head, sizeof(head));
	memcpy(bytes, rtp, sizeof(rtp));
	if (srtp_protect(send_srtp, bytes, &len))
		return "srtp_protect";
	if (send(secure, bytes, (size_t)len, 0) != len)
		return "send to side A";
	if (hear(plain, bytes, sizeof(bytes)) != RTP || memcmp(bytes, rtp, RTP))
		return "the plain phone did not hear the other one";
	if (send(plain, rtp, RTP, 0) != RTP)
		return "send to side B";
	len = (int)hear(secure, bytes, sizeof(bytes));
	if (len <= RTP || srtp_unprotect(hear_srtp, bytes, &len) || len != RTP ||
	    memcmp(bytes, rtp, RTP))
		return "the phone with SRTP did not hear the other one";
	return NULL;
}

int main(int argc, char **argv)
{
	const char *failed = NULL;
	srtp_t send_srtp, hear_srtp;
	int secure, plain;
	char line[16];

	if (argc != 7 || strlen(argv[5]) != 2 * (size_t)KEY || strlen(argv[6]) != 2 * (size_t)KEY)
		errx(2, "usage: srtp_pair ADDRESS RELAY PORT_A PORT_B KEY_A KEY_RELAY");
	if (srtp_init())
		errx(2, "srtp_init");
	secure = phone(argv[1], "4000", argv[2], argv[3]);
	plain = phone(argv[1], "5000", argv[2], argv[4]);
	send_srtp = keyed(argv[5], ssrc_any_outbound);
	hear_srtp = keyed(argv[6], ssrc_any_inbound);
	while (!failed && fgets(line, sizeof(line), stdin)) {
		for (int i = 0; i < ROUND && !failed; i++) {
			rtp_index += STEP;
			failed = talk(secure, plain, send_srtp, hear_srtp);
		}
		if (failed)
			printf("failed: %s, at index %llu\n", failed,
			       (unsigned long long)rtp_index);
		else /* little-endian */
			printf("0403020100000000%02x%02x%02x%02x00000000\n",
			       (unsigned int)rtp_index & 255, (unsigned int)(rtp_index >> 8) & 255,
			       (unsigned int)(rtp_index >> 16) & 255,
			       (unsigned int)(rtp_index >> 24) & 255);
		fflush(stdout);
	}
	return failed != NULL;
}
