# SPDX-License-Identifier: GPL-2.0-or-later
#
# apply.awk - reads faults, finds their places in the files they are for, and puts one of them in
#
#   awk -f apply.awk -v list=1 FAULTS...
#       prints file, name, why and suites of each, separated by tabs
#   awk -f apply.awk -v check=1 FAULTS...
#       status 1, and the reasons, if a place is not found exactly once
#   awk -f apply.awk -v name=TABLE:LINE FAULTS...
#       prints the file with that fault in it
#
# Run in the root of the tree. White space at both ends of a line, comments and empty lines are not
# compared.

function fail(text)
{
	print text > "/dev/stderr"
	status = 1
}

function trim(text)
{
	gsub(/^[ \t]+|[ \t]+$/, "", text)
	return text
}

# What is left of a line of C without comments; in_comment: one goes on.
function code_of(line, start, end)
{
	for (;;) {
		if (in_comment) {
			end = index(line, "*/")
			if (!end)
				return ""
			line = substr(line, end + 2)
			in_comment = 0
		}
		start = index(line, "/*")
		if (!start)
			break
		end = index(substr(line, start + 2), "*/")
		if (!end) {
			in_comment = 1
			line = substr(line, 1, start - 1)
			break
		}
		line = substr(line, 1, start - 1) substr(line, start + end + 3)
	}
	if (line ~ /^[ \t]*\/\//)
		return ""
	return trim(line)
}

# Fills text[1..lines], and code[1..codes] with at[], the line each of them is in.
function read_source(path, line, got)
{
	if (path == source)
		return 1
	source = path
	lines = codes = in_comment = 0
	while ((got = (getline line < path)) > 0) {
		text[++lines] = line
		line = code_of(line)
		if (line != "") {
			code[++codes] = line
			at[codes] = lines
		}
	}
	close(path)
	return got == 0 && lines > 0
}

# The first line of code of the fault's place; 0, and the reason is told: there is not exactly one.
function find_place(i, j, found, count)
{
	if (!read_source(file)) {
		fail(fault ": " file " cannot be read")
		return 0
	}
	for (i = 1; i + befores - 1 <= codes; i++) {
		for (j = 1; j <= befores && code[i + j - 1] == before[j]; j++)
			;
		if (j > befores) {
			count++
			found = i
		}
	}
	if (count != 1) {
		fail(fault ": the text before is found " count + 0 " times in " file ": " before[1])
		return 0
	}
	return found
}

function print_changed(place, i, j, gone, indent)
{
	for (i = 1; i <= befores; i++)
		gone[at[place + i - 1]] = removed[i]
	j = 1
	for (i = 1; i <= lines; i++) {
		if (i == at[place])
			while (j <= afters && added_before[j] == 1)
				print after[j++]
		if (!(i in gone) || !gone[i])
			print text[i]
		while (j <= afters && added_before[j] <= befores && added_before[j] > 1 &&
		       i == at[place + added_before[j] - 2])
			print after[j++]
		if (i == at[place + befores - 1])
			while (j <= afters)
				print after[j++]
	}
}

function end_fault(i, changes, place)
{
	if (fault == "")
		return
	for (i = 1; i <= befores; i++)
		changes += removed[i]
	if (file == "" || why == "" || !befores || !(changes + afters))
		fail(fault ": a fault has a file:, a why:, and lines with - and +")
	else if (list)
		print file "\t" fault "\t" why "\t" suites
	else if (check || name == fault) {
		known = 1
		place = find_place()
		if (place && !check)
			print_changed(place)
	}
	file = why = suites = fault = ""
	befores = afters = 0
}

FNR == 1 {
	end_fault()
	folder = FILENAME
	sub(/.*\//, "", folder)
}
/^#/ || /^$/ {
	end_fault()
	next
}
/^file: / {
	end_fault()
	fault = folder ":" FNR
	file = substr($0, 7)
	next
}
/^why: / {
	why = substr($0, 6)
	next
}
/^suites: / {
	suites = substr($0, 9)
	next
}
/^[- ]/ {
	before[++befores] = trim(substr($0, 2))
	removed[befores] = substr($0, 1, 1) == "-"
	next
}
/^\+/ {
	after[++afters] = substr($0, 2)
	added_before[afters] = befores + 1
	next
}
{
	fail(FILENAME ":" FNR ": neither file:, why:, suites: nor a line that begins with -, + or a space")
}
END {
	end_fault()
	if (name && !known)
		fail(name ": there is no such fault")
	exit status
}
