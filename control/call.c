/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call.c - rtprelayctl call: one call as a tree of parties, medias and streams; or what was logged
 * of it
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "calls.h"
#include "control_proto.h"
#include "line.h"
#include "record.h"
#include "table.h"
#include "verb.h"

/* What is not heard, for how long, and where to look: of the call's own line. */
static void print_one_way(const json_t *call)
{
	const char *side = json_string_value(json_object_get(call, "one-way"));
	const json_t *ago;
	bool caller;
	char age[16];

	if (!side)
		return;
	caller = !strcmp(side, "a");
	ago = json_array_get(json_object_get(call, "heard-ago-ms"), caller ? 0 : 1);
	printf("  %sone-way: the %s ", colour(COLOUR_BAD), caller ? "caller" : "callee");
	if (json_is_integer(ago))
		printf("has not been heard for %s", short_age(json_integer_value(ago) / 1000, age));
	else
		fputs("was never heard", stdout);
	printf("%s; below, see its RTP: accepted source, latch, dropped\n", colour(COLOUR_END));
}

static void print_head(const json_t *call)
{
	char age[16];

	printf("%scall %s%s\n", colour(COLOUR_HEAD), text_of(call, "call-id"), colour(COLOUR_END));
	printf("  %s, %s old, path %s, %" PRId64 " media%s", text_of(call, "state"),
	       short_age(number_of(call, "age"), age), text_of(call, "path"),
	       number_of(call, "medias"), s_after(call, "medias"));
	if (json_object_get(call, "mos"))
		printf(", MOS %.2f", real_of(call, "mos"));
	putchar('\n');
	print_one_way(call);
}

static void print_party(const json_t *party)
{
	bool caller = !strcmp(text_of(party, "side"), "a");

	printf("%s%s%s, tag %s", colour(COLOUR_HEAD), caller ? "caller" : "callee",
	       colour(COLOUR_END), text_of(party, "tag"));
	if (json_object_get(party, "label"))
		printf(", label %s", text_of(party, "label"));
	if (json_object_get(party, "via-branch"))
		printf(", branch %s", text_of(party, "via-branch"));
	printf(", interface %s%s\n", text_of(party, "interface"),
	       json_is_true(json_object_get(party, "answered")) ? "" : " (no answer yet)");
}

/* How the latched source differs from the signalled address. */
static const char *nat_words(const json_t *stream)
{
	const char *nat = text_of(stream, "nat");

	if (!strcmp(nat, "address"))
		return "NAT: other address than signalled";
	if (!strcmp(nat, "both"))
		return "NAT: other address and port than signalled";
	if (!strcmp(nat, "port"))
		return "NAT: other port than signalled";
	return "as signalled";
}

static void print_source(const json_t *stream)
{
	bool accepted = json_object_get(stream, "latched");

	printf("      signalled %s, accepted %s%s%s", text_of(stream, "signalled"),
	       colour(accepted ? COLOUR_OK : COLOUR_WARN),
	       accepted ? text_of(stream, "latched") : "no source yet", colour(COLOUR_END));
	if (accepted && json_object_get(stream, "nat"))
		printf(" (%s)", nat_words(stream));
	printf("\n      latch %s", text_of(stream, "state"));
	if (json_object_get(stream, "rank"))
		printf(", rank %s", text_of(stream, "rank"));
	if (number_of(stream, "relatched"))
		printf(", times that another source took over: %" PRId64,
		       number_of(stream, "relatched"));
	printf("; path %s", text_of(stream, "path"));
	if (json_object_get(stream, "why-user"))
		printf(": %s", text_of(stream, "why-user"));
	putchar('\n');
}

static void print_counts(const json_t *stream)
{
	char age[16];

	printf("      in %" PRId64 " packet%s, %" PRId64 " bytes (%" PRId64 " by the kernel)",
	       number_of(stream, "packets-in"), s_after(stream, "packets-in"),
	       number_of(stream, "bytes-in"), number_of(stream, "kernel-packets-in"));
	if (json_object_get(stream, "last-in-ms"))
		printf(", last %s ago", short_age(number_of(stream, "last-in-ms") / 1000, age));
	printf("\n      out %" PRId64 " packet%s to %s", number_of(stream, "packets-out"),
	       s_after(stream, "packets-out"), text_of(stream, "to"));
	if (number_of(stream, "errors-out"))
		printf(", %s%" PRId64 " could not be sent%s", colour(COLOUR_BAD),
		       number_of(stream, "errors-out"), colour(COLOUR_END));
	putchar('\n');
}

static void print_rtp(const json_t *rtp)
{
	if (!rtp)
		return;
	printf("      RTP type %" PRId64 ", SSRC %08" PRIx64 ": %" PRId64 " of %" PRId64
	       " lost (%.1f%%) in %" PRId64 " gap%s, %" PRId64 " reordered, %" PRId64
	       " duplicate, jitter %.1f ms\n",
	       number_of(rtp, "pt"), (uint64_t)number_of(rtp, "ssrc"), number_of(rtp, "lost"),
	       number_of(rtp, "expected"), loss_of(rtp), number_of(rtp, "gaps"),
	       s_after(rtp, "gaps"), number_of(rtp, "reordered"), number_of(rtp, "duplicate"),
	       real_of(rtp, "jitter-ms"));
}

/* @source: of packets that latching refused; NULL: none were */
static void print_drops(json_t *drops, const char *source)
{
	const char *name;
	json_t *value;
	bool any = false;

	json_object_foreach(drops, name, value)
	{
		printf("%s%s %" JSON_INTEGER_FORMAT, any ? ", " : "      dropped: ", name,
		       json_integer_value(value));
		any = true;
	}
	if (any && source)
		printf("; refused source: %s", source);
	if (any)
		putchar('\n');
}

static void print_stream(const json_t *stream)
{
	printf("    %s at %s\n", text_of(stream, "component"), text_of(stream, "local"));
	print_source(stream);
	print_counts(stream);
	print_rtp(json_object_get(stream, "rtp"));
	print_drops(json_object_get(stream, "drops"),
		    json_string_value(json_object_get(stream, "refused-source")));
}

static const char *clock_text(int64_t at, char text[16])
{
	time_t seconds = (time_t)at;
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(text, 16, "%H:%M:%S", &tm))
		snprintf(text, 16, "-");
	return text;
}

/* Below it nearly all users are dissatisfied (ITU-T G.107, Annex B). */
#define MOS_BAD 2.58

static void print_mos(const json_t *q)
{
	double mos = real_of(q, "mos");
	char low[16], high[16];

	printf("    quality of its media: %sMOS %.2f%s (lowest %.2f at %s, highest %.2f at "
	       "%s), "
	       "loss %.1f%%, jitter %.1f ms",
	       colour(mos < MOS_BAD ? COLOUR_BAD : COLOUR_OK), mos, colour(COLOUR_END),
	       real_of(q, "mos-lowest"), clock_text(number_of(q, "lowest-at"), low),
	       real_of(q, "mos-highest"), clock_text(number_of(q, "highest-at"), high),
	       real_of(q, "loss-percent"), real_of(q, "jitter-ms"));
	if (json_object_get(q, "rtt-ms"))
		printf(", round trip %.1f ms", real_of(q, "rtt-ms"));
	putchar('\n');
}

static void print_far(const json_t *far)
{
	char age[16];

	printf("      RTCP report of its receiver, %s ago: loss %.1f%%, %" PRId64
	       " lost in total, jitter %.1f ms",
	       short_age(number_of(far, "ago-ms") / 1000, age), real_of(far, "loss-percent"),
	       number_of(far, "lost"), real_of(far, "jitter-ms"));
	if (json_object_get(far, "rtt-ms"))
		printf(", round trip to it %.1f ms", real_of(far, "rtt-ms"));
	putchar('\n');
}

static void print_quality(const json_t *q)
{
	if (json_object_get(q, "mos"))
		print_mos(q);
	if (json_object_get(q, "far"))
		print_far(json_object_get(q, "far"));
}

static void print_media(const json_t *media)
{
	const json_t *flags = json_object_get(media, "flags");
	const json_t *streams = json_object_get(media, "streams");

	printf("  media %" PRId64 ": %s %s %s", number_of(media, "media"), text_of(media, "kind"),
	       text_of(media, "protocol"), text_of(media, "codec"));
	for (size_t i = 0; i < json_array_size(flags); i++)
		printf("%s%s", i ? " " : ", ", json_string_value(json_array_get(flags, i)));
	putchar('\n');
	print_quality(json_object_get(media, "quality"));
	for (size_t i = 0; i < json_array_size(streams); i++)
		print_stream(json_array_get(streams, i));
}

static void print_recording(const json_t *recording)
{
	printf("recording%s: %s, %" PRId64 " packet%s",
	       json_is_true(json_object_get(recording, "paused")) ? ", paused" : "",
	       text_of(recording, "file"), number_of(recording, "packets"),
	       s_after(recording, "packets"));
	if (recording_lost(recording))
		printf(", %s%" PRId64 " lost%s", colour(COLOUR_BAD), recording_lost(recording),
		       colour(COLOUR_END));
	putchar('\n');
}

/* Before the answer of the recorder nobody knows where to. */
static void print_copy_goal(const json_t *line)
{
	bool sends = json_is_true(json_object_get(line, "sends"));

	if (!sends)
		printf("not sent now");
	if (json_object_get(line, "to"))
		printf("%sto %s", sends ? "" : " ", text_of(line, "to"));
}

static void print_copy(const json_t *copy)
{
	const json_t *lines = json_object_get(copy, "lines");

	printf("copies to recorder %s%s%s%s%s\n", text_of(copy, "tag"),
	       json_object_get(copy, "label") ? ", label " : "",
	       json_object_get(copy, "label") ? text_of(copy, "label") : "",
	       json_is_true(json_object_get(copy, "siprec")) ? " (SIPREC)" : "",
	       json_is_true(json_object_get(copy, "paused")) ? ", paused" : "");
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);

		printf("  label %" PRId64 ": %s of %s, ", number_of(line, "label"),
		       text_of(line, "kind"), text_of(line, "of"));
		print_copy_goal(line);
		printf(", %" PRId64 " packet%s", number_of(line, "packets"),
		       s_after(line, "packets"));
		if (number_of(line, "errors"))
			printf(", %s%" PRId64 " could not be sent%s", colour(COLOUR_BAD),
			       number_of(line, "errors"), colour(COLOUR_END));
		putchar('\n');
	}
}

/* The daemon has escaped it; a terminal gets no control characters in any case. */
static void print_debug(const json_t *line)
{
	const char *text = json_string_value(json_object_get(line, "text"));

	for (; text && *text; text++)
		putchar(*text >= ' ' && *text < 0x7f ? *text : '?');
	putchar('\n');
}

static void print_line(void *arg, const char *type, json_t *line)
{
	(void)arg;
	if (!strcmp(type, "call"))
		print_head(line);
	else if (!strcmp(type, "party"))
		print_party(line);
	else if (!strcmp(type, "media"))
		print_media(line);
	else if (!strcmp(type, "debug"))
		print_debug(line);
	else if (!strcmp(type, "recording"))
		print_recording(line);
	else if (!strcmp(type, "copy"))
		print_copy(line);
}

int verb_call(const struct options *options, int argc, char **argv)
{
	json_t *request;

	if (argc != 1)
		return usage("call requires one Call-ID", "");
	request = line_request(CONTROL_VERB_CALL);
	if (options->debug && json_object_set_new(request, "debug", json_true())) {
		json_decref(request);
		return out_of_memory();
	}
	if (json_object_set_new(request, "call-id", json_string(argv[0]))) {
		json_decref(request);
		return usage("the Call-ID is not valid UTF-8: ", "find it with calls --json");
	}
	return line_ask(options, request, print_line, NULL);
}
