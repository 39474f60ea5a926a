#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sanitizers.sh - unit tests and fuzz corpus with address and undefined behaviour sanitizers
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/tally.sh
export SAN=1 BUILD=build-san
step 'the unit tests pass' tests/unit/run
step 'each parser handles its corpus' tests/fuzz/corpus.sh
tally_end sanitizers
