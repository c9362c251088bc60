// Marks that pages share: status glyphs, bars of results, strips, sparklines.
import { h, s } from "./dom.js";
import { STATE_WORD, dur, num } from "./words.js";

/** Status is shape first, colour second: circle, triangle, diamond, hollow circle, dash. An outline is over. */
export function glyph(state, size = 10, isOver = false) {
  const props = { class: isOver ? "g-past" : `g-${state}` };
  const box = { class: "glyph", width: size, height: size, viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true" };
  return s("svg", box, glyphShape(state, size, props));
}

function glyphShape(state, size, props) {
  const half = size / 2;
  if (state === "warn") return s("path", { ...props, d: `M${half} .8 L${size - 0.4} ${size - 1} H.4Z` });
  if (state === "fail") return s("path", { ...props, d: `M${half} 0 L${size} ${half} L${half} ${size} L0 ${half}Z` });
  if (state === "none") return s("path", { ...props, d: `M1.5 ${half} H${size - 1.5}` });
  return s("circle", { ...props, cx: half, cy: half, r: half - (state === "skip" ? 1.5 : 1) });
}

export const status = (state, word) =>
  h("span", { class: `status ${state}` }, glyph(state), h("span", {}, word || STATE_WORD[state]));
/** What is over keeps its shape as an outline. */
export const pastStatus = (state, word) =>
  h("span", { class: "status none" }, glyph(state, 10, true), h("span", {}, word));

/** A result: up is good, down is bad. Readable without colour and at two pixels' width. */
export function resultBar(state, x, width, middle) {
  const [up, down] = [9, 11];
  const passed = () => s("rect", { class: "m-ok", x, y: middle - up, width, height: up });
  if (state === "ok") return passed();
  if (state === "warn")
    return s("g", {}, passed(), s("rect", { class: "m-warn", x, y: middle - up - 4, width, height: 3 }));
  if (state === "fail") return s("rect", { class: "m-fail", x, y: middle + 1, width, height: down });
  if (state === "skip")
    return s("rect", { class: "m-skip", x: x + 0.5, y: middle - 2, width: Math.max(1, width - 1), height: 4 });
  return s("rect", { class: "m-none", x, y: middle - 0.5, width, height: 1 });
}

/** The last results, the newest at the right edge, so that strips compare. */
export function strip(states, { width = 5, gap = 1, count = 30, label = "" } = {}) {
  const last = states.slice(-count);
  const all = count * (width + gap);
  const left = all - last.length * (width + gap);
  const failed = last.filter((state) => state === "fail").length;
  const words = `${last.length} results, ${failed} failed, newest ${STATE_WORD[last.at(-1)] || "none"}`;
  return s(
    "svg",
    { class: "strip", width: all, height: 27, role: "img", "aria-label": label || words },
    s("path", { class: "base", d: `M${left} 14.5 H${all}` }),
    last.map((state, index) => resultBar(state, left + index * (width + gap), width, 14)),
  );
}

/** Numbers in order of time, from nought. */
export function sparkline(values, words = (value) => dur(value)) {
  const [width, height] = [120, 18];
  const top = Math.max(...values, 1e-9);
  const x = (index) => (values.length < 2 ? width - 3 : 2 + (index * (width - 5)) / (values.length - 1));
  const y = (value) => (values.length < 2 ? height / 2 : height - 2 - (value / top) * (height - 5));
  const line = values.map((value, index) => `${index ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`);
  return s(
    "svg",
    { class: "strip", width, height, role: "img", "aria-label": `${num(values.length)} values, at most ${words(top)}` },
    s("path", { class: "line", d: line.join("") }),
    values.length ? s("circle", { class: "dot", cx: x(values.length - 1), cy: y(values.at(-1)), r: 2 }) : null,
  );
}

/** A share of the longest, beside its number. */
export function shareBar(share, cls = "") {
  const width = `${Math.max(1, Math.round(60 * Math.min(1, share || 0)))}px`;
  return h(
    "span",
    { class: "sharebox", "aria-hidden": "true" },
    h("span", { class: `barcell ${cls}`, style: { width } }),
  );
}

/** An age against its limits: a bullet. The ticks are the limits to warn and to fail. */
export function bullet(value, limits, top, state) {
  const [width, height] = [160, 16];
  const x = (seconds) => Math.min(1, seconds / top) * (width - 2);
  return s(
    "svg",
    { class: "strip", width, height, "aria-hidden": "true" },
    s("rect", { class: "bullet-track", x: 0, y: 5, width: width - 2, height: 6 }),
    s("rect", { class: `bullet b-${state}`, x: 0, y: 5, width: Math.max(2, x(value)), height: 6 }),
    limits
      .filter((limit) => limit != null && limit <= top)
      .map((limit) => s("path", { class: "bullet-limit", d: `M${x(limit)} 1 V15` })),
  );
}

/** A count: nought recedes. */
export const count = (value, cls = "") => h("span", { class: value ? cls : "quiet" }, num(value || 0));

/** Names and values side by side; pairs without a value are left out. */
export const facts = (pairs) =>
  h(
    "dl",
    { class: "facts" },
    pairs
      .filter((pair) => pair && pair[1] != null && pair[1] !== "")
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );

/** How results are drawn. */
export const resultsKey = () =>
  h(
    "span",
    { class: "legend" },
    [
      ["ok", "passed"],
      ["warn", "passed, with warnings"],
      ["fail", "failed"],
      ["skip", "skipped"],
      ["none", "nothing executed"],
    ].map(([state, words]) =>
      h("span", {}, s("svg", { width: 6, height: 26, "aria-hidden": "true" }, resultBar(state, 0, 5, 13)), words),
    ),
  );
