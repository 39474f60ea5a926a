#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
ice_phone.py - a phone with ICE (by aioice, as browsers do it), or one without; it sends RTP and
counts what it hears

  ice_phone.py ice DIR controlling|controlled [hidden]
                                  hidden: its SDP has no candidates, as that of browsers
  ice_phone.py browser DIR controlling|controlled [video]
                                  a browser (by aiortc): ICE, DTLS-SRTP, rtcp-mux; the first offers.
                                  video: a camera, too, at the same port (BUNDLE)
  ice_phone.py plain DIR ADDRESS PORT [video]
                                  video: what comes at PORT + 2 goes back

DIR/local.sdp is its SDP; DIR/remote.sdp that of the relay, for which it waits. DIR/stats has what
was sent and heard: RTP of the phone that is named in it, and of others; pictures, or packets of
video, and RTCP of it; of a plain phone how many packets were lost on the way, or came twice.
DIR/mute: it sends nothing.
"""
import asyncio
import os
import re
import socket
import struct
import sys

FRAME_S = 0.02


def write(path, text):
    """As a whole, or not at all"""
    with open(path + ".new", "w", encoding="ascii") as out:
        out.write(text)
    os.replace(path + ".new", path)


async def read_later(path):
    while not os.path.exists(path):
        await asyncio.sleep(0.02)
    with open(path, encoding="ascii") as text:
        return text.read()


class Media:
    """RTP of this phone, and what it has heard"""

    def __init__(self, directory):
        self.directory = directory
        self.name = os.path.basename(directory)[:8].ljust(8).encode()
        self.sent = self.heard = self.ended = self.video = self.video_rtcp = self.extended = 0
        self.lost = self.doubled = 0
        self.state = "new"
        self.froms = {}
        self.last = None

    def packet(self):
        self.sent += 1
        head = struct.pack("!BBHII", 0x80, 0, self.sent & 65535, self.sent * 160, 77)
        return head + self.name + b"\xd5" * 152

    def take(self, data):
        if len(data) == 172 and data[0] == 0x80:
            self.heard += 1
            name = data[12:20].decode("ascii", "replace").strip()
            self.froms[name] = self.froms.get(name, 0) + 1

    def follow(self, data):
        """The sequence of the packets of one phone"""
        if len(data) != 172 or data[0] != 0x80:  # a keep-alive
            return
        number = struct.unpack_from("!H", data, 2)[0]
        step = 1 if self.last is None else number - self.last & 65535
        if 0 < step < 32768:
            self.lost += step - 1
            self.last = number
        else:
            self.doubled += 1

    def muted(self):
        return os.path.exists(self.directory + "/mute")

    def note(self):
        froms = " ".join(f"from_{name}={n}" for name, n in sorted(self.froms.items()))
        write(self.directory + "/stats",
              f"state={self.state} sent={self.sent} heard={self.heard} video={self.video} "
              f"video_rtcp={self.video_rtcp} extended={self.extended} lost={self.lost} doubled={self.doubled} {froms}\n")


VP8 = 97  # as aiortc numbers it


def sdp_of(address, port, lines):
    return "\r\n".join(["v=0", f"o=- 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0",
                        f"m=audio {port} RTP/AVP 0"] + lines) + "\r\n"


def values(text, name):
    return re.findall(r"^a=" + name + r":(.*?)\r?$", text, re.M)


async def ice(directory, role, *options):
    import aioice

    media = Media(directory)
    connection = aioice.Connection(ice_controlling=role == "controlling", use_ipv6=False)
    await connection.gather_candidates()
    lines = ["a=rtcp-mux", f"a=ice-ufrag:{connection.local_username}",
             f"a=ice-pwd:{connection.local_password}", "a=ice-options:trickle"]
    address, port = "0.0.0.0", 9
    if "hidden" not in options:
        default = connection.get_default_candidate(1)
        address, port = default.host, default.port
        lines += ["a=candidate:" + c.to_sdp() for c in connection.local_candidates]
        lines.append("a=end-of-candidates")
    write(directory + "/local.sdp", sdp_of(address, port, lines))
    media.note()
    remote = await read_later(directory + "/remote.sdp")
    connection.remote_username = values(remote, "ice-ufrag")[0]
    connection.remote_password = values(remote, "ice-pwd")[0]
    connection.remote_is_lite = "a=ice-lite" in remote
    for text in values(remote, "candidate"):
        candidate = aioice.Candidate.from_sdp(text)
        if candidate.component == 1:
            await connection.add_remote_candidate(candidate)
    await connection.add_remote_candidate(None)
    media.state = "checking"
    try:
        await connection.connect()
        media.state = "connected"
    except ConnectionError as error:
        media.state = "failed:" + type(error).__name__

    async def receive():
        while True:
            media.take(await connection.recv())

    async def send():
        while True:
            media.note()
            if not media.muted():
                await connection.send(media.packet())
            await asyncio.sleep(FRAME_S)

    media.note()
    if media.state == "connected":
        try:
            await asyncio.gather(receive(), send())
        except ConnectionError:
            media.state = "ended"
            media.note()


def linear_of(code):
    """PCMU's sample of 8 bits as one of 16 (G.711)"""
    code = ~code & 255
    size = (((code & 15) << 3) + 132) << ((code & 112) >> 4)
    return 132 - size if code & 128 else size - 132


LINEAR = [linear_of(code) for code in range(256)]
PCMU = {sample: code for code, sample in enumerate(LINEAR)}


async def browser(directory, role, *options):
    import fractions

    import aiortc
    import aiortc.codecs
    import av

    # At one port a number may not mean two things (RFC 8285, 5), as it does in aiortc's own offer.
    for extension in aiortc.codecs.HEADER_EXTENSIONS["video"]:
        if not extension.uri.endswith(":mid"):
            extension.id = 3
    media = Media(directory)

    class Microphone(aiortc.MediaStreamTrack):
        """What the encoder makes of its samples is what Media.packet() has behind its header"""

        kind = "audio"

        async def recv(self):
            await asyncio.sleep(FRAME_S)
            frame = av.AudioFrame(format="s16", layout="mono", samples=160)
            frame.planes[0].update(struct.pack("<160h", *(LINEAR[c] for c in media.packet()[12:])))
            frame.pts = media.sent * 160
            frame.sample_rate = 8000
            frame.time_base = fractions.Fraction(1, 8000)
            return frame

    class Camera(aiortc.MediaStreamTrack):
        """A small picture, ten times a second"""

        kind = "video"

        async def recv(self):
            await asyncio.sleep(0.1)
            self.shown = getattr(self, "shown", 0) + 1
            frame = av.VideoFrame(width=160, height=120, format="yuv420p")
            for plane in frame.planes:
                plane.update(bytes([self.shown & 255]) * plane.buffer_size)
            frame.pts = self.shown * 9000
            frame.time_base = fractions.Fraction(1, 90000)
            return frame

    def add_tracks():
        connection.addTrack(Microphone())
        if "video" in options:
            connection.addTrack(Camera())

    async def listen(track):
        while track.kind == "video":
            await track.recv()
            media.video += 1
        while True:
            frame = await track.recv()
            samples = struct.unpack_from(f"<{frame.samples}h", bytes(frame.planes[0]))
            media.take(b"\x80" + bytes(11) + bytes(PCMU.get(sample, 0) for sample in samples))

    connection = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    listeners = []
    connection.on("track", lambda track: listeners.append(asyncio.ensure_future(listen(track))))
    if role == "controlling":
        add_tracks()
        for transceiver, name in zip(connection.getTransceivers(), ("audio/PCMU", "video/VP8")):
            transceiver.setCodecPreferences(
                [codec for codec in aiortc.RTCRtpSender.getCapabilities(name[:5]).codecs
                 if codec.mimeType == name])
        await connection.setLocalDescription(await connection.createOffer())
        write(directory + "/local.sdp", connection.localDescription.sdp)
        remote = aiortc.RTCSessionDescription(await read_later(directory + "/remote.sdp"), "answer")
        await connection.setRemoteDescription(remote)
    else:
        remote = aiortc.RTCSessionDescription(await read_later(directory + "/remote.sdp"), "offer")
        await connection.setRemoteDescription(remote)
        add_tracks()
        await connection.setLocalDescription(await connection.createAnswer())
        write(directory + "/local.sdp", connection.localDescription.sdp)
    while True:
        media.state = connection.connectionState
        media.note()
        await asyncio.sleep(FRAME_S)


def bound(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, port))
    sock.setblocking(False)
    return sock


class Mirror:
    """A phone with video that sends back what it hears, by itself or with RTCP of its own port"""

    def __init__(self, media, address, port):
        self.media = media
        self.rtp, self.rtcp = bound(address, port), bound(address, port + 1)
        self.lines = [f"m=video {port} RTP/AVP {VP8}", f"a=rtpmap:{VP8} VP8/90000"]

    def reflect(self, to):
        try:
            while True:
                data = self.rtp.recv(2048)
                if data[0] >> 6 == 2 and data[1] & 127 == VP8:
                    self.media.video += 1
                    self.media.extended += data[0] >> 4 & 1
                    self.rtp.sendto(data, to)
        except BlockingIOError:
            pass
        try:
            while True:
                self.media.video_rtcp += 200 <= self.rtcp.recv(2048)[1] <= 207
        except BlockingIOError:
            pass


async def plain(directory, address, port, *options):
    media = Media(directory)
    sock = bound(address, int(port))
    mirror = Mirror(media, address, int(port) + 2) if "video" in options else None
    write(directory + "/local.sdp", sdp_of(address, port, mirror.lines if mirror else []))
    remote = await read_later(directory + "/remote.sdp")
    to = (re.search(r"^c=IN IP4 (\S+)", remote, re.M)[1],
          int(re.search(r"^m=audio (\d+)", remote, re.M)[1]))
    if mirror:
        video_to = (to[0], int(re.search(r"^m=video (\d+)", remote, re.M)[1]))
    media.state = "connected"
    while True:
        if mirror:
            mirror.reflect(video_to)
        if not media.muted():
            sock.sendto(media.packet(), to)
        while True:
            try:
                data = sock.recv(2048)
                media.take(data)
                media.follow(data)
            except BlockingIOError:
                break
        media.note()
        await asyncio.sleep(FRAME_S)


if __name__ == "__main__":
    asyncio.run({"ice": ice, "browser": browser, "plain": plain}[sys.argv[1]](*sys.argv[2:]))
