#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ask.py SERVER PORT - asks a STUN server for the mapped address, with the messages of aioice
import asyncio
import sys

from aioice import stun


class Client(asyncio.DatagramProtocol):
    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, addr):
        if not self.answer.done():
            self.answer.set_result((stun.parse_message(data), addr))


async def main(server):
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    transport, client = await asyncio.get_running_loop().create_datagram_endpoint(Client, remote_addr=server)
    # Datagrams may be lost while the network of the test begins to work.
    for wait in (0.5, 1, 2, 4, 8):
        transport.sendto(bytes(request))
        await asyncio.wait([client.answer], timeout=wait)
        if client.answer.done():
            break
    message, addr = client.answer.result()
    assert message.transaction_id == request.transaction_id
    print("mapped", *message.attributes["XOR-MAPPED-ADDRESS"], "from", *addr)


asyncio.run(main((sys.argv[1], int(sys.argv[2]))))
