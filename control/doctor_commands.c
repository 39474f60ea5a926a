/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor_commands.c - checks of rtprelayctl doctor: are commands of proxies refused? */
#include <inttypes.h>
#include <string.h>
#include "control_proto.h"
#include "doctor.h"
#include "line.h"

struct commands {
	int64_t accepted, refused;
};

static void take_counter(void *arg, const char *type, json_t *counter)
{
	struct commands *commands = arg;

	if (strcmp(type, "counter") != 0 || strcmp(text_of(counter, "of"), "daemon") != 0)
		return;
	if (!strcmp(text_of(counter, "name"), "not_allowed"))
		commands->refused = number_of(counter, "value");
	if (!strcmp(text_of(counter, "name"), "requests"))
		commands->accepted = number_of(counter, "value");
}

/* Where no command was accepted yet, the proxy is probably among the refused ones. */
static void tell_source(struct doctor *doctor, const struct commands *commands,
			const json_t *source)
{
	char advice[1024];

	snprintf(advice, sizeof(advice),
		 "if it is your proxy, set control-allow = %s, %s and restart rtprelayd",
		 text_of(doctor->status, "control-allow"), text_of(source, "address"));
	finding(doctor, commands->accepted ? FINDING_NOTE : FINDING_BAD, advice,
		"%" PRId64 " command%s from %s not answered, because it is not in "
		"control-allow%s",
		number_of(source, "commands"), s_after(source, "commands"),
		text_of(source, "address"),
		commands->accepted ? "" : "; no command was accepted from anywhere");
}

void doctor_commands(struct doctor *doctor)
{
	struct options quiet = *doctor->options;
	struct commands commands = { 0 };
	const json_t *sources;

	if (!doctor->status)
		return;
	quiet.json = false;
	line_ask(&quiet, line_request(CONTROL_VERB_STATS), take_counter, &commands);
	sources = json_object_get(doctor->status, "refused-proxies");
	for (size_t i = 0; i < json_array_size(sources); i++)
		tell_source(doctor, &commands, json_array_get(sources, i));
	if (!commands.refused)
		finding(doctor, FINDING_OK, NULL, "no command was refused by control-allow");
	else if (!json_array_size(sources))
		finding(doctor, FINDING_NOTE, "the log names the sources",
			"datagrams refused, because their source is not in control-allow: %" PRId64,
			commands.refused);
}
