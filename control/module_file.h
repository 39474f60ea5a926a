/* SPDX-License-Identifier: GPL-2.0-or-later */
/* module_file.h - what the file of a kernel module says about itself */
#ifndef RTPRELAY_MODULE_FILE_H
#define RTPRELAY_MODULE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * module_file_field() - asks modinfo(8), since the file may be compressed
 * @field: as in `modinfo -F`, for example "srcversion"
 * Return: false: the file has no such field, or there is no modinfo; then @text is empty
 */
bool module_file_field(const char *path, const char *field, char *text, size_t size);

#endif
