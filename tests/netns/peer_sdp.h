/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer_sdp.h - where the sender of an SDP receives media
 */
#ifndef RTPRELAY_TESTS_NETNS_PEER_SDP_H
#define RTPRELAY_TESTS_NETNS_PEER_SDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#define PEER_MEDIAS 4

struct peer_media {
	struct sockaddr_storage rtp;
	struct sockaddr_storage rtcp; /* the same as rtp with a=rtcp-mux */
	bool listens; /* port not 0, address not 0.0.0.0, neither sendonly nor inactive */
	bool mux;
};

/* Writes address and port to a sockaddr; false: not an address */
bool peer_addr(const char *addr, unsigned int port, struct sockaddr_storage *out);
/* Return: number of m= lines, of which the first PEER_MEDIAS are in @medias; -1: malformed */
int peer_sdp_parse(const char *sdp, struct peer_media medias[PEER_MEDIAS]);

#endif
