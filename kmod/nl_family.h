/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nl_family.h - the generic netlink family
 *
 * Commands come by it (nl.c, which fills it in), and events go by it (nl_event.c).
 */
#ifndef RTPR_NL_FAMILY_H
#define RTPR_NL_FAMILY_H

struct genl_family;

#define RTPR_GROUP_EVENT 0 /* index of the family's only multicast group */

extern struct genl_family rtpr_genl_family;

#endif
