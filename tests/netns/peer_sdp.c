/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer_sdp.c - where the sender of an SDP receives media
 *
 * Parses only what the relay's output can contain: c= in the session or in a media, m=, a=rtcp,
 * a=rtcp-mux and the direction.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "peer_sdp.h"

struct text_media {
	char addr[64];
	unsigned int port;
	unsigned int rtcp_port;
	bool mux;
	bool deaf;
};

bool peer_addr(const char *addr, unsigned int port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, addr, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons((uint16_t)port);
		return true;
	}
	if (inet_pton(AF_INET6, addr, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		return true;
	}
	return false;
}

/* A line of the session, valid for all medias after it, or of a media. */
static void line_parse(const char *line, struct text_media *media)
{
	if (sscanf(line, "c=IN %*3s %63[^ \r\n]", media->addr) == 1)
		return;
	if (sscanf(line, "a=rtcp:%u", &media->rtcp_port) == 1)
		return;
	if (!strncmp(line, "a=rtcp-mux", 10))
		media->mux = true;
	else if (!strncmp(line, "a=sendonly", 10) || !strncmp(line, "a=inactive", 10))
		media->deaf = true;
	else if (!strncmp(line, "a=sendrecv", 10) || !strncmp(line, "a=recvonly", 10))
		media->deaf = false;
}

static bool media_finish(const struct text_media *text, struct peer_media *media)
{
	unsigned int rtcp = text->mux	      ? text->port
			    : text->rtcp_port ? text->rtcp_port
					      : text->port + 1;

	media->mux = text->mux;
	media->listens = text->port && !text->deaf && strcmp(text->addr, "0.0.0.0") != 0 &&
			 strcmp(text->addr, "::") != 0;
	return peer_addr(text->addr, text->port, &media->rtp) &&
	       peer_addr(text->addr, rtcp, &media->rtcp);
}

int peer_sdp_parse(const char *sdp, struct peer_media medias[PEER_MEDIAS])
{
	struct text_media session = { .port = 0 }, texts[PEER_MEDIAS];
	int count = 0;

	for (const char *line = sdp; line && *line; line = strchr(line, '\n')) {
		unsigned int port;

		line += *line == '\n';
		if (sscanf(line, "m=%*[a-z] %u", &port) == 1) {
			if (count == PEER_MEDIAS)
				break;
			texts[count] = session;
			texts[count++].port = port;
			continue;
		}
		line_parse(line, count ? &texts[count - 1] : &session);
	}
	for (int i = 0; i < count; i++) {
		if (!media_finish(&texts[i], &medias[i]))
			return -1;
	}
	return count ? count : -1;
}
