/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * integrity.c - the attribute MESSAGE-INTEGRITY: HMAC-SHA1 of all before
 */
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include "stun/integrity.h"
#include "stun/writer.h"

/* @before: bytes before the attribute. The length in the header counts as if it ended with it. */
static void compute(const uint8_t *data, size_t before, struct str password,
		    uint8_t value[STUN_INTEGRITY])
{
	size_t len = before - STUN_HEADER + STUN_ATTR_HEADER + STUN_INTEGRITY;
	uint8_t start[4] = { data[0], data[1], (uint8_t)(len >> 8), (uint8_t)len };
	struct hmac_sha1_ctx hmac;

	hmac_sha1_set_key(&hmac, password.len, (const uint8_t *)password.s);
	hmac_sha1_update(&hmac, sizeof(start), start);
	hmac_sha1_update(&hmac, before - sizeof(start), data + sizeof(start));
	hmac_sha1_digest(&hmac, STUN_INTEGRITY, value);
	explicit_bzero(&hmac, sizeof(hmac));
}

void stun_put_integrity(struct buf *out, struct str password)
{
	uint8_t value[STUN_INTEGRITY];

	if (out->overflow)
		return;
	compute((const uint8_t *)out->data, out->len, password, value);
	stun_put_attr_header(out, STUN_MESSAGE_INTEGRITY, sizeof(value));
	buf_add(out, value, sizeof(value));
	stun_put_length(out, 0);
}

bool stun_integrity_fits(const uint8_t *data, const struct stun_attr *attr, struct str password)
{
	uint8_t value[STUN_INTEGRITY];

	if (attr->size != sizeof(value))
		return false;
	compute(data, (size_t)(attr->value - STUN_ATTR_HEADER - data), password, value);
	return memeql_sec(value, attr->value, sizeof(value));
}
