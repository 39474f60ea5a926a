/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cert.c - the relay's own key and certificate for DTLS, and the OpenSSL settings with them
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dtls/bio.h"
#include "dtls/cert.h"

#define DAY_S 86400

/* AES-GCM and ChaCha with forward secrecy; RSA: of a peer that is the server. */
static const char ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
			      "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
			      "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/* Of both ends: no SHA-1. */
static const char signatures[] = "ECDSA+SHA256:ECDSA+SHA384:rsa_pss_rsae_sha256:RSA+SHA256:"
				 "ECDSA+SHA512:RSA+SHA384:RSA+SHA512";

/* In the order of preference, as srtp/suite.h. */
static const char profiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80:"
			       "SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_32";

/* Any certificate: its fingerprint is compared after the handshake (dtls/association.c). */
static int verify_later(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1;
}

/* --- Settings --------------------------------------------------------------------------------- */

static SSL_CTX *make_ctx(EVP_PKEY *key, X509 *x509)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify_later, NULL);
	/* Self-signed: there is no chain to look for. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	/* The last one returns 0 for success. */
	if (SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) &&
	    SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) &&
	    SSL_CTX_set_cipher_list(ctx, ciphers) &&
	    SSL_CTX_set1_groups_list(ctx, "P-256:X25519") &&
	    SSL_CTX_set1_sigalgs_list(ctx, signatures) && SSL_CTX_use_certificate(ctx, x509) &&
	    SSL_CTX_use_PrivateKey(ctx, key) && SSL_CTX_check_private_key(ctx) &&
	    !SSL_CTX_set_tlsext_use_srtp(ctx, profiles))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

static const EVP_MD *digest_of(enum dtls_hash hash)
{
	switch (hash) {
	case DTLS_SHA_1:
		return EVP_sha1();
	case DTLS_SHA_224:
		return EVP_sha224();
	case DTLS_SHA_256:
		return EVP_sha256();
	case DTLS_SHA_384:
		return EVP_sha384();
	default:
		return EVP_sha512();
	}
}

int dtls_cert_hashes(const X509 *x509, struct dtls_fingerprint fingerprint[DTLS_HASHES])
{
	for (int hash = DTLS_SHA_1; hash <= DTLS_HASHES; hash++) {
		struct dtls_fingerprint *to = &fingerprint[hash - 1];
		unsigned int len = 0;

		if (!X509_digest(x509, digest_of((enum dtls_hash)hash), to->bytes, &len) ||
		    len != dtls_hash_len((enum dtls_hash)hash))
			return -ENOMEM;
		to->hash = (uint8_t)hash;
		to->len = (uint8_t)len;
	}
	return 0;
}

static time_t time_of(const ASN1_TIME *at)
{
	struct tm tm;

	return ASN1_TIME_to_tm(at, &tm) ? timegm(&tm) : 0;
}

/* Takes @key and @x509 in any case. */
static struct dtls_cert *finish(EVP_PKEY *key, X509 *x509)
{
	struct dtls_cert *cert = calloc(1, sizeof(*cert));

	if (!cert) {
		EVP_PKEY_free(key);
		X509_free(x509);
		return NULL;
	}
	cert->key = key;
	cert->x509 = x509;
	if (key && x509) {
		cert->ctx = make_ctx(key, x509);
		cert->method = dtls_bio_method_new();
	}
	if (!cert->ctx || !cert->method || dtls_cert_hashes(x509, cert->fingerprint)) {
		dtls_cert_free(cert);
		return NULL;
	}
	cert->from = time_of(X509_get0_notBefore(x509));
	cert->until = time_of(X509_get0_notAfter(x509));
	cert->renew_at = cert->until - DTLS_CERT_DAYS / 2 * DAY_S;
	return cert;
}

/* --- A new one -------------------------------------------------------------------------------- */

static bool set_serial(X509 *x509)
{
	unsigned char bytes[8];
	uint64_t serial = 0;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		serial = serial << 8 | bytes[i];
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1 | 1);
}

/* Begins a day ago: clocks of phones differ. */
static X509 *sign(EVP_PKEY *key, time_t now)
{
	static const unsigned char name[] = "rtprelay";
	X509 *x509 = X509_new();

	if (x509 && X509_set_version(x509, X509_VERSION_3) && set_serial(x509) &&
	    ASN1_TIME_set(X509_getm_notBefore(x509), now - DAY_S) &&
	    ASN1_TIME_set(X509_getm_notAfter(x509), now + (time_t)DTLS_CERT_DAYS * DAY_S) &&
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC, name, -1,
				       -1, 0) &&
	    X509_set_issuer_name(x509, X509_get_subject_name(x509)) && X509_set_pubkey(x509, key) &&
	    X509_sign(x509, key, EVP_sha256()))
		return x509;
	X509_free(x509);
	return NULL;
}

struct dtls_cert *dtls_cert_make(time_t now)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = key ? sign(key, now) : NULL;

	return finish(key, x509);
}

void dtls_cert_free(struct dtls_cert *cert)
{
	if (!cert)
		return;
	SSL_CTX_free(cert->ctx);
	BIO_meth_free(cert->method);
	EVP_PKEY_free(cert->key);
	X509_free(cert->x509);
	free(cert);
}

/* --- The file --------------------------------------------------------------------------------- */

static int no_passphrase(char *buf, int size, int write, void *arg)
{
	(void)buf;
	(void)size;
	(void)write;
	(void)arg;
	return -1;
}

static struct dtls_cert *read_cert(FILE *file)
{
	EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
	X509 *x509 = key ? PEM_read_X509(file, NULL, no_passphrase, NULL) : NULL;

	return finish(key, x509);
}

int dtls_cert_load(const char *path, time_t now, struct dtls_cert **cert)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	int error = -errno;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return error;
	}
	*cert = read_cert(file);
	fclose(file);
	ERR_clear_error();
	if (!*cert)
		return -EBADMSG;
	if (now < (*cert)->until && now >= (*cert)->from)
		return 0;
	dtls_cert_free(*cert);
	*cert = NULL;
	return -ESTALE;
}

static int write_cert(const struct dtls_cert *cert, int fd)
{
	FILE *file = fdopen(fd, "w");
	bool written;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	written = PEM_write_PKCS8PrivateKey(file, cert->key, NULL, NULL, 0, NULL, NULL) &&
		  PEM_write_X509(file, cert->x509) && !fflush(file) && !fsync(fd);
	if (fclose(file) || !written)
		return errno ? -errno : -EIO;
	return 0;
}

int dtls_cert_save(const struct dtls_cert *cert, const char *path)
{
	char temporary[PATH_MAX];
	int fd, error;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		return -ENAMETOOLONG;
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	errno = 0;
	error = write_cert(cert, fd);
	if (!error && rename(temporary, path))
		error = -errno;
	if (error)
		unlink(temporary);
	return error;
}
