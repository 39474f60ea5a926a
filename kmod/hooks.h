/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_HOOKS_H
#define RTPR_HOOKS_H

struct rtpr_net;

void rtpr_hooks_init(struct rtpr_net *rn);

/**
 * rtpr_hooks_open() - register the hooks of hook.h in the namespace, if not done yet
 * rtpr_hooks_close() - end that; packets may be in the hooks until a grace period is over
 * rtpr_hooks_close_unused() - the same, if there are no flows
 * Under rtpr_net.lock.
 * Return: 0 or -errno
 */
int rtpr_hooks_open(struct rtpr_net *rn);
void rtpr_hooks_close(struct rtpr_net *rn);
void rtpr_hooks_close_unused(struct rtpr_net *rn);

#endif
