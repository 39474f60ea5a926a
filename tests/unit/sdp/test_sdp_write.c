/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sdp_write.c - the SDP that is written for a receiver, from the SDP of the sender
 *
 * Rows of input and output text. Every row is read with LF and with CRLF line ends, and with its
 * last line end missing; the output always has CRLF.
 */
#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/count.h"
#include "daemon/sdp/sdp.h"
#include "tests/unit/test.h"

#define TEXT_MAX 8192

/* m= lines of a row, at most. */
#define ROW_MEDIAS 4

struct row_media {
	const char *at; /* our RTP endpoint; NULL: not relayed */
	bool rtcp;	/* write our RTCP port, one above */
	int mux;
	const char *proto;
	const char *keep; /* '1' or '0' for each codec */
};

struct row {
	const char *name, *in, *out;
	uint32_t flags;
	const char *address; /* NULL: that of the first media */
	struct row_media media[ROW_MEDIAS];
	const char *mark, *o_id;
};

#define OURS   "198.51.100.20:30000"
#define OURS_B "198.51.100.20:30002"
#define OURS_6 "[2001:db8::20]:30000"
#define AUDIO                                                                                      \
	{                                                                                          \
		OURS, true                                                                         \
	}
#define ORDINARY (SDP_REPLACE_ORIGIN | SDP_REMOVE_ICE)

static const struct row rows[] = {
	{ .name = "Linphone-like: AVPF, opus, session-level c=",
	  .in = "v=0\n"
		"o=alice 3012 1754 IN IP4 192.0.2.10\n"
		"s=Talk\n"
		"c=IN IP4 192.0.2.10\n"
		"t=0 0\n"
		"a=ice-pwd:5bb3ee8b2f0e2a5a8b0a1bcd\n"
		"a=ice-ufrag:8f1c2b3a\n"
		"a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics\n"
		"a=record:off\n"
		"m=audio 7076 RTP/AVPF 96 97 98 0 8 101\n"
		"a=rtpmap:96 opus/48000/2\n"
		"a=fmtp:96 useinbandfec=1\n"
		"a=rtpmap:97 speex/16000\n"
		"a=fmtp:97 vbr=on\n"
		"a=rtpmap:98 speex/8000\n"
		"a=fmtp:98 vbr=on\n"
		"a=rtpmap:101 telephone-event/48000\n"
		"a=rtcp-fb:* trr-int 5000\n"
		"a=rtcp-fb:* ccm tmmbr\n"
		"a=candidate:1 1 UDP 2130706303 192.0.2.10 7076 typ host\n"
		"a=candidate:1 2 UDP 2130706302 192.0.2.10 7077 typ host\n",
	  .flags = ORDINARY,
	  .media = { AUDIO },
	  .out = "v=0\n"
		 "o=alice 3012 1754 IN IP4 198.51.100.20\n"
		 "s=Talk\n"
		 "c=IN IP4 198.51.100.20\n"
		 "t=0 0\n"
		 "a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics\n"
		 "a=record:off\n"
		 "m=audio 30000 RTP/AVPF 96 97 98 0 8 101\n"
		 "a=rtpmap:96 opus/48000/2\n"
		 "a=fmtp:96 useinbandfec=1\n"
		 "a=rtpmap:97 speex/16000\n"
		 "a=fmtp:97 vbr=on\n"
		 "a=rtpmap:98 speex/8000\n"
		 "a=fmtp:98 vbr=on\n"
		 "a=rtpmap:0 PCMU/8000\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=rtpmap:101 telephone-event/48000\n"
		 "a=rtcp-fb:* trr-int 5000\n"
		 "a=rtcp-fb:* ccm tmmbr\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n" },
	{ .name = "Yealink-like: static types written out, fmtp before rtpmap, direction in the "
		  "middle",
	  .in = "v=0\n"
		"o=- 20008 20008 IN IP4 192.0.2.11\n"
		"s=SDP data\n"
		"c=IN IP4 192.0.2.11\n"
		"t=0 0\n"
		"m=audio 11780 RTP/AVP 8 0 18 9 101\n"
		"a=fmtp:18 annexb=no\n"
		"a=rtpmap:0 PCMU/8000\n"
		"a=rtpmap:8 PCMA/8000\n"
		"a=rtpmap:18 G729/8000\n"
		"a=rtpmap:9 G722/8000\n"
		"a=fmtp:101 0-15\n"
		"a=rtpmap:101 telephone-event/8000\n"
		"a=ptime:20\n"
		"a=sendrecv\n"
		"a=maxptime:60\n",
	  .flags = ORDINARY,
	  .media = { AUDIO },
	  .out = "v=0\n"
		 "o=- 20008 20008 IN IP4 198.51.100.20\n"
		 "s=SDP data\n"
		 "c=IN IP4 198.51.100.20\n"
		 "t=0 0\n"
		 "m=audio 30000 RTP/AVP 8 0 18 9 101\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=rtpmap:0 PCMU/8000\n"
		 "a=rtpmap:18 G729/8000\n"
		 "a=fmtp:18 annexb=no\n"
		 "a=rtpmap:9 G722/8000\n"
		 "a=rtpmap:101 telephone-event/8000\n"
		 "a=fmtp:101 0-15\n"
		 "a=ptime:20\n"
		 "a=maxptime:60\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n" },
	{ .name = "Grandstream-like: media-level c=, b= and i= stay before the codecs, unknown "
		  "lines stay",
	  .in = "v=0\n"
		"o=1001 8000 8000 IN IP4 192.0.2.12\n"
		"s=SIP Call\n"
		"t=0 0\n"
		"y=whatever this is\n"
		"m=audio 5004 RTP/AVP 0 101\n"
		"i=voice\n"
		"c=IN IP4 192.0.2.12\n"
		"b=AS:80\n"
		"k=clear:x\n"
		"a=sendrecv\n"
		"a=rtpmap:0 PCMU/8000\n"
		"a=ptime:20\n"
		"a=rtpmap:101 telephone-event/8000\n"
		"a=fmtp:101 0-15\n"
		"a=rtcp:5005 IN IP4 192.0.2.12\n"
		"a=X-nat:0\n",
	  .flags = ORDINARY,
	  .media = { AUDIO },
	  .out = "v=0\n"
		 "o=1001 8000 8000 IN IP4 198.51.100.20\n"
		 "s=SIP Call\n"
		 "t=0 0\n"
		 "y=whatever this is\n"
		 "m=audio 30000 RTP/AVP 0 101\n"
		 "i=voice\n"
		 "c=IN IP4 198.51.100.20\n"
		 "b=AS:80\n"
		 "k=clear:x\n"
		 "a=rtpmap:0 PCMU/8000\n"
		 "a=rtpmap:101 telephone-event/8000\n"
		 "a=fmtp:101 0-15\n"
		 "a=ptime:20\n"
		 "a=X-nat:0\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n" },
	{ .name = "audio and video; the video's address differs from the session's",
	  .in = "v=0\n"
		"o=- 1 1 IN IP4 192.0.2.10\n"
		"s=-\n"
		"c=IN IP4 192.0.2.10\n"
		"t=0 0\n"
		"m=audio 4000 RTP/AVP 8\n"
		"m=video 4002 RTP/AVPF 99 34\n"
		"b=TIAS:512000\n"
		"a=rtcp-fb:99 nack pli\n"
		"a=rtpmap:99 H264/90000\n"
		"a=fmtp:99 profile-level-id=42801F\n"
		"a=rtcp-fb:99 ccm fir\n"
		"a=content:main\n"
		"a=recvonly\n",
	  .media = { AUDIO, { "203.0.113.7:30002", true } },
	  .out = "v=0\n"
		 "o=- 1 1 IN IP4 192.0.2.10\n"
		 "s=-\n"
		 "c=IN IP4 198.51.100.20\n"
		 "t=0 0\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n"
		 "m=video 30002 RTP/AVPF 99 34\n"
		 "c=IN IP4 203.0.113.7\n"
		 "b=TIAS:512000\n"
		 "a=rtpmap:99 H264/90000\n"
		 "a=rtcp-fb:99 nack pli\n"
		 "a=fmtp:99 profile-level-id=42801F\n"
		 "a=rtcp-fb:99 ccm fir\n"
		 "a=rtpmap:34 H263/90000\n"
		 "a=content:main\n"
		 "a=recvonly\n"
		 "a=rtcp:30003\n" },
	{ .name = "c= at both levels: each in its place; a second c= of a media is removed",
	  .in = "v=0\n"
		"o=- 1 1 IN IP4 192.0.2.10\n"
		"s=-\n"
		"c=IN IP4 192.0.2.10\n"
		"t=0 0\n"
		"m=audio 4000 RTP/AVP 8\n"
		"c=IN IP4 192.0.2.99/127\n"
		"c=IN IP4 192.0.2.98\n",
	  .media = { AUDIO },
	  .out = "v=0\n"
		 "o=- 1 1 IN IP4 192.0.2.10\n"
		 "s=-\n"
		 "c=IN IP4 198.51.100.20\n"
		 "t=0 0\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n" },
	{ .name = "no c= anywhere: one is written after i=",
	  .in = "v=0\n"
		"m=audio 4000 RTP/AVP 8\n"
		"i=x\n"
		"b=AS:80\n"
		"m=audio 4002 RTP/AVP 8\n",
	  .media = { AUDIO, { OURS_B } },
	  .out = "v=0\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "i=x\n"
		 "c=IN IP4 198.51.100.20\n"
		 "b=AS:80\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n"
		 "m=audio 30002 RTP/AVP 8\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n" },
	{ .name = "c= with a host name is replaced like an address",
	  .in = "v=0\n"
		"c=IN IP4 phone.example.com\n"
		"m=audio 4000 RTP/AVP 8\n",
	  .media = { AUDIO },
	  .out = "v=0\n"
		 "c=IN IP4 198.51.100.20\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n" },
	{ .name = "hold by direction; the session's direction stays where it is",
	  .in = "v=0\n"
		"c=IN IP4 192.0.2.10\n"
		"a=sendonly\n"
		"m=audio 4000 RTP/AVP 8\n"
		"m=audio 4002 RTP/AVP 8\n"
		"a=inactive\n",
	  .media = { AUDIO, { OURS_B, true } },
	  .out = "v=0\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=sendonly\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendonly\n"
		 "a=rtcp:30001\n"
		 "m=audio 30002 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=inactive\n"
		 "a=rtcp:30003\n" },
	{ .name = "hold by zero address at session level passes",
	  .in = "v=0\n"
		"o=- 1 1 IN IP4 192.0.2.10\n"
		"c=IN IP4 0.0.0.0\n"
		"m=audio 4000 RTP/AVP 8\n"
		"a=sendonly\n"
		"m=audio 4002 RTP/AVP 8\n"
		"c=IN IP4 192.0.2.10\n",
	  .flags = ORDINARY,
	  .media = { AUDIO, { OURS_B } },
	  .out = "v=0\n"
		 "o=- 1 1 IN IP4 198.51.100.20\n"
		 "c=IN IP4 0.0.0.0\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendonly\n"
		 "a=rtcp:30001\n"
		 "m=audio 30002 RTP/AVP 8\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n" },
	{ .name = "hold by zero address at media level passes in the family of the output",
	  .in = "v=0\n"
		"c=IN IP4 192.0.2.10\n"
		"m=audio 4000 RTP/AVP 8\n"
		"c=IN IP4 0.0.0.0\n",
	  .media = { { OURS_6 } },
	  .out = "v=0\n"
		 "c=IN IP6 2001:db8::20\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "c=IN IP6 ::\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendonly\n" },
	{ .name = "replaced zero address: held by the direction instead",
	  .in = "v=0\n"
		"c=IN IP6 ::\n"
		"m=audio 4000 RTP/AVP 8\n"
		"m=audio 4002 RTP/AVP 8\n"
		"a=recvonly\n",
	  .flags = SDP_REPLACE_ZERO | SDP_ORIGINAL_DIRECTION,
	  .media = { AUDIO, { OURS_B } },
	  .out = "v=0\n"
		 "c=IN IP4 198.51.100.20\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendonly\n"
		 "a=rtcp:30001\n"
		 "m=audio 30002 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=inactive\n" },
	{ .name = "IPv6 to IPv4, with every replacement in o= and s=",
	  .in = "v=0\n"
		"o=bob 77 5 IN IP6 2001:db8::10\n"
		"s=a call\n"
		"c=IN IP6 2001:db8::10\n"
		"t=0 0\n"
		"m=audio 4000 RTP/AVP 0\n",
	  .flags = SDP_REPLACE_ORIGIN | SDP_REPLACE_USERNAME | SDP_REPLACE_SESSION_NAME |
		   SDP_REPLACE_VERSION | SDP_FULL_RTCP_ATTR,
	  .media = { AUDIO },
	  .mark = "r1",
	  .o_id = "4242",
	  .out = "v=0\n"
		 "o=relay 4242 9000000000 IN IP4 198.51.100.20\n"
		 "s=relayed\n"
		 "c=IN IP4 198.51.100.20\n"
		 "t=0 0\n"
		 "a=rtprelay:r1\n"
		 "m=audio 30000 RTP/AVP 0\n"
		 "a=rtpmap:0 PCMU/8000\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001 IN IP4 198.51.100.20\n" },
	{ .name = "IPv4 to IPv6, only the version in o=, a second loop mark, no a=rtcp",
	  .in = "v=0\n"
		"o=bob 77 5 IN IP4 192.0.2.10\n"
		"c=IN IP4 192.0.2.10\n"
		"t=0 0\n"
		"a=rtprelay:r0\n"
		"m=audio 4000 RTP/AVP 0\n"
		"a=rtcp:4001\n",
	  .flags = SDP_REPLACE_VERSION | SDP_NO_RTCP_ATTR,
	  .media = { { OURS_6, true } },
	  .mark = "r1",
	  .out = "v=0\n"
		 "o=bob 77 9000000000 IN IP4 192.0.2.10\n"
		 "c=IN IP6 2001:db8::20\n"
		 "t=0 0\n"
		 "a=rtprelay:r0\n"
		 "a=rtprelay:r1\n"
		 "m=audio 30000 RTP/AVP 0\n"
		 "a=rtpmap:0 PCMU/8000\n"
		 "a=sendrecv\n" },
	{ .name = "T.38: port and c=, attributes untouched; refused audio has none",
	  .in = "v=0\n"
		"c=IN IP4 192.0.2.10\n"
		"m=audio 0 RTP/AVP 8\n"
		"a=sendrecv\n"
		"m=image 4010 udptl t38\n"
		"a=T38FaxVersion:0\n"
		"a=T38MaxBitRate:14400\n"
		"a=sendrecv\n"
		"a=T38FaxUdpEC:t38UDPRedundancy\n",
	  .address = OURS_B,
	  .media = { { 0 }, { OURS_B } },
	  .out = "v=0\n"
		 "c=IN IP4 198.51.100.20\n"
		 "m=audio 0 RTP/AVP 8\n"
		 "m=image 30002 udptl t38\n"
		 "a=T38FaxVersion:0\n"
		 "a=T38MaxBitRate:14400\n"
		 "a=sendrecv\n"
		 "a=T38FaxUdpEC:t38UDPRedundancy\n" },
	{ .name = "MSRP over TCP keeps the address of its sender, after i=",
	  .in = "v=0\n"
		"c=IN IP4 192.0.2.10\n"
		"m=audio 4000 RTP/AVP 8\n"
		"m=message 2855 TCP/MSRP *\n"
		"i=chat\n"
		"a=accept-types:text/plain\n"
		"a=path:msrp://192.0.2.10:2855/s1;tcp\n"
		"m=application 50000 TCP/BFCP *\n"
		"c=IN IP4 192.0.2.44\n",
	  .media = { AUDIO, { OURS_B }, { OURS_B } },
	  .out = "v=0\n"
		 "c=IN IP4 198.51.100.20\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n"
		 "m=message 2855 TCP/MSRP *\n"
		 "i=chat\n"
		 "c=IN IP4 192.0.2.10\n"
		 "a=accept-types:text/plain\n"
		 "a=path:msrp://192.0.2.10:2855/s1;tcp\n"
		 "m=application 50000 TCP/BFCP *\n"
		 "c=IN IP4 192.0.2.44\n" },
	{ .name = "media not to be relayed, without further lines, gets its c= at the end",
	  .in = "v=0\n"
		"c=IN IP4 phone.example.com\n"
		"m=audio 4000 RTP/AVP 8\n"
		"m=audio 4002 RTP/AVP 8\n"
		"i=x\n",
	  .media = { AUDIO },
	  .out = "v=0\n"
		 "c=IN IP4 198.51.100.20\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n"
		 "m=audio 4002 RTP/AVP 8\n"
		 "i=x\n"
		 "c=IN IP4 phone.example.com\n" },
	{ .name = "nothing relayed: only attributes of refused media go",
	  .in = "v=0\n"
		"o=- 1 1 IN IP4 192.0.2.10\n"
		"c=IN IP4 192.0.2.10\n"
		"m=audio 0 RTP/AVP 8\n"
		"a=rtcp:4001\n",
	  .flags = SDP_REPLACE_ORIGIN,
	  .out = "v=0\n"
		 "o=- 1 1 IN IP4 192.0.2.10\n"
		 "c=IN IP4 192.0.2.10\n"
		 "m=audio 0 RTP/AVP 8\n" },
	{ .name = "refused media shows no address of its sender: RTP, TCP, T.38",
	  .in = "v=0\n"
		"o=- 1 1 IN IP4 192.0.2.10\n"
		"m=audio 4000 RTP/AVP 8\n"
		"c=IN IP4 192.0.2.10\n"
		"m=audio 0 RTP/AVP 0 8\n"
		"i=other\n"
		"c=IN IP4 192.0.2.10\n"
		"c=IN IP4 192.0.2.11\n"
		"a=mid:2\n"
		"a=rtcp:4001 IN IP4 192.0.2.10\n"
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\n"
		"a=candidate:1 1 UDP 2130706431 192.0.2.10 4002 typ host\n"
		"m=message 0 TCP/MSRP *\n"
		"c=IN IP6 2001:db8::10\n"
		"a=path:msrp://192.0.2.10:2855/s1;tcp\n"
		"m=image 0 udptl t38\n"
		"c=IN IP4 phone.example.com\n"
		"a=T38FaxVersion:0\n",
	  .media = { AUDIO },
	  .out = "v=0\n"
		 "o=- 1 1 IN IP4 192.0.2.10\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n"
		 "m=audio 0 RTP/AVP 0 8\n"
		 "i=other\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=mid:2\n"
		 "m=message 0 TCP/MSRP *\n"
		 "c=IN IP4 198.51.100.20\n"
		 "m=image 0 udptl t38\n"
		 "c=IN IP4 198.51.100.20\n" },
	{ .name = "refused media, and no address of ours: zero",
	  .in = "v=0\n"
		"m=audio 0 RTP/AVP 8\n"
		"c=IN IP4 192.0.2.10\n"
		"m=audio 0 RTP/AVP 8\n"
		"c=IN IP6 2001:db8::10\n"
		"a=mid:1\n",
	  .out = "v=0\n"
		 "m=audio 0 RTP/AVP 8\n"
		 "c=IN IP4 0.0.0.0\n"
		 "m=audio 0 RTP/AVP 8\n"
		 "c=IN IP4 0.0.0.0\n"
		 "a=mid:1\n" },
	{ .name = "media that is bundled has our address and keeps its attributes, but not ICE",
	  .in = "v=0\n"
		"c=IN IP6 2001:db8::10\n"
		"m=audio 4000 RTP/AVP 8\n"
		"m=video 0 RTP/AVP 96\n"
		"c=IN IP6 2001:db8::10\n"
		"a=mid:1\n"
		"a=bundle-only\n"
		"a=ice-ufrag:8f1c\n"
		"a=rtcp-mux\n",
	  .media = { { OURS_6 } },
	  .flags = SDP_REMOVE_ICE,
	  .out = "v=0\n"
		 "c=IN IP6 2001:db8::20\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "m=video 0 RTP/AVP 96\n"
		 "c=IN IP6 2001:db8::20\n"
		 "a=mid:1\n"
		 "a=bundle-only\n"
		 "a=rtcp-mux\n" },
	{ .name = "WebRTC: BUNDLE, DTLS, mux and extmap pass, ICE is removed at both levels",
	  .in = "v=0\n"
		"o=- 4611731400430051336 2 IN IP4 127.0.0.1\n"
		"s=-\n"
		"t=0 0\n"
		"a=ice-lite\n"
		"a=group:BUNDLE 0 1\n"
		"a=msid-semantic: WMS stream\n"
		"a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04\n"
		"m=audio 54609 UDP/TLS/RTP/SAVPF 111 0\n"
		"c=IN IP4 192.0.2.10\n"
		"a=rtcp:9 IN IP4 0.0.0.0\n"
		"a=candidate:1467250027 1 udp 2122260223 192.0.2.10 54609 typ host\n"
		"a=end-of-candidates\n"
		"a=remote-candidates:1 192.0.2.9 4000\n"
		"a=ice-ufrag:F7gI\n"
		"a=ice-pwd:x9cml/YzichV2+XlhiMu8g\n"
		"a=ice-options:trickle renomination\n"
		"a=setup:actpass\n"
		"a=mid:0\n"
		"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\n"
		"a=sendrecv\n"
		"a=rtcp-mux\n"
		"a=rtcp-mux-only\n"
		"a=rtpmap:111 opus/48000/2\n"
		"a=rtcp-fb:111 transport-cc\n"
		"a=fmtp:111 minptime=10;useinbandfec=1\n"
		"a=ssrc:3570614608 cname:4TOk42mSjXCkVIa6\n"
		"m=application 54609 UDP/DTLS/SCTP webrtc-datachannel\n"
		"c=IN IP4 192.0.2.10\n"
		"a=ice-ufrag:F7gI\n"
		"a=mid:1\n"
		"a=sctp-port:5000\n",
	  .flags = ORDINARY,
	  .media = { { OURS }, { OURS_B } },
	  .out = "v=0\n"
		 "o=- 4611731400430051336 2 IN IP4 198.51.100.20\n"
		 "s=-\n"
		 "t=0 0\n"
		 "a=group:BUNDLE 0 1\n"
		 "a=msid-semantic: WMS stream\n"
		 "a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04\n"
		 "m=audio 30000 UDP/TLS/RTP/SAVPF 111 0\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=rtpmap:111 opus/48000/2\n"
		 "a=rtcp-fb:111 transport-cc\n"
		 "a=fmtp:111 minptime=10;useinbandfec=1\n"
		 "a=rtpmap:0 PCMU/8000\n"
		 "a=setup:actpass\n"
		 "a=mid:0\n"
		 "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\n"
		 "a=rtcp-mux-only\n"
		 "a=ssrc:3570614608 cname:4TOk42mSjXCkVIa6\n"
		 "a=sendrecv\n"
		 "a=rtcp-mux\n"
		 "m=application 30002 UDP/DTLS/SCTP webrtc-datachannel\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=mid:1\n"
		 "a=sctp-port:5000\n" },
	{ .name = "refused or bundled media keeps no candidates either",
	  .in = "v=0\n"
		"o=- 1 1 IN IP4 192.0.2.10\n"
		"s=-\n"
		"c=IN IP4 192.0.2.10\n"
		"t=0 0\n"
		"a=group:BUNDLE 0 1\n"
		"m=audio 4000 RTP/AVP 0\n"
		"a=mid:0\n"
		"m=video 0 RTP/AVP 96\n"
		"a=mid:1\n"
		"a=bundle-only\n"
		"a=ice-ufrag:8f1c\n"
		"a=candidate:1 1 UDP 2130706431 10.0.0.7 4002 typ host\n"
		"a=rtpmap:96 VP8/90000\n",
	  .out = "v=0\n"
		 "o=- 1 1 IN IP4 198.51.100.20\n"
		 "s=-\n"
		 "c=IN IP4 198.51.100.20\n"
		 "t=0 0\n"
		 "a=group:BUNDLE 0 1\n"
		 "m=audio 30000 RTP/AVP 0\n"
		 "a=rtpmap:0 PCMU/8000\n"
		 "a=mid:0\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n"
		 "m=video 0 RTP/AVP 96\n"
		 "a=mid:1\n"
		 "a=bundle-only\n"
		 "a=rtpmap:96 VP8/90000\n",
	  .flags = ORDINARY,
	  .media = { AUDIO } },
	{ .name = "ICE stays unless it must be removed",
	  .in = "v=0\n"
		"a=ice-lite\n"
		"m=audio 4000 RTP/AVP 8\n"
		"c=IN IP4 192.0.2.10\n"
		"a=ice-ufrag:F7gI\n"
		"m=image 4002 udptl t38\n"
		"c=IN IP4 192.0.2.10\n"
		"a=ice-ufrag:F7gI\n",
	  .media = { { OURS }, { OURS_B } },
	  .out = "v=0\n"
		 "a=ice-lite\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=ice-ufrag:F7gI\n"
		 "a=sendrecv\n"
		 "m=image 30002 udptl t38\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=ice-ufrag:F7gI\n" },
	{ .name = "mux is taken away, rtcp-mux-only with it",
	  .in = "v=0\n"
		"m=audio 4000 RTP/AVP 8\n"
		"c=IN IP4 192.0.2.10\n"
		"a=rtcp-mux\n"
		"a=rtcp-mux-only\n",
	  .media = { { OURS, true, SDP_MUX_REMOVE } },
	  .out = "v=0\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n" },
	{ .name = "mux is added, after a=rtcp",
	  .in = "v=0\n"
		"m=audio 4000 RTP/AVP 8\n"
		"c=IN IP4 192.0.2.10\n",
	  .media = { { OURS, true, SDP_MUX_ADD } },
	  .out = "v=0\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "a=rtcp:30001\n"
		 "a=rtcp-mux\n" },
	{ .name = "SDES keys pass, the profile changes",
	  .in = "v=0\n"
		"m=audio 4000 RTP/SAVPF 8\n"
		"c=IN IP4 192.0.2.10\n"
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
		"inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\n"
		"a=crypto:2 AES_CM_128_HMAC_SHA1_32 "
		"inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj\n",
	  .media = { { OURS, .proto = "RTP/SAVP" } },
	  .out = "v=0\n"
		 "m=audio 30000 RTP/SAVP 8\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
		 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\n"
		 "a=crypto:2 AES_CM_128_HMAC_SHA1_32 "
		 "inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj\n"
		 "a=sendrecv\n" },
	{ .name = "stripped codecs go with their lines; those of no codec and of all stay",
	  .in = "v=0\n"
		"m=audio 4000 RTP/AVPF 96 0 101\n"
		"c=IN IP4 192.0.2.10\n"
		"a=rtpmap:96 opus/48000/2\n"
		"a=rtcp-fb:96 nack\n"
		"a=rtcp-fb:* nack\n"
		"a=rtpmap:101 telephone-event/8000\n"
		"a=fmtp:96 useinbandfec=1\n"
		"a=rtpmap:55 stray/8000\n",
	  .media = { { OURS, .keep = "011" } },
	  .out = "v=0\n"
		 "m=audio 30000 RTP/AVPF 0 101\n"
		 "c=IN IP4 198.51.100.20\n"
		 "a=rtpmap:0 PCMU/8000\n"
		 "a=rtpmap:101 telephone-event/8000\n"
		 "a=rtcp-fb:* nack\n"
		 "a=rtpmap:55 stray/8000\n"
		 "a=sendrecv\n" },
	{ .name = "all codecs stripped: the media is refused",
	  .in = "v=0\n"
		"m=audio 4000 RTP/AVP 8 0\n"
		"c=IN IP4 192.0.2.10\n"
		"a=ptime:20\n",
	  .media = { { OURS, true, .keep = "00" } },
	  .out = "v=0\n"
		 "m=audio 0 RTP/AVP 8\n"
		 "c=IN IP4 198.51.100.20\n" },
	{ .name = "a port count isn't kept, a payload type written twice is, unless codecs are "
		  "stripped",
	  .in = "v=0\n"
		"c=IN IP4 192.0.2.10\n"
		"m=audio 4000/2 RTP/AVP 0 8 0\n"
		"m=audio 4000 RTP/AVP 0 8 0\n",
	  .media = { { OURS }, { OURS_B, .keep = "10" } },
	  .out = "v=0\n"
		 "c=IN IP4 198.51.100.20\n"
		 "m=audio 30000 RTP/AVP 0 8 0\n"
		 "a=rtpmap:0 PCMU/8000\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n"
		 "m=audio 30002 RTP/AVP 0\n"
		 "a=rtpmap:0 PCMU/8000\n"
		 "a=sendrecv\n" },
	{ .name = "what was read in spite of its form is written as it has to be",
	  .in = "v=0 \n"
		"o=Bob of Reception  7 9 IN IP4 192.0.2.10 \n"
		"s=-\n"
		"c=IN IP4 192.0.2.10\n"
		"t=0 0\n"
		"m=audio 4000 RTP/AVP 8\n"
		"\n"
		"m=audio 4002 RTP/AVP 8\n"
		"v=0\n",
	  .media = { { OURS } },
	  .out = "v=0\n"
		 "o=Bob_of_Reception 7 9 IN IP4 192.0.2.10\n"
		 "s=-\n"
		 "c=IN IP4 198.51.100.20\n"
		 "t=0 0\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n" },
	{ .name = "o= without a user name",
	  .in = "v=0\n"
		"o= 7 9 IN IP6 2001:db8::10\n"
		"s=-\n"
		"t=0 0\n",
	  .out = "v=0\n"
		 "o=- 7 9 IN IP6 2001:db8::10\n"
		 "s=-\n"
		 "t=0 0\n" },
	{ .name = "o= without a user name, with another address",
	  .in = "v=0\n"
		"o= 7 9 IN IP4 192.0.2.10\n"
		"c=IN IP4 192.0.2.10\n"
		"m=audio 4000 RTP/AVP 8\n",
	  .flags = SDP_REPLACE_ORIGIN,
	  .media = { { OURS } },
	  .out = "v=0\n"
		 "o=- 7 9 IN IP4 198.51.100.20\n"
		 "c=IN IP4 198.51.100.20\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n" },
	{ .name = "direction only where one was written",
	  .in = "v=0\n"
		"c=IN IP4 192.0.2.10\n"
		"m=audio 4000 RTP/AVP 8\n"
		"m=audio 4002 RTP/AVP 8\n"
		"a=sendrecv\n",
	  .flags = SDP_ORIGINAL_DIRECTION,
	  .media = { { OURS }, { OURS_B } },
	  .out = "v=0\n"
		 "c=IN IP4 198.51.100.20\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "m=audio 30002 RTP/AVP 8\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=sendrecv\n" },
	{ .name = "lines out of order: c= and b= after attributes come before them",
	  .in = "v=0\n"
		"m=audio 4000 RTP/AVP 8\n"
		"a=ptime:20\n"
		"c=IN IP4 192.0.2.10\n"
		"b=AS:64\n",
	  .media = { { OURS } },
	  .out = "v=0\n"
		 "m=audio 30000 RTP/AVP 8\n"
		 "c=IN IP4 198.51.100.20\n"
		 "b=AS:64\n"
		 "a=rtpmap:8 PCMA/8000\n"
		 "a=ptime:20\n"
		 "a=sendrecv\n" },
};

/* @text with each LF made @line_end; the last left out if so wished. */
static struct str with_line_ends(const char *text, const char *line_end, bool last, char *memory)
{
	size_t len = 0;

	for (; *text; text++) {
		if (*text != '\n')
			memory[len++] = *text;
		else if (text[1] || last)
			len += (size_t)sprintf(memory + len, "%s", line_end);
	}
	memory[len] = '\0';
	return (struct str){ memory, len };
}

static void make_media_edit(const struct row_media *from, struct sdp_media_edit *to, bool *keep)
{
	*to = (struct sdp_media_edit){ .relay = from->at,
				       .rtcp_attr = from->rtcp,
				       .mux = from->mux };
	to->proto = str_of(from->proto);
	if (from->at)
		CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(from->at), -1, &to->rtp));
	if (from->rtcp) {
		to->rtcp = to->rtp;
		endpoint_set_port(&to->rtcp, endpoint_port(&to->rtp) + 1);
	}
	if (from->keep) {
		to->keep_codec = keep;
		for (size_t i = 0; from->keep[i]; i++)
			keep[i] = from->keep[i] == '1';
	}
}

static void write_row(const struct row *row, const struct sdp *sdp, struct buf *out)
{
	struct sdp_media_edit media[ROW_MEDIAS];
	bool keep[ROW_MEDIAS][8];
	struct sdp_edit edit = {
		.flags = row->flags,
		.username = STR("relay"),
		.session_name = STR("relayed"),
		.version = 9000000000,
		.loop_mark = str_of(row->mark),
		.o_id = str_of(row->o_id),
		.media = media,
	};

	CU_ASSERT_FATAL(sdp->n_media <= ROW_MEDIAS);
	for (size_t i = 0; i < ROW_MEDIAS; i++)
		make_media_edit(&row->media[i], &media[i], keep[i]);
	edit.address = media[0].rtp;
	if (row->address)
		CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(row->address), -1, &edit.address));
	sdp_write(sdp, &edit, out);
}

static void check_row(const struct row *row, const char *line_end, bool last)
{
	struct arena *arena = arena_new(4096);
	char in[TEXT_MAX], want[TEXT_MAX], got[TEXT_MAX];
	struct buf out = BUF_INIT(got, sizeof(got) - 1);
	struct str text = with_line_ends(row->in, line_end, last, in);
	const char *why = "";
	struct sdp sdp;

	with_line_ends(row->out, "\r\n", true, want);
	CU_ASSERT_EQUAL_FATAL(sdp_parse(arena, text, &sdp, &why), 0);
	write_row(row, &sdp, &out);
	CU_ASSERT_FALSE(out.overflow);
	got[out.len] = '\0';
	if (strcmp(got, want))
		printf("\n[%s] wanted\n%s\ngot\n%s\n", row->name, want, got);
	CU_ASSERT_STRING_EQUAL(got, want);
	arena_free(arena);
}

static void test_rows(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_row(&rows[i], "\n", true);
		check_row(&rows[i], "\r\n", true);
		check_row(&rows[i], "\r\n", false);
	}
}

/*
 * A buffer of every size: one that is too small is reported, and nothing is written past its end.
 */
static void test_overflow(void)
{
	struct arena *arena = arena_new(4096);
	char want[TEXT_MAX];
	size_t need = with_line_ends(rows[0].out, "\r\n", true, want).len;
	const char *why;
	struct sdp sdp;

	CU_ASSERT_EQUAL_FATAL(sdp_parse(arena, str_of(rows[0].in), &sdp, &why), 0);
	for (size_t size = 0; size <= need; size++) {
		char *got = malloc(size ? size : 1);
		struct buf out = BUF_INIT(got, size);

		write_row(&rows[0], &sdp, &out);
		CU_ASSERT_EQUAL_FATAL(out.overflow, size < need);
		CU_ASSERT_TRUE_FATAL(out.len <= size);
		free(got);
	}
	arena_free(arena);
}

static void test_direction_names(void)
{
	CU_ASSERT_TRUE(str_eq(sdp_direction_name(SDP_SENDRECV), STR("sendrecv")));
	CU_ASSERT_TRUE(str_eq(sdp_direction_name(SDP_SENDONLY), STR("sendonly")));
	CU_ASSERT_TRUE(str_eq(sdp_direction_name(SDP_RECVONLY), STR("recvonly")));
	CU_ASSERT_TRUE(str_eq(sdp_direction_name(SDP_INACTIVE), STR("inactive")));
}

TEST_SUITE(sdp_write, { "each row is written as it says", test_rows },
	   { "a buffer that is too small is reported", test_overflow },
	   { "directions have their names", test_direction_names });
