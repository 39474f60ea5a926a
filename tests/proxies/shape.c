/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shape.c - a command without its values */
#include <stdio.h>
#include "shape.h"

void shape_print_ng(const struct dict *map)
{
	struct str command = dict_get_str(map, STR("command"));

	printf("ng " STR_FMT ":", STR_ARG(command));
	for (const struct dict *item = map->first; item; item = item->next) {
		printf(" ");
		/* One word for each key: in some of them is a blank. */
		for (size_t i = 0; i < item->key.len; i++)
			putchar(item->key.s[i] == ' ' ? '_' : item->key.s[i]);
		if (item->type == DICT_LIST)
			printf("[]");
	}
	printf("\n");
}

void shape_print_rtpproxy(struct str command)
{
	int words = 0;
	char letter = command.len ? command.s[0] : ' ';

	while (command.len)
		words += str_split(&command, ' ').len > 0;
	printf("rtpproxy %c: %d words\n", letter, words);
}
