/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statistics.h - the totals of the daemon, under rtpengine's keys
 */
#ifndef RTPRELAY_NG_STATISTICS_H
#define RTPRELAY_NG_STATISTICS_H

#include "base/dict.h"
#include "command/request.h"
#include "report/report.h"

/* As "statistics" in @map, the reply. */
void ng_add_statistics(struct arena *arena, struct dict *map, const struct daemon_report *report,
		       enum reply_detail detail);

#endif
