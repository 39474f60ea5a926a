/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.h - a list of texts of the configuration: listeners, networks, interfaces */
#ifndef RTPRELAY_LIST_H
#define RTPRELAY_LIST_H

#include <stddef.h>

/* Items and array are owned by the configuration. */
struct conf_list {
	char **item;
	size_t count;
};

#endif
