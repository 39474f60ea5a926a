/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcp.c - asks the nearest router by PCP and NAT-PMP: requests and replies */
#include <errno.h>
#include "base/count.h"
#include "nat/pcp.h"

#define VERSION	   2
#define OP_ASK	   0 /* ANNOUNCE */
#define OP_MAP	   1
#define REPLY	   0x80 /* the bit of an opcode */
#define UDP	   17
#define NATPMP_UDP 1  /* opcode */
#define NATPMP_LEN 12 /* of the reply with an address */

/* Places in a request or reply of MAP. */
enum { AT_RESULT = 3, AT_LIFETIME = 4, AT_CLIENT = 8, AT_EPOCH = 8, AT_NONCE = 24 };
enum { AT_PROTOCOL = 36, AT_PORT = 40, AT_EXTERNAL_PORT = 42, AT_EXTERNAL = 44 };
/* The same of NAT-PMP; the port outside of a request is two bytes further in the reply. */
enum { PMP_RESULT = 2, PMP_EPOCH = 4, PMP_REPLY_PORT = 8, PMP_REPLY_LIFETIME = 12 };
enum { PMP_PORT = 4, PMP_LIFETIME = 8, PMP_REPLY_LEN = 16 };

static void put_u16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned int get_u16(const uint8_t *at)
{
	return (unsigned int)(at[0] << 8 | at[1]);
}

static void put_u32(uint8_t *at, uint32_t value)
{
	put_u16(at, value >> 16);
	put_u16(at + 2, value & 0xffff);
}

static uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)get_u16(at) << 16 | get_u16(at + 2);
}

/* 16 bytes; an IPv4 address as ::ffff:a.b.c.d */
static void put_address(uint8_t *at, const struct endpoint *ep)
{
	if (ep->sa.sa_family == AF_INET6) {
		memcpy(at, &ep->in6.sin6_addr, 16);
		return;
	}
	memset(at, 0, 10);
	memset(at + 10, 0xff, 2);
	memcpy(at + 12, &ep->in4.sin_addr, 4);
}

static struct endpoint get_address(const uint8_t *at)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct endpoint ep = { 0 };

	if (!memcmp(at, mapped, sizeof(mapped))) {
		ep.sa.sa_family = AF_INET;
		memcpy(&ep.in4.sin_addr, at + 12, 4);
	} else {
		ep.sa.sa_family = AF_INET6;
		memcpy(&ep.in6.sin6_addr, at, 16);
	}
	return ep;
}

/* Without a wish: the unspecified address of the family (RFC 6887, 11.1). */
static struct endpoint wish_of(const struct pcp_map *map)
{
	struct endpoint any = { .sa = { .sa_family = map->client.sa.sa_family } };

	return endpoint_is_set(&map->external) ? map->external : any;
}

void pcp_map_request(uint8_t request[PCP_MAP_LEN], const struct pcp_map *map)
{
	struct endpoint wish = wish_of(map);

	memset(request, 0, PCP_MAP_LEN);
	request[0] = VERSION;
	request[1] = OP_MAP;
	put_u32(request + AT_LIFETIME, map->lifetime_s);
	put_address(request + AT_CLIENT, &map->client);
	memcpy(request + AT_NONCE, map->nonce, PCP_NONCE);
	request[AT_PROTOCOL] = UDP;
	put_u16(request + AT_PORT, map->port);
	put_u16(request + AT_EXTERNAL_PORT, endpoint_port(&wish));
	put_address(request + AT_EXTERNAL, &wish);
}

/* "version" of either protocol is answered by an earlier router so (RFC 6886, 3.5). */
static bool is_other_version(const uint8_t *data, size_t len)
{
	return len >= 4 && data[0] != VERSION && data[1] & REPLY;
}

int pcp_map_read(const uint8_t *data, size_t len, struct pcp_map *map)
{
	if (is_other_version(data, len))
		return -EPROTONOSUPPORT;
	if (len < AT_NONCE || data[0] != VERSION || data[1] != (REPLY | OP_MAP))
		return -EAGAIN;
	if (len > PCP_REPLY_MAX || len % 4)
		return -EPROTO;
	if (len >= PCP_MAP_LEN && memcmp(data + AT_NONCE, map->nonce, PCP_NONCE) != 0)
		return -EAGAIN;
	if (data[AT_RESULT])
		return data[AT_RESULT];
	if (len < PCP_MAP_LEN)
		return -EPROTO;
	if (data[AT_PROTOCOL] != UDP || get_u16(data + AT_PORT) != map->port)
		return -EAGAIN;
	map->lifetime_s = get_u32(data + AT_LIFETIME);
	map->epoch_s = get_u32(data + AT_EPOCH);
	map->external = get_address(data + AT_EXTERNAL);
	endpoint_set_port(&map->external, (uint16_t)get_u16(data + AT_EXTERNAL_PORT));
	return 0;
}

void pcp_ask_request(uint8_t request[PCP_ASK_LEN], const struct endpoint *client)
{
	memset(request, 0, PCP_ASK_LEN);
	request[0] = VERSION;
	request[1] = OP_ASK;
	put_address(request + AT_CLIENT, client);
}

int pcp_ask_read(const uint8_t *data, size_t len, uint32_t *epoch_s)
{
	if (is_other_version(data, len))
		return -EPROTONOSUPPORT;
	if (len < PCP_ASK_LEN || data[0] != VERSION || data[1] != (REPLY | OP_ASK))
		return -EAGAIN;
	if (data[AT_RESULT])
		return data[AT_RESULT];
	*epoch_s = get_u32(data + AT_EPOCH);
	return 0;
}

const char *pcp_result_text(int code)
{
	static const char *const texts[] = {
		"success",
		"it does not speak this version of PCP",
		"it does not allow it",
		"it says that the request is malformed",
		"it does not make mappings",
		"it does not know an option",
		"it says that an option is malformed",
		"it has no address outside at present, or a private one",
		"it has no room for more mappings, or no public address",
		"it does not map UDP",
		"this host has too many mappings",
		"it cannot give this address or port",
		"there is another NAT between this host and it",
		"too many peers",
	};

	if (code <= 0 || code >= (int)COUNT(texts))
		return "it replies with an error";
	return texts[code];
}

void natpmp_address_request(uint8_t request[NATPMP_ASK_LEN])
{
	memset(request, 0, NATPMP_ASK_LEN);
}

int natpmp_address_read(const uint8_t *data, size_t len, struct endpoint *address)
{
	if (len >= 4 && data[0] && data[1] & REPLY)
		return -EPROTONOSUPPORT;
	if (len < 4 || data[0] || data[1] != REPLY)
		return -EAGAIN;
	if (get_u16(data + 2))
		return (int)get_u16(data + 2);
	if (len < NATPMP_LEN)
		return -EPROTO;
	*address = (struct endpoint){ .sa = { .sa_family = AF_INET } };
	memcpy(&address->in4.sin_addr, data + 8, 4);
	return 0;
}

int natpmp_epoch_read(const uint8_t *data, size_t len, uint32_t *epoch_s)
{
	if (len < PMP_EPOCH + 4 || data[0] || data[1] != REPLY)
		return -EAGAIN;
	*epoch_s = get_u32(data + PMP_EPOCH);
	return 0;
}

void natpmp_map_request(uint8_t request[NATPMP_MAP_LEN], const struct pcp_map *map)
{
	memset(request, 0, NATPMP_MAP_LEN);
	request[1] = NATPMP_UDP;
	put_u16(request + PMP_PORT, map->port);
	if (map->lifetime_s)
		put_u16(request + PMP_PORT + 2, endpoint_port(&map->external));
	put_u32(request + PMP_LIFETIME, map->lifetime_s);
}

int natpmp_map_read(const uint8_t *data, size_t len, struct pcp_map *map)
{
	if (len >= 4 && data[0] && data[1] & REPLY)
		return -EPROTONOSUPPORT;
	if (len < PMP_EPOCH || data[0] || data[1] != (REPLY | NATPMP_UDP))
		return -EAGAIN;
	if (len >= PMP_REPLY_PORT + 2 && get_u16(data + PMP_REPLY_PORT) != map->port)
		return -EAGAIN;
	if (get_u16(data + PMP_RESULT))
		return (int)get_u16(data + PMP_RESULT);
	if (len < PMP_REPLY_LEN)
		return -EPROTO;
	map->epoch_s = get_u32(data + PMP_EPOCH);
	map->lifetime_s = get_u32(data + PMP_REPLY_LIFETIME);
	map->external = (struct endpoint){ .sa = { .sa_family = AF_INET } };
	endpoint_set_port(&map->external, (uint16_t)get_u16(data + PMP_REPLY_PORT + 2));
	return 0;
}

const char *natpmp_result_text(int code)
{
	static const char *const texts[] = {
		"success",
		"it does not speak this version of NAT-PMP",
		"it does not allow it",
		"it has no address outside at present, or a private one",
		"it has no room for more mappings",
		"it does not tell its address",
	};

	if (code <= 0 || code >= (int)COUNT(texts))
		return "it replies with an error";
	return texts[code];
}
