/* SPDX-License-Identifier: GPL-2.0-or-later */
/* phone.h - a phone of a flow: what its SDP says, and where its media comes from */
#ifndef RTPRELAY_TESTS_PROXIES_PHONE_H
#define RTPRELAY_TESTS_PROXIES_PHONE_H

#include <stdbool.h>
#include <sys/socket.h>

struct phone {
	char name[16];
	char addr[48]; /* in its SDP */
	unsigned int port;
	bool behind_nat; /* media comes from another address; @addr must not be passed on */
	int fd;		 /* bound to where its media comes from */
};

/* false: not an address, or not one of this network. "A" "10.1.0.2:40000" "198.51.100.41:41000" */
bool phone_open(struct phone *phone, const char *name, const char *in_sdp, const char *source);
void phone_close(struct phone *phone);
/* Its SDP, with @more at the end of the media; allocated, NULL when out of memory */
char *phone_sdp(const struct phone *phone, const char *more);

/* Where one of two phones that talk sends to, and what it has received. */
struct talk {
	struct phone *phone;
	struct sockaddr_storage relay; /* the port that the phone was told */
	unsigned int heard;
	unsigned int strange; /* from elsewhere, or not what the other phone sends */
};

/* Both send until each has received five packets, or until time is up. true: both have */
bool phones_talk(struct talk talks[2]);

#endif
