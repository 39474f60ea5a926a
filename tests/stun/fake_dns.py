#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fake_dns.py NAME PORT [NAME PORT]... - a DNS server at 127.0.0.1, with these SRV records only
import socket
import struct
import sys

records = dict(zip(sys.argv[1::2], map(int, sys.argv[2::2])))
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
print("ready", flush=True)
while True:
    query, client = server.recvfrom(512)
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    question = query[12:at + 5]
    port = records.get(".".join(labels).lower())
    flags, count, answer = 0x8183, 0, b""
    if port is not None:
        data = struct.pack("!HHH", 0, 0, port) + b"\x04stun\x07example\x03com\x00"
        flags, count, answer = 0x8180, 1, struct.pack("!HHHIH", 0xC00C, 33, 1, 60, len(data)) + data
    server.sendto(query[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0) + question + answer, client)
