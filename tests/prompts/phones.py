#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# phones.py RELAY NG-PORT PHONES CASE PROMPT-DIR: two phones that talk through a relay, and a proxy
# that has prompts played to them
#
# The caller sends from port 4000, the callee from 4002. All that each of them hears is kept, with
# its time, and judged byte by byte. Prints what is wrong, and exits with 1.
import json, os, select, socket, struct, sys, threading, time

relay, ng_port, place, case, prompts = sys.argv[1], int(sys.argv[2]), *sys.argv[3:6]
STEP = 0.02


def wrong(text):
    print(text)
    os._exit(1)


def expect(what, ok):
    if not ok:
        wrong(what)


class Phone:
    def __init__(self, port, ssrc, mark, pt=0):
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind((place, port))
        self.rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtcp.bind((place, port + 1))
        self.port, self.ssrc, self.mark, self.pt = port, ssrc, mark, pt
        self.to, self.seq, self.heard, self.reports = None, 1000, [], 0
        self.speaks = False
        threading.Thread(target=self.run, daemon=True).start()

    def packet(self):
        return struct.pack('!BBHII', 0x80, self.pt, self.seq & 0xffff, self.seq * 160 & 0xffffffff, self.ssrc) + self.mark * 160

    def run(self):
        due = time.monotonic()
        while True:
            ready, _, _ = select.select([self.rtp, self.rtcp], [], [], max(0, due - time.monotonic()))
            now = time.monotonic()
            for sock in ready:
                data = sock.recv(2048)
                if sock is self.rtcp:
                    self.reports += 1
                else:
                    self.heard.append((now, data))
            if now < due:
                continue
            due += STEP
            if self.speaks and self.to:
                self.rtp.sendto(self.packet(), (relay, self.to))
                self.seq += 1
                if self.seq % 10 == 0:
                    self.rtcp.sendto(struct.pack('!BBHI', 0x80, 201, 1, self.ssrc), (relay, self.to + 1))

    def sdp(self, codecs='0 8', lines='', direction='sendrecv'):
        return ('v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP %s\r\n%sa=%s\r\n'
                % (place, place, self.port, codecs, lines, direction))

    def streams(self):
        """What was heard, by SSRC: lists of (time, pt, marker, seq, timestamp, bytes)"""
        found = {}
        for at, data in list(self.heard):
            flags, pt, seq, stamp, ssrc = struct.unpack('!BBHII', data[:12])
            found.setdefault(ssrc, []).append((at, pt & 127, pt >> 7, seq, stamp, data[12:]))
        return found

    def prompt(self, but=()):
        """The packets of the one stream that no phone has sent."""
        known = (1, 2) + tuple(but)
        other = [ssrc for ssrc in self.streams() if ssrc not in known]
        expect('port %d: streams that no phone sent: %s' % (self.port, other), len(other) == 1)
        return self.streams()[other[0]]


sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(5)
cookie = 0


def send(text):
    global cookie
    cookie += 1
    sock.sendto(('c%d %s' % (cookie, text)).encode(), (relay, ng_port))
    head, _, answer = sock.recv(65535).decode().partition(' ')
    return answer


def ng(command, **keys):
    keys = {key.replace('_', '-'): value for key, value in keys.items()}
    return json.loads(send(json.dumps({'command': command, 'call-id': case, **keys})))


def ok(command, **keys):
    answer = ng(command, **keys)
    expect('%s: %s' % (command, answer), answer['result'] == 'ok')
    return answer


def port_of(sdp):
    return int(sdp.split('m=audio ')[1].split()[0])


def until(what, true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        expect('not in %d s: %s' % (seconds, what), time.monotonic() < end)
        time.sleep(0.005)


def call(a, b, codecs='0 8', lines=''):
    b.to = port_of(ok('offer', from_tag='a', sdp=a.sdp(codecs, lines))['sdp'])
    a.to = port_of(ok('answer', from_tag='a', to_tag='b', sdp=b.sdp(codecs, lines))['sdp'])


def talk(a, b):
    a.speaks = b.speaks = True
    until('both hear each other', lambda: len(a.streams().get(2, [])) > 5 and len(b.streams().get(1, [])) > 5)


def content(name):
    return open(os.path.join(prompts, name), 'rb').read()


def judge(packets, audio, pt, bytes_each=160, ticks=160):
    """Each packet of the prompt, in steps of 20 ms."""
    got = b''.join(packet[5] for packet in packets)
    expect('the prompt has %d bytes, %d were heard' % (len(audio), len(got)), got == audio)
    for i, (at, type_, marker, seq, stamp, data) in enumerate(packets):
        expect('payload type %d' % type_, type_ == pt)
        expect('marker %d in packet %d' % (marker, i), marker == (i == 0))
        expect('sequence number of packet %d' % i, seq == (packets[0][3] + i) & 0xffff)
        expect('timestamp of packet %d' % i, stamp == (packets[0][4] + i * ticks) & 0xffffffff)
        expect('%d bytes in packet %d' % (len(data), i), len(data) == bytes_each or i == len(packets) - 1)
    # The machine may be late with single packets, but the clock of the prompt is not.
    steps = sorted(b[0] - a[0] for a, b in zip(packets, packets[1:]))
    middle = steps[len(steps) // 2]
    expect('packets come each %.1f ms' % (middle * 1000), abs(middle - STEP) < 0.002)
    took = packets[-1][0] - packets[0][0]
    expect('it took %.0f ms' % (took * 1000), abs(took - STEP * (len(packets) - 1)) < 0.1)


def in_call():
    """The callee hears it, and nothing else meanwhile; then the call again, with a marker."""
    a, b = Phone(4000, 1, b'a'), Phone(4002, 2, b'b')
    call(a, b)
    talk(a, b)
    answer = ok('play media', from_tag='b', file='long')
    expect('duration: %s' % answer, answer.get('duration') == 1000)
    until('the prompt begins', lambda: len(b.streams()) == 2)
    reports = b.reports
    heard_by_a = len(a.streams()[2])
    until('the call is heard again', lambda: b.streams()[1][-1][0] > b.prompt()[-1][0])
    time.sleep(0.2)
    packets = b.prompt()
    judge(packets, content('long.0'), 0)
    first, last = packets[0][0], packets[-1][0]
    own = b.streams()[1]
    expect('the call was heard during the prompt', not [p for p in own if first < p[0] <= last])
    after = [p for p in own if p[0] > last]
    expect('marker of the first packet after it', after[0][2] == 1 and not any(p[2] for p in after[1:]))
    expect('packets missing after it', [p[3] for p in after] == list(range(after[0][3], after[0][3] + len(after))))
    expect('no RTCP during the prompt', b.reports > reports)
    expect('the caller did not hear the callee', len(a.streams()[2]) > heard_by_a + 40)
    expect('the caller heard a prompt', len(a.streams()) == 1)


def stopped():
    a, b = Phone(4000, 1, b'a'), Phone(4002, 2, b'b')
    call(a, b)
    talk(a, b)
    ok('play media', from_tag='a', file='long.wav', repeat_times=-1, start_pos=200)
    until('more than one round', lambda: len(a.streams()) == 2 and len(a.prompt()) > 70)
    answer = ok('stop media', from_tag='a')
    audio = content('long.8')
    got = b''.join(p[5] for p in a.prompt())
    expect('another beginning', (audio[1600:] + audio * 5).startswith(got) and a.prompt()[0][1] in (0, 8)
           if a.prompt()[0][1] == 8 else (content('long.0')[1600:] + content('long.0') * 5).startswith(got))
    position = answer.get('last-frame-pos')
    expect('last-frame-pos: %s' % answer, position is not None and 0 <= position <= 1000)
    until('the call is heard again', lambda: a.streams()[2][-1][0] > a.prompt()[-1][0] + 0.1)
    # The second one is of the same stream, which goes on.
    before = len(a.prompt())
    ok('play media', all='all', flags=['all'], file='short.0')
    until('both hear it', lambda: len(a.prompt()) == before + 10 and len(b.streams()) == 2 and len(b.prompt()) == 10)
    again = a.prompt()[before:]
    expect('the sequence of the second prompt', again[0][3] == (a.prompt()[before - 1][3] + 1) & 0xffff and again[0][2] == 1)
    judge(b.prompt(), content('short.0'), 0)


def ring_back():
    """Before there is an answer: the caller has spoken its SDP, and hears the tone at once."""
    a = Phone(4000, 1, b'a')
    ok('offer', from_tag='a', sdp=a.sdp())
    ok('play media', from_tag='a', file='short', repeat_duration=500)
    until('25 packets', lambda: len(a.heard) >= 25)
    time.sleep(0.3)
    audio = content('short.0')
    judge(a.prompt(), (audio * 5)[:25 * 160], 0)
    b = Phone(4002, 2, b'b')
    ok('play media', from_tag='a', file='short', repeat_times=-1)
    until('again', lambda: len(a.heard) > 30)
    a.to = port_of(ok('answer', from_tag='a', to_tag='b', sdp=b.sdp())['sdp'])
    ok('stop media', from_tag='a')
    b.to = None
    for tag in ok('query')['tags'].values():
        for stream in tag['medias'][0]['streams'][:1]:
            if tag['tag'] == 'b':
                b.to = stream['local port']
    talk(a, b)
    own = a.streams()[2]
    expect('packets of the callee are missing', [p[3] for p in own] == list(range(own[0][3], own[0][3] + len(own))))


def hold():
    """The callee is put on hold with music, and taken back."""
    a, b = Phone(4000, 1, b'a'), Phone(4002, 2, b'b')
    call(a, b)
    talk(a, b)
    ok('offer', from_tag='a', to_tag='b', sdp=a.sdp(direction='sendonly'))
    ok('answer', from_tag='a', to_tag='b', sdp=b.sdp(direction='recvonly'))
    a.speaks = b.speaks = False
    ok('play media', from_tag='b', file='short', repeat_times=-1)
    until('music of 2 s', lambda: len(b.streams()) == 2 and len(b.prompt()) > 100, 20)
    audio = content('short.0')
    got = b''.join(p[5] for p in b.prompt())
    expect('other music', (audio * 50).startswith(got))
    ok('offer', from_tag='a', to_tag='b', sdp=a.sdp())
    ok('answer', from_tag='a', to_tag='b', sdp=b.sdp())
    ok('stop media', from_tag='b')
    a.heard.clear()
    time.sleep(0.1)
    b.heard.clear()
    talk(a, b)
    expect('the music goes on', len(b.streams()) == 1)


def codecs():
    """Dynamic payload types, GSM by frames; a re-INVITE without the codec ends the prompt."""
    a, b = Phone(4000, 1, b'a', 97), Phone(4002, 2, b'b', 97)
    lines = 'a=rtpmap:97 GSM/8000\r\na=rtpmap:98 opus/48000/2\r\na=ptime:40\r\n'
    call(a, b, '98 97', lines)
    talk(a, b)
    answer = ok('play media', from_tag='b', file='speech')
    expect('duration: %s' % answer, answer['duration'] == 400)
    until('all of it', lambda: len(b.streams()) == 2 and len(b.prompt()) == 10)
    packets = b.prompt()
    expect('bytes', b''.join(p[5] for p in packets) == content('speech.3')[:20 * 33])
    expect('types', {p[1] for p in packets} == {97})
    expect('frames of 40 ms', {len(p[5]) for p in packets} == {66} and packets[1][4] - packets[0][4] == 320)
    ok('play media', from_tag='b', file='speech', repeat_times=-1)
    until('begun again', lambda: len(b.prompt()) > 12)
    ok('offer', from_tag='a', to_tag='b', sdp=a.sdp('0'))
    ok('answer', from_tag='a', to_tag='b', sdp=b.sdp('0'))
    a.pt = b.pt = 0
    until('the prompt ended', lambda: b.streams()[1][-1][0] > b.prompt()[-1][0] + 0.1)
    expect('what was stopped: %s' % ng('stop media', from_tag='b'), 'last-frame-pos' not in ng('stop media', from_tag='b'))


def refused():
    a, b = Phone(4000, 1, b'a'), Phone(4002, 2, b'b')
    call(a, b)
    for keys, error, why in (
            (dict(from_tag='a'), 'No media file specified', None),
            (dict(from_tag='a', blob='xxx'), 'Only files of prompt-dir', None),
            (dict(from_tag='a', db_id=7), 'Only files of prompt-dir', None),
            (dict(file='long'), 'No participant party specified', None),
            (dict(from_tag='z', file='long'), 'No such party', None),
            (dict(from_tag='a', file='none'), 'Failed to start media playback from file', 'no file for a codec'),
            (dict(from_tag='a', file='../long'), 'Failed to start media playback from file', 'slash'),
            (dict(from_tag='a', file='/etc/passwd'), 'Failed to start media playback from file', 'slash'),
            (dict(from_tag='a', file='link'), 'Failed to start media playback from file', 'symbolic link'),
            (dict(from_tag='a', file='stereo.wav'), 'Failed to start media playback from file', 'no WAV file of G.711'),
            (dict(from_tag='a', file='huge'), 'Failed to start media playback from file', 'prompt-memory'),
            (dict(from_tag='a', file='speech'), 'Failed to start media playback from file', 'no file for a codec'),
            (dict(from_tag='a', file='long', start_pos=5000), 'Failed to start media playback from file', 'start-pos')):
        answer = ng('play media', **keys)
        expect('%s: %s' % (keys, answer), answer['result'] == 'error' and answer['error-reason'].startswith(error))
        expect('%s: %s' % (keys, answer), not why or why in answer.get('warning', ''))
    answer = json.loads(send(json.dumps({'command': 'play media', 'call-id': 'none', 'from-tag': 'a', 'file': 'x'})))
    expect('%s' % answer, answer['error-reason'] == 'Unknown call-id')
    # prompt-dir before the name, as proxies of another relay have it; a file that has changed
    ok('play media', from_tag='a', file=prompts + '/new.wav')
    with open(os.path.join(prompts, 'new.0'), 'wb') as new:
        new.write(b'z' * 1600)
    until('the first', lambda: len(a.heard) == 10)
    ok('play media', from_tag='a', file='new')
    until('the second', lambda: len(a.heard) == 20)
    expect('the file has changed', a.heard[-1][1][12:] == b'z' * 160)


def dialect():
    """P and S of the rtpproxy protocol."""
    a, b = Phone(4000, 1, b'a', 8), Phone(4002, 2, b'b', 8)
    b.to = int(send('Uc8,101 %s %s 4000 a;1' % (case, place)).split()[0])
    a.to = int(send('Lc8,101 %s %s 4002 a;1 b;1' % (case, place)).split()[0])
    talk(a, b)
    for text, answer in (('P %s long session z;1' % case, 'E50'), ('Px %s long session a;1' % case, 'E17'),
                         ('P %s none session a;1' % case, 'E60'), ('P %s long 0,x a;1' % case, 'E60')):
        got = send(text).strip()
        expect('%s: %s' % (text, got), got == answer)
    expect('P', send('P %s long session a;1 b;1' % case).strip() == '0')
    until('it is over', lambda: len(a.streams()) == 2 and len(a.prompt()) == 50
          and a.streams()[2][-1][0] > a.prompt()[-1][0])
    judge(a.prompt(), content('long.8'), 8)
    expect('P-1', send('P-1 %s short 18,0 b;1 a;1' % case).strip() == '0')
    until('it goes on', lambda: len(b.streams()) == 2 and len(b.prompt()) > 30)
    expect('payload type', b.prompt()[0][1] == 0)
    expect('S', send('S %s b;1 a;1' % case).strip() == '0')
    until('it ended', lambda: b.streams()[1][-1][0] > b.prompt()[-1][0] + 0.1)
    expect('S again', send('S %s b;1 a;1' % case).strip() == '0')


def waits():
    """Begins; the script looks at it, and ends it by a line."""
    a, b = Phone(4000, 1, b'a'), Phone(4002, 2, b'b')
    call(a, b)
    talk(a, b)
    ok('play media', from_tag='b', file='short', repeat_times=-1)
    until('the prompt begins', lambda: len(b.streams()) == 2 and len(b.prompt()) > 5)
    print('playing', flush=True)
    sys.stdin.readline()
    count = len(b.streams()[1])
    until('the call is heard again', lambda: len(b.streams()[1]) > count + 20)


globals()[case]()
print('well')
