/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - the STUN messages of ICE: read and written (RFC 8445, section 7; RFC 8489)
 */
#ifndef RTPRELAY_ICE_MESSAGE_H
#define RTPRELAY_ICE_MESSAGE_H

#include "base/endpoint.h"
#include "stun/wire.h"

#define ICE_UFRAG_MAX 256
#define ICE_PWD_MAX   256
/* The longest message that is written: both ufrags, all attributes. */
#define ICE_MESSAGE_MAX 640
/* So many attributes an error 420 lists. */
#define ICE_UNKNOWN_MAX 8

enum ice_role { ICE_CONTROLLED, ICE_CONTROLLING };
enum ice_error {
	ICE_UNKNOWN_ATTRIBUTE = 420,
	ICE_ROLE_CONFLICT = 487,
};

/**
 * struct ice_message - what a message says; slices into it
 * @id: cookie and transaction id, 16 bytes
 * @username: STR_NONE: it has none
 * @integrity: its MESSAGE-INTEGRITY, not checked yet; size 0: it has none
 * @priority: 0: it has none
 * @claims: it has ICE-CONTROLLED or -CONTROLLING, which is @role, with @tie_breaker
 * @mapped: of XOR-MAPPED-ADDRESS; unset: it has none that could be read
 * @error: of ERROR-CODE; 0: it has none
 * @unknown: attributes that must be understood and are not
 */
struct ice_message {
	enum stun_class class;
	const uint8_t *id;
	struct str username;
	struct stun_attr integrity;
	uint32_t priority;
	bool use_candidate, claims;
	enum ice_role role;
	uint64_t tie_breaker;
	struct endpoint mapped;
	unsigned int error;
	uint16_t unknown[ICE_UNKNOWN_MAX];
	size_t n_unknown;
};

/**
 * ice_message_read() - reads a message of the method Binding, which has to be the whole datagram
 * Return: false: it is none, is malformed, or its FINGERPRINT is wrong
 */
bool ice_message_read(const uint8_t *data, size_t len, struct ice_message *message);
/* Was it written by one that knows @password? In constant time. @data: what @message was read of */
bool ice_message_is_authentic(const uint8_t *data, const struct ice_message *message,
			      struct str password);

/**
 * struct ice_request - a check
 * @receiver, @sender: ufrags; @password: the receiver's
 * @priority: that of the sender's address, if the receiver does not know it
 */
struct ice_request {
	const uint8_t *transaction;
	struct str receiver, sender, password;
	uint32_t priority;
	enum ice_role role;
	uint64_t tie_breaker;
	bool use_candidate;
};

/*
 * These write a message of ICE_MESSAGE_MAX bytes at most and return its length. @id is that of the
 * request; the password is the one that the request was signed with.
 */
size_t ice_write_request(uint8_t *out, const struct ice_request *request);
size_t ice_write_success(uint8_t *out, const uint8_t *id, const struct endpoint *mapped,
			 struct str password);
/* @request: for ICE_UNKNOWN_ATTRIBUTE, has the list */
size_t ice_write_error(uint8_t *out, const struct ice_message *request, enum ice_error error,
		       struct str password);
/* Keeps the mappings of NATs; nobody answers. */
size_t ice_write_indication(uint8_t *out, const uint8_t *transaction);

#endif
