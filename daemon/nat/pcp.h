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
#define PCP_ASK_LEN    24 /* of ANNOUNCE */
#define NATPMP_ASK_LEN 2
#define NATPMP_MAP_LEN 12

/**
 * struct pcp_map - a mapping of a UDP port, asked for or granted
 * @client: the address here
 * @nonce: the same to change or end the mapping
 * @port: here
 * @lifetime_s: 0: end it
 * @external: wished or granted; unset: any. NAT-PMP knows only its port
 * @epoch_s: of a reply: how long the router has had its mappings
 */
struct pcp_map {
	struct endpoint client, external;
	uint8_t nonce[PCP_NONCE];
	uint16_t port;
	uint32_t lifetime_s, epoch_s;
};

void pcp_map_request(uint8_t request[PCP_MAP_LEN], const struct pcp_map *map);
/**
 * pcp_map_read() - reads a reply to it
 * @map: that was asked for; takes external address, its port, the lifetime and the epoch
 * Return: 0; -EAGAIN: it is not the reply; -EPROTO: malformed; -EPROTONOSUPPORT: this router does
 * not speak PCP; a positive number: result code of RFC 6887
 */
int pcp_map_read(const uint8_t *data, size_t len, struct pcp_map *map);
/* ANNOUNCE: asks for nothing but the epoch (RFC 6887, section 14.1). */
void pcp_ask_request(uint8_t request[PCP_ASK_LEN], const struct endpoint *client);
/* As pcp_map_read() */
int pcp_ask_read(const uint8_t *data, size_t len, uint32_t *epoch_s);
/* Text of a result code of RFC 6887. */
const char *pcp_result_text(int code);

void natpmp_address_request(uint8_t request[NATPMP_ASK_LEN]);
/* The same; -EPROTONOSUPPORT: NAT-PMP. A positive number: result code of RFC 6886 */
int natpmp_address_read(const uint8_t *data, size_t len, struct endpoint *address);
/* Of the same reply, also if it names no address: 0 and *epoch_s; -EAGAIN: it is not one */
int natpmp_epoch_read(const uint8_t *data, size_t len, uint32_t *epoch_s);
/* Its external port is none in a request that ends the mapping (RFC 6886, section 3.4). */
void natpmp_map_request(uint8_t request[NATPMP_MAP_LEN], const struct pcp_map *map);
/* As pcp_map_read(); takes no external address, only its port. */
int natpmp_map_read(const uint8_t *data, size_t len, struct pcp_map *map);
const char *natpmp_result_text(int code);

#endif
