/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * banned.h - banned addresses in what nf_tables tells of the sets banned4 and banned6
 *
 * No I/O and no allocation: for notifications, and for the answer to a question for all elements.
 */
#ifndef RTPRELAY_NFT_BANNED_H
#define RTPRELAY_NFT_BANNED_H

#include "base/endpoint.h"

struct nlmsghdr;

/* @addr: without port */
typedef void nft_banned_fn(void *arg, const struct endpoint *addr, bool added);

/* Does the message concern elements of one of these sets of the relay's table? */
bool nft_is_of_banned(const struct nlmsghdr *nlh);
/*
 * Reads such a message, NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM, complete (netlink_message_ok()):
 * @fn for each address in it. Leaves out what is not an address of the set's family.
 */
void nft_banned_read(const struct nlmsghdr *nlh, nft_banned_fn *fn, void *arg);

#endif
