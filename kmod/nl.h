/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nl.h - the commands of the generic netlink family
 */
#ifndef RTPR_NL_H
#define RTPR_NL_H

int rtpr_nl_init(void);
void rtpr_nl_fini(void);

#endif
