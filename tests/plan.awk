# SPDX-License-Identifier: GPL-2.0-or-later
#
# plan.awk - prints in which order tests/run will run suites, and how long that takes
#
# Each line of the input is a suite, in its order: NAME CLASS MINUTES MINUTES-OF-PROCESSORS. Suites
# that run side by side take as long as the longest of their lanes, or as two processors need for
# all of them; those of class idle use what the others leave.

function longer(a, b)
{
	return a > b ? a : b
}

# The lanes that run side by side before the next suite that runs alone
function lanes_end(    lane, longest)
{
	for (lane in minutes)
		longest = longer(longest, minutes[lane])
	longest = longer(longest, processors / 2)
	if (longest > 0) {
		printf "side by side, %.1f min\n", longest
		for (i = 1; i <= 3; i++)
			if (names[order[i]] != "")
				printf "  %-8s %5.1f min %s\n", order[i], minutes[order[i]], names[order[i]]
	}
	total += longest
	split("", minutes)
	split("", names)
	processors = 0
}

BEGIN {
	split("guest light compute", order)
}

{
	used += $4
}

$2 == "alone" {
	lanes_end()
	printf "alone,        %.1f min %s\n", $3, $1
	total += $3
	next
}

$2 == "idle" {
	idle = idle sprintf(" %s (%.1f)", $1, $4)
	next
}

{
	minutes[$2] += $3
	processors += $4
	names[$2] = names[$2] sprintf(" %s (%.1f)", $1, $3)
}

END {
	lanes_end()
	if (idle != "")
		printf "beside all, with the processors that these leave:%s\n", idle
	printf "together about %.0f min on two processors: the suites one after the other as above take %.0f min, two processors need %.0f min\n",
		longer(total, used / 2), total, used / 2
}
