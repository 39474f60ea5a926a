#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# natpmp.py OWN-ADDRESS ROUTER PORT... - another host takes these ports of a router, by NAT-PMP
import socket
import struct
import sys

own, router = sys.argv[1:3]
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((own, 0))
udp.settimeout(5)
for port in map(int, sys.argv[3:]):
    udp.sendto(struct.pack('>BBHHHI', 0, 1, 0, port, port, 600), (router, 5351))
    reply = udp.recv(1500)
    assert reply[:4] == b'\x00\x81\x00\x00' and struct.unpack('>H', reply[10:12])[0] == port, reply
