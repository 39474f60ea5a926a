/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * protocols.h - the control protocols: a row for each
 */
#ifndef PROTOCOLS_H
#define PROTOCOLS_H

#include <stddef.h>
#include "base/list.h"
#include "gate/protocol.h"

struct conf;
struct relay;

/**
 * struct protocol_row - one control protocol
 * @listen: its listening addresses: offset of a struct conf_list in struct conf
 * @arg: returns the argument for its run(); NULL: none
 */
struct protocol_row {
	const struct control_protocol *protocol;
	size_t listen;
	void *(*arg)(const struct relay *relay);
};

/* Their sockets are opened in this order. */
extern const struct protocol_row protocol_rows[];
extern const size_t n_protocol_rows;

const struct conf_list *protocol_listens(const struct protocol_row *row, const struct conf *conf);

#endif
