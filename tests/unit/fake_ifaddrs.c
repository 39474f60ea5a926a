/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_ifaddrs.c - getifaddrs() for the whole program */
#include <dlfcn.h>
#include "tests/unit/fake_ifaddrs.h"

struct ifaddrs *fake_ifaddrs;

int getifaddrs(struct ifaddrs **all)
{
	int (*real)(struct ifaddrs **) = (int (*)(struct ifaddrs **))dlsym(RTLD_NEXT, "getifaddrs");

	if (!fake_ifaddrs)
		return real(all);
	*all = fake_ifaddrs;
	return 0;
}

void freeifaddrs(struct ifaddrs *all)
{
	void (*real)(struct ifaddrs *) =
		(void (*)(struct ifaddrs *))dlsym(RTLD_NEXT, "freeifaddrs");

	if (all != fake_ifaddrs)
		real(all);
}
