// The history of a node on one time axis: times, rows, freshness, results, tests, and every change of its definition.
import { nodeAddress, to } from "./address.js";
import { TimeFigure, niceTicks } from "./axis.js";
import { beginningOf } from "./changes.js";
import { D, executionsOf, invocationsIn, rowsOf, shortName, typeOf } from "./data.js";
import { foreign, h, s } from "./dom.js";
import { resultBar, status } from "./marks.js";
import { tipOn } from "./tips.js";
import { DAY, MINUTE, axisDur, dur, freshnessState, num, plural, quantile, stamp } from "./words.js";

const MOST_TESTS = 14;

/** The least top of the axis, seconds of a unit, its word. @type {[number, number, string][]} */
const AGE_UNITS = [
  [2 * 86400, 86400, "d"],
  [7200, 3600, "h"],
  [0, 60, "min"],
];

/** Every freshness check of a node. */
export const checksOf = (node) =>
  rowsOf("freshness", node).map((row) => {
    const table = D.t.freshness;
    return {
      time: table.checked_at[row],
      status: table.status[row],
      state: freshnessState(table.status[row]),
      age: table.max_loaded_at_age_seconds[row],
      warn: table.warn_after_seconds[row],
      error: table.error_after_seconds[row],
    };
  });

/** The figure of a width. `tests` are rows of the table of tests, `versions` those of the node's definition. */
export function nodeHistory(width, node, versions, tests) {
  const runs = invocationsIn();
  const checks = checksOf(node);
  const results = executionsOf(node);
  const times = [
    ...runs.map((run) => run.started),
    ...checks.map((check) => check.time),
    ...versions.map((version) => version.from),
  ];
  const plot = new TimeFigure(width, Math.min(...times), Math.max(...times), 196);
  const flags = flagsOf(plot, versions);
  plot.y = 8 + 17 * (flags.length ? 1 + Math.max(...flags.map((flag) => flag.row)) : 0);
  plot.top = plot.y;
  timesPanel(plot, node, results, flags);
  rowsPanel(plot, node, results);
  agePanel(plot, checks);
  if (results.length) resultsRow(plot, typeOf(node) === "test" ? "Results" : "Built", results);
  if (checks.length) resultsRow(plot, "Freshness", checks);
  testRows(plot, tests);
  plot.y += 4;
  for (const flag of flags) drawFlag(plot, flag);
  return plot.svg(`History of ${shortName(node)}: times, results, changes and tests on one time axis`);
}

/** A flag for every change, in as many rows as keep their words apart. */
function flagsOf(plot, versions) {
  const birth = Math.min(...versions.map((version) => version.from));
  const isNew = birth > beginningOf() + MINUTE;
  const shown = versions.filter((version, index) => version.what || index || isNew);
  const ends = [];
  return shown.map((version) => {
    const x = plot.x(version.from);
    const whole = version.what || "new";
    const widthOf = (words) => words.length * 6.2 + 14;
    const isFlipped = x + widthOf(whole) > plot.width - 4 && x > plot.width / 2;
    const room = Math.floor(((isFlipped ? x : plot.width - 4 - x) - 14) / 6.2);
    const label = whole.length > room ? `${whole.slice(0, room - 1)}…` : whole;
    const width = widthOf(label);
    const [left, right] = isFlipped ? [x - width, x + 6] : [x, x + width];
    let row = ends.findIndex((end) => end < left - 4);
    if (row < 0) row = ends.length;
    ends[row] = right;
    return { version, label, whole, x, row, isFlipped };
  });
}

function drawFlag(plot, { version, label, whole, x, row, isFlipped }) {
  const y = 4 + row * 17;
  const shape = isFlipped
    ? `M${x + 0.5} ${y} v14 M${x + 1} ${y} h-8 l2.5 4 l-2.5 4 h8Z`
    : `M${x} ${y} h8 l-2.5 4 l2.5 4 h-8Z`;
  const text = { class: "lab", x: isFlipped ? x - 12 : x + 12, y: y + 9, "text-anchor": isFlipped ? "end" : "start" };
  const flag = s(
    "a",
    { href: "#code-of-version", class: "mark" },
    s("path", { class: "flagtop", d: shape }),
    s("text", text, label),
  );
  flag.setAttribute("href", to("changes", [], { day: Math.floor(version.from / DAY) }));
  plot.add(s("path", { class: "flag", d: `M${Math.round(x) + 0.5} ${y + 12} V${plot.y}` }));
  plot.add(tipOn(flag, () => [h("b", {}, "Definition changed"), ` ${stamp(version.from)}`, h("br"), whole]));
}

/** Times, with one median and one band of the middle half for every version of the definition. */
function timesPanel(plot, node, results, flags) {
  const timed = results.filter((one) => one.seconds > 0 && (one.state === "ok" || one.state === "warn"));
  if (!timed.length) return;
  const height = plot.isNarrow ? 120 : 150;
  const top = Math.max(...timed.map((one) => one.seconds));
  if (plot.isNarrow) plot.head("Execution time", ["line: median of a version"]);
  const y = (seconds) => plot.y + height - (seconds / top) * (height - 6);
  for (const tick of niceTicks(top, 3)) plot.rule(y(tick), axisDur(tick));
  const bounds = [-Infinity, ...flags.map((flag) => flag.version.from), Infinity];
  bounds.slice(1).forEach((end, index) => versionBand(plot, y, timed, bounds[index], end));
  for (const one of timed) {
    const link = {
      class: "mark",
      href: to("run", one.run.key, { node: D.ids[node] }),
      "aria-label": `${stamp(one.time)} ${dur(one.seconds)}`,
    };
    const dot = s("circle", { class: "dot", cx: plot.x(one.time), cy: y(one.seconds), r: 3 });
    plot.add(tipOn(s("a", link, dot), () => timeWords(one)));
  }
  if (!plot.isNarrow) panelWords(plot, "Execution time", ["line: median of a version", "band: middle half"]);
  plot.y += height + 6;
}

const timeWords = (one) => [
  h("b", {}, dur(one.seconds)),
  ` ${stamp(one.time)}`,
  h("br"),
  foreign(one.run.label),
  " ",
  status(one.state),
  one.rows != null && one.rows >= 0 ? [h("br"), plural(one.rows, "row")] : null,
];

function panelWords(plot, title, notes = []) {
  plot.add(s("text", { class: "lab strong", x: 0, y: plot.y + 12 }, title));
  notes.forEach((note, index) => plot.add(s("text", { x: 0, y: plot.y + 28 + 14 * index }, note)));
}

function versionBand(plot, y, timed, start, end) {
  const within = timed.filter((one) => one.time >= start && one.time < end);
  if (!within.length) return;
  const sorted = within.map((one) => one.seconds).sort((a, b) => a - b);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share));
  const left = plot.x(within[0].time) - 4;
  const right = Math.max(left + 6, end === Infinity ? plot.x(plot.end) : plot.x(Math.min(end, plot.end)) - 1);
  const box = { x: left, y: y(high) - 1, width: right - left, height: Math.max(2, y(low) - y(high) + 2) };
  plot.behind.push(s("rect", { class: "band", ...box }));
  plot.add(s("path", { class: "med", d: `M${left} ${y(middle)} H${right}` }));
  const isRoomAbove = y(high) - 5 > plot.y + 12;
  const text = { class: "lab strong", x: left + 9, y: isRoomAbove ? y(high) - 5 : y(low) + 14 };
  if (right - left > 44) plot.add(s("text", text, dur(middle)));
}

/** Rows that each build wrote, where the adapter counts them. */
function rowsPanel(plot, node, results) {
  const counted = results.filter((one) => one.rows != null && one.rows > 0);
  if (counted.length < 2 || typeOf(node) === "test") return;
  const height = 56;
  const top = Math.max(...counted.map((one) => one.rows));
  if (plot.isNarrow) plot.head("Rows written", [num(top)]);
  else plot.y += 8;
  const y = (rows) => plot.y + height - (rows / top) * (height - 6);
  for (const tick of niceTicks(top, 2)) plot.rule(y(tick), num(tick));
  for (const one of counted) {
    const dot = s("circle", { class: "dot", cx: plot.x(one.time), cy: y(one.rows), r: 2.2 });
    plot.add(tipOn(dot, () => [h("b", {}, plural(one.rows, "row")), ` ${stamp(one.time)}`]));
  }
  if (!plot.isNarrow) panelWords(plot, "Rows written", ["by each build"]);
  plot.y += height + 6;
}

/** A source: its age at every check, and the limits that it was held to. */
function agePanel(plot, checks) {
  const aged = checks.filter((check) => check.age != null);
  if (!aged.length) return;
  const height = plot.isNarrow ? 90 : 110;
  const top = Math.max(...aged.map((check) => Math.max(check.age, Math.min(check.error || 0, check.age * 3))));
  const [, unit, word] = AGE_UNITS.find(([least]) => top > least);
  if (plot.isNarrow) plot.head("Age when checked", ["dashed: its limits"]);
  const y = (age) => plot.y + height - (age / top) * (height - 8);
  for (const tick of niceTicks(top / unit, 3)) plot.rule(y(tick * unit), tick ? `${tick} ${word}` : "0");
  for (const limit of ["warn", "error"]) limitLine(plot, y, aged, limit, top);
  for (const check of aged) {
    const cls = `dot${check.state === "fail" ? " fail" : ""}`;
    const dot = s("circle", { class: cls, cx: plot.x(check.time), cy: y(check.age), r: 3 });
    plot.add(
      tipOn(dot, () => [
        h("b", {}, `${dur(check.age)} old`),
        ` ${stamp(check.time)}`,
        h("br"),
        status(check.state, check.status),
      ]),
    );
  }
  if (!plot.isNarrow) panelWords(plot, "Age when checked", ["dashed: its limits"]);
  plot.y += height + 8;
}

function limitLine(plot, y, checks, limit, top) {
  const held = checks.filter((check) => check[limit] && check[limit] <= top);
  if (!held.length) return;
  const steps = held.slice(1).map((check) => `H${plot.x(check.time)}V${y(check[limit])}`);
  const [x, height] = [plot.x(held[0].time), y(held[0][limit])];
  plot.add(s("path", { class: "limit", d: `M${x} ${height}${steps.join("")}` }));
  plot.add(s("text", { x: x + 2, y: height - 4 }, `${limit} after ${dur(held.at(-1)[limit])}`));
}

/** One row of results on the axis, with how many of the executed ones passed. */
function resultsRow(plot, label, results, link = null) {
  if (plot.isNarrow) plot.y += 16;
  const executed = results.filter((one) => one.state !== "skip");
  const passed = executed.filter((one) => one.state !== "fail").length;
  plot.rowLabel(label, executed.length ? `${passed}/${executed.length}` : results.length ? "–" : "never", link);
  plot.rule(plot.y + 12);
  const width = Math.max(2, Math.min(7, plot.inner / Math.max(20, ((plot.end - plot.start) / DAY) * 2.2)));
  for (const one of results) {
    const x = plot.x(one.time);
    const area = s("rect", { x: x - width / 2 - 1, y: plot.y, width: width + 2, height: 24, fill: "transparent" });
    const mark = s("g", { class: "mark" }, area, resultBar(one.state, x - width / 2, width, plot.y + 12));
    plot.add(tipOn(mark, () => resultWords(label, one)));
  }
  plot.y += plot.isNarrow ? 27 : 25;
}

const resultWords = (label, one) => [
  h("b", {}, foreign(label)),
  h("br"),
  status(one.state, one.status),
  ` ${stamp(one.time)}`,
  one.failures ? `, ${plural(one.failures, "row")} found` : "",
  one.age != null ? `, ${dur(one.age)} old` : "",
];

/** The name of a test beside the node that it tests. */
export function testLabel(row) {
  const table = D.t.tests;
  return table.column_name[row] ? `${table.test_name[row] || "test"} ${table.column_name[row]}` : table.name[row];
}

function testRows(plot, tests) {
  const shown = tests.slice(0, MOST_TESTS);
  if (!shown.length) return;
  plot.y += plot.isNarrow ? 14 : 8;
  plot.add(s("text", { class: "lab strong", x: 0, y: plot.y + 8 }, "Tests"));
  plot.y += 10;
  for (const row of shown) {
    const test = D.t.tests.unique_id[row];
    resultsRow(plot, testLabel(row), executionsOf(test), nodeAddress(test));
  }
  if (tests.length === shown.length) return;
  plot.add(
    s(
      "text",
      { x: plot.left, y: plot.y + 12 },
      `and ${plural(tests.length - shown.length, "more test")} in the table below`,
    ),
  );
  plot.y += 16;
}
