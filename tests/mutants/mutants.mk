# SPDX-License-Identifier: GPL-2.0-or-later
# Faults put into the code to see which of them tests notice. Included by the Makefile.

mutants: deps-test ## faults in copies of the tree: which do tests notice? Hours; FAULTS="PATTERN..." picks some
	@tests/mutants/run $(FAULTS)

.PHONY: mutants
