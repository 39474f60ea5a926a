# SPDX-License-Identifier: GPL-2.0-or-later
#
# netns.mk - the programs of the end-to-end tests: phones' media, the attacker, questions to the relay

NETNS := $(addprefix $(B)/tests/netns/,rtp_end rtp_spray ng_ask ng_fuzz)

netns-programs: $(NETNS) ## what the end-to-end tests and the demo run besides the daemon

$(B)/tests/netns/rtp_end: $(addprefix $(B)/tests/netns/,rtp_end.o rtp_phone.o rtp_stream.o rtp_mark.o peer_sdp.o tone.o)
$(B)/tests/netns/rtp_spray: $(addprefix $(B)/tests/netns/,rtp_spray.o rtp_mark.o peer_sdp.o)
$(B)/tests/netns/ng_ask: $(addprefix $(B)/tests/netns/,ng_ask.o peer_sdp.o)
$(B)/tests/netns/ng_fuzz: $(addprefix $(B)/tests/netns/,ng_fuzz.o peer_sdp.o)

$(NETNS):
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ -ljansson -lm

check-netns: deps-netns ## the end-to-end tests alone; NETNS_CASES="NAME..." picks some
	@tests/netns/run $(NETNS_CASES)

.PHONY: netns-programs check-netns
