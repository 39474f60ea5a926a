// SPDX-License-Identifier: GPL-2.0-or-later
//
// page.js - polls the daemon and shows its answers
//
// All values from the network are inserted as text, never as markup.
"use strict";

const PERIOD_MS = 2000, HISTORY_MS = 10000, PAGE = 50;
const by_id = (id) => document.getElementById(id);

// --- Asking --------------------------------------------------------------------------------------

// Lines of JSON, each an object with a type; an error is thrown.
async function ask(path, params) {
	const reply = await fetch(path + (params ? "?" + new URLSearchParams(params) : ""), { cache: "no-store" });
	if (!reply.ok)
		throw new Error("the daemon answered with HTTP status " + reply.status);
	const lines = (await reply.text()).split("\n").filter((line) => line).map((line) => JSON.parse(line));
	const error = lines.find((line) => line.type === "error");
	if (error)
		throw Object.assign(new Error(error.text), { code: error.code });
	return lines;
}

// --- Showing -------------------------------------------------------------------------------------

function element(name, text, class_name) {
	const node = document.createElement(name);
	if (text !== undefined)
		node.textContent = text;
	if (class_name)
		node.className = class_name;
	return node;
}

function row(cells) {
	const tr = document.createElement("tr");
	for (const cell of cells) {
		const td = document.createElement("td");
		if (cell instanceof Node)
			td.append(cell);
		else if (typeof cell === "number") {
			td.textContent = cell.toLocaleString("en");
			td.className = "number";
		} else
			td.textContent = cell === undefined ? "" : cell;
		tr.append(td);
	}
	return tr;
}

function duration(s) {
	const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
	const at = parts.findIndex(([size]) => s >= size);
	if (at < 0 || at === 3)
		return Math.round(s) + " s";
	const [size, unit] = parts[at], [less, small] = parts[at + 1];
	return `${Math.floor(s / size)} ${unit} ${Math.floor((s % size) / less)} ${small}`;
}

const path_of = (path) => element("span", path, "path " + path);
const percent = (part, whole) => (whole ? ((100 * part) / whole).toFixed(2) + " %" : "");
// Below 2.58 nearly all users are dissatisfied (ITU-T G.107, Annex B).
const mos_of = (mos) => (mos === undefined ? "" : element("span", mos.toFixed(2), mos < 2.58 ? "bad" : ""));
const clock_of = (s) => new Date(s * 1000).toLocaleTimeString();
const since = (ms) => (ms === undefined ? "never" : duration(ms / 1000) + " ago");

// --- Status --------------------------------------------------------------------------------------

function tile(name, value, small, bad) {
	const box = document.createElement("div"), dd = element("dd", value, bad ? "bad" : "");
	if (small)
		dd.append(" ", element("small", small));
	box.append(element("dt", name), dd);
	return box;
}

function kernel_tile(kernel) {
	if (kernel.path !== "user")
		return tile("kernel path by", kernel.path, `${kernel.flows.toLocaleString("en")} flows`);
	return tile("kernel path by", kernel.mode === "off" ? "off" : "none available",
		    kernel.mode === "off" ? "by configuration" : "see rtprelayctl doctor", kernel.mode === "require");
}

function recording_tile(recording) {
	const lost = recording["lost-ring"] + recording["lost-kernel"];
	const bad = [recording.failed && `${recording.failed} failed`, lost && `${lost} packets lost`].filter((part) => part);
	return tile("recordings begun", recording.begun.toLocaleString("en"), bad.join(", "), bad.length > 0);
}

function copies_tile(copies) {
	return tile("recorders that get copies", copies.now.toLocaleString("en"), `${copies.lines} ${copies.lines === 1 ? "line" : "lines"}`);
}

function stun_tile(stun) {
	return tile("STUN replies", stun.replies.toLocaleString("en"),
		    `of ${(stun.requests + stun["receive-queue"]).toLocaleString("en")} requests`);
}

/* As seen in the media that they send. */
function nat_tile(nat) {
	return tile("phones behind NAT", nat["behind-nat"].toLocaleString("en"),
		    `of ${nat.phones.toLocaleString("en")}` + (nat.symmetric ? `, ${nat.symmetric} symmetric` : ""));
}

/* Each range once; an interface may have one of its own. */
function port_ranges(faces) {
	return [...new Set(faces.map((face) => `${face["port-min"]}–${face["port-max"]}`))].join(", ") || "none";
}

/* What a router forwards, if it has to. */
function forwarded(face) {
	const mapping = face.mapping;
	if (!mapping)
		return "";
	return ` (router: ${mapping.state}, ${mapping.ports} ports, ${mapping.free} ${mapping.free === 1 ? "pair" : "pairs"} free)`;
}

/* Found out behind a NAT: whether it is known, and how that maps ports. */
function advertised(face) {
	const outside = face.external;
	if (outside && !outside.usable)
		return "not known";
	const text = face.advertised === face.address ? "the same" : face.advertised;
	return outside && outside.mapping !== "unknown" ? `${text} (NAT: ${outside.mapping})` : text;
}

function show_status(status) {
	const used = status.interfaces.reduce((sum, face) => sum + face.used, 0);
	const pairs = status.interfaces.reduce((sum, face) => sum + face.pairs, 0);
	const limit = status["max-sessions"];
	by_id("about").textContent = `${status.version}, up ${duration(status.uptime)}, ` +
		`ports ${port_ranges(status.interfaces)}, ${status["media-threads"]} media threads` +
		(status.drain ? ", draining" : "");
	by_id("now").replaceChildren(
		tile("calls", status.calls.toLocaleString("en"), limit ? `of ${limit}` : ""),
		tile("streams in kernel", status.kernel.flows.toLocaleString("en"), `of ${status.streams}`),
		tile("user path", status["user-path"]["packets-per-s"].toLocaleString("en"), "packets/s"),
		tile("kernel path", status["kernel-path"]["packets-per-s"].toLocaleString("en"), "packets/s"),
		tile("could not be sent", (status["user-path"].errors + status["kernel-path"].errors).toLocaleString("en"),
		     "packets"),
		tile("port pairs", used.toLocaleString("en"), `of ${pairs.toLocaleString("en")}`, used >= 0.9 * pairs),
		kernel_tile(status.kernel), nat_tile(status.nat), ...(status.stun ? [stun_tile(status.stun)] : []),
		...(status.recording ? [recording_tile(status.recording)] : []), ...(status.copies ? [copies_tile(status.copies)] : []));
	by_id("ports").replaceChildren(...status.interfaces.map((face) =>
		row([face.name, face.address, advertised(face) + forwarded(face),
		     face.used, face.free, face.quarantined, face["taken-by-others"]])));
}

// --- The last hour -------------------------------------------------------------------------------

const plots = [
	{ title: "Calls", series: [{ member: "calls", name: "", colour: "a" }] },
	{ title: "Packets by path", unit: "/s", series: [{ member: "user", name: "user", colour: "b" },
							 { member: "kernel", name: "kernel", colour: "a" }] },
	{ title: "Dropped", unit: "/s", least: 1, series: [{ member: "drops", name: "all", colour: "a" },
							 { member: "refused", name: "refused source", colour: "b" }] },
	{ title: "Loss of calls that ended", unit: "%", least: 1,
	  series: [{ member: "loss-percent", name: "", colour: "a" }] },
	{ title: "Jitter of calls that ended", unit: "ms", least: 10,
	  series: [{ member: "jitter-ms", name: "", colour: "a" }] },
	{ title: "MOS of calls that ended", low: 1, high: 5, step: 1, series: [{ member: "mos", name: "", colour: "a" }] },
].map(Plot.make);

function show_history(history) {
	for (const plot of plots)
		plot.update(history.samples);
}

// --- Calls ---------------------------------------------------------------------------------------

let page = 0;	 // 0: the newest
let chosen = ""; // Call-ID
let total = 0;	 // number of calls

function filters() {
	const params = {};
	for (const [name, value] of new FormData(by_id("filter")))
		if (value.trim())
			params[name] = value.trim();
	return params;
}

const filtered = () => Object.keys(filters()).length > 0;

// The daemon sends the oldest call first; without a filter, the number of calls gives the position of the newest.
function window_of() {
	if (filtered())
		return { skip: page * PAGE, limit: PAGE };
	const end = Math.max(0, total - page * PAGE), start = Math.max(0, end - PAGE);
	return { skip: start, limit: Math.max(1, end - start) };
}

const both = (pair, show) => `${show(pair[0])} / ${show(pair[1])}`; // caller, callee
const heard_of = (call) => element("span", both(call["heard-ago-ms"], (ms) => since(ms === null ? undefined : ms)),
				   call["one-way"] ? "bad" : "");

function call_row(call) {
	const button = element("button", call["call-id"], "link");
	button.type = "button";
	button.title = call["call-id"];
	button.addEventListener("click", () => choose(call["call-id"]));
	const tr = row([button, call.state, duration(call.age), path_of(call.path), call.codec, call.from, call.to,
			both(call.packets, (count) => count.toLocaleString("en")), percent(call.lost, call.expected),
			call.expected ? call["jitter-ms"].toFixed(1) + " ms" : "", mos_of(call.mos), call.drops,
			heard_of(call)]);
	tr.firstChild.className = "id";
	tr.children[5].className = tr.children[6].className = tr.children[12].className = "wrap";
	tr.children[8].className = tr.children[9].className = tr.children[10].className = "number";
	tr.dataset.id = call["call-id"];
	tr.classList.toggle("chosen", call["call-id"] === chosen);
	return tr;
}

function focus_row(id) {
	for (const tr of by_id("calls").children)
		if (tr.dataset.id === id)
			tr.querySelector("button").focus();
}

function show_calls(calls, window) {
	const focused = document.activeElement.closest ? document.activeElement.closest("#calls tr") : null;
	const id = focused && focused.dataset.id, body = by_id("calls");
	const first = window.skip + 1, last = window.skip + calls.length;
	if (!filtered())
		calls.reverse();
	body.replaceChildren(...calls.map(call_row));
	if (id) // the row was replaced: keep the keyboard focus on the same call
		focus_row(id);
	by_id("none").hidden = calls.length > 0;
	by_id("range").textContent = calls.length ? `${first}–${last}` + (filtered() ? "" : ` of ${total}`) : "";
	by_id("newer").disabled = page === 0;
	by_id("older").disabled = filtered() ? calls.length < PAGE : window.skip === 0;
}

// --- One call ------------------------------------------------------------------------------------

function drops_of(drops) {
	return Object.entries(drops).map(([name, count]) => `${name} ${count}`).join(", ");
}

function stream_row(stream) {
	const rtp = stream.rtp || {};
	const tr = row([stream.component, stream.local, stream.signalled, stream.latched || "", stream.nat, stream.state,
			stream.rank, path_of(stream.path), stream["packets-in"], stream["packets-out"],
			stream.rtp ? percent(rtp.lost, rtp.expected) : "", stream.rtp ? rtp["jitter-ms"].toFixed(1) + " ms" : "",
			drops_of(stream.drops), since(stream["last-in-ms"])]);
	for (const i of [1, 2, 3, 12, 13])
		tr.children[i].className = "wrap";
	tr.children[7].title = stream["why-user"] || "";
	tr.children[10].className = tr.children[11].className = "number";
	return tr;
}

function why_list(streams) {
	const reasons = new Set(streams.map((stream) => stream["why-user"]).filter((why) => why));
	return reasons.size ? "not in the kernel: " + [...reasons].join("; ") : "";
}

const stream_heads = ["", "local", "signalled", "accepted source", "NAT changes", "latch", "rank", "path", "in", "out", "lost",
		      "jitter", "dropped", "last packet"];

// The quality of a side's media, and the last RTCP report of its receiver.
function quality_lines(quality) {
	const lines = [];
	if (quality && quality.mos !== undefined)
		lines.push(`MOS ${quality.mos.toFixed(2)}, lowest ${quality["mos-lowest"].toFixed(2)} at ` +
			   `${clock_of(quality["lowest-at"])}, highest ${quality["mos-highest"].toFixed(2)} at ` +
			   `${clock_of(quality["highest-at"])}; loss ${quality["loss-percent"].toFixed(1)} %, ` +
			   `jitter ${quality["jitter-ms"].toFixed(1)} ms` +
			   (quality["rtt-ms"] ? `, round trip ${quality["rtt-ms"].toFixed(1)} ms` : ""));
	if (quality && quality.far)
		lines.push(`RTCP report of its receiver, ${since(quality.far["ago-ms"])}: loss ` +
			   `${quality.far["loss-percent"].toFixed(1)} %, ${quality.far.lost} lost in total, jitter ` +
			   `${quality.far["jitter-ms"].toFixed(1)} ms` +
			   (quality.far["rtt-ms"] ? `, round trip to it ${quality.far["rtt-ms"].toFixed(1)} ms` : ""));
	return lines;
}

// ICE and DTLS that end in the relay are flags with a value; they have lines of their own.
const agent_names = ["ice", "ice-role", "ice-pair", "dtls", "dtls-role", "dtls-why", "handshake", "fingerprint"];
const is_of_agent = (flag) => flag.includes("=") && agent_names.includes(flag.split("=")[0]);
const failed_states = ["failed", "lost", "wrong-fingerprint"];

function agent_line(name, state, parts) {
	return element("p", [`${name} ${state}`, ...parts].filter((part) => part).join(", "),
		       failed_states.includes(state) ? "quality bad" : "quality");
}

function agent_lines(flags) {
	const of = Object.fromEntries(flags.filter(is_of_agent).map((flag) => flag.split(/=(.*)/s))), lines = [];
	if (of.ice)
		lines.push(agent_line("ICE", of.ice, [`the relay is ${of["ice-role"]}`, of["ice-pair"] && `media goes to ${of["ice-pair"]}`]));
	if (of.dtls)
		lines.push(agent_line("DTLS", of.dtls, [of["dtls-why"], of["dtls-role"] && `the relay is ${of["dtls-role"]}`,
							of.handshake && `handshake ${of.handshake}`,
							of.fingerprint && `fingerprint of the phone: ${of.fingerprint}`]));
	return lines;
}

function show_media(media) {
	const box = document.createElement("div"), wide = element("div", undefined, "wide");
	const table = document.createElement("table"), head = document.createElement("tr");
	for (const name of stream_heads)
		head.append(element("th", name));
	table.append(document.createElement("thead"), document.createElement("tbody"));
	table.tHead.append(head);
	table.tBodies[0].append(...media.streams.map(stream_row));
	wide.append(table);
	box.append(element("h4", [`m= line ${media.media}: ${media.kind}`, media.codec, media.protocol,
				  ...media.flags.filter((flag) => !is_of_agent(flag))]
				 .filter((part) => part).join(", ")),
		   ...agent_lines(media.flags), ...quality_lines(media.quality).map((line) => element("p", line, "quality")), wide);
	const why = why_list(media.streams);
	if (why)
		box.append(element("p", why, "quiet"));
	return box;
}

// Sums of what is missing: full rings, the disk
const sum_of = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);
const packets_of = (count) => `${count.toLocaleString("en")} ${count === 1 ? "packet" : "packets"}`;

function recording_line(line) {
	const lost = sum_of(line.lost);
	return element("p", `recording${line.paused ? ", paused" : ""}: ${line.file}, since ${clock_of(line.since)}, ` +
		       packets_of(line.packets) + (lost ? `, ${lost} lost` : ""), lost ? "bad" : "");
}

// Before the answer of the recorder nobody knows where to.
const copy_goes = (line) => [line.sends ? "" : "not sent now", line.to ? `to ${line.to}` : ""].filter((part) => part).join(" ");

// A paragraph for the recorder, and one for each m= line that it gets.
function copy_lines(copy) {
	const head = `copies to recorder ${copy.tag}` + (copy.label ? `, label ${copy.label}` : "") +
		(copy.siprec ? " (SIPREC)" : "") + (copy.paused ? ", paused" : "");
	return [element("p", head), ...copy.lines.map((line) =>
		element("p", `label ${line.label}: ${line.kind || "-"} of ${line.of || "-"}, ${copy_goes(line)}, ` +
			packets_of(line.packets) + (line.errors ? `, ${line.errors} could not be sent` : ""), line.errors ? "bad" : "quiet"))];
}

function show_call(lines) {
	const call = lines[0], tree = [];
	for (const line of lines.slice(1)) {
		if (line.type === "recording")
			tree.push(recording_line(line));
		else if (line.type === "copy")
			tree.push(...copy_lines(line));
		else if (line.type === "party") {
			const box = element("div", undefined, "party");
			box.append(element("h3", `${line.side === "a" ? "offered" : "answers"}: tag ${line.tag || "not known yet"}` +
					   (line.interface ? `, interface ${line.interface}` : "") +
					   (line.aliases.length ? `, also ${line.aliases.join(", ")}` : "")));
			tree.push(box);
		} else if (line.type === "media" && tree.length)
			tree[tree.length - 1].append(show_media(line));
	}
	by_id("detail-title").textContent = call["call-id"];
	by_id("detail-about").textContent = `${call.state}, since ${new Date(call.created * 1000).toLocaleString()}, ` +
		`${call.path} path, ` + (call.mos === undefined ? "" : `MOS ${call.mos.toFixed(2)}, `) +
		`packets ${both(call.packets, (count) => count.toLocaleString("en"))}` +
		(call["one-way"] ? `; one-way: the ${call["one-way"] === "a" ? "caller" : "callee"} is not heard` : "");
	by_id("tree").replaceChildren(...tree);
}

async function update_call() {
	if (!chosen)
		return;
	try {
		show_call(await ask("/api/call", { "call-id": chosen }));
	} catch (error) {
		if (error.code !== "unknown-call")
			throw error;
		by_id("detail-about").textContent = "this call has ended; its last data is below";
	}
}

// The details stand above the list, so that they are seen at once; the focus returns to the row.
function choose(id) {
	const before = chosen;
	chosen = id;
	for (const tr of by_id("calls").children)
		tr.classList.toggle("chosen", tr.dataset.id === id);
	by_id("detail").hidden = !id;
	history.replaceState(null, "", id ? "#" + encodeURIComponent(id) : location.pathname);
	by_id("detail-title").textContent = id;
	by_id("detail-about").textContent = "";
	by_id("tree").replaceChildren();
	if (!id) {
		focus_row(before);
		return;
	}
	by_id("detail").focus();
	update_call().catch(show_error);
}

// --- The clock -----------------------------------------------------------------------------------

let shown_at; // time of the data that is shown

function show_error(error) {
	by_id("link").textContent = "no answer: " + error.message +
		(shown_at ? "; the data is of " + shown_at.toLocaleTimeString() : "");
	by_id("link").className = "down";
}

let history_at = -HISTORY_MS;

async function update() {
	const status = (await ask("/api/status"))[0];
	total = status.calls;
	show_status(status);
	const window = window_of();
	try {
		const lines = await ask("/api/calls", { ...filters(), ...window });
		show_calls(lines.filter((line) => line.type === "call"), window);
	} catch (error) {
		if (error.code !== "bad-request")
			throw error;
		by_id("range").textContent = error.message; // a filter that is still being typed
	}
	await update_call();
	if (performance.now() - history_at >= HISTORY_MS) {
		show_history((await ask("/api/history"))[0]);
		history_at = performance.now();
	}
}

let timer, busy = false, again = false;

// No polling while the page is hidden. One turn at a time, so that no old answer replaces a newer one.
async function turn() {
	again = busy;
	if (busy)
		return;
	busy = true;
	clearTimeout(timer);
	if (!document.hidden) {
		try {
			await update();
			shown_at = new Date();
			by_id("link").textContent = "live";
			by_id("link").className = "up";
		} catch (error) {
			show_error(error);
		}
	}
	busy = false;
	timer = setTimeout(turn, again ? 0 : PERIOD_MS);
}

by_id("plots").append(...plots.map((plot) => plot.figure));
show_history({ samples: [] });
by_id("filter").addEventListener("submit", (event) => event.preventDefault());
by_id("filter").addEventListener("input", () => { page = 0; turn(); });
by_id("newer").addEventListener("click", () => { page = Math.max(0, page - 1); turn(); });
by_id("older").addEventListener("click", () => { page++; turn(); });
by_id("close").addEventListener("click", () => choose(""));
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && chosen) choose(""); });
document.addEventListener("visibilitychange", turn);
if (location.hash.length > 1)
	choose(decodeURIComponent(location.hash.slice(1)));
turn();
