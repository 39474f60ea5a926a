# SPDX-License-Identifier: GPL-2.0-or-later
#
# netns.mk - the programs of the end-to-end tests: media of phones, the attacker, commands to the
# relay

NETNS := $(addprefix $(B)/tests/netns/,rtp_end rtp_spray rtp_pcap record_sums record_sound ng_ask ng_fuzz srtp_sink srtp_phone stun_end)

netns-programs: $(NETNS) proxies-programs load-programs ## the programs that the end-to-end tests and the demo need besides the daemon

$(B)/tests/netns/rtp_end: $(addprefix $(B)/tests/netns/,rtp_end.o rtp_phone.o rtp_stream.o rtp_mark.o peer_sdp.o tone.o)
$(B)/tests/netns/rtp_spray: $(addprefix $(B)/tests/netns/,rtp_spray.o rtp_mark.o peer_sdp.o)
$(B)/tests/netns/rtp_pcap: $(addprefix $(B)/tests/netns/,rtp_pcap.o rtp_mark.o)
$(B)/tests/netns/record_sums: $(B)/tests/netns/record_sums.o
$(B)/tests/netns/record_sound: $(addprefix $(B)/tests/netns/,record_sound.o tone.o)
$(B)/tests/netns/ng_ask: $(addprefix $(B)/tests/netns/,ng_ask.o peer_sdp.o)
$(B)/tests/netns/ng_fuzz: $(addprefix $(B)/tests/netns/,ng_fuzz.o peer_sdp.o)
$(B)/tests/netns/srtp_sink: $(addprefix $(B)/tests/netns/,srtp_sink.o sdes_key.o rtp_mark.o)
$(B)/tests/netns/srtp_phone: $(addprefix $(B)/tests/netns/,srtp_phone.o sdes_key.o rtp_mark.o)
$(B)/tests/netns/srtp_sink $(B)/tests/netns/srtp_phone: NETNS_LIBS := -lsrtp2
$(B)/tests/netns/stun_end: $(B)/tests/netns/stun_end.o

$(NETNS):
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ -ljansson -lpcap $(NETNS_LIBS) -lm

check-netns: deps-netns ## only the end-to-end tests; NETNS_CASES="NAME..." selects some
	@tests/netns/run $(NETNS_CASES)

.PHONY: netns-programs check-netns
