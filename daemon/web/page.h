/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page.h - the files of the page at /, built into the program from daemon/web/page/ */
#ifndef RTPRELAY_PAGE_H
#define RTPRELAY_PAGE_H

#include "base/str.h"

struct page_file {
	const char *path; /* of the URL */
	const char *type;
	const char *start, *end;
};

extern const struct page_file page_files[];
extern const size_t page_n_files;

#endif
