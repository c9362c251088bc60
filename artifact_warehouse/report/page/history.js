// All runs on one time axis: outcomes by kind of run, durations, success rate, changes of definitions.
import { to } from "./address.js";
import { TimeFigure, figure, niceTicks } from "./axis.js";
import { changesPanel } from "./changes.js";
import { S, groupBy, scopeName } from "./data.js";
import { foreign, h, s } from "./dom.js";
import { resultBar, resultsKey, status } from "./marks.js";
import { source } from "./table.js";
import { tipOn } from "./tips.js";
import { DAY, STATE_WORD, axisDur, dur, median, num, pct, plural, stamp, startOfDay, weekday } from "./words.js";

const MOST_KINDS = 12;
const WEEK = 7 * DAY;

/** The section of Overview: the figure, its key, and a button for the kinds of runs that are folded away. */
export function runHistory(runs, changes) {
  const box = h("div");
  const kinds = kindsOf(runs);
  const draw = (most) => {
    const unfold = { type: "button", class: "plain", onclick: () => draw(Infinity) };
    const more = kinds.length > most ? h("button", unfold, `Show all ${num(kinds.length)} kinds of runs`) : null;
    box.replaceChildren(
      figure((width) => historyFigure(width, runs, kinds, changes, most)),
      ...(more ? [more] : []),
    );
  };
  draw(MOST_KINDS);
  const from = source(S.isLogical ? "logical_runs" : "invocations", "definitions");
  return h(
    "section",
    { class: "block" },
    h(
      "div",
      { class: "bar" },
      h("h2", {}, "History ", h("span", { class: "quiet" }, scopeName())),
      countSwitch(),
      from,
    ),
    box,
    resultsKey(),
  );
}

/** Whether a run counts with its retries, or every invocation counts. */
export function countSwitch() {
  const choice = (isLogical, words, title) => {
    const before = S.isLogical;
    S.isLogical = isLogical;
    const href = to(location.hash.replace(/^#\/?/, "").split(/[/?]/)[0] || "overview");
    S.isLogical = before;
    return h("a", { class: "plain", href, title, "aria-current": before === isLogical ? "true" : null }, words);
  };
  return h(
    "span",
    { class: "seg" },
    choice(true, "Runs", "A failed run whose retry passed counts as one run that passed"),
    choice(false, "Invocations", "Every invocation of dbt counts"),
  );
}

/** The kinds of runs, the most frequent first. */
function kindsOf(runs) {
  const groups = groupBy(runs.length, (index) => runs[index].label);
  return [...groups]
    .map(([label, places]) => ({ label, runs: places.map((index) => runs[index]) }))
    .sort((a, b) => b.runs.length - a.runs.length);
}

function historyFigure(width, runs, kinds, changes, most) {
  const plot = new TimeFigure(width, runs[0].started, runs.at(-1).started, 148);
  if (plot.isNarrow) plot.head("Runs", ["up passed, down failed"]);
  else plot.y = 2;
  plot.top = plot.y;
  for (const kind of kinds.slice(0, most)) kindRow(plot, kind);
  durationPanel(plot, runs, kinds.find((kind) => /^build/.test(kind.label)) || kinds[0]);
  ratePanel(
    plot,
    runs.filter((run) => run.is_executing && run.state !== "none"),
  );
  plot.head("Changes", ["definitions a day"]);
  changesPanel(plot, changes);
  return plot.svg("Runs, durations, success rate and changes on one time axis");
}

/** One kind of run: bars side by side in their day, or at their hour where a day is wide. */
function kindRow(plot, kind) {
  if (plot.isNarrow) plot.y += 15;
  const judged = kind.runs.filter((run) => run.state !== "none");
  const passed = judged.filter((run) => run.state !== "fail").length;
  plot.rowLabel(kind.label, judged.length ? `${passed}/${judged.length}` : "–");
  plot.rule(plot.y + 14);
  for (const places of groupBy(kind.runs.length, (index) => startOfDay(kind.runs[index].started)).values()) {
    const width = Math.max(2, Math.min(5, (plot.dayWidth - 2) / places.length - 1));
    places.forEach((index, order) => {
      const run = kind.runs[index];
      const dayMiddle = plot.x(startOfDay(run.started)) + plot.dayWidth / 2;
      const beside = dayMiddle - (places.length * (width + 1)) / 2 + order * (width + 1);
      runMark(plot, run, plot.dayWidth > 120 ? plot.x(run.started) - width / 2 : beside, width);
    });
  }
  plot.y += 26;
}

function runMark(plot, run, x, width) {
  const label = `${run.label} ${stamp(run.started)} ${STATE_WORD[run.state]}`;
  const area = s("rect", { x: x - 1, y: plot.y, width: width + 2, height: 25, fill: "transparent" });
  const link = { class: "mark", href: to("run", run.key), "aria-label": label };
  plot.add(tipOn(s("a", link, area, resultBar(run.state, x, width, plot.y + 14)), () => runWords(run)));
}

const runWords = (run) => [
  h("b", {}, foreign(run.label)),
  ` ${weekday(run.started)} ${stamp(run.started)}`,
  h("br"),
  status(run.state),
  run.failure_count ? ` ${num(run.failure_count)} failed` : "",
  run.skipped_count ? `, ${num(run.skipped_count)} skipped` : "",
  h("br"),
  `${plural(run.executed_count, "node")} in ${dur(run.took)}`,
  run.retry_count ? h("span", { class: "quiet" }, ` · with ${plural(run.retry_count, "retry", "retries")}`) : null,
  run.is_retry ? h("span", { class: "quiet" }, " · a retry") : null,
];

/** The durations of the main kind with their median of seven; those of other kinds are faint. */
function durationPanel(plot, runs, main) {
  const height = 84;
  const timed = runs.filter((run) => run.took != null);
  const own = main.runs.filter((run) => run.took != null);
  const rolling = own.map((_, index) => median(own.slice(Math.max(0, index - 6), index + 1).map((run) => run.took)));
  plot.head("Duration", [main.label, "median of seven"], own.length ? dur(rolling.at(-1)) : null);
  const top = Math.max(...timed.map((run) => run.took), 0.001);
  const y = (seconds) => plot.y + height - (seconds / top) * height;
  for (const tick of niceTicks(top, 2)) plot.rule(y(tick), axisDur(tick));
  const points = own.map(
    (run, index) => `${index ? "L" : "M"}${plot.x(run.started).toFixed(1)} ${y(rolling[index]).toFixed(1)}`,
  );
  plot.add(s("path", { class: "med", d: points.join("") }));
  for (const run of timed) {
    const isOwn = run.label === main.label;
    const cls = `dot${run.state === "fail" ? " fail" : isOwn ? "" : " other"}`;
    const dot = s("circle", { class: cls, cx: plot.x(run.started), cy: y(run.took), r: isOwn ? 2.6 : 2 });
    const label = `${run.label} ${stamp(run.started)} took ${dur(run.took)}`;
    const link = { class: "mark", href: to("run", run.key), "aria-label": label, tabindex: -1 };
    plot.add(
      tipOn(s("a", link, dot), () => [
        h("b", {}, foreign(run.label)),
        ` ${stamp(run.started)}`,
        h("br"),
        dur(run.took),
        " ",
        status(run.state),
      ]),
    );
  }
  plot.y += height + 4;
}

/** The success rate over the seven days before each run. */
function ratePanel(plot, runs) {
  const height = 44;
  const rateAt = (time) => {
    const before = runs.filter((run) => run.started <= time && run.started > time - WEEK);
    return before.length ? before.filter((run) => run.is_success).length / before.length : null;
  };
  const rates = runs.map((run) => rateAt(run.started));
  plot.head("Success rate", ["over seven days"], runs.length ? pct(rates.at(-1)) : null);
  const y = (rate) => plot.y + height - rate * height;
  for (const tick of [0, 1]) plot.rule(y(tick), pct(tick));
  const steps = runs.map((run, index) => {
    const x = plot.x(run.started).toFixed(1);
    return `${index ? `H${x}V` : `M${x} `}${y(rates[index]).toFixed(1)}`;
  });
  if (steps.length) plot.add(s("path", { class: "line", d: `${steps.join("")}H${plot.x(plot.end)}` }));
  plot.y += height + 2;
}
