/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_NL_H
#define RTPR_NL_H

struct genl_family;

#define RTPR_GROUP_EVENT 0 /* index of the family's only multicast group */

extern struct genl_family rtpr_genl_family;

int rtpr_nl_init(void);
void rtpr_nl_fini(void);

#endif
