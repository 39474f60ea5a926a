/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parse.h - the classic rtpproxy protocol: a command's text to words, modifiers and addresses
 *
 * Pure: returns slices of the text, allocates nothing, knows no calls. An error is returned as the
 * protocol's number for it.
 */
#ifndef RTPRELAY_RTPP_PARSE_H
#define RTPRELAY_RTPP_PARSE_H

#include "base/endpoint.h"

/*
 * Answered as "E<number>". If U or L is answered with 7 to 10, OpenSIPS leaves the server, and for
 * a U it tries another one: of these only RTPP_FULL is returned there.
 */
enum rtpp_error {
	RTPP_FULL =
		-2, /* U for a new call: no ports, or drain; as RTPP_NUMBER_FULL, or not at all */
	RTPP_OK = -1,
	RTPP_E_COMMAND = 0,
	RTPP_E_ARGC = 1,
	RTPP_E_MODIFIER = 2,
	RTPP_E_SUBCOMMAND = 3,
	RTPP_E_SYNTAX = 5,
	RTPP_E_NORECORD = 6,
	RTPP_E_RECORD = 7,
	RTPP_E_DELETE = 8,
	RTPP_E_STATS = 9,
	RTPP_E_EXTERNAL = 11,
	RTPP_E_INTERNAL = 12,
	RTPP_E_REPACKETIZE = 13,
	RTPP_E_CODECS = 14,
	RTPP_E_LOCAL = 15,
	RTPP_E_REMOTE = 16,
	RTPP_E_PLAY_COUNT = 17,
	RTPP_E_INFO = 18,
	RTPP_E_QUERY = 19,
	RTPP_E_STATS_LONG = 25,
	RTPP_E_QUERY_LONG = 26,
	RTPP_E_LOCAL_UNKNOWN = 31,
	RTPP_E_NO_ROUTE = 32,
	RTPP_E_UPDATE = 35, /* U and L: unknown modifier; P: the session's codecs are unknown */
	RTPP_E_FAMILY = 36,
	RTPP_E_ADDRESS = 37,
	RTPP_E_NO_SESSION = 50,
	RTPP_E_PLAYER = 60,
	RTPP_E_QUERY_NAME = 62,
	RTPP_E_COPY = 65,
	RTPP_E_STATS_NAME = 68,
	RTPP_E_PORTS_OTHER = 71,
	RTPP_E_PORTS = 72,
	RTPP_E_NOTIFY_OFF = 75,
	RTPP_E_MEMORY = 81,
	RTPP_E_OVERLOADED = 98, /* R and C: the recorder waits for its disk */
};

#define RTPP_NUMBER_FULL 7

/* Words of a command or subcommand, at most. */
#define RTPP_WORDS 23
/* The command, and 15 subcommands after "&&". */
#define RTPP_PARTS 16

struct rtpp_words {
	struct str word[RTPP_WORDS];
	size_t n;
};

struct rtpp_text {
	struct rtpp_words part[RTPP_PARTS];
	size_t n;
};

/* RTPP_OK: at least one part, and each of at least one word; or RTPP_E_SYNTAX. */
enum rtpp_error rtpp_split(struct str text, struct rtpp_text *parts);

/* Removes the next word from *rest, after blanks, and returns it. Empty: there is none. */
struct str rtpp_word(struct str *rest);

/*
 * "tag" or "tag;N": @tag without the number, and N from 1; 0: no number. If N is above 128, it
 * counts as part of the tag.
 */
struct rtpp_tag {
	struct str tag;
	unsigned int number;
};
struct rtpp_tag rtpp_tag_of(struct str word);

/* @letters: those after a command's first one, in either case; @letter, @allowed: in capitals. */
bool rtpp_has_letter(struct str letters, char letter);
bool rtpp_only_letters(struct str letters, const char *allowed);

enum rtpp_update_flag {
	RTPP_ASYMMETRIC = 1 << 0, /* A */
	RTPP_WEAK = 1 << 1,	  /* W */
	RTPP_IPV6 = 1 << 2,	  /* 6 */
	RTPP_NEW_PORT = 1 << 3,	  /* N */
	RTPP_CODECS = 1 << 4,	  /* C was given */
};

/* The letters after U or L. */
struct rtpp_modifiers {
	unsigned int flags; /* enum rtpp_update_flag */
	char bridge[2];	    /* 'I' or 'E'; 0: not given */
	unsigned int repacketize_ms;
	uint64_t pts[2];	/* bit per payload type */
	struct endpoint local;	/* L: a local address */
	struct str label;	/* L{...}: the name of an interface */
	struct endpoint toward; /* R: use the local address of the route to this one */
};

enum rtpp_error rtpp_read_modifiers(struct str text, struct rtpp_modifiers *mods);

/*
 * Return: RTPP_OK; RTPP_E_ADDRESS, not an address of the family that @v6 says, or not a port
 * (0..65535)
 */
enum rtpp_error rtpp_read_remote(struct str addr, struct str port, bool v6,
				 struct endpoint *remote);

#endif
