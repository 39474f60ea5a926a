#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# upnp.py ADDRESS MODE - a host that answers a search for UPnP routers, and then does not serve
#
#   drip    its description is a byte each second, without end
#   local   its description is said to be at 127.0.0.1
#
# Prints each request that it gets.
import socket
import struct
import sys
import threading
import time

address, mode = sys.argv[1:3]
PORT = 5001
GROUP = '239.255.255.250'
location = f"http://{'127.0.0.1' if mode == 'local' else address}:{PORT}/description.xml"


def drip(connection):
    try:
        print('asked for', connection.recv(1500).split(b'\r\n')[0].decode(), flush=True)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000000\r\n\r\n')
        while True:
            connection.sendall(b' ')
            time.sleep(1)
    except OSError:
        print('the client has ended it', flush=True)


def serve():
    server = socket.create_server(('', PORT))
    while True:
        connection, _ = server.accept()
        threading.Thread(target=drip, args=(connection,), daemon=True).start()


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
udp.bind(('', 1900))
udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack('4s4s', socket.inet_aton(GROUP), socket.inet_aton(address)))
threading.Thread(target=serve, daemon=True).start()
print('listening', flush=True)
while True:
    request, source = udp.recvfrom(1500)
    kind = [line[3:].strip() for line in request.decode('ascii', 'replace').split('\r\n') if line[:3].upper() == 'ST:']
    if not request.startswith(b'M-SEARCH') or not kind:
        continue
    udp.sendto(f'HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: {kind[0]}\r\nUSN: uuid:1::{kind[0]}\r\nEXT:\r\n'
               f'LOCATION: {location}\r\nSERVER: none\r\n\r\n'.encode(), source)
