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
#include "stun/writer.h"

#define MAX_UNKNOWN 8 /* that an error lists */

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

/* RFC 5780, sections 6.1 and 7.6: neither has a meaning in a connection. */
static void refuse_in_stream(struct request *request)
{
	request->malformed = request->malformed || request->padding || request->response_port;
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
			return stun_fingerprint_fits(request->data, request->len, &attr);
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

static void put_plain_address(struct buf *out, enum stun_attr_type type, const struct endpoint *ep)
{
	static const uint8_t zeros[16];

	stun_put_address(out, type, ep, zeros);
}

static void put_header(struct buf *out, const struct request *request, enum stun_class class)
{
	stun_put_header(out, class, request->data + 4);
}

static void put_end(struct buf *out, const struct request *request)
{
	if (request->fingerprint)
		stun_put_fingerprint(out);
	else
		stun_put_length(out, 0);
}

/* RFC 3489 has no padding: an odd list repeats an attribute. */
static void put_unknown(struct buf *out, const struct request *request)
{
	size_t n = request->n_unknown;

	stun_put_attr_header(out, STUN_UNKNOWN_ATTRIBUTES, 2 * (n + (request->classic && n % 2)));
	for (size_t i = 0; i < n; i++)
		stun_put_u16(out, request->unknown[i]);
	if (n % 2)
		stun_put_u16(out, request->classic ? request->unknown[0] : 0);
}

static enum stun_verdict answer_error(struct buf *out, const struct request *request,
				      unsigned int code)
{
	put_header(out, request, STUN_ERROR);
	stun_put_attr_header(out, STUN_ERROR_CODE, 4);
	stun_put_u16(out, 0);
	stun_put_u16(out, code / 100 << 8 | code % 100);
	if (code == UNKNOWN_ATTRIBUTE)
		put_unknown(out, request);
	put_end(out, request);
	return STUN_ANSWER_ERROR;
}

static enum stun_verdict answer_basic(struct buf *out, const struct request *request,
				      const struct endpoint *source)
{
	put_header(out, request, STUN_SUCCESS);
	stun_put_address(out, STUN_XOR_MAPPED_ADDRESS, source, request->data + 4);
	put_end(out, request);
	return STUN_ANSWER_BASIC;
}

/* The client asks whether its NAT lets a long reply pass: as long as the request, at most. */
static void put_padding(struct buf *out, const struct request *request)
{
	size_t end =
		out->len + STUN_ATTR_HEADER + (request->fingerprint ? STUN_FINGERPRINT_LEN : 0);
	size_t size = request->len > end ? request->len - end : 0;

	if (!request->padding || !size)
		return;
	stun_put_attr_header(out, STUN_PADDING, size);
	while (size--)
		buf_char(out, 0);
}

/* @other: the socket at the other address and port, seen from where the request came in */
static enum stun_verdict answer_discovery(struct buf *out, const struct request *request,
					  const struct endpoint *source,
					  const struct endpoint *origin,
					  const struct endpoint *other)
{
	put_header(out, request, STUN_SUCCESS);
	/* Compared with the other one, it shows a router that rewrites addresses in packets. */
	if (source->sa.sa_family == AF_INET)
		put_plain_address(out, STUN_MAPPED_ADDRESS, source);
	stun_put_address(out, STUN_XOR_MAPPED_ADDRESS, source, request->data + 4);
	put_plain_address(out, STUN_RESPONSE_ORIGIN, origin);
	put_plain_address(out, STUN_OTHER_ADDRESS, other);
	put_padding(out, request);
	put_end(out, request);
	return STUN_ANSWER_DISCOVERY;
}

static enum stun_verdict answer_classic(struct buf *out, const struct request *request,
					const struct endpoint *source,
					const struct endpoint *origin, const struct endpoint *other)
{
	put_header(out, request, STUN_SUCCESS);
	put_plain_address(out, STUN_MAPPED_ADDRESS, source);
	put_plain_address(out, STUN_SOURCE_ADDRESS, origin);
	put_plain_address(out, STUN_CHANGED_ADDRESS, other);
	put_end(out, request);
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
					const struct endpoint *source, struct stun_answer *answer,
					struct buf *out)
{
	const struct endpoint *other = &site->named[in ^ (unsigned int)(site->n - 1)];

	answer->from = in;
	answer->to = *source;
	if (request->malformed ||
	    (request->discovery && request->response_port && request->padding))
		return answer_error(out, request, BAD_REQUEST);
	if (request->n_unknown)
		return answer_error(out, request, UNKNOWN_ATTRIBUTE);
	if (cannot_change(site, request))
		return STUN_SILENT_CHANGE;
	answer->from = in ^ request->change;
	if (request->response_port)
		endpoint_set_port(&answer->to, request->response_port);
	if (request->response_port && !stun_may_answer(&answer->to))
		return STUN_SILENT_SOURCE;
	if (request->classic)
		return answer_classic(out, request, source, &site->named[answer->from], other);
	if (names_others(request, source))
		return answer_discovery(out, request, source, &site->named[answer->from], other);
	return answer_basic(out, request, source);
}

enum stun_verdict stun_answer(const struct stun_site *site, const struct stun_rules *rules,
			      unsigned int in, const struct endpoint *source, const uint8_t *data,
			      size_t len, struct stun_answer *answer)
{
	struct request request = { .data = data, .len = len };
	struct buf out = BUF_INIT((char *)answer->bytes, sizeof(answer->bytes));
	enum stun_verdict verdict;

	if (len > STUN_REQUEST_MAX || !stun_is_framed(data, len) || stun_u16(data) != STUN_BINDING)
		return STUN_SILENT_MALFORMED;
	if (!rules->stream && !stun_may_answer(source)) /* nobody forges that of a connection */
		return STUN_SILENT_SOURCE;
	request.classic = !stun_has_cookie(data);
	request.discovery = !request.classic && !rules->stream && rules->discovery &&
			    site->n == STUN_SITE_SOCKETS;
	if (request.classic &&
	    (rules->stream || !rules->classic || source->sa.sa_family != AF_INET))
		return STUN_SILENT_CLASSIC;
	if (!read_attributes(&request))
		return STUN_SILENT_FINGERPRINT;
	if (rules->stream)
		refuse_in_stream(&request);
	if (!request.classic && !request.discovery)
		refuse_discovery(&request);
	verdict = answer_request(site, in, &request, source, answer, &out);
	answer->len = out.len;
	return verdict;
}
