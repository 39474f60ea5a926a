// SPDX-License-Identifier: GPL-2.0-or-later
//
// plot.js - lines over the last hour, as SVG
"use strict";

const Plot = (() => {
	const WIDTH = 460, HEIGHT = 150, LEFT = 46, RIGHT = 8, TOP = 10, BOTTOM = 20, HOUR = 3600;

	function svg(name, attributes, text) {
		const node = document.createElementNS("http://www.w3.org/2000/svg", name);
		for (const key in attributes)
			node.setAttribute(key, attributes[key]);
		if (text !== undefined)
			node.textContent = text;
		return node;
	}

	// 1, 2 or 5 times a power of ten, such that at most four of them reach @max
	function step_of(max) {
		const rough = max / 4, power = 10 ** Math.floor(Math.log10(rough));
		for (const factor of [1, 2, 5])
			if (rough <= factor * power)
				return factor * power;
		return 10 * power;
	}

	function short(value) {
		if (value >= 1e6)
			return +(value / 1e6).toPrecision(3) + " M";
		if (value >= 1e4)
			return +(value / 1e3).toPrecision(3) + " k";
		return String(+value.toPrecision(3));
	}

	const x_of = (ago) => LEFT + (WIDTH - LEFT - RIGHT) * (1 - Math.min(ago, HOUR) / HOUR);

	function draw_grid(node, low, high, step, y_of) {
		for (let value = low; value <= high + step / 1000; value += step) {
			const y = y_of(value);
			node.append(svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }),
				    svg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, short(value)));
		}
		for (const [ago, label] of [[HOUR, "1 h ago"], [HOUR / 2, "30 min"], [0, "now"]])
			node.append(svg("text", { x: x_of(ago), y: HEIGHT - 4,
						  "text-anchor": ago === HOUR ? "start" : ago ? "middle" : "end" }, label));
	}

	// A gap in the samples is a gap in the line; a sample between two gaps is a dot.
	function draw_series(node, samples, series, y_of) {
		let run = [];
		const end_run = () => {
			if (run.length === 1)
				node.append(svg("circle", { class: "dot " + series.colour, r: 2.2, cx: run[0][0], cy: run[0][1] }));
			else if (run.length)
				node.append(svg("polyline", { class: "series " + series.colour,
							      points: run.map((p) => p[0].toFixed(1) + "," + p[1].toFixed(1)).join(" ") }));
			run = [];
		};
		for (const sample of samples) {
			const value = sample[series.member];
			if (value === undefined)
				end_run();
			else
				run.push([x_of(sample.ago), y_of(value)]);
		}
		end_run();
	}

	// @plot: title, unit, series: [{ member, name, colour: "a" or "b" }], and low and high if these are fixed
	function make(plot) {
		const figure = document.createElement("figure"), caption = document.createElement("figcaption");
		const title = document.createElement("b");
		title.textContent = plot.title;
		caption.append(title);
		const values = plot.series.map((series) => {
			const key = document.createElement("span");
			key.className = "key " + series.colour;
			caption.append(key);
			return key;
		});
		const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": plot.title + ", last hour" });
		figure.append(caption, picture);

		function update(samples) {
			let max = plot.high || 0;
			for (const sample of samples)
				for (const series of plot.series)
					max = Math.max(max, sample[series.member] || 0);
			const low = plot.low || 0, step = plot.high ? plot.step : step_of(max || plot.least || 4);
			const high = plot.high || Math.max(step * Math.ceil((max || plot.least || 4) / step), step);
			const y_of = (value) =>
				TOP + (HEIGHT - TOP - BOTTOM) * (1 - (Math.max(value, low) - low) / (high - low));
			picture.replaceChildren();
			draw_grid(picture, low, high, step, y_of);
			plot.series.forEach((series, i) => {
				draw_series(picture, samples, series, y_of);
				const last = samples.map((sample) => sample[series.member]).filter((v) => v !== undefined).pop();
				values[i].textContent = series.name + (last === undefined ? "" : ` ${short(last)} ${plot.unit || ""}`);
			});
		}
		return { figure, update };
	}

	return { make };
})();
