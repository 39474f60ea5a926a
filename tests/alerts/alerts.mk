# SPDX-License-Identifier: GPL-2.0-or-later
#
# alerts.mk - the tests of the alert rules

check-alerts: deps-alerts ## only the tests of the alert rules of Prometheus
	@tests/alerts/run

.PHONY: check-alerts
