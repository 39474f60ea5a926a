/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_EXPIRY_H
#define RTPR_EXPIRY_H

struct rtpr_net;

void rtpr_expiry_init(struct rtpr_net *rn);

/* Waits until nothing runs any more. Without rtpr_net.lock. */
void rtpr_expiry_fini(struct rtpr_net *rn);

/* There is a first flow, or rtpr_net.expire_s was changed. Under rtpr_net.lock. */
void rtpr_expiry_start(struct rtpr_net *rn);

#endif
