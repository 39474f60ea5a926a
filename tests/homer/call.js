// SPDX-License-Identifier: GPL-2.0-or-later
//
// call.js - a call through a relay that reports to this program; prints what hep-js reads
//
//   node call.js MODULES RELAY NG-PORT PHONES HOMER-PORT
//
// MODULES: directory with node_modules; RELAY: its address; PHONES: address of both phones. Each
// report is a line of JSON. When RTCP and an interval were reported, the call is deleted; the program
// ends when the end of both sides was reported, or with status 1 after half a minute.
'use strict';
const dgram = require('dgram');
const path = require('path');

const [modules, relay, ngPort, phones, homerPort] = process.argv.slice(2);
const hep = require(path.join(path.resolve(modules), 'node_modules', 'hep-js'));
const v6 = relay.includes(':');
const family = v6 ? 'udp6' : 'udp4';
const callId = `homer "${process.pid}"@example.com`;
const seen = { 5: 0, 34: 0, 35: 0 };
let deleted = false;

function fail(why) {
	console.log(`${why}; reports by type: ${JSON.stringify(seen)}`);
	process.exit(1);
}

function bound(port, address) {
	return new Promise((resolve) => {
		const socket = dgram.createSocket(family);
		socket.on('error', (error) => fail(error.message));
		socket.bind(port, address, () => resolve(socket));
	});
}

function ask(socket, request) {
	return new Promise((resolve) => {
		socket.once('message', (reply) => resolve(JSON.parse(String(reply).replace(/^\S+ /, ''))));
		const cookie = `${process.pid}${Math.random()}`;
		socket.send(`${cookie} ${JSON.stringify({ 'call-id': callId, 'from-tag': 'f', ...request })}`, ngPort, relay);
	});
}

function sdp(port) {
	const at = `IN IP${v6 ? 6 : 4} ${phones}`;
	return `v=0\r\no=- 1 1 ${at}\r\ns=-\r\nc=${at}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0\r\n`;
}

const portOf = (reply) => reply.result === 'ok' ? Number(/m=audio (\d+)/.exec(reply.sdp)[1]) : fail(JSON.stringify(reply));

function rtp(seq, ssrc) {
	const packet = Buffer.alloc(172, 0x55);
	packet.writeUInt32BE(0x80000000 + seq % 65536, 0);
	packet.writeUInt32BE(160 * seq, 4);
	packet.writeUInt32BE(ssrc, 8);
	return packet;
}

// A sender report of @ssrc with a block about @other: a quarter and seven packets lost.
function report(ssrc, other) {
	const words = [0x81c8000c, ssrc, 0xb44db705, 0x80000000, 800, 100, 16000,
		other, 0x40000007, 65545, 160, 0xb7052000, 0x54000];
	const packet = Buffer.alloc(4 * words.length);
	words.forEach((word, i) => packet.writeUInt32BE(word, 4 * i));
	return packet;
}

async function main() {
	const homer = await bound(Number(homerPort), relay);
	const ng = await bound(0, relay);
	const phone = [];
	for (let i = 0; i < 4; i++)
		phone.push(await bound(4000 + i, phones));
	const toB = portOf(await ask(ng, { command: 'offer', sdp: sdp(4000) }));
	const toA = portOf(await ask(ng, { command: 'answer', 'to-tag': 't', sdp: sdp(4002) }));
	let seq = 0;
	const media = setInterval(() => {
		seq++;
		phone[0].send(rtp(seq, 7), toA, relay);
		phone[2].send(rtp(seq, 8), toB, relay);
		if (seq % 25 === 0) {
			phone[1].send(report(7, 8), toA + 1, relay);
			phone[3].send(report(8, 7), toB + 1, relay);
		}
	}, 20);
	homer.on('message', async (message) => {
		const read = hep.decapsulate(message);
		if (!read || !read.rcinfo)
			fail('hep-js cannot read a report');
		console.log(JSON.stringify({ ...read.rcinfo, ours: read.rcinfo.correlation_id === callId, payload: JSON.parse(read.payload) }));
		seen[read.rcinfo.payloadType]++;
		if (seen[34] === 2)
			process.exit(0);
		if (deleted || !seen[5] || !seen[35])
			return;
		deleted = true;
		clearInterval(media);
		await ask(ng, { command: 'delete', 'delete-delay': 0 });
	});
	setTimeout(() => fail('reports are missing'), 30000);
}

main();
