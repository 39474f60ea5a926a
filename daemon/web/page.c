/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page.c - the files of the page at /, built into the program from daemon/web/page/
 *
 * The assembler includes them when the program is built, so that no files have to be installed.
 */
#include "base/count.h"
#include "web/page.h"

#define FILE_BYTES(name, file)                                                                     \
	__asm__(".pushsection .rodata\n"                                                           \
		"page_" #name ":\n"                                                                \
		".incbin \"daemon/web/page/" file "\"\n"                                           \
		"page_" #name "_end:\n"                                                            \
		".popsection\n");                                                                  \
	extern const char page_##name[], page_##name##_end[]

FILE_BYTES(html, "page.html");
FILE_BYTES(css, "page.css");
FILE_BYTES(js, "page.js");
FILE_BYTES(plot, "plot.js");
FILE_BYTES(icon, "icon.svg");

const struct page_file page_files[] = {
	{ "/", "text/html; charset=utf-8", page_html, page_html_end },
	{ "/page.css", "text/css; charset=utf-8", page_css, page_css_end },
	{ "/page.js", "text/javascript; charset=utf-8", page_js, page_js_end },
	{ "/plot.js", "text/javascript; charset=utf-8", page_plot, page_plot_end },
	{ "/icon.svg", "image/svg+xml", page_icon, page_icon_end },
};
const size_t page_n_files = COUNT(page_files);
