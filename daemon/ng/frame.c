/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.c - finds the end of an NG message in the bytes of a connection
 */
#include <errno.h>
#include "gate/replay.h"
#include "ng/frame.h"

enum frame_state {
	BEFORE_COOKIE, /* the state of a new struct control_frame */
	IN_COOKIE,
	AFTER_COOKIE,
	IN_BENCODE, /* between two items */
	IN_INTEGER,
	IN_LENGTH, /* of a string */
	IN_STRING,
	IN_JSON,
	IN_TEXT, /* of JSON: brackets do not count */
	IN_ESCAPE,
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int open_message(struct control_frame *frame, char c)
{
	if (c != 'd' && c != '{')
		return -EINVAL;
	frame->depth = 1;
	frame->state = c == 'd' ? IN_BENCODE : IN_JSON;
	return 0;
}

/* Return: 1, this was the last bracket */
static int close_bracket(struct control_frame *frame)
{
	return !--frame->depth;
}

static int take_cookie(struct control_frame *frame, char c)
{
	if (c == ' ')
		frame->state = AFTER_COOKIE;
	else if (frame->at - frame->begin > REPLAY_COOKIE_MAX)
		return -EINVAL;
	return 0;
}

static int take_bencode(struct control_frame *frame, char c)
{
	if (c == 'e')
		return close_bracket(frame);
	if (c == 'd' || c == 'l') {
		frame->depth++;
	} else if (c == 'i') {
		frame->state = IN_INTEGER;
	} else if (is_digit(c)) {
		frame->state = IN_LENGTH;
		frame->left = (size_t)(c - '0');
	} else {
		return -EINVAL;
	}
	return 0;
}

static int take_integer(struct control_frame *frame, char c)
{
	if (c == 'e')
		frame->state = IN_BENCODE;
	return c == 'e' || c == '-' || is_digit(c) ? 0 : -EINVAL;
}

/* A string that is longer than any message is refused before its bytes are awaited. */
static int take_length(struct control_frame *frame, char c)
{
	if (c == ':') {
		frame->state = frame->left ? IN_STRING : IN_BENCODE;
		return 0;
	}
	if (!is_digit(c))
		return -EINVAL;
	frame->left = frame->left * 10 + (size_t)(c - '0');
	return frame->left > CONTROL_REQUEST_MAX ? -EINVAL : 0;
}

static int take_json(struct control_frame *frame, char c)
{
	if (c == '}' || c == ']')
		return close_bracket(frame);
	if (c == '{' || c == '[')
		frame->depth++;
	else if (c == '"')
		frame->state = IN_TEXT;
	return 0;
}

static int take_text(struct control_frame *frame, char c)
{
	if (c == '"')
		frame->state = IN_JSON;
	else if (c == '\\')
		frame->state = IN_ESCAPE;
	return 0;
}

/* frame->at is already behind @c. */
static int take(struct control_frame *frame, char c)
{
	switch ((enum frame_state)frame->state) {
	case BEFORE_COOKIE:
		if (c == '\r' || c == '\n' || !c)
			return 0;
		frame->begin = frame->at - 1;
		frame->state = IN_COOKIE;
		return c == ' ' ? -EINVAL : 0;
	case IN_COOKIE:
		return take_cookie(frame, c);
	case AFTER_COOKIE:
		return open_message(frame, c);
	case IN_BENCODE:
		return take_bencode(frame, c);
	case IN_INTEGER:
		return take_integer(frame, c);
	case IN_LENGTH:
		return take_length(frame, c);
	case IN_JSON:
		return take_json(frame, c);
	case IN_TEXT:
		return take_text(frame, c);
	case IN_ESCAPE:
		frame->state = IN_TEXT;
		return 0;
	case IN_STRING:
		break;
	}
	return -EINVAL;
}

/* The bytes of a string have no meaning here. */
static void skip_string(struct control_frame *frame, size_t room)
{
	size_t n = frame->left < room ? frame->left : room;

	frame->at += n;
	frame->left -= n;
	if (!frame->left)
		frame->state = IN_BENCODE;
}

int ng_frame(struct control_frame *frame, struct str bytes)
{
	int result = 0;

	while (!result && frame->at < bytes.len) {
		if (frame->state == IN_STRING)
			skip_string(frame, bytes.len - frame->at);
		else
			result = take(frame, bytes.s[frame->at++]);
	}
	return result;
}
