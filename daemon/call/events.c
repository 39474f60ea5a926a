/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events.c - reports what happens to calls to the watchers */
#include <utlist.h>
#include "call/events.h"

const char *const happening_names[HAPPENING_KINDS] = {
	[CALL_WAS_MADE] = "made",
	[CALL_HAS_ENDED] = "ended",
	[STREAM_LATCHED] = "latched",
	[STREAM_RELATCHED] = "relatched",
	[STREAM_REFUSED] = "refused",
	[STREAM_UNHEARD] = "unheard",
	[STREAM_DENIED] = "denied",
	[STREAM_IN_KERNEL] = "in-kernel",
	[STREAM_IN_USER] = "in-user",
	[STREAM_SILENT] = "silent",
	[STREAM_HEARD] = "heard",
	[ICE_SELECTED] = "ice-selected",
	[ICE_HAS_FAILED] = "ice-failed",
	[ICE_CONSENT_ENDED] = "ice-consent-ended",
	[KERNEL_PATH] = "kernel-path",
	[ADDRESS_CHANGED] = "address-changed",
	[ADDRESS_FAILING] = "address-failing",
	[PORTS_MAPPED] = "port-mapping",
	[PORTS_FAILING] = "port-mapping-failing",
	[DTLS_SECURED] = "dtls-connected",
	[DTLS_REFUSED] = "dtls-failed",
	[RECORDING_FAILED] = "recording-failed",
	[RECORDING_NEW_FILES] = "recording-new-files",
	[DTMF_PRESSED] = "dtmf",
	[PROMPT_HAS_STARTED] = "prompt-started",
	[PROMPT_HAS_ENDED] = "prompt-ended",
};

void events_watch(struct events *events, struct events_watcher *watcher, events_fn *fn, void *arg)
{
	watcher->fn = fn;
	watcher->arg = arg;
	DL_APPEND(events->watchers, watcher);
}

void events_unwatch(struct events *events, struct events_watcher *watcher)
{
	DL_DELETE(events->watchers, watcher);
}

void events_tell(struct events *events, const struct happening *happening)
{
	struct events_watcher *watcher, *next;

	if (!events)
		return;
	DL_FOREACH_SAFE(events->watchers, watcher, next)
		watcher->fn(watcher->arg, happening);
}

void events_tell_call(struct events *events, enum happening_kind kind, const struct call *call,
		      const char *why)
{
	const struct happening happening = { .kind = kind, .call = call, .why = why };

	events_tell(events, &happening);
}
