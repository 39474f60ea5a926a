/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat.h - members of lines that tell of NATs: before the relay, and before phones */
#ifndef RTPRELAY_ADMIN_NAT_H
#define RTPRELAY_ADMIN_NAT_H

#include "base/json_line.h"
#include "report/report.h"

/* "external": only if the advertised address is found out. */
void admin_put_outside(struct json_line *line, const struct iface_report *iface);
/* "mapping": only if a router has to forward its ports. */
void admin_put_mapping(struct json_line *line, const struct iface_report *iface);
/* Numbers of phones. */
void admin_put_phones(struct json_line *line, const struct nat_seen *seen);

#endif
