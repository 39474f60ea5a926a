# SPDX-License-Identifier: GPL-2.0-or-later
#
# stun.mk - the tests of the STUN service, with clients of others

check-stun: deps-stun ## only the tests of the STUN service, with clients of others behind NATs
	@tests/stun/run

.PHONY: check-stun
