// SPDX-License-Identifier: GPL-2.0-or-later
//
// phone.js - a SIP phone in a page: it sends a tone, and tells which tone it hears
//
// Settings, in the address: user; proxy, the URL of its WebSocket; domain; hz, of its tone; policy, the
// bundlePolicy; camera=1: with video, of the browser's own test picture.
// Commands: call USER, hold, resume, restart (ICE), bye. Calls are answered at once.
'use strict';

const settings = Object.fromEntries(new URLSearchParams(location.search));
let session, audio, analyser, sound, camera;
const seen = { state: 'starting', calls: 0, ended: 0, held: 0 };

function tell(text) {
	fetch('/log', { method: 'POST', body: text });
}

window.onerror = (text, source, line) => tell(`error ${text} ${source}:${line}`);
window.onunhandledrejection = event => tell(`error ${event.reason}`);

function tone() {
	const wave = audio.createOscillator();
	const gain = audio.createGain();
	const out = audio.createMediaStreamDestination();
	wave.frequency.value = Number(settings.hz);
	gain.gain.value = 0.5;
	wave.connect(gain).connect(out);
	wave.start();
	return out.stream;
}

async function openCamera() {
	const video = { width: 160, height: 120, frameRate: 10 };
	camera = await navigator.mediaDevices.getUserMedia({ video });
}

// Chromium decodes only what an element plays.
function listen(track) {
	const element = document.createElement(track.kind);
	element.srcObject = new MediaStream([track]);
	element.muted = track.kind === 'video';
	element.play().catch(error => tell(`error ${error}`));
	document.body.append(element);
}

// Firefox gives nothing of a track to a page that asks before DTLS has told whose track it is.
function analyse(track) {
	const silent = audio.createGain();
	if (sound)
		sound.disconnect();
	analyser = audio.createAnalyser();
	analyser.fftSize = 4096;
	analyser.smoothingTimeConstant = 0;
	silent.gain.value = 0;
	sound = audio.createMediaStreamSource(new MediaStream([track]));
	sound.connect(analyser).connect(silent).connect(audio.destination);
}

// The strongest frequency, 0 in silence.
function heard() {
	if (!analyser)
		return 0;
	const bins = new Float32Array(analyser.frequencyBinCount);
	analyser.getFloatFrequencyData(bins);
	let best = 1;
	for (let i = 1; i < bins.length; i++)
		if (bins[i] > bins[best])
			best = i;
	return bins[best] > -50 ? Math.round(best * audio.sampleRate / analyser.fftSize) : 0;
}

function options() {
	const tracks = [...tone().getTracks(), ...(camera ? camera.clone().getTracks() : [])];
	const stream = new MediaStream(tracks);
	const pcConfig = { iceServers: [] };
	if (settings.policy)
		pcConfig.bundlePolicy = settings.policy;
	return { mediaStream: stream, pcConfig };
}

function follow(connection) {
	seen.calls++;
	connection.addEventListener('track', event => listen(event.track));
	connection.addEventListener('iceconnectionstatechange', () => tell(`ice ${connection.iceConnectionState}`));
	connection.addEventListener('connectionstatechange', () => {
		tell(`connection ${connection.connectionState}`);
		if (connection.connectionState === 'connected')
			analyse(connection.getReceivers().map(one => one.track).find(track => track.kind === 'audio'));
	});
}

function take(one) {
	session = one;
	seen.state = 'calling';
	if (one.connection)
		follow(one.connection);
	else
		one.on('peerconnection', event => follow(event.peerconnection));
	one.on('sdp', event => tell(`${event.originator} ${event.type}\n${event.sdp}`));
	one.on('confirmed', () => { seen.state = 'talking'; });
	one.on('hold', event => { seen.held++; seen.state = `held-${event.originator}`; });
	one.on('unhold', () => { seen.state = 'talking'; });
	for (const end of ['ended', 'failed'])
		one.on(end, event => {
			tell(`${end} by ${event.originator}: ${event.cause}`);
			seen.ended++;
			seen.state = end === 'ended' ? 'idle' : 'failed';
			session = undefined;
		});
	if (one.direction === 'incoming')
		one.answer(options());
}

// What came of the other side's picture, and what it has asked for of ours.
const ofVideo = {
	'inbound-rtp': (row, values) => {
		values.frames = row.framesDecoded || 0;
		values.video_in = row.packetsReceived || 0;
		values.keys = row.keyFramesDecoded || 0;
		values.rtx_in = row.retransmittedPacketsReceived || 0;
	},
	'outbound-rtp': (row, values) => {
		values.video_out = row.packetsSent || 0;
		values.rtx_out = row.retransmittedPacketsSent || 0;
		values.nacks = row.nackCount || 0;
		values.plis = (row.pliCount || 0) + (row.firCount || 0);
	},
	'remote-inbound-rtp': (row, values) => { values.video_reports = 1; },
};

async function measure() {
	const values = { ...seen, tone: heard(), in: 0, lost: 0, out: 0, frames: 0, ice: 'none', dtls: 'none', transports: 0 };
	if (session && session.connection) {
		for (const row of (await session.connection.getStats()).values()) {
			if (row.type === 'inbound-rtp' && row.kind === 'audio') {
				values.in = row.packetsReceived;
				values.lost = row.packetsLost;
				values.level = (row.audioLevel || 0).toFixed(3);
			} else if (row.kind === 'video' && ofVideo[row.type]) {
				ofVideo[row.type](row, values);
			} else if (row.type === 'outbound-rtp' && row.kind === 'audio') {
				values.out = row.packetsSent;
			} else if (row.type === 'remote-inbound-rtp') {
				values.reports = row.localId ? 1 : 0;
			} else if (row.type === 'transport') {
				values.transports++;
				values.dtls = row.dtlsState;
			}
		}
		values.ice = session.connection.iceConnectionState;
		values.connection = session.connection.connectionState;
	}
	const line = Object.entries(values).map(([name, value]) => `${name}=${value}`).join(' ');
	await fetch('/stats', { method: 'POST', body: line });
}

const commands = {
	call: (agent, user) => agent.call(`sip:${user}@${settings.domain}`, options()),
	hold: () => session.hold(),
	resume: () => session.unhold(),
	restart: () => session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }),
	bye: () => session.terminate(),
};

async function obey(agent) {
	for (;;) {
		const words = (await (await fetch('/do')).text()).split(' ');
		if (!words[0])
			continue;
		tell(`do ${words.join(' ')}`);
		try {
			commands[words[0]](agent, ...words.slice(1));
		} catch (error) {
			tell(`error ${error}`);
		}
	}
}

async function report() {
	for (;;) {
		await measure().catch(error => tell(`error ${error}`));
		await new Promise(done => setTimeout(done, 100));
	}
}

window.onload = async () => {
	audio = new AudioContext();
	audio.resume();
	const agent = new JsSIP.UA({
		sockets: [new JsSIP.WebSocketInterface(settings.proxy)],
		uri: `sip:${settings.user}@${settings.domain}`,
		session_timers: false,
	});
	agent.on('registered', () => { seen.state = 'registered'; });
	agent.on('registrationFailed', event => tell(`error register: ${event.cause}`));
	agent.on('disconnected', () => tell('disconnected'));
	agent.on('newRTCSession', event => take(event.session));
	if (settings.camera)
		await openCamera();
	agent.start();
	obey(agent);
	report();
};
