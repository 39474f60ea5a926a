# SPDX-License-Identifier: GPL-2.0-or-later
#
# homer.mk - reports to Homer, read by a decoder of Homer's own

check-homer: deps-homer ## reports to Homer, read by hep-js of npm; needs npm and its registry
	@tests/homer/run

.PHONY: check-homer
