/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.c - the STUN messages of ICE: read and written
 */
#include "ice/message.h"
#include "stun/fingerprint.h"
#include "stun/integrity.h"
#include "stun/writer.h"

static uint64_t read_u64(const uint8_t *at)
{
	return (uint64_t)stun_u32(at) << 32 | stun_u32(at + 4);
}

/* --- Reading --------------------------------------------------------------------------------- */

static void read_mapped(struct ice_message *m, const struct stun_attr *attr)
{
	const uint8_t *value = attr->value;
	struct endpoint ep = { 0 };
	uint8_t addr[16];

	if (attr->size != 8 && attr->size != 20)
		return;
	for (size_t i = 0; i < attr->size - 4; i++)
		addr[i] = value[4 + i] ^ m->id[i];
	if (value[1] == 1 && attr->size == 8) {
		ep.in4.sin_family = AF_INET;
		memcpy(&ep.in4.sin_addr, addr, 4);
	} else if (value[1] == 2 && attr->size == 20) {
		ep.in6.sin6_family = AF_INET6;
		memcpy(&ep.in6.sin6_addr, addr, 16);
	} else {
		return;
	}
	endpoint_set_port(&ep, (uint16_t)(stun_u16(value + 2) ^ stun_u16(m->id)));
	m->mapped = ep;
}

static void read_role(struct ice_message *m, const struct stun_attr *attr, enum ice_role role)
{
	if (attr->size != 8)
		return;
	m->claims = true;
	m->role = role;
	m->tie_breaker = read_u64(attr->value);
}

static void read_error(struct ice_message *m, const struct stun_attr *attr)
{
	if (attr->size >= 4)
		m->error = (attr->value[2] & 7U) * 100 + attr->value[3];
}

static void read_attribute(struct ice_message *m, const struct stun_attr *attr)
{
	switch (attr->type) {
	case STUN_USERNAME:
		if (!m->username.s)
			m->username = (struct str){ (const char *)attr->value, attr->size };
		break;
	case STUN_PRIORITY:
		if (attr->size == 4)
			m->priority = stun_u32(attr->value);
		break;
	case STUN_USE_CANDIDATE:
		m->use_candidate = true;
		break;
	case STUN_ICE_CONTROLLED:
		read_role(m, attr, ICE_CONTROLLED);
		break;
	case STUN_ICE_CONTROLLING:
		read_role(m, attr, ICE_CONTROLLING);
		break;
	case STUN_XOR_MAPPED_ADDRESS:
		read_mapped(m, attr);
		break;
	case STUN_ERROR_CODE:
		read_error(m, attr);
		break;
	case STUN_MAPPED_ADDRESS: /* known, and of no use */
	case STUN_UNKNOWN_ATTRIBUTES:
	case STUN_REALM:
	case STUN_NONCE:
	case STUN_PASSWORD_ALGORITHM:
	case STUN_USERHASH:
		break;
	default:
		if (attr->type < STUN_OPTIONAL && m->n_unknown < ICE_UNKNOWN_MAX)
			m->unknown[m->n_unknown++] = (uint16_t)attr->type;
	}
}

/*
 * What follows the integrity check could have been added by anybody, and is ignored, but for
 * FINGERPRINT.
 */
static bool read_attributes(const uint8_t *data, size_t len, struct ice_message *m)
{
	const uint8_t *at = data + STUN_HEADER;
	size_t left = len - STUN_HEADER;
	struct stun_attr attr;
	bool ends = false;

	while (left) {
		if (!stun_attr_next(&at, &left, &attr))
			return false;
		if (attr.type == STUN_FINGERPRINT)
			return stun_fingerprint_fits(data, len, &attr);
		if (ends)
			continue;
		ends = attr.type == STUN_MESSAGE_INTEGRITY ||
		       attr.type == STUN_MESSAGE_INTEGRITY_SHA256;
		if (attr.type == STUN_MESSAGE_INTEGRITY)
			m->integrity = attr;
		else if (!ends)
			read_attribute(m, &attr);
	}
	return true;
}

bool ice_message_read(const uint8_t *data, size_t len, struct ice_message *message)
{
	*message = (struct ice_message){ .username = STR_NONE };
	if (!stun_is_framed(data, len) || !stun_has_cookie(data) ||
	    stun_method(stun_u16(data)) != STUN_BINDING)
		return false;
	message->class = stun_class(stun_u16(data));
	message->id = data + 4;
	return read_attributes(data, len, message);
}

bool ice_message_is_authentic(const uint8_t *data, const struct ice_message *message,
			      struct str password)
{
	return message->integrity.size && password.len &&
	       stun_integrity_fits(data, &message->integrity, password);
}

/* --- Writing --------------------------------------------------------------------------------- */

static struct buf buf_of(uint8_t *out)
{
	return BUF_INIT((char *)out, ICE_MESSAGE_MAX);
}

/* All lengths are bounded, so that nothing is left out. */
static size_t end(struct buf *out, struct str password)
{
	if (password.len)
		stun_put_integrity(out, password);
	stun_put_fingerprint(out);
	return out->overflow ? 0 : out->len;
}

static void put_username(struct buf *out, struct str receiver, struct str sender)
{
	size_t len = receiver.len + 1 + sender.len;

	stun_put_attr_header(out, STUN_USERNAME, len);
	buf_str(out, receiver);
	buf_char(out, ':');
	buf_str(out, sender);
	for (; len % 4; len++)
		buf_char(out, 0);
}

static void put_transaction(struct buf *out, enum stun_class class, const uint8_t *transaction)
{
	uint8_t id[STUN_HEADER - 4] = { 0x21, 0x12, 0xa4, 0x42 };

	memcpy(id + 4, transaction, STUN_TRANSACTION);
	stun_put_header(out, class, id);
}

size_t ice_write_request(uint8_t *out, const struct ice_request *request)
{
	bool controlling = request->role == ICE_CONTROLLING;
	struct buf buf = buf_of(out);

	put_transaction(&buf, STUN_REQUEST, request->transaction);
	put_username(&buf, request->receiver, request->sender);
	stun_put_attr_header(&buf, STUN_PRIORITY, 4);
	stun_put_u32(&buf, request->priority);
	stun_put_attr_header(&buf, controlling ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED, 8);
	stun_put_u32(&buf, (uint32_t)(request->tie_breaker >> 32));
	stun_put_u32(&buf, (uint32_t)request->tie_breaker);
	if (request->use_candidate)
		stun_put_attr_header(&buf, STUN_USE_CANDIDATE, 0);
	return end(&buf, request->password);
}

size_t ice_write_success(uint8_t *out, const uint8_t *id, const struct endpoint *mapped,
			 struct str password)
{
	struct buf buf = buf_of(out);

	stun_put_header(&buf, STUN_SUCCESS, id);
	stun_put_address(&buf, STUN_XOR_MAPPED_ADDRESS, mapped, id);
	return end(&buf, password);
}

size_t ice_write_error(uint8_t *out, const struct ice_message *request, enum ice_error error,
		       struct str password)
{
	size_t n = error == ICE_UNKNOWN_ATTRIBUTE ? request->n_unknown : 0;
	struct buf buf = buf_of(out);

	stun_put_header(&buf, STUN_ERROR, request->id);
	stun_put_attr_header(&buf, STUN_ERROR_CODE, 4);
	stun_put_u16(&buf, 0);
	stun_put_u16(&buf, (unsigned int)error / 100 << 8 | (unsigned int)error % 100);
	if (n) {
		stun_put_attr_header(&buf, STUN_UNKNOWN_ATTRIBUTES, 2 * n);
		for (size_t i = 0; i < n; i++)
			stun_put_u16(&buf, request->unknown[i]);
		if (n % 2)
			stun_put_u16(&buf, 0);
	}
	return end(&buf, password);
}

size_t ice_write_indication(uint8_t *out, const uint8_t *transaction)
{
	struct buf buf = buf_of(out);

	put_transaction(&buf, STUN_INDICATION, transaction);
	return end(&buf, STR_NONE);
}
