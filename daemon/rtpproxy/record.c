/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.c - R, C and N of the classic protocol: recordings of a call, and copies of its streams
 *
 * rtpproxy records each stream on its own. Here a call has one recording of both parties and all
 * medias (call/recorded.h), so R and C begin it once, whichever stream they name, and the letter S,
 * which asks for just that, changes nothing.
 */
#include <errno.h>
#include "call/table.h"
#include "call/recorded.h"
#include "call/table.h"
#include "rtpproxy/copy.h"
#include "rtpproxy/find.h"
#include "rtpproxy/session.h"

/* R[S] CALL FROM [TO] */
enum rtpp_error rtpp_record(const struct rtpp_command *c, struct buf *out)
{
	struct rtpp_session session;
	int error;

	if (!rtpp_only_letters(c->letters, "S"))
		return RTPP_E_RECORD;
	if (!rtpp_find_by_args(c, 1, &session))
		return RTPP_E_NO_SESSION;
	error = recorded_start(session.dialog->call, STR_NONE, STR_NONE);
	call_touch(session.dialog->call);
	if (error)
		return error == -ENOMEM	   ? RTPP_E_MEMORY
		       : error == -ENOBUFS ? RTPP_E_OVERLOADED
					   : RTPP_E_NO_SESSION;
	buf_char(out, '0');
	return RTPP_OK;
}

/* C[SP] CALL TARGET FROM [TO]: TARGET is a name below recording-dir, or udp:HOST:PORT. */
enum rtpp_error rtpp_copy(const struct rtpp_command *c, struct buf *out)
{
	struct rtpp_session session;
	int error;

	if (!rtpp_only_letters(c->letters, "SP"))
		return RTPP_E_RECORD;
	if (!rtpp_find_by_args(c, 2, &session))
		return RTPP_E_NO_SESSION;
	if (rtpp_is_copy(c->arg[1]))
		return rtpp_copy_start(c, session.media, session.whose, out);
	if (rtpp_has_letter(c->letters, 'P'))
		return RTPP_E_COPY; /* a file has no address that could be told */
	error = recorded_start(session.dialog->call, c->arg[1], STR_NONE);
	call_touch(session.dialog->call);
	if (error)
		return error == -ENOBUFS ? RTPP_E_OVERLOADED : RTPP_E_COPY;
	buf_char(out, '0');
	return RTPP_OK;
}

/*
 * N[A] CALL FROM [TO]: without a number behind FROM, of all medias; A: of both parties. A stream of
 * rtpproxy is either copied or recorded: where there are copies, the recording goes on.
 */
enum rtpp_error rtpp_stop_record(const struct rtpp_command *c, struct buf *out)
{
	struct rtpp_session session;
	bool all;

	if (!rtpp_only_letters(c->letters, "A"))
		return RTPP_E_NORECORD;
	if (!rtpp_find_by_args(c, 1, &session))
		return RTPP_E_NO_SESSION;
	all = !rtpp_tag_of(c->arg[1]).number;
	if (!rtpp_copy_stop(session.dialog->call, session.dialog, all ? NULL : session.media,
			    session.whose, rtpp_has_letter(c->letters, 'A'))) {
		recorded_stop(session.dialog->call, false);
		call_touch(session.dialog->call);
	}
	buf_char(out, '0');
	return RTPP_OK;
}
