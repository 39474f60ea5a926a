# SPDX-License-Identifier: GPL-2.0-or-later
#
# outside.mk - the tests of a relay that is itself behind a NAT

check-outside: deps-outside ## only the tests of a relay behind a NAT, with a STUN server of others
	@tests/outside/run

.PHONY: check-outside
