/* SPDX-License-Identifier: GPL-2.0-or-later */
/* media_start.c - what media needs: interfaces, forbidden destinations, media threads */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "call/dtmf_news.h"
#include "call/homer_reports.h"
#include "call/news.h"
#include "media_start.h"
#include "packet/pool.h"
#include "packet/steer.h"
#include "port/iface.h"
#include "protocols.h"
#include "relay.h"
#include "stun_start.h"

int start_ifaces(struct relay *relay)
{
	const struct conf *conf = &relay->conf;
	const char *error;

	relay->ifaces = iface_table_new((uint16_t)conf->port_min, (uint16_t)conf->port_max,
					conf->port_quarantine_s * 1000LL);
	if (!relay->ifaces)
		return relay_failed("interfaces", -ENOMEM);
	for (size_t i = 0; i < conf->interface.count; i++) {
		int err = iface_table_add(relay->ifaces, str_of(conf->interface.item[i]), &error);

		if (!err)
			continue;
		log_err("interface %s: %s", conf->interface.item[i], error);
		return err;
	}
	if (!iface_count(relay->ifaces))
		log_warn("interface: no device has a global address at present: calls are refused "
			 "until one comes");
	return 0;
}

int start_local(struct relay *relay)
{
	const struct conf_list *list = &relay->conf.local_networks;

	relay->local = calloc(list->count + 1, sizeof(*relay->local));
	if (!relay->local)
		return relay_failed("local-networks", -ENOMEM);
	for (size_t i = 0; i < list->count; i++)
		if (cidr_parse(str_of(list->item[i]), &relay->local[relay->n_local]))
			relay->n_local++;
	return 0;
}

/* Later addresses of devices are not in @own: media threads learn of them by @destinations. */
int start_media_list(struct relay *relay)
{
	relay->own = calloc(2 * iface_count(relay->ifaces) + 1, sizeof(*relay->own));
	if (!relay->own || relay_list_media(relay))
		return relay_failed("interfaces", -ENOMEM);
	for (size_t i = 0; i < relay->n_media; i++)
		relay->own[relay->n_own++] = relay->media[i].addr;
	return 0;
}

int start_claims(struct relay *relay)
{
	struct addr_ports other = { .port_min = 0 };
	char text[ENDPOINT_TEXT];
	long pid = 0;
	int err;

	err = claims_take(&relay->claims, relay->media, iface_count(relay->ifaces), &other, &pid);
	if (err == -EADDRINUSE)
		log_err("interface %s: another rtprelayd (pid %ld) uses ports %u-%u of this "
			"address: "
			"set other ports (port-min, port-max, or behind the address) or another "
			"address, or end it",
			endpoint_print_addr(&other.addr, text), pid, other.port_min,
			other.port_max);
	else if (err)
		log_warn("interfaces: another rtprelayd with the same ports cannot be found: %s",
			 strerror(-err));
	return err == -EADDRINUSE ? err : 0;
}

int start_destinations(struct relay *relay)
{
	const struct conf_list **control = calloc(n_protocol_rows, sizeof(*control));
	struct destinations_conf conf = { .control = control,
					  .n_control = n_protocol_rows,
					  .http = &relay->conf.listen_http,
					  .notify = &relay->conf.notify,
					  .homer = relay->conf.homer,
					  .dtmf = relay->conf.dtmf_log_dest,
					  .stun = &relay->stun_sites,
					  .media_deny = &relay->conf.media_deny,
					  .media = relay->media,
					  .n_media = relay->n_media };
	int err = control ? stun_read_sites(relay) : -ENOMEM;

	for (size_t i = 0; i < n_protocol_rows && !err; i++)
		control[i] = protocol_listens(&protocol_rows[i], &relay->conf);
	if (!err)
		err = destinations_open(&relay->destinations, &conf);
	free(control);
	return err ? relay_failed("forbidden destinations (media-deny)", err) : 0;
}

static const char *why_no_steer(int err)
{
	switch (err) {
	case -EPERM:
		return "not permitted (add CAP_BPF)";
	case -EACCES:
		return "the kernel refused the program";
	case -E2BIG:
		return "more than 255 media-threads";
	default:
		return strerror(-err);
	}
}

int start_steer(struct relay *relay)
{
	int err;

	if (!iface_count(relay->ifaces))
		return 0;
	relay->steer = steer_new(relay->own, iface_count(relay->ifaces));
	if (!relay->steer)
		return relay_failed("media", -ENOMEM);
	err = steer_attach(relay->steer, worker_pool_size(relay->conf.media_threads));
	if (err) {
		log_notice("media: BPF cannot deliver packets of unknown sources: %s; sockets of "
			   "media are not connected, which costs about 10 %% more per packet",
			   why_no_steer(err));
		steer_free(relay->steer);
		relay->steer = NULL;
	}
	return 0;
}

static void on_bridge(void *arg, struct bridge *bridge, enum bridge_event event, enum side side,
		      enum component comp)
{
	struct relay *relay = arg;

	call_bridge_event(relay->calls, bridge, event, side, comp);
}

static void on_rtcp(void *arg, struct bridge *bridge, const struct rtcp_copy *copy)
{
	(void)arg;
	call_bridge_rtcp(bridge, copy);
}

static void on_dtmf(void *arg, struct bridge *bridge, const struct dtmf_note *note)
{
	(void)arg;
	call_bridge_dtmf(bridge, note);
}

static void on_stun(void *arg, struct bridge *bridge, const struct rtcp_copy *copy)
{
	const struct relay *relay = arg;

	call_bridge_stun(relay->calls, bridge, copy);
}

int start_workers(struct relay *relay)
{
	const struct worker_pool_conf conf = {
		.threads = relay->conf.media_threads,
		.patience_ms = relay->conf.latch_patience_ms,
		.window_ms = relay->conf.latch_window_ms,
		.keepalive_s = (uint16_t)relay->conf.media_keepalive_s,
		.keepalive_method = relay->conf.media_keepalive_method,
		.own = relay->own,
		.n_own = relay->n_own,
		.deny = relay->destinations.deny,
		.steer = relay->steer,
		.event = on_bridge,
		.rtcp = relay->conf.homer ? on_rtcp : NULL,
		.stun = on_stun,
		.tap_bytes = (size_t)relay->conf.recording_ring_mib * 1024 * 1024 /
			     worker_pool_size(relay->conf.media_threads),
		.dtmf = on_dtmf,
		.arg = relay,
	};
	int err;

	relay->workers = worker_pool_new(&conf, &err);
	return relay->workers ? 0 : relay_failed("cannot start the media threads", err);
}
