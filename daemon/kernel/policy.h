/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - the IPsec policies of this network namespace, and news of changes
 *
 * For backends that do not pass through them. Control thread only; no function waits.
 */
#ifndef RTPRELAY_KERNEL_POLICY_H
#define RTPRELAY_KERNEL_POLICY_H

#include "base/endpoint.h"

struct policies;

/* NULL: *error is -errno; -EPROTONOSUPPORT: the kernel has no IPsec */
struct policies *policies_open(int *error);
/* NULL is allowed here and below: there are none. */
void policies_close(struct policies *policies);

/* Readable when a policy has come or gone. -1: never */
int policies_fd(const struct policies *policies);
/* Reads what has arrived there, and the policies again. True: some may have changed */
bool policies_changed(struct policies *policies);

/*
 * Must UDP packets from @from to @to be encrypted, or dropped, or arrive encrypted? @from unset:
 * any. True also if the policies could not be read.
 */
bool policies_apply(const struct policies *policies, const struct endpoint *from,
		    const struct endpoint *to);

#endif
