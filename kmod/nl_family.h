/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nl_family.h - the generic netlink family
 *
 * nl.c defines it and its commands; nl_event.c sends events to its multicast group.
 */
#ifndef RTPR_NL_FAMILY_H
#define RTPR_NL_FAMILY_H

struct genl_family;

#define RTPR_GROUP_EVENT 0 /* index of the family's only multicast group */

extern struct genl_family rtpr_genl_family;

#endif
