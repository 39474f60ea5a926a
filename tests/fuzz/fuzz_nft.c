/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_nft.c - any bytes as what nf_tables tells of elements of sets
 *
 * Each address must have a family, and nothing may be read past the end.
 */
#include <stdlib.h>
#include <string.h>
#include "daemon/firewall/banned.h" /* first: <netinet/in.h> and <linux/in.h> agree in this order */
#include "daemon/base/netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *arg, const struct endpoint *addr, bool added)
{
	(void)added;
	++*(unsigned int *)arg;
	if (!endpoint_is_set(addr) || endpoint_port(addr))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *exact = malloc(size ? size : 1);
	const struct nlmsghdr *nlh = exact;
	int left = (int)size;

	if (!exact)
		abort();
	if (size)
		memcpy(exact, data, size);
	for (; netlink_message_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		unsigned int count = 0;

		nft_banned_read(nlh, take, &count);
		if (count && !nft_is_of_banned(nlh))
			abort();
	}
	free(exact);
	return 0;
}
