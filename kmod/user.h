/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * user.h - which namespaces may have flows, and how many those of a user may have
 */
#ifndef RTPR_USER_H
#define RTPR_USER_H

struct net;
struct netlink_ext_ack;

/*
 * Namespaces of the initial user namespace may have flows; others if the module's parameter userns
 * says so. Return: 0; -EPERM, with a message in @extack
 */
int rtpr_user_allowed(const struct net *net, struct netlink_ext_ack *extack);

/*
 * One flow more of the user to whom @net belongs; nothing is counted in the initial user namespace.
 * Process context. Return: 0; -EDQUOT, the user has as many as are allowed; -ENOMEM
 */
int rtpr_user_charge(const struct net *net);

/* @flows of them are gone. Process context. */
void rtpr_user_uncharge(const struct net *net, unsigned int flows);

#endif
