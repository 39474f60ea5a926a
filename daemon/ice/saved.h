/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * saved.h - an agent as bytes: for the journal, for a standby
 *
 * Plain members of fixed size without gaps, in the machine's byte order; what is not used is zero,
 * so that equal agents are equal bytes. Holds passwords: 0600, never in a log.
 */
#ifndef RTPRELAY_ICE_SAVED_H
#define RTPRELAY_ICE_SAVED_H

#include "ice/ice.h"

#define ICE_SAVED_VERSION 1

/* Own credentials: base64 characters, no NUL. */
struct ice_saved_own {
	char ufrag[8], pwd[24];
};

/**
 * struct ice_saved_way - where a component's media goes
 * @family: 4 or 6; 0: there is no way
 * @local: index of the own address
 * @own: index of the own credentials that it was checked with
 * @port: in host order; @address: the first 4 or 16 bytes are used
 * @left_ms: until consent ends
 */
struct ice_saved_way {
	uint8_t family, selected, lost, local;
	uint16_t own, port;
	uint8_t address[16];
	uint64_t priority;
	uint64_t left_ms;
};

/**
 * struct ice_saved - an agent
 * @role: enum ice_role; @components: 1..ICE_COMPONENTS
 * @own: the first @n_own, the newest first: all are answered
 * @renewed: the newest was made for an offer that was not answered yet
 * @peer_lite, @ended: of the peer's lines
 * @peer: @ufrag_len and @pwd_len characters; both 0: not known yet
 * @ways: by component. One that an earlier list has found is not saved.
 */
struct ice_saved {
	uint8_t version, role, components, n_own;
	uint8_t renewed, peer_lite, ended, zero;
	uint64_t tie_breaker;
	struct ice_saved_own own[ICE_GENERATIONS];
	uint16_t ufrag_len, pwd_len;
	uint32_t zero_32;
	char peer[ICE_UFRAG_MAX + ICE_PWD_MAX];
	struct ice_saved_way ways[ICE_COMPONENTS];
};

void ice_save(const struct ice_agent *agent, int64_t now_ms, struct ice_saved *saved);
/**
 * ice_restore() - an agent as @saved says
 * @conf, @locals: as for ice_new(); the same addresses in the same order
 * @agent: gets it; the caller's, until ice_free()
 *
 * The way that media has goes on. The peer's candidates are not saved: its checks teach them again;
 * if it is lite and nothing was selected yet, hand them in by ice_trickle().
 *
 * Return: 0; -EINVAL, nothing that ice_save() makes, or not for these addresses; -ENOMEM
 */
int ice_restore(const struct ice_saved *saved, const struct ice_conf *conf,
		const struct ice_local *locals, size_t n_locals, int64_t now_ms,
		struct ice_agent **agent);

#endif
