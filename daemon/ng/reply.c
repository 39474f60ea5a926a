/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reply.c - struct reply to the tree that is sent
 *
 * Keys and nesting are rtpengine's, since proxies and their scripts read them by name. Values that
 * rtpengine does not have get additional keys. statistics: ng/statistics.c
 */
#include "call/media_path.h"
#include "ng/reply.h"
#include "ng/statistics.h"
#include "ng/subscription.h"
#include "ng/tree.h"
#include "packet/latch_names.h"

static void add_endpoint(struct arena *arena, struct dict *map, struct str key,
			 const struct endpoint *ep)
{
	struct dict *own;

	if (!endpoint_is_set(ep))
		return;
	own = dict_add_map(arena, map, key);
	ng_add_address(arena, own, ep);
	dict_add_int(arena, own, STR("port"), endpoint_port(ep));
}

static void add_counts(struct arena *arena, struct dict *map, struct str key, uint64_t packets,
		       uint64_t bytes, uint64_t errors)
{
	struct dict *own = dict_add_map(arena, map, key);

	ng_add_u64(arena, own, STR("packets"), packets);
	ng_add_u64(arena, own, STR("bytes"), bytes);
	ng_add_u64(arena, own, STR("errors"), errors);
}

static void add_flag(struct arena *arena, struct dict *list, bool on, const char *name)
{
	if (on)
		dict_add_str(arena, list, STR_NONE, str_of(name));
}

static void add_drops(struct arena *arena, struct dict *map, const struct stream_report *stream)
{
	struct dict *own = dict_add_map(arena, map, STR("drops"));

	for (size_t i = 0; i < DROP_COUNT; i++)
		if (stream->drops[i])
			ng_add_u64(arena, own, str_of(stream_drop_names[i].name), stream->drops[i]);
}

/* Reception of the stream: here, and ("far") by the receiving party according to its RTCP. */
static void add_reception(struct arena *arena, struct dict *map, const struct media_report *media)
{
	const struct stream_report *rtp = &media->stream[COMP_RTP];
	const struct quality_summary *q = &media->quality;
	struct dict *own;

	if (rtp->ssrc_known) {
		own = dict_add_map(arena, map, STR("reception"));
		ng_add_u64(arena, own, STR("expected"), rtp->expected);
		ng_add_u64(arena, own, STR("lost"), rtp->lost);
		ng_add_u64(arena, own, STR("gaps"), rtp->gaps);
		ng_add_u64(arena, own, STR("reordered"), rtp->reordered);
		ng_add_u64(arena, own, STR("duplicates"), rtp->duplicate);
		dict_add_int(arena, own, STR("jitter us"), (int64_t)(rtp->jitter_ms * 1000 + 0.5));
	}
	if (!q->far.known)
		return;
	own = dict_add_map(arena, map, STR("far reception"));
	dict_add_int(arena, own, STR("lost"), q->far.lost);
	dict_add_int(arena, own, STR("fraction lost"), q->far.fraction);
	dict_add_int(arena, own, STR("jitter us"), q->far.jitter_us);
	if (q->leg_us)
		dict_add_int(arena, own, STR("round-trip time"), q->leg_us);
}

/* Belongs to the stream that RTCP arrives at: with rtcp-mux the one of RTP. */
static void add_last_rtcp(struct arena *arena, struct dict *map, const struct call_report *call,
			  const struct rtcp_seen *rtcp)
{
	int64_t ago_ms = call->now_ms - rtcp->at_ms;
	struct dict *own;

	if (!rtcp->at_ms)
		return;
	own = dict_add_map(arena, map, STR("last RTCP"));
	dict_add_int(arena, own, STR("type"), rtcp->type);
	dict_add_int(arena, own, STR("received"), (rtcp->at_ms + call->wall_minus_mono_ms) / 1000);
	dict_add_int(arena, own, STR("ago ms"), ago_ms > 0 ? ago_ms : 0);
	if (rtcp->far.known) {
		dict_add_int(arena, own, STR("lost"), rtcp->far.lost);
		dict_add_int(arena, own, STR("fraction lost"), rtcp->far.fraction);
		dict_add_int(arena, own, STR("jitter us"), rtcp->far.jitter_us);
	}
	if (rtcp->rtt_us)
		dict_add_int(arena, own, STR("round-trip time"), rtcp->rtt_us);
}

static void add_stream(struct arena *arena, struct dict *list, const struct call_report *call,
		       const struct media_report *media, enum component comp,
		       enum reply_detail detail)
{
	const struct stream_report *stream = &media->stream[comp];
	struct dict *map = dict_add_map(arena, list, STR_NONE);
	const struct endpoint *remote =
		endpoint_is_set(&stream->latched) ? &stream->latched : &stream->signalled;
	char text[ENDPOINT_TEXT];
	struct dict *flags;

	dict_add_int(arena, map, STR("local port"), endpoint_port(&stream->local));
	dict_add_str(arena, map, STR("local address"),
		     arena_str(arena, str_of(endpoint_print_addr(&stream->local, text))));
	ng_add_text(arena, map, STR("family"),
		    stream->local.sa.sa_family == AF_INET6 ? "IPv6" : "IPv4");
	add_endpoint(arena, map, STR("endpoint"), remote);
	add_endpoint(arena, map, STR("advertised endpoint"), &stream->signalled);
	if (!endpoint_addr_eq(&stream->local, &media->advertised[comp]))
		add_endpoint(arena, map, STR("local advertised"), &media->advertised[comp]);
	dict_add_int(arena, map, STR("last packet"),
		     stream->last_in_ms ? (stream->last_in_ms + call->wall_minus_mono_ms) / 1000
					: 0);
	if (stream->ssrc_known)
		dict_add_int(arena, map, STR("SSRC"), stream->ssrc);
	ng_add_text(arena, map, STR("path"),
		    path_names[stream->in_kernel ? PATH_KERNEL : PATH_USER]);
	if (stream->kernel_path)
		ng_add_text(arena, map, STR("kernel path"), stream->kernel_path);
	if (!stream->in_kernel && stream->why_user)
		dict_add_str(arena, map, STR("path reason"),
			     arena_str(arena, str_of(stream->why_user)));
	ng_add_text(arena, map, STR("latch"), latch_state_names[stream->state]);
	dict_add_int(arena, map, STR("latch rank"), stream->rank);
	dict_add_int(arena, map, STR("relatched"), stream->relatched);
	flags = dict_add_list(arena, map, STR("flags"));
	add_flag(arena, flags, comp == COMP_RTP && !media->opaque, "RTP");
	add_flag(arena, flags, comp == COMP_RTCP || media->mux, "RTCP");
	add_flag(arena, flags, comp == COMP_RTCP && media->mux, "fallback RTCP");
	add_flag(arena, flags, endpoint_is_set(remote), "filled");
	add_flag(arena, flags, stream->state == LATCH_LOCKED, "confirmed");
	add_flag(arena, flags, stream->in_kernel, "kernelized");
	add_flag(arena, flags, !stream->in_kernel, "no kernel support");
	add_counts(arena, map, STR("stats"), stream->packets_in, stream->bytes_in,
		   stream->errors_out);
	add_counts(arena, map, STR("stats_out"), stream->packets_out, stream->bytes_out,
		   stream->errors_out);
	if (stream->kernel_packets_in | stream->kernel_packets_out) {
		ng_add_u64(arena, map, STR("kernel packets"), stream->kernel_packets_in);
		ng_add_u64(arena, map, STR("kernel packets out"), stream->kernel_packets_out);
	}
	if (detail > DETAIL_ALL)
		return;
	if (comp == COMP_RTP)
		add_reception(arena, map, media);
	if (comp == (media->mux ? COMP_RTP : COMP_RTCP))
		add_last_rtcp(arena, map, call, &media->rtcp);
	add_drops(arena, map, stream);
}

static void add_dtls(struct arena *arena, struct dict *map, const struct media_report *media)
{
	ng_add_text(arena, map, STR("DTLS state"), media->dtls_state);
	ng_add_text(arena, map, STR("DTLS role"), media->dtls_active ? "active" : "passive");
	if (media->dtls_peer.len)
		dict_add_str(arena, map, STR("DTLS fingerprint"), media->dtls_peer);
	if (media->dtls_ms)
		dict_add_int(arena, map, STR("DTLS handshake"), media->dtls_ms);
}

static void add_media(struct arena *arena, struct dict *list, const struct call_report *call,
		      const struct media_report *media, enum reply_detail detail)
{
	struct dict *map = dict_add_map(arena, list, STR_NONE);
	struct dict *streams, *flags;

	dict_add_int(arena, map, STR("index"), media->index);
	dict_add_str(arena, map, STR("type"), media->type);
	if (media->protocol.len)
		dict_add_str(arena, map, STR("protocol"), media->protocol);
	if (media->codec.len)
		dict_add_str(arena, map, STR("codec"), media->codec);
	if (media->suite)
		ng_add_text(arena, map, STR("SRTP suite"), media->suite);
	if (media->dtls_state)
		add_dtls(arena, map, media);
	if (media->suite && !media->dtls_state) {
		ng_add_text(arena, map, STR("SDES role"),
			    media->offered_srtp ? "offerer" : "answerer");
	}
	if (media->ice)
		ng_add_text(arena, map, STR("ICE state"), media->ice_state);
	streams = dict_add_list(arena, map, STR("streams"));
	for (unsigned int comp = 0; comp < media->n_streams; comp++)
		add_stream(arena, streams, call, media, comp, detail);
	flags = dict_add_list(arena, map, STR("flags"));
	add_flag(arena, flags, true, "initialized");
	add_flag(arena, flags, media->send, "send");
	add_flag(arena, flags, media->recv, "recv");
	add_flag(arena, flags, media->mux, "rtcp-mux");
	add_flag(arena, flags, media->sdes, "SDES");
	add_flag(arena, flags, media->ice, "ICE");
	add_flag(arena, flags, media->ice_controlling, "ICE controlling");
	add_flag(arena, flags, media->dtls, "DTLS-SRTP");
	add_flag(arena, flags, ((media->sdes || media->dtls) && !media->ends_srtp) || media->opaque,
		 "passthrough");
	add_flag(arena, flags, media->asymmetric, "asymmetric");
	add_flag(arena, flags, media->unidirectional, "unidirectional");
	add_flag(arena, flags, media->blocked, "blocked");
	add_flag(arena, flags, media->silenced, "silenced");
}

/*
 * A party's key: its tag. Forks have the same caller's tag, and a party that has not answered has
 * none: a number distinguishes them.
 */
static struct str party_key(struct arena *arena, const struct dict *tags,
			    const struct party_report *party, size_t index)
{
	if (!party->tag.len)
		return arena_printf(arena, "<unanswered %zu>", index / 2 + 1);
	if (!dict_get(tags, party->tag))
		return party->tag;
	return arena_printf(arena, STR_FMT "<fork %zu>", STR_ARG(party->tag), index / 2 + 1);
}

static void add_peer(struct arena *arena, struct dict *map, struct str key,
		     const struct party_report *peer)
{
	struct dict *list = dict_add_list(arena, map, key);
	struct dict *own;

	if (!peer->tag.len)
		return;
	own = dict_add_map(arena, list, STR_NONE);
	dict_add_str(arena, own, STR("tag"), peer->tag);
	ng_add_text(arena, own, STR("type"), "offer/answer");
}

static bool shows_medias(const struct party_report *party, enum reply_detail detail)
{
	return detail < DETAIL_ANSWERED || (detail == DETAIL_ANSWERED && party->answered);
}

static void add_party(struct arena *arena, struct dict *tags, const struct call_report *call,
		      size_t index, enum reply_detail detail)
{
	const struct party_report *party = &call->party[index];
	const struct party_report *peer = &call->party[party->peer];
	struct dict *map = dict_add_map(arena, tags, party_key(arena, tags, party, index));
	struct dict *list;

	dict_add_str(arena, map, STR("tag"), party->tag);
	if (party->via_branch.len)
		dict_add_str(arena, map, STR("via-branch"), party->via_branch);
	if (party->label.len)
		dict_add_str(arena, map, STR("label"), party->label);
	dict_add_int(arena, map, STR("created"), party->created_s);
	if (call->recording || party->unrecorded)
		dict_add_int(arena, dict_add_map(arena, map, STR("recording")), STR("excluded"),
			     party->unrecorded);
	if (party->n_aliases) {
		list = dict_add_list(arena, map, STR("tag-aliases"));
		for (size_t i = 0; i < party->n_aliases; i++)
			dict_add_str(arena, list, STR_NONE, party->aliases[i]);
	}
	add_peer(arena, map, STR("subscriptions"), peer);
	add_peer(arena, map, STR("subscribers"), peer);
	list = dict_add_list(arena, map, STR("medias"));
	for (size_t i = 0; i < party->n_media && shows_medias(party, detail); i++)
		add_media(arena, list, call, &party->media[i], detail);
}

/* Units are rtpengine's: MOS times 10, microseconds, milliseconds, percent. */
static struct dict *add_mos(struct arena *arena, struct dict *own,
			    const struct quality_sample *sample)
{
	dict_add_int(arena, own, STR("MOS"), (sample->mos_x100 + 5) / 10);
	dict_add_int(arena, own, STR("round-trip time"), sample->rtt_us);
	dict_add_int(arena, own, STR("round-trip time leg"), sample->leg_us);
	dict_add_int(arena, own, STR("jitter"), (sample->jitter_us + 500) / 1000);
	dict_add_int(arena, own, STR("packet loss"), (sample->loss + 50) / 100);
	return own;
}

static void add_mos_at(struct arena *arena, struct dict *own, const struct call_report *call,
		       const struct quality_sample *sample)
{
	add_mos(arena, own, sample);
	dict_add_int(arena, own, STR("reported at"),
		     (sample->at_ms + call->wall_minus_mono_ms) / 1000);
}

static void add_quality(struct arena *arena, struct dict *map, const struct call_report *call,
			const struct quality_summary *q, enum reply_detail detail)
{
	struct dict *own, *list;

	if (!q->samples)
		return;
	own = add_mos(arena, dict_add_map(arena, map, STR("average MOS")), &q->average);
	dict_add_int(arena, own, STR("samples"), q->samples);
	add_mos_at(arena, dict_add_map(arena, map, STR("lowest MOS")), call, &q->lowest);
	add_mos_at(arena, dict_add_map(arena, map, STR("highest MOS")), call, &q->highest);
	if (detail > DETAIL_ALL)
		return;
	own = dict_add_map(arena, map, STR("MOS progression"));
	dict_add_int(arena, own, STR("interval"), q->interval_s);
	list = dict_add_list(arena, own, STR("entries"));
	for (unsigned int i = 0; i < q->entries; i++)
		add_mos_at(arena, dict_add_map(arena, list, STR_NONE), call, &q->entry[i]);
}

static void add_ssrc(struct arena *arena, struct dict *ssrcs, const struct call_report *call,
		     const struct media_report *media, enum reply_detail detail)
{
	const struct stream_report *stream = &media->stream[COMP_RTP];
	struct str key;
	struct dict *map;

	if (!stream->ssrc_known)
		return;
	key = arena_printf(arena, "%u", stream->ssrc);
	if (dict_get(ssrcs, key))
		return;
	map = dict_add_map(arena, ssrcs, key);
	ng_add_u64(arena, map, STR("bytes"), stream->bytes_in);
	ng_add_u64(arena, map, STR("packets"), stream->packets_in);
	dict_add_int(arena, map, STR("last RTP timestamp"), stream->last_timestamp);
	dict_add_int(arena, map, STR("last RTP seq"), stream->last_seq);
	ng_add_u64(arena, map, STR("cumulative loss"), stream->lost);
	add_quality(arena, map, call, &media->quality, detail);
}

static void add_ssrcs(struct arena *arena, struct dict *map, const struct call_report *call,
		      enum reply_detail detail)
{
	struct dict *own = dict_add_map(arena, map, STR("SSRC"));

	for (size_t i = 0; i < call->n_parties; i++)
		for (size_t j = 0; j < call->party[i].n_media; j++)
			if (shows_medias(&call->party[i], detail))
				add_ssrc(arena, own, call, &call->party[i].media[j], detail);
}

static void add_call(struct arena *arena, struct dict *map, const struct call_report *call,
		     enum reply_detail detail)
{
	struct dict *own;

	dict_add_int(arena, map, STR("created"), call->created_s);
	dict_add_int(arena, map, STR("created_us"), call->created_us);
	dict_add_int(arena, map, STR("last signal"), call->last_signal_s);
	if (call->metadata.len)
		dict_add_str(arena, map, STR("metadata"), call->metadata);
	if (call->recording) {
		own = dict_add_map(arena, map, STR("recording"));
		dict_add_int(arena, own, STR("call recording"), call->recorded);
	}
	add_ssrcs(arena, map, call, detail);
	own = dict_add_map(arena, map, STR("tags"));
	for (size_t i = 0; i < call->n_parties && detail < DETAIL_TOTALS; i++)
		add_party(arena, own, call, i, detail);
	own = dict_add_map(arena, map, STR("totals"));
	add_counts(arena, own, STR("RTP"), call->rtp_packets, call->rtp_bytes, call->rtp_errors);
	add_counts(arena, own, STR("RTCP"), call->rtcp_packets, call->rtcp_bytes,
		   call->rtcp_errors);
}

static const char *const result_names[] = {
	[REPLY_OK] = "ok",
	[REPLY_PONG] = "pong",
	[REPLY_ERROR] = "error",
};

struct dict *ng_reply_make(struct arena *arena, const struct reply *reply)
{
	struct dict *map = dict_new(arena, DICT_MAP);
	struct dict *list;

	if (reply->code == REPLY_ERROR)
		ng_add_text(arena, map, STR("error-reason"), reply->error);
	if (reply->warning)
		ng_add_text(arena, map, STR("warning"), reply->warning);
	if (reply->sdp.len && reply->code == REPLY_OK)
		dict_add_str(arena, map, STR("sdp"), reply->sdp);
	if (reply->recording && reply->code == REPLY_OK) {
		list = dict_add_list(arena, map, STR("recordings"));
		dict_add_str(arena, list, STR_NONE, str_of(reply->recording));
	}
	if (reply->has_duration)
		ng_add_u64(arena, map, STR("duration"), reply->duration_ms);
	if (reply->has_position)
		ng_add_u64(arena, map, STR("last-frame-pos"), reply->position_ms);
	if (reply->subscription)
		ng_add_subscription(arena, map, reply->subscription);
	if (reply->call)
		add_call(arena, map, reply->call, reply->detail);
	if (reply->calls) {
		list = dict_add_list(arena, map, STR("calls"));
		for (size_t i = 0; i < reply->n_calls; i++)
			dict_add_str(arena, list, STR_NONE, reply->calls[i]);
	}
	if (reply->statistics)
		ng_add_statistics(arena, map, reply->statistics, reply->detail);
	ng_add_text(arena, map, STR("result"), result_names[reply->code]);
	return arena_failed(arena) ? NULL : map;
}
