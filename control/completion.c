/* SPDX-License-Identifier: GPL-2.0-or-later */
/* completion.c - rtprelayctl completion bash: made from the tables of verbs and options */
#include <string.h>
#include "verb.h"

static void print_words(void)
{
	fputs("\tverbs='", stdout);
	for (size_t i = 0; verb_name(i); i++)
		printf("%s%s", i ? " " : "", verb_name(i));
	fputs("'\n\toptions='", stdout);
	for (size_t i = 0; option_name(i); i++)
		printf("%s--%s", i ? " " : "", option_name(i));
	fputs("'\n", stdout);
}

/* Call-IDs come from the network: those with characters special to the shell are left out. */
int verb_completion(const struct options *options, int argc, char **argv)
{
	(void)options;
	if (argc != 1 || strcmp(argv[0], "bash") != 0)
		return usage("completion supports only bash", "");
	fputs("_rtprelayctl()\n{\n\tlocal verbs options ids word=${COMP_WORDS[COMP_CWORD]}\n",
	      stdout);
	print_words();
	fputs("\tcase ${COMP_WORDS[COMP_CWORD - 1]} in\n"
	      "\tcall | terminate)\n"
	      "\t\tids=$(rtprelayctl calls --json 2>/dev/null |\n"
	      "\t\t\tsed -n 's/.*\"call-id\":\"\\([A-Za-z0-9@._:-]*\\)\".*/\\1/p')\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$ids --all\" -- \"$word\")) ;;\n"
	      "\tpcap | record)\n"
	      "\t\tids=$(rtprelayctl calls --json 2>/dev/null |\n"
	      "\t\t\tsed -n 's/.*\"call-id\":\"\\([A-Za-z0-9@._:-]*\\)\".*/\\1/p')\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$ids\" -- \"$word\")) ;;\n"
	      "\tunban)\n"
	      "\t\tids=$(rtprelayctl banned --json 2>/dev/null |\n"
	      "\t\t\tsed -n 's/.*\"address\":\"\\([0-9A-Fa-f.:]*\\)\".*/\\1/p')\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$ids\" -- \"$word\")) ;;\n"
	      "\tban) COMPREPLY=() ;;\n"
	      "\tcompletion) COMPREPLY=($(compgen -W bash -- \"$word\")) ;;\n"
	      "\tng) COMPREPLY=($(compgen -W 'ping list query statistics terminate' -- \"$word\")) "
	      ";;\n"
	      "\t*)\n"
	      "\t\t[ \"${COMP_WORDS[COMP_CWORD - 2]}\" = record ] &&\n"
	      "\t\t\tverbs='start stop pause' options=\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$verbs $options\" -- \"$word\")) ;;\n"
	      "\tesac\n}\ncomplete -F _rtprelayctl rtprelayctl\n",
	      stdout);
	return EXIT_OK;
}
