/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media.c - one m= line of a dialog: the ports of both sides and the bridge between them
 *
 * Both sides get their ports at the offer, so that an answer cannot fail because ports are used up.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>
#include "base/clock.h"
#include "call/media.h"
#include "call/media_ice.h"
#include "call/media_dtls.h"
#include "call/media_path.h"
#include "call/media_sdes.h"
#include "call/play.h"
#include "firewall/nft.h"
#include "packet/bridge.h"
#include "port/iface.h"
#include "stats/stats.h"

static void give_pair(struct iface_addr *local, struct port_pair *pair, int64_t now_ms)
{
	for (int comp = 0; comp < 2; comp++)
		if (pair->fd[comp] >= 0)
			close(pair->fd[comp]);
	port_pool_give(local->pool, pair->port, false, now_ms);
}

static bool is_local(const struct call_table_conf *conf, const struct endpoint *ep)
{
	for (size_t i = 0; i < conf->n_local; i++)
		if (cidr_has(&conf->local[i], ep))
			return true;
	return false;
}

/*
 * Is the phone on this side of the NAT (local-networks)? The address that SIP came from says so, as
 * a private address in SDP may be of another network with the same numbers. A proxy outside sees
 * the NAT's own address for such phones; then SDP decides.
 */
static bool is_near(const struct call_table_conf *conf, const struct iface_addr *local,
		    const struct side_conf *phone)
{
	const struct endpoint *sdp = &phone->sdp[COMP_RTP];

	if (!conf->n_local)
		return false;
	if (!endpoint_is_set(&phone->sip) || endpoint_addr_eq(&phone->sip, &local->advertised))
		return is_local(conf, sdp);
	return is_local(conf, &phone->sip);
}

/* No router has to forward anything to the ports of this phone. */
static bool is_here(const struct call_table_conf *conf, const struct iface_addr *local,
		    const struct side_conf *phone)
{
	return !iface_has_outside(local) || is_near(conf, local, phone);
}

static int take_pair(const struct media_open *open, const struct bridge_conf *conf, int side,
		     unsigned int count, int64_t now_ms, struct port_pair *pair)
{
	const struct iface_addr *local = open->local[side];
	bool here = is_here(&open->dialog->call->table->conf, local, &conf->side[side]);
	int error;

	if (!open->seed)
		return here ? port_pool_take_here(local->pool, count, now_ms, pair)
			    : port_pool_take(local->pool, count, now_ms, pair);
	error = port_pool_take_exact(local->pool, open->seed->port[side], count, now_ms, pair);
	if (!error)
		port_pool_set_here(local->pool, pair->port, here);
	return error;
}

/* The sockets of both sides, or none. */
static int take_pairs(const struct media_open *open, const struct bridge_conf *conf,
		      unsigned int count, int64_t now_ms, struct port_pair pair[2])
{
	int error = take_pair(open, conf, SIDE_A, count, now_ms, &pair[SIDE_A]);

	if (error)
		return error;
	error = take_pair(open, conf, SIDE_B, count, now_ms, &pair[SIDE_B]);
	if (error)
		give_pair(open->local[SIDE_A], &pair[SIDE_A], now_ms);
	return error;
}

static struct endpoint local_endpoint(const struct iface_addr *local, uint16_t port, int comp)
{
	struct endpoint ep = local->bind;

	endpoint_set_port(&ep, (uint16_t)(port + comp));
	return ep;
}

static void close_pinholes(struct nft *nft, struct iface_addr *const local[2],
			   const uint16_t port[2])
{
	each_component(side, comp) {
		struct endpoint ep = local_endpoint(local[side], port[side], comp);

		nft_close_port(nft, &ep);
	}
}

/* All or none. 0; -ENOMEM */
static int open_pinholes(struct nft *nft, struct iface_addr *const local[2], const uint16_t port[2],
			 unsigned int count)
{
	int error = 0;

	each_component(side, comp) {
		struct endpoint ep = local_endpoint(local[side], port[side], comp);

		if (!error && (unsigned int)comp < count)
			error = nft_open_port(nft, &ep);
	}
	if (error)
		close_pinholes(nft, local, port);
	return error;
}

static struct bridge *bridge_pairs(const struct media_open *open, const struct port_pair pair[2],
				   const struct bridge_conf *conf, void *owner)
{
	const struct call *call = open->dialog->call;
	struct endpoint local[2][2];
	int fd[2][2];

	each_component(side, comp) {
		fd[side][comp] = pair[side].fd[comp];
		local[side][comp] = local_endpoint(open->local[side], pair[side].port, comp);
	}
	if (open->seed)
		return bridge_restore(call->table->conf.workers, call->thread, open->sibling, fd,
				      local, conf, owner, open->seed->stream);
	return bridge_open(call->table->conf.workers, call->thread, open->sibling, fd, local, conf,
			   owner);
}

struct media *media_open(const struct media_open *open, const struct bridge_conf *conf,
			 int64_t now_ms, int *error)
{
	struct call_table *table = open->dialog->call->table;
	unsigned int count = conf->kind == BRIDGE_RTP ? 2 : 1;
	struct media *media = calloc(1, sizeof(*media));
	struct port_pair pair[2];

	*error = -ENOMEM;
	if (!media)
		return NULL;
	*error = take_pairs(open, conf, count, now_ms, pair);
	if (*error)
		goto err_media;
	for (int side = 0; side < 2; side++) {
		media->local[side] = open->local[side];
		media->port[side] = pair[side].port;
	}
	*error = open_pinholes(table->conf.nft, media->local, media->port, count);
	if (*error)
		goto err_pairs;
	media->bridge = bridge_pairs(open, pair, conf, media);
	if (!media->bridge) {
		*error = -ENOMEM;
		goto err_pinholes;
	}
	media->table = table;
	media->dialog = open->dialog;
	media->index = (uint8_t)open->index;
	media->table->n_media++;
	media->table->media_by_path[media->path.kind]++;
	media->table->conf.stats->medias.made++;
	media->table->n_streams += 2 * count;
	return media;
err_pinholes:
	close_pinholes(table->conf.nft, media->local, media->port);
err_pairs:
	give_pair(open->local[SIDE_A], &pair[SIDE_A], now_ms);
	give_pair(open->local[SIDE_B], &pair[SIDE_B], now_ms);
err_media:
	free(media);
	return NULL;
}

void media_close(struct media *media)
{
	if (!media)
		return;
	play_close(media);
	media_path_close(media);
	media_ice_free(media->ice);
	media->ice = NULL;
	media_dtls_free(media->dtls); /* nothing is told of it any more */
	media->dtls = NULL;
	close_pinholes(media->table->conf.nft, media->local, media->port);
	media->dialog = NULL;
	media->table->n_media--;
	media->table->media_by_path[media->path.kind]--;
	media->table->n_streams -= bridge_has(media->bridge, SIDE_A, COMP_RTCP) ? 4 : 2;
	DL_APPEND(media->table->closing, media);
	media->table->n_closing++;
	bridge_close(media->bridge);
}

void media_closed(struct media *media)
{
	int64_t now_ms = clock_ms();

	if (!media->dialog) {
		DL_DELETE(media->table->closing, media);
		media->table->n_closing--;
	}
	for (int side = 0; side < 2; side++)
		port_pool_give(media->local[side]->pool, media->port[side],
			       bridge_carried(media->bridge, side), now_ms);
	bridge_free(media->bridge);
	for (int side = 0; side < 2; side++)
		free((char *)(uintptr_t)media->dtmf[side].s);
	free(media->notice);
	for (int side = 0; side < 2; side++)
		free((void *)(uintptr_t)media->codecs[side].s);
	media_sdes_free(media->sdes);
	media_dtls_free(media->dtls);
	free(media->bundle);
	free(media);
}

struct endpoint media_address_for(const struct media *media, enum side side, enum component comp,
				  const struct side_conf *phone)
{
	const struct iface_addr *local = media->local[side];
	uint16_t port = (uint16_t)(media->port[side] + (comp == COMP_RTCP));
	struct endpoint ep;

	if (is_near(&media->table->conf, local, phone))
		return local_endpoint(local, media->port[side], comp);
	ep = local->advertised;
	endpoint_set_port(&ep, port_pool_outside(local->pool, port));
	return ep;
}

struct endpoint media_advertised(const struct media *media, enum side side, enum component comp)
{
	return media_address_for(media, side, comp, &bridge_conf(media->bridge)->side[side]);
}

void media_moved(const struct media *media)
{
	const struct bridge_conf *conf = bridge_conf(media->bridge);

	for (int side = 0; side < 2; side++)
		port_pool_set_here(
			media->local[side]->pool, media->port[side],
			is_here(&media->table->conf, media->local[side], &conf->side[side]));
}

bool media_on_hold(const struct media *media)
{
	const struct bridge_conf *conf = bridge_conf(media->bridge);

	return media->flags & MEDIA_REFUSED ||
	       (conf->side[SIDE_A].flags | conf->side[SIDE_B].flags) & SIDE_HOLD;
}

uint64_t media_packets_in(const struct media *media, enum side side)
{
	struct stream_report report;
	uint64_t sum = 0;

	for (int comp = 0; comp < 2; comp++) {
		if (!bridge_has(media->bridge, side, comp))
			continue;
		media_report(media, side, comp, &report);
		sum += report.packets_in;
	}
	return sum;
}

static void copy_cut(char *to, size_t size, struct str text)
{
	size_t len = text.len < size ? text.len : size - 1;

	if (len)
		memcpy(to, text.s, len);
	to[len] = '\0';
}

void media_describe(struct media *media, enum side side, const struct sdp_media *sdp)
{
	struct str codec = sdp->n_codecs ? sdp->codecs[0].name : STR_NONE;

	media->direction[side] = (uint8_t)sdp->direction;
	copy_cut(media->type, sizeof(media->type), sdp->type);
	copy_cut(media->protocol[side], sizeof(media->protocol[side]), sdp->proto);
	copy_cut(media->codec, sizeof(media->codec), codec);
}
