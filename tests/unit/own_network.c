/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own_network.c - looks at the interfaces of this network namespace */
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/unit/own_network.h"

static bool is_up(int fd, const char *name)
{
	struct ifreq request = { 0 };

	memcpy(request.ifr_name, name, strnlen(name, IF_NAMESIZE - 1));
	return ioctl(fd, SIOCGIFFLAGS, &request) || request.ifr_flags & IFF_UP;
}

bool in_own_network(void)
{
	struct if_nameindex *all = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool own = all && fd >= 0;

	for (size_t i = 0; own && all[i].if_index; i++)
		own = !strcmp(all[i].if_name, "lo") || !is_up(fd, all[i].if_name);
	if_freenameindex(all);
	close(fd);
	return own;
}
