/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtls_pair.c - a phone with DTLS-SRTP, by GnuTLS and libsrtp2, and a plain one, on both sides of a
 *		 relay: no code of the relay, and no OpenSSL
 *
 *   dtls_pair ADDRESS RELAY
 *
 * The phone with DTLS is at ADDRESS:4000, the plain one at ADDRESS:5000. Prints the fingerprint of
 * the first's certificate, as in SDP; then does what lines of input say, and prints "ok" or
 * "failed: why":
 *
 *   peers PORT_A PORT_B FINGERPRINT	where the relay is, and the certificate that it has to have
 *   client, server	a handshake in this role; keys of an earlier one are dropped
 *   certificate	makes another one, and prints its fingerprint
 *   keys		prints the master keys with their salts, in base64: sent with, heard with
 *   talk		packets of RTP and RTCP both ways, authentic and with the same payload
 *   stranger		hellos and alerts from another port of the same address
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RTP	172
#define WAIT_MS 10000
#define PACKETS 20
#define SHA256	32
#define KEY	30 /* with its salt */

struct pair {
	int secure, plain;
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session; /* NULL: no handshake yet */
	srtp_t send, hear;
	uint16_t seq;
	char fingerprint[3 * SHA256], relay[3 * SHA256];
	unsigned char sent_key[KEY], heard_key[KEY];
};

static struct sockaddr_in address(const char *host, unsigned int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, host, &addr.sin_addr) != 1)
		errx(2, "%s: not an address", host);
	return addr;
}

static int phone(const char *host, unsigned int port)
{
	struct sockaddr_in from = address(host, port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)))
		err(2, "%s:%u", host, port);
	return fd;
}

/* --- Certificates ----------------------------------------------------------------------------- */

static void print_hash(const unsigned char *hash, char *text)
{
	for (int i = 0; i < SHA256; i++)
		snprintf(text + 3 * i, 4, "%02X%s", hash[i], i + 1 < SHA256 ? ":" : "");
}

static int make_certificate(struct pair *pair)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	unsigned char hash[SHA256];
	size_t len = sizeof(hash);
	unsigned char serial = 1;

	if (pair->credentials)
		gnutls_certificate_free_credentials(pair->credentials);
	if (gnutls_x509_privkey_init(&key) || gnutls_x509_crt_init(&crt) ||
	    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
					 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) ||
	    gnutls_x509_crt_set_version(crt, 3) || gnutls_x509_crt_set_serial(crt, &serial, 1) ||
	    gnutls_x509_crt_set_activation_time(crt, time(NULL) - 3600) ||
	    gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 86400) ||
	    gnutls_x509_crt_set_dn(crt, "CN=phone", NULL) || gnutls_x509_crt_set_key(crt, key) ||
	    gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) ||
	    gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, hash, &len) ||
	    gnutls_certificate_allocate_credentials(&pair->credentials) ||
	    gnutls_certificate_set_x509_key(pair->credentials, &crt, 1, key))
		return -1;
	print_hash(hash, pair->fingerprint);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return 0;
}

/* --- Handshake -------------------------------------------------------------------------------- */

static void drop_session(struct pair *pair)
{
	if (!pair->session)
		return;
	gnutls_deinit(pair->session);
	srtp_dealloc(pair->send);
	srtp_dealloc(pair->hear);
	pair->session = NULL;
}

static const char *check_relay(const struct pair *pair)
{
	const gnutls_datum_t *peer = gnutls_certificate_get_peers(pair->session, NULL);
	unsigned char hash[SHA256];
	size_t len = sizeof(hash);
	char text[3 * SHA256];

	if (!peer || gnutls_fingerprint(GNUTLS_DIG_SHA256, peer, hash, &len))
		return "the relay has no certificate";
	print_hash(hash, text);
	return strcmp(text, pair->relay) ? "the relay has another certificate" : NULL;
}

static srtp_t keyed(const gnutls_datum_t *key, const gnutls_datum_t *salt, srtp_ssrc_type_t type,
		    unsigned char bytes[KEY])
{
	srtp_policy_t policy = { .ssrc = { .type = type }, .window_size = 128 };
	srtp_t srtp;

	if (key->size + salt->size != KEY)
		errx(2, "keys of another suite");
	memcpy(bytes, key->data, key->size);
	memcpy(bytes + key->size, salt->data, salt->size);
	srtp_crypto_policy_set_rtp_default(&policy.rtp);
	srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
	policy.key = bytes;
	if (srtp_create(&srtp, &policy))
		errx(2, "srtp_create");
	return srtp;
}

static const char *take_keys(struct pair *pair, int client)
{
	gnutls_datum_t client_key, client_salt, server_key, server_salt;
	unsigned char material[256];

	if (gnutls_srtp_get_keys(pair->session, material, sizeof(material), &client_key,
				 &client_salt, &server_key, &server_salt) < 0)
		return "no keys of SRTP";
	pair->send = keyed(client ? &client_key : &server_key, client ? &client_salt : &server_salt,
			   ssrc_any_outbound, pair->sent_key);
	pair->hear = keyed(client ? &server_key : &client_key, client ? &server_salt : &client_salt,
			   ssrc_any_inbound, pair->heard_key);
	return NULL;
}

static const char *handshake(struct pair *pair, int client)
{
	static char why[200];
	int error;

	drop_session(pair);
	if (gnutls_init(&pair->session, (client ? GNUTLS_CLIENT : GNUTLS_SERVER) | GNUTLS_DATAGRAM))
		return "gnutls_init";
	gnutls_priority_set_direct(pair->session, "NORMAL:-VERS-ALL:+VERS-DTLS1.2", NULL);
	gnutls_credentials_set(pair->session, GNUTLS_CRD_CERTIFICATE, pair->credentials);
	gnutls_srtp_set_profile_direct(pair->session, "SRTP_AES128_CM_HMAC_SHA1_80", NULL);
	gnutls_transport_set_int(pair->session, pair->secure);
	gnutls_dtls_set_timeouts(pair->session, 200, WAIT_MS);
	if (!client)
		gnutls_certificate_server_set_request(pair->session, GNUTLS_CERT_REQUIRE);
	do
		error = gnutls_handshake(pair->session);
	while (error < 0 && !gnutls_error_is_fatal(error));
	if (error < 0) {
		snprintf(why, sizeof(why), "handshake: %s", gnutls_strerror(error));
		gnutls_deinit(pair->session);
		pair->session = NULL;
		return why;
	}
	return take_keys(pair, client) ?: check_relay(pair);
}

/* --- Media ------------------------------------------------------------------------------------ */

/* The next packet that is RTP or RTCP: late datagrams of a handshake are left out. */
static int hear_within(int fd, unsigned char *bytes, size_t size, int wait_ms)
{
	struct pollfd ready = { fd, POLLIN, 0 };

	while (poll(&ready, 1, wait_ms) > 0) {
		ssize_t len = recv(fd, bytes, size, 0);

		if (len > 0 && bytes[0] >> 6 == 2)
			return (int)len;
	}
	return 0;
}

static int hear(int fd, unsigned char *bytes, size_t size)
{
	return hear_within(fd, bytes, size, WAIT_MS);
}

static void begin_rtp(struct pair *pair, unsigned char rtp[RTP])
{
	const unsigned char head[] = { 0x80,
				       0,
				       (unsigned char)(pair->seq >> 8),
				       (unsigned char)pair->seq,
				       0,
				       0,
				       0,
				       0,
				       1,
				       2,
				       3,
				       4 };

	memset(rtp, 0x55, RTP);
	memcpy(rtp, head, sizeof(head));
	pair->seq++;
}

/* The phone has the keys a moment before the relay's media thread has them. */
static const char *wait_for_relay(struct pair *pair)
{
	unsigned char bytes[RTP + SRTP_MAX_TRAILER_LEN];

	for (int waited_ms = 0; waited_ms < WAIT_MS; waited_ms += 20) {
		int len = RTP;

		begin_rtp(pair, bytes);
		if (srtp_protect(pair->send, bytes, &len))
			return "srtp_protect";
		send(pair->secure, bytes, (size_t)len, 0);
		if (hear_within(pair->plain, bytes, sizeof(bytes), 20) == RTP)
			break;
	}
	/* Those that are on their way. */
	while (hear_within(pair->plain, bytes, sizeof(bytes), 100) == RTP)
		continue;
	return NULL;
}

static const char *exchange(struct pair *pair, unsigned char *packet, int len, int rtcp)
{
	unsigned char bytes[RTP + SRTP_MAX_TRAILER_LEN + 4];
	int size = len;

	memcpy(bytes, packet, (size_t)len);
	if ((rtcp ? srtp_protect_rtcp : srtp_protect)(pair->send, bytes, &size))
		return "srtp_protect";
	if (send(pair->secure, bytes, (size_t)size, 0) != size)
		return strerror(errno);
	if (hear(pair->plain, bytes, sizeof(bytes)) != len || memcmp(bytes, packet, (size_t)len))
		return rtcp ? "the plain phone did not hear RTCP"
			    : "the plain phone did not hear the other one";
	if (send(pair->plain, packet, (size_t)len, 0) != len)
		return strerror(errno);
	size = hear(pair->secure, bytes, sizeof(bytes));
	if (size <= len ||
	    (rtcp ? srtp_unprotect_rtcp : srtp_unprotect)(pair->hear, bytes, &size) ||
	    size != len || memcmp(bytes, packet, (size_t)len))
		return rtcp ? "the phone with DTLS did not hear RTCP"
			    : "the phone with DTLS did not hear the other one";
	return NULL;
}

static const char *talk(struct pair *pair)
{
	unsigned char rtp[RTP], rtcp[28] = { 0x80, 200, 0, 6, 1, 2, 3, 4 };
	const char *failed = NULL;

	if (!pair->session)
		return "no handshake was done";
	failed = wait_for_relay(pair);
	for (int i = 0; i < PACKETS && !failed; i++) {
		begin_rtp(pair, rtp);
		failed = exchange(pair, rtp, RTP, 0);
	}
	return failed ?: exchange(pair, rtcp, sizeof(rtcp), 1);
}

/* From another port, as whoever scans: a hello, an alert, what is no record. */
static const char *strange(struct pair *pair)
{
	static const unsigned char hello[60] = { 22, 0xfe, 0xff, 0,  0, 0, 0,  0,    0,
						 0,  0,	   0,	 47, 1, 0, 0,  35,   0,
						 0,  0,	   0,	 0,  0, 0, 35, 0xfe, 0xfd };
	static const unsigned char alert[15] = {
		21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40
	};
	struct sockaddr_in relay;
	socklen_t len = sizeof(relay);
	struct pollfd ready = { -1, POLLIN, 0 };

	if (getpeername(pair->secure, (struct sockaddr *)&relay, &len))
		return strerror(errno);
	ready.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (int i = 0; i < 500; i++) {
		sendto(ready.fd, hello, sizeof(hello), 0, (struct sockaddr *)&relay, len);
		sendto(ready.fd, alert, sizeof(alert), 0, (struct sockaddr *)&relay, len);
		sendto(ready.fd, alert, 7, 0, (struct sockaddr *)&relay, len);
	}
	if (poll(&ready, 1, 200) > 0)
		return "the relay answers a stranger";
	close(ready.fd);
	return NULL;
}

static void print_base64(unsigned char *bytes)
{
	gnutls_datum_t key = { bytes, KEY }, text;

	if (gnutls_base64_encode2(&key, &text))
		errx(2, "gnutls_base64_encode2");
	printf("%.*s", (int)text.size, (const char *)text.data);
	gnutls_free(text.data);
}

static const char *connect_to(struct pair *pair, const char *relay, const char *line)
{
	unsigned int a, b;
	struct sockaddr_in to;

	if (sscanf(line, "peers %u %u %95s", &a, &b, pair->relay) != 3)
		return "peers PORT_A PORT_B FINGERPRINT";
	to = address(relay, a);
	if (connect(pair->secure, (struct sockaddr *)&to, sizeof(to)))
		return strerror(errno);
	to = address(relay, b);
	return connect(pair->plain, (struct sockaddr *)&to, sizeof(to)) ? strerror(errno) : NULL;
}

int main(int argc, char **argv)
{
	struct pair pair = { 0 };
	char line[256];

	if (argc != 3)
		errx(2, "usage: dtls_pair ADDRESS RELAY");
	if (srtp_init() || gnutls_global_init() || make_certificate(&pair))
		errx(2, "cannot make a certificate");
	setvbuf(stdout, NULL, _IOLBF, 0);
	pair.secure = phone(argv[1], 4000);
	pair.plain = phone(argv[1], 5000);
	puts(pair.fingerprint);
	while (fgets(line, sizeof(line), stdin)) {
		const char *failed = "not known";

		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "peers ", 6))
			failed = connect_to(&pair, argv[2], line);
		else if (!strcmp(line, "client") || !strcmp(line, "server"))
			failed = handshake(&pair, !strcmp(line, "client"));
		else if (!strcmp(line, "talk"))
			failed = talk(&pair);
		else if (!strcmp(line, "stranger"))
			failed = strange(&pair);
		else if (!strcmp(line, "certificate"))
			failed = make_certificate(&pair) ? "gnutls" : pair.fingerprint;
		if (!strcmp(line, "keys")) {
			print_base64(pair.sent_key);
			putchar(' ');
			print_base64(pair.heard_key);
			putchar('\n');
			continue;
		}
		if (failed && failed != pair.fingerprint)
			printf("failed: %s\n", failed);
		else
			puts(failed ? failed : "ok");
	}
	drop_session(&pair);
	return 0;
}
