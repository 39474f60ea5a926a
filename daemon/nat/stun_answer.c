/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_answer.c - the STUN service's answer to a datagram, or why there is none
 *
 * The source of a datagram is easily forged, so an answer is kept short: no SOFTWARE, no reason
 * phrase, FINGERPRINT only if the request has it, padding never beyond the request's size.
 */
#include "base/count.h"
#include "nat/stun_answer.h"
#include "stun/fingerprint.h"
#include "stun/wire.h"

#define FINGERPRINT_LEN 8 /* with its header */
#define MAX_UNKNOWN	8 /* that an error lists */

enum { CHANGE_PORT = 0x2, CHANGE_ADDRESS = 0x4 }; /* flags of CHANGE-REQUEST */
enum { BAD_REQUEST = 400, UNKNOWN_ATTRIBUTE = 420 };

/**
 * struct request - what a request asks for
 * @change: bits that the index of the replying socket differs in
 * @response_port: 0: none
 * @unknown: attributes that must be understood and are not
 */
struct request {
	const uint8_t *data;
	size_t len;
	bool classic, discovery;
	unsigned int change;
	bool has_change, fingerprint, padding, malformed;
	uint16_t response_port;
	uint16_t unknown[MAX_UNKNOWN];
	size_t n_unknown;
};

/* --- Whom to answer --------------------------------------------------------------------------- */

bool stun_may_answer(const struct endpoint *source)
{
	/* echo to chargen, DNS, NTP, SNMP, CLDAP, SSDP, STUN, NAT-PMP, memcached */
	static const uint16_t services[] = { 0,	  7,   9,   13,	  17,	19,   53,
					     123, 161, 389, 1900, 3478, 5351, 11211 };
	uint16_t port = endpoint_port(source);

	for (size_t i = 0; i < COUNT(services); i++)
		if (port == services[i])
			return false;
	return endpoint_is_unicast(source) && endpoint_kind(source) != ENDPOINT_MAPPED;
}

/* --- Request ---------------------------------------------------------------------------------- */

static void add_unknown(struct request *request, unsigned int type)
{
	if (request->n_unknown < MAX_UNKNOWN)
		request->unknown[request->n_unknown++] = (uint16_t)type;
}

static void read_change(struct request *request, const struct stun_attr *attr)
{
	uint32_t flags;

	if (attr->size != 4) {
		request->malformed = true;
		return;
	}
	flags = stun_u32(attr->value);
	request->has_change = flags & (CHANGE_PORT | CHANGE_ADDRESS);
	request->change = (flags & CHANGE_PORT ? STUN_AT_OTHER_PORT : 0) |
			  (flags & CHANGE_ADDRESS ? STUN_AT_OTHER_ADDRESS : 0);
}

static void read_response_port(struct request *request, const struct stun_attr *attr)
{
	if (attr->size < 2 || !stun_u16(attr->value))
		request->malformed = true;
	else
		request->response_port = (uint16_t)stun_u16(attr->value);
}

/* RFC 3489: all of its attributes are known. RESPONSE-ADDRESS would aim answers at anybody. */
static void read_classic(struct request *request, const struct stun_attr *attr)
{
	if (attr->type == STUN_CHANGE_REQUEST)
		read_change(request, attr);
	else if (attr->type < STUN_OPTIONAL && (!attr->type || attr->type > STUN_REFLECTED_FROM))
		add_unknown(request, attr->type);
}

static void read_attribute(struct request *request, const struct stun_attr *attr)
{
	switch (attr->type) {
	case STUN_MAPPED_ADDRESS:
	case STUN_USERNAME: /* credentials are not asked for, and harmless */
	case STUN_MESSAGE_INTEGRITY:
	case STUN_ERROR_CODE:
	case STUN_UNKNOWN_ATTRIBUTES:
	case STUN_REALM:
	case STUN_NONCE:
	case STUN_MESSAGE_INTEGRITY_SHA256:
	case STUN_PASSWORD_ALGORITHM:
	case STUN_USERHASH:
	case STUN_XOR_MAPPED_ADDRESS:
		break;
	case STUN_CHANGE_REQUEST:
		read_change(request, attr);
		break;
	case STUN_PADDING:
		request->padding = true;
		break;
	case STUN_RESPONSE_PORT:
		read_response_port(request, attr);
		break;
	default:
		if (attr->type < STUN_OPTIONAL)
			add_unknown(request, attr->type);
	}
}

/* Without discovery these three are unknown, but one that asks for nothing is ignored. */
static void refuse_discovery(struct request *request)
{
	if (request->has_change)
		add_unknown(request, STUN_CHANGE_REQUEST);
	if (request->padding)
		add_unknown(request, STUN_PADDING);
	if (request->response_port)
		add_unknown(request, STUN_RESPONSE_PORT);
}

/* It is the last attribute. */
static bool fingerprint_fits(const struct request *request, const struct stun_attr *attr)
{
	size_t before = request->len - FINGERPRINT_LEN;

	return attr->size == 4 && attr->value == request->data + before + STUN_ATTR_HEADER &&
	       stun_u32(attr->value) == stun_fingerprint(request->data, before);
}

/* False: FINGERPRINT is wrong. What follows MESSAGE-INTEGRITY was added by somebody else. */
static bool read_attributes(struct request *request)
{
	const uint8_t *at = request->data + STUN_HEADER;
	size_t len = request->len - STUN_HEADER;
	struct stun_attr attr;
	bool ends = false;

	while (len) {
		if (!stun_attr_next(&at, &len, &attr)) {
			request->malformed = true;
			return true;
		}
		if (attr.type == STUN_FINGERPRINT && !request->classic) {
			request->fingerprint = true;
			return fingerprint_fits(request, &attr);
		}
		if (!ends && request->classic)
			read_classic(request, &attr);
		else if (!ends)
			read_attribute(request, &attr);
		ends = ends || attr.type == STUN_MESSAGE_INTEGRITY ||
		       attr.type == STUN_MESSAGE_INTEGRITY_SHA256;
	}
	return true;
}

/* --- Reply ------------------------------------------------------------------------------------ */

static void put_u16(struct stun_answer *answer, unsigned int value)
{
	answer->bytes[answer->len++] = (uint8_t)(value >> 8);
	answer->bytes[answer->len++] = (uint8_t)value;
}

static void put_u32(struct stun_answer *answer, uint32_t value)
{
	put_u16(answer, value >> 16);
	put_u16(answer, value & 0xffff);
}

static void put_bytes(struct stun_answer *answer, const void *bytes, size_t len)
{
	memcpy(answer->bytes + answer->len, bytes, len);
	answer->len += len;
}

static void put_attr_header(struct stun_answer *answer, enum stun_attr_type type, size_t size)
{
	put_u16(answer, type);
	put_u16(answer, (unsigned int)size);
}

/* @mask: combined with port and address: cookie and transaction id for XOR-, else zeros */
static void put_address(struct stun_answer *answer, enum stun_attr_type type,
			const struct endpoint *ep, const uint8_t mask[16])
{
	bool ip4 = ep->sa.sa_family == AF_INET;
	const uint8_t *addr = ip4 ? (const uint8_t *)&ep->in4.sin_addr : ep->in6.sin6_addr.s6_addr;
	size_t size = ip4 ? 4 : 16;

	put_attr_header(answer, type, 4 + size);
	put_u16(answer, ip4 ? 1 : 2);
	put_u16(answer, endpoint_port(ep) ^ stun_u16(mask));
	for (size_t i = 0; i < size; i++)
		answer->bytes[answer->len++] = addr[i] ^ mask[i];
}

static void put_plain_address(struct stun_answer *answer, enum stun_attr_type type,
			      const struct endpoint *ep)
{
	static const uint8_t zeros[16];

	put_address(answer, type, ep, zeros);
}

static void put_header(struct stun_answer *answer, const struct request *request,
		       enum stun_class class)
{
	answer->len = 0;
	put_u16(answer, STUN_BINDING | (class & 2 ? 0x100 : 0) | (class & 1 ? 0x10 : 0));
	put_u16(answer, 0); /* the length: put_length() */
	put_bytes(answer, request->data + 4, 16);
}

static void put_length(struct stun_answer *answer, size_t len)
{
	answer->bytes[2] = (uint8_t)((len - STUN_HEADER) >> 8);
	answer->bytes[3] = (uint8_t)(len - STUN_HEADER);
}

static void put_end(struct stun_answer *answer, const struct request *request)
{
	if (!request->fingerprint) {
		put_length(answer, answer->len);
		return;
	}
	put_length(answer, answer->len + FINGERPRINT_LEN);
	put_attr_header(answer, STUN_FINGERPRINT, 4);
	put_u32(answer, stun_fingerprint(answer->bytes, answer->len - STUN_ATTR_HEADER));
}

/* RFC 3489 has no padding: an odd list repeats an attribute. */
static void put_unknown(struct stun_answer *answer, const struct request *request)
{
	size_t n = request->n_unknown;

	put_attr_header(answer, STUN_UNKNOWN_ATTRIBUTES, 2 * (n + (request->classic && n % 2)));
	for (size_t i = 0; i < n; i++)
		put_u16(answer, request->unknown[i]);
	if (n % 2)
		put_u16(answer, request->classic ? request->unknown[0] : 0);
}

static enum stun_verdict answer_error(struct stun_answer *answer, const struct request *request,
				      unsigned int code)
{
	put_header(answer, request, STUN_ERROR);
	put_attr_header(answer, STUN_ERROR_CODE, 4);
	put_u16(answer, 0);
	put_u16(answer, code / 100 << 8 | code % 100);
	if (code == UNKNOWN_ATTRIBUTE)
		put_unknown(answer, request);
	put_end(answer, request);
	return STUN_ANSWER_ERROR;
}

static enum stun_verdict answer_basic(struct stun_answer *answer, const struct request *request,
				      const struct endpoint *source)
{
	put_header(answer, request, STUN_SUCCESS);
	put_address(answer, STUN_XOR_MAPPED_ADDRESS, source, request->data + 4);
	put_end(answer, request);
	return STUN_ANSWER_BASIC;
}

/* The client asks whether its NAT lets a long reply pass: as long as the request, at most. */
static void put_padding(struct stun_answer *answer, const struct request *request)
{
	size_t end = answer->len + STUN_ATTR_HEADER + (request->fingerprint ? FINGERPRINT_LEN : 0);
	size_t size = request->len > end ? request->len - end : 0;

	if (!request->padding || !size)
		return;
	put_attr_header(answer, STUN_PADDING, size);
	memset(answer->bytes + answer->len, 0, size);
	answer->len += size;
}

/* @other: the socket at the other address and port, seen from where the request came in */
static enum stun_verdict answer_discovery(struct stun_answer *answer, const struct request *request,
					  const struct endpoint *source,
					  const struct endpoint *origin,
					  const struct endpoint *other)
{
	put_header(answer, request, STUN_SUCCESS);
	/* Compared with the other one, it shows a router that rewrites addresses in packets. */
	if (source->sa.sa_family == AF_INET)
		put_plain_address(answer, STUN_MAPPED_ADDRESS, source);
	put_address(answer, STUN_XOR_MAPPED_ADDRESS, source, request->data + 4);
	put_plain_address(answer, STUN_RESPONSE_ORIGIN, origin);
	put_plain_address(answer, STUN_OTHER_ADDRESS, other);
	put_padding(answer, request);
	put_end(answer, request);
	return STUN_ANSWER_DISCOVERY;
}

static enum stun_verdict answer_classic(struct stun_answer *answer, const struct request *request,
					const struct endpoint *source,
					const struct endpoint *origin, const struct endpoint *other)
{
	put_header(answer, request, STUN_SUCCESS);
	put_plain_address(answer, STUN_MAPPED_ADDRESS, source);
	put_plain_address(answer, STUN_SOURCE_ADDRESS, origin);
	put_plain_address(answer, STUN_CHANGED_ADDRESS, other);
	put_end(answer, request);
	return STUN_ANSWER_CLASSIC;
}

/* --- Together --------------------------------------------------------------------------------- */

/* Clients of RFC 3489 take an error for the answer that they test for: so none is sent. */
static bool cannot_change(const struct stun_site *site, const struct request *request)
{
	return request->classic && request->change >= site->n;
}

static bool names_others(const struct request *request, const struct endpoint *source)
{
	return request->discovery &&
	       (source->sa.sa_family == AF_INET || request->len >= STUN_IP6_DISCOVERY_MIN);
}

static enum stun_verdict answer_request(const struct stun_site *site, unsigned int in,
					const struct request *request,
					const struct endpoint *source, struct stun_answer *answer)
{
	const struct endpoint *other = &site->named[in ^ (unsigned int)(site->n - 1)];

	answer->from = in;
	answer->to = *source;
	if (request->malformed ||
	    (request->discovery && request->response_port && request->padding))
		return answer_error(answer, request, BAD_REQUEST);
	if (request->n_unknown)
		return answer_error(answer, request, UNKNOWN_ATTRIBUTE);
	if (cannot_change(site, request))
		return STUN_SILENT_CHANGE;
	answer->from = in ^ request->change;
	if (request->response_port)
		endpoint_set_port(&answer->to, request->response_port);
	if (!stun_may_answer(&answer->to))
		return STUN_SILENT_SOURCE;
	if (request->classic)
		return answer_classic(answer, request, source, &site->named[answer->from], other);
	if (names_others(request, source))
		return answer_discovery(answer, request, source, &site->named[answer->from], other);
	return answer_basic(answer, request, source);
}

enum stun_verdict stun_answer(const struct stun_site *site, const struct stun_rules *rules,
			      unsigned int in, const struct endpoint *source, const uint8_t *data,
			      size_t len, struct stun_answer *answer)
{
	struct request request = { .data = data, .len = len };

	if (len > STUN_REQUEST_MAX || !stun_is_framed(data, len) || stun_u16(data) != STUN_BINDING)
		return STUN_SILENT_MALFORMED;
	if (!stun_may_answer(source))
		return STUN_SILENT_SOURCE;
	request.classic = !stun_has_cookie(data);
	request.discovery = !request.classic && rules->discovery && site->n == STUN_SITE_SOCKETS;
	if (request.classic && (!rules->classic || source->sa.sa_family != AF_INET))
		return STUN_SILENT_CLASSIC;
	if (!read_attributes(&request))
		return STUN_SILENT_FINGERPRINT;
	if (!request.classic && !request.discovery)
		refuse_discovery(&request);
	return answer_request(site, in, &request, source, answer);
}
