/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fingerprint.c - the hash of a certificate, as a=fingerprint has it (RFC 8122)
 */
#include <string.h>
#include "dtls/fingerprint.h"

static const struct {
	struct str name;
	unsigned int len;
} hashes[DTLS_HASHES + 1] = {
	[DTLS_SHA_1] = { STR("sha-1"), 20 },	 [DTLS_SHA_224] = { STR("sha-224"), 28 },
	[DTLS_SHA_256] = { STR("sha-256"), 32 }, [DTLS_SHA_384] = { STR("sha-384"), 48 },
	[DTLS_SHA_512] = { STR("sha-512"), 64 },
};

enum dtls_hash dtls_hash_by_name(struct str name)
{
	for (int hash = DTLS_SHA_1; hash <= DTLS_HASHES; hash++)
		if (str_eq_nocase(name, hashes[hash].name))
			return (enum dtls_hash)hash;
	return (enum dtls_hash)0;
}

const char *dtls_hash_name(enum dtls_hash hash)
{
	return hash >= DTLS_SHA_1 && hash <= DTLS_HASHES ? hashes[hash].name.s : "";
}

unsigned int dtls_hash_len(enum dtls_hash hash)
{
	return hash >= DTLS_SHA_1 && hash <= DTLS_HASHES ? hashes[hash].len : 0;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* AB:CD:..., exactly @len bytes */
static bool read_bytes(struct str text, uint8_t *bytes, unsigned int len)
{
	if (text.len != len * 3 - 1)
		return false;
	for (unsigned int i = 0; i < len; i++) {
		int high = digit_of(text.s[i * 3]), low = digit_of(text.s[i * 3 + 1]);

		if (high < 0 || low < 0 || (i + 1 < len && text.s[i * 3 + 2] != ':'))
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool dtls_fingerprint_read(struct str value, struct dtls_fingerprint *fingerprint)
{
	struct str name;
	enum dtls_hash hash;

	*fingerprint = (struct dtls_fingerprint){ 0 };
	while (value.len && value.s[value.len - 1] == ' ')
		value.len--;
	while (value.len && value.s[0] == ' ')
		value = (struct str){ value.s + 1, value.len - 1 };
	name = str_split(&value, ' ');
	while (value.len && value.s[0] == ' ')
		value = (struct str){ value.s + 1, value.len - 1 };
	hash = dtls_hash_by_name(name);
	if (!hash || !read_bytes(value, fingerprint->bytes, hashes[hash].len)) {
		*fingerprint = (struct dtls_fingerprint){ 0 };
		return false;
	}
	fingerprint->hash = (uint8_t)hash;
	fingerprint->len = (uint8_t)hashes[hash].len;
	return true;
}

void dtls_fingerprint_write(struct buf *buf, const struct dtls_fingerprint *fingerprint)
{
	static const char digits[] = "0123456789ABCDEF";

	buf_str(buf, str_of(dtls_hash_name((enum dtls_hash)fingerprint->hash)));
	for (unsigned int i = 0; i < fingerprint->len; i++) {
		buf_char(buf, i ? ':' : ' ');
		buf_char(buf, digits[fingerprint->bytes[i] >> 4]);
		buf_char(buf, digits[fingerprint->bytes[i] & 15]);
	}
}

bool dtls_fingerprint_eq(const struct dtls_fingerprint *a, const struct dtls_fingerprint *b)
{
	return a->hash == b->hash && a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

bool dtls_fingerprints_meet(const struct dtls_fingerprint *a, unsigned int n_a,
			    const struct dtls_fingerprint *b, unsigned int n_b)
{
	for (unsigned int i = 0; i < n_a; i++)
		for (unsigned int k = 0; k < n_b; k++)
			if (a[i].hash && dtls_fingerprint_eq(&a[i], &b[k]))
				return true;
	return false;
}
