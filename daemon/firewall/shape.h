/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shape.h - what table inet rtprelay covers, and how its parts are called */
#ifndef RTPRELAY_NFT_SHAPE_H
#define RTPRELAY_NFT_SHAPE_H

#include "base/addr_ports.h"

#define NFT_TABLE "rtprelay"
/* Its counter of banned packets; also how the names of the sets banned4 and banned6 begin. */
#define NFT_BANNED "banned"

/* Addresses and ports that the table covers. */
struct nft_shape {
	struct addr_ports *relay; /* its own; some may be repeated */
	size_t n_relay;
	bool pinhole; /* with an input chain and sets of open ports */
};

/* A set by its name, and by its number in the transaction that makes it. */
struct nft_set_name {
	const char *name;
	uint32_t id;
};

/**
 * struct nft_family - the differences between IPv4 and IPv6
 * @type: nft's number of the type of an address
 * @saddr, @daddr: offsets in the network header
 * @port_reg: register of a port after an address in NFT_REG_1
 * @relay: the set of the first range of ports; those of further ranges follow it
 */
struct nft_family {
	uint8_t nfproto;
	uint32_t type, addr_len, saddr, daddr;
	uint32_t port_reg;
	struct nft_set_name relay, open, banned;
};

/* A range of ports, and the set of addresses that have it: "relay4", "relay4_2", ... */
struct nft_range {
	uint16_t port_min, port_max;
	struct nft_set_name set;
	char name[16];
};

#endif
