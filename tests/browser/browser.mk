# SPDX-License-Identifier: GPL-2.0-or-later
#
# browser.mk - calls of browsers through Kamailio, and a demo of one

check-browser: deps-browser ## calls of Chromium and Firefox through Kamailio; needs npm and its registry
	@tests/browser/run

demo-webrtc: deps-demo-webrtc ## a browser behind a NAT calls a phone; needs npm and its registry
	@$(MAKE) --no-print-directory daemon control
	@tests/browser/demo.sh

.PHONY: check-browser demo-webrtc
