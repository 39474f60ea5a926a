/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * repair.h - where the last whole record of a pcap file ends that a crash or a full disk has cut
 *
 * Only files of record/pcap.c: of this machine's byte order. What follows the last whole record is
 * no packet: the rest of a record, zeros that a file system left after a power loss, anything else.
 */
#ifndef RTPRELAY_RECORD_REPAIR_H
#define RTPRELAY_RECORD_REPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_PCAP_HEADER   24
#define RECORD_PCAP_RECORD   16 /* before each packet */
#define RECORD_PCAP_SNAPSHOT 65535

/* Does a file that begins with @bytes (RECORD_PCAP_HEADER of them) come from record/pcap.c? */
bool record_repair_header(const uint8_t *bytes);

/**
 * record_repair_walk() - over the whole records at the beginning of @bytes
 * @records: grows by their number
 * Return: bytes that they take: 0..@len
 */
size_t record_repair_walk(const uint8_t *bytes, size_t len, uint64_t *records);

/**
 * record_repair_tail() - cuts an open file behind its last whole record
 * @from: where a record begins, or the file ends; 0: at the header
 * @end: gets the new size; 0: there is not even a whole header
 * @records: grows by the number of packets behind @from
 * Return: 0; -errno; -EINVAL: the header is not one of ours: the file is unchanged
 */
int record_repair_tail(int fd, uint64_t from, uint64_t *end, uint64_t *records);

#endif
