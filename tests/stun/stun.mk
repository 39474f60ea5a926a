# SPDX-License-Identifier: GPL-2.0-or-later
#
# stun.mk - the tests of the STUN service, with clients of others

check-stun: deps-stun ## only the tests of the STUN service, with clients of others behind NATs
	@tests/stun/run

check-stun-flood: deps-bench ## what a flood of STUN requests does to media and commands; the machine must be idle
	@tests/stun/flood

.PHONY: check-stun check-stun-flood
