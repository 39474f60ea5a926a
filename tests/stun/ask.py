#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ask.py SERVER PORT [tcp] - asks a STUN server for the mapped address, with the messages of aioice
import asyncio
import sys

from aioice import stun


class Client(asyncio.DatagramProtocol):
    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, addr):
        if not self.answer.done():
            self.answer.set_result((stun.parse_message(data), addr))


def new_request():
    return stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)


def show(message, request, addr):
    assert message.transaction_id == request.transaction_id
    print("mapped", *message.attributes["XOR-MAPPED-ADDRESS"], "from", *addr)


# RFC 8489, section 6.2.2: the length in the header is what ends a message. Two of one connection.
async def by_tcp(server):
    reader, writer = await asyncio.open_connection(*server)
    for _ in range(2):
        request = new_request()
        writer.write(bytes(request))
        header = await reader.readexactly(20)
        body = await reader.readexactly(int.from_bytes(header[2:4], "big"))
        show(stun.parse_message(header + body), request, writer.get_extra_info("peername"))
    writer.close()


async def main(server):
    request = new_request()
    transport, client = await asyncio.get_running_loop().create_datagram_endpoint(Client, remote_addr=server)
    # Datagrams may be lost while the network of the test begins to work.
    for wait in (0.5, 1, 2, 4, 8):
        transport.sendto(bytes(request))
        await asyncio.wait([client.answer], timeout=wait)
        if client.answer.done():
            break
    message, addr = client.answer.result()
    show(message, request, addr)


asyncio.run((by_tcp if sys.argv[3:] == ["tcp"] else main)((sys.argv[1], int(sys.argv[2]))))
