/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - rtprelayctl: shows the state of a running rtprelayd, changes settings, checks the
 * installation
 */
#include "control_proto.h"
#include "verb.h"

int main(int argc, char **argv)
{
	struct options options = { .socket = CONTROL_PROTO_PATH,
				   .server = "127.0.0.1:2223",
				   .timeout_s = 5,
				   .interval_s = 1,
				   .limit = -1 };
	int option, status = -1;

	opterr = 0; /* option_unknown() knows more */
	while (status < 0 &&
	       (option = getopt_long(argc, argv, options_short, options_known, NULL)) != -1)
		status = option == '?' ? option_unknown(argv[optind - 1])
				       : option_take(&options, option);
	if (status >= 0)
		return status;
	if (options.help)
		return verb_help(argv[optind]);
	if (optind == argc)
		return usage("missing verb", "");
	return verb_run(&options, argc - optind, argv + optind);
}
