/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iface_value.h - the parts of a value of the key "interface"
 *
 *	[NAME/]BIND[!ADVERTISED][:MIN-MAX]
 *
 * ADVERTISED is an address, or auto: it is found out later.
 *
 * If a range of ports follows, an IPv6 address before it is in brackets. Pure text: whether the
 * addresses exist is not known here.
 */
#ifndef RTPRELAY_IFACE_VALUE_H
#define RTPRELAY_IFACE_VALUE_H

#include "base/str.h"

/* @nat: "!" is there; @found: "!auto"; @ranged: a range of ports is there, else both ports are 0 */
struct iface_value {
	struct str name, bind, advertised; /* point into the value */
	bool nat, found, ranged;
	uint16_t port_min, port_max;
};

/*
 * 0; -EINVAL, and a sentence for the operator in @error. Names and addresses are not checked;
 * without NAME, name is BIND.
 */
int iface_value_parse(struct str text, struct iface_value *value, char *error, size_t size);

#endif
