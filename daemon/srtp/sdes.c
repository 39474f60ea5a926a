/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdes.c - an a=crypto line of SDP: keys of SRTP in clear text
 */
#include "base/base64.h"
#include "base/count.h"
#include "srtp/sdes.h"

#define MKI_LEN_MAX 128 /* RFC 4568, 6.1 */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word; empty at the end. */
static struct str next_word(struct str *rest)
{
	struct str word;

	while (rest->len && is_blank(*rest->s)) {
		rest->s++;
		rest->len--;
	}
	word = (struct str){ rest->s, 0 };
	while (rest->len && !is_blank(*rest->s)) {
		rest->s++;
		rest->len--;
		word.len++;
	}
	return word;
}

static bool is_number(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.s[i] < '0' || text.s[i] > '9')
			return false;
	return text.len;
}

/* --- Keys ---------------------------------------------------------------------------------- */

/* A decimal number as big-endian bytes. Return: false: it does not fit */
static bool read_mki_value(struct str text, struct srtp_mki *mki)
{
	if (!is_number(text))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned int carry = (unsigned int)(text.s[i] - '0');

		for (unsigned int at = mki->len; at--;) {
			carry += mki->bytes[at] * 10U;
			mki->bytes[at] = (uint8_t)carry;
			carry >>= 8;
		}
		if (carry)
			return false;
	}
	return true;
}

static enum sdes_fault read_mki(struct str field, struct srtp_mki *mki)
{
	struct str length = field, value = str_split(&length, ':');
	uint64_t len;

	if (!str_to_u64(length, MKI_LEN_MAX, &len) || !len || len > SRTP_MKI_MAX)
		return SDES_BAD_MKI;
	mki->len = (uint8_t)len;
	return read_mki_value(value, mki) ? SDES_OK : SDES_BAD_MKI;
}

/* "2^31", or a number above 0 of any length. */
static bool is_lifetime(struct str field)
{
	uint64_t exponent;

	if (!str_starts(field, STR("2^"))) {
		while (field.len && *field.s == '0') {
			field.s++;
			field.len--;
		}
		return is_number(field);
	}
	field.s += 2;
	field.len -= 2;
	return str_to_u64(field, 64, &exponent);
}

static enum sdes_fault read_key(struct str param, struct srtp_master *key)
{
	uint8_t bytes[SRTP_KEY_MAX + SRTP_SALT_MAX];
	const struct srtp_suite *suite = key->suite;
	struct str info = param, method = str_split(&info, ':'), field;

	if (!str_eq_nocase(method, STR("inline")))
		return SDES_MALFORMED;
	field = str_split(&info, '|');
	if (!base64_read(field, bytes, (size_t)suite->key_len + suite->salt_len))
		return SDES_BAD_KEY;
	memcpy(key->key, bytes, suite->key_len);
	memcpy(key->salt, bytes + suite->key_len, suite->salt_len);
	explicit_bzero(bytes, sizeof(bytes));
	if (field.s + field.len == param.s + param.len)
		return SDES_OK;
	field = str_split(&info, '|');
	if (!memchr(field.s, ':', field.len)) {
		if (!is_lifetime(field))
			return SDES_BAD_LIFE;
		if (field.s + field.len == param.s + param.len)
			return SDES_OK;
		field = info;
	} else if (info.len) {
		return SDES_MALFORMED; /* the MKI is the last */
	}
	return read_mki(field, &key->mki);
}

/* Several keys are told apart by their MKIs (RFC 4568, 6.1). */
static bool mkis_differ(const struct sdes_line *line)
{
	for (unsigned int i = 0; i < line->n_keys; i++)
		for (unsigned int k = 0; k < i; k++)
			if (!line->keys[i].mki.len ||
			    line->keys[i].mki.len != line->keys[k].mki.len ||
			    !memcmp(line->keys[i].mki.bytes, line->keys[k].mki.bytes,
				    line->keys[i].mki.len))
				return false;
	return true;
}

static enum sdes_fault read_keys(struct str params, const struct srtp_suite *suite,
				 struct sdes_line *line)
{
	const char *end = params.s + params.len;
	enum sdes_fault fault;
	struct str param;

	do {
		param = str_split(&params, ';');
		if (line->n_keys == SDES_KEYS)
			return SDES_TOO_MANY_KEYS;
		line->keys[line->n_keys].suite = suite;
		fault = read_key(param, &line->keys[line->n_keys++]);
		if (fault)
			return fault;
	} while (param.s + param.len != end);
	return mkis_differ(line) ? SDES_OK : SDES_BAD_MKI;
}

/* --- Session parameters ---------------------------------------------------------------------- */

static const char *const unprotected[] = { "UNENCRYPTED_SRTP", "UNENCRYPTED_SRTCP",
					   "UNAUTHENTICATED_SRTP" };

/* RFC 4568, 6.3: what is not known makes the line void, unless it begins with "-". */
static enum sdes_fault check_parameter(struct str param)
{
	struct str value = param, name = str_split(&value, '=');

	if (*param.s == '-')
		return SDES_OK;
	for (size_t i = 0; i < COUNT(unprotected); i++)
		if (str_eq_nocase(param, str_of(unprotected[i])))
			return SDES_UNPROTECTED;
	/* A hint about the replay window; ours is longer than what it may be at least. */
	if (str_eq_nocase(name, STR("WSH")) && is_number(value))
		return SDES_OK;
	/* No new session keys: what we do. */
	if (str_eq_nocase(param, STR("KDR=0")))
		return SDES_OK;
	return SDES_PARAMETER;
}

/* --- Lines ----------------------------------------------------------------------------------- */

static enum sdes_fault read_line(struct str value, struct sdes_line *line)
{
	struct str tag = next_word(&value), suite_name = next_word(&value);
	struct str keys = next_word(&value), param;
	const struct srtp_suite *suite;
	enum sdes_fault fault;
	uint64_t number;

	if (tag.len > 9 || !str_to_u64(tag, SDES_TAG_MAX, &number) || !suite_name.len || !keys.len)
		return SDES_MALFORMED;
	line->tag = (uint32_t)number;
	suite = srtp_suite_by_name(suite_name, &line->name);
	if (!suite)
		return SDES_UNKNOWN_SUITE;
	fault = read_keys(keys, suite, line);
	while (!fault && (param = next_word(&value)).len)
		fault = check_parameter(param);
	return fault;
}

enum sdes_fault sdes_read(struct str value, struct sdes_line *line)
{
	enum sdes_fault fault;

	memset(line, 0, sizeof(*line));
	fault = read_line(value, line);
	if (fault)
		explicit_bzero(line, sizeof(*line));
	return fault;
}

const char *sdes_fault_text(enum sdes_fault fault)
{
	static const char *const texts[SDES_FAULTS] = {
		[SDES_OK] = "none",
		[SDES_MALFORMED] = "malformed line",
		[SDES_UNKNOWN_SUITE] = "unknown crypto suite",
		[SDES_BAD_KEY] = "a key that is not base64, or not as long as the suite's",
		[SDES_BAD_LIFE] = "malformed lifetime",
		[SDES_BAD_MKI] = "MKI malformed, too long, or missing",
		[SDES_TOO_MANY_KEYS] = "too many keys",
		[SDES_UNPROTECTED] = "without encryption or authentication",
		[SDES_PARAMETER] = "unknown session parameter",
	};

	return texts[fault];
}

/* Long division of the bytes by ten, the last digit first. */
static void write_mki(struct buf *buf, const struct srtp_mki *mki)
{
	struct srtp_mki rest = *mki;
	char digits[3 * SRTP_MKI_MAX];
	size_t at = sizeof(digits);
	unsigned int left;

	do {
		unsigned int remainder = 0;

		left = 0;
		for (unsigned int i = 0; i < rest.len; i++) {
			unsigned int value = remainder << 8 | rest.bytes[i];

			rest.bytes[i] = (uint8_t)(value / 10);
			remainder = value % 10;
			left |= rest.bytes[i];
		}
		digits[--at] = (char)('0' + remainder);
	} while (left);
	buf_add(buf, digits + at, sizeof(digits) - at);
	buf_char(buf, ':');
	buf_u64(buf, mki->len);
}

static void write_key(struct buf *buf, const struct srtp_master *key, unsigned int flags)
{
	uint8_t bytes[SRTP_KEY_MAX + SRTP_SALT_MAX];
	const struct srtp_suite *suite = key->suite;

	memcpy(bytes, key->key, suite->key_len);
	memcpy(bytes + suite->key_len, key->salt, suite->salt_len);
	buf_lit(buf, "inline:");
	base64_write(buf, bytes, (size_t)suite->key_len + suite->salt_len,
		     flags & SDES_PAD || suite->aead);
	explicit_bzero(bytes, sizeof(bytes));
	if (flags & SDES_LIFETIME)
		buf_lit(buf, "|2^31");
	if (key->mki.len) {
		buf_char(buf, '|');
		write_mki(buf, &key->mki);
	}
}

void sdes_write(struct buf *buf, const struct sdes_line *line, unsigned int flags)
{
	buf_u64(buf, line->tag);
	buf_char(buf, ' ');
	buf_str(buf, str_of(line->name));
	buf_char(buf, ' ');
	for (unsigned int i = 0; i < line->n_keys; i++) {
		if (i)
			buf_char(buf, ';');
		write_key(buf, &line->keys[i], flags);
	}
}
