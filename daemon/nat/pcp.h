/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcp.h - asks the nearest router by PCP (RFC 6887) and NAT-PMP (RFC 6886): requests and replies
 *
 * Pure: bytes are handed in. Both protocols have one port, and a router that knows only the earlier
 * one says so in a reply.
 */
#ifndef RTPRELAY_NAT_PCP_H
#define RTPRELAY_NAT_PCP_H

#include "base/endpoint.h"

#define PCP_PORT       5351
#define PCP_NONCE      12
#define PCP_MAP_LEN    60
#define PCP_REPLY_MAX  1100
#define NATPMP_ASK_LEN 2

/**
 * struct pcp_map - a mapping of a UDP port, asked for or granted
 * @client: the address here
 * @nonce: the same to change or end the mapping
 * @port: here
 * @lifetime_s: 0: end it
 * @external: wished or granted; unset: any
 */
struct pcp_map {
	struct endpoint client, external;
	uint8_t nonce[PCP_NONCE];
	uint16_t port;
	uint32_t lifetime_s;
};

void pcp_map_request(uint8_t request[PCP_MAP_LEN], const struct pcp_map *map);
/**
 * pcp_map_read() - reads a reply to it
 * @map: that was asked for; takes external address, its port and the lifetime
 * Return: 0; -EAGAIN: it is not the reply; -EPROTO: malformed; -EPROTONOSUPPORT: this router does
 * not speak PCP; a positive number: result code of RFC 6887
 */
int pcp_map_read(const uint8_t *data, size_t len, struct pcp_map *map);
/* Text of a result code of RFC 6887. */
const char *pcp_result_text(int code);

void natpmp_address_request(uint8_t request[NATPMP_ASK_LEN]);
/* The same; -EPROTONOSUPPORT: NAT-PMP. A positive number: result code of RFC 6886 */
int natpmp_address_read(const uint8_t *data, size_t len, struct endpoint *address);
const char *natpmp_result_text(int code);

#endif
