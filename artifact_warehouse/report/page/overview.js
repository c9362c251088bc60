// Overview: what runs, what fails, what is slow, what changed.
import { nodeLink, to } from "./address.js";
import { changeColumns, changesOf, changesSince } from "./changes.js";
import { D, S, executionsOf, inScope, runsIn, scopeAddress, scopeName } from "./data.js";
import { foreign, h } from "./dom.js";
import { runHistory } from "./history.js";
import { glyph, pastStatus, sparkline, status, strip } from "./marks.js";
import { dataTable } from "./table.js";
import { DAY, dur, num, pct, plural, stamp } from "./words.js";

const PERIOD_DAYS = 7;
/** How many lines a row of "What went wrong" has. */
const LINES = 2;

/** The figures of one tile: the days before the last run, and as many before those. */
export function summary(scope) {
  const runs = runsIn(scope).filter((run) => run.is_executing && run.state !== "none");
  const end = runs.length ? runs.at(-1).started : D.about.latest;
  const [cut, before] = [end - PERIOD_DAYS * DAY, end - 2 * PERIOD_DAYS * DAY];
  const now = runs.filter((run) => run.started > cut);
  const then = runs.filter((run) => run.started > before && run.started <= cut);
  const passed = (list) => list.filter((run) => run.is_success).length;
  const rate = (list) => (list.length ? passed(list) / list.length : null);
  const count = (name, test) => inScope(name, scope).filter((row) => test(D.t[name], row)).length;
  return {
    runs,
    last: runs.at(-1),
    now,
    passedNow: passed(now),
    rate: rate(now),
    rateThen: rate(then),
    failing: count("tests", (table, row) => table.is_failing[row]),
    stale: count("sources", (table, row) => isStale(table.freshness_status[row])),
    incidents: count("incidents", (table, row) => table.is_open[row]),
    slower: count("regressions", (table, row) => table.ended_at[row] == null),
    flaky: count("tests", (table, row) => table.flip_count[row] > 0),
  };
}

export const isStale = (freshness) => freshness != null && freshness !== "pass";

function tile(scope) {
  const figures = summary(scope);
  const [project, environment] = D.scopes[scope];
  const cell = (label, value, state, page) =>
    h(
      "div",
      { class: value ? "" : "zero" },
      h("dt", {}, label),
      h("dd", {}, value ? [glyph(state), h("a", { href: to(page, [], {}, scope), class: "count" }, num(value))] : "0"),
    );
  return h(
    "article",
    { class: `tile${scope === S.scope ? " on" : ""}`, "data-scope": scopeAddress(scope) },
    h(
      "header",
      {},
      h(
        "h2",
        {},
        h(
          "a",
          { href: to("overview", [], {}, scope) },
          foreign(project ?? "no project"),
          h("span", { class: "quiet" }, " ", foreign(environment)),
        ),
      ),
      lastWords(figures.last),
    ),
    h(
      "div",
      { class: "big" },
      h("b", { class: "rate" }, pct(figures.rate)),
      h("span", { class: "delta" }, deltaWords(figures)),
      tileStrip(figures, scope),
    ),
    h(
      "dl",
      { class: "counts" },
      cell("failing tests", figures.failing, "fail", "tests"),
      cell("stale sources", figures.stale, "warn", "sources"),
      cell("open incidents", figures.incidents, "fail", "incidents"),
      cell("slower nodes", figures.slower, "warn", "costs"),
      cell("flaky tests", figures.flaky, "warn", "tests"),
    ),
  );
}

function lastWords(last) {
  if (!last) return h("span", { class: "quiet small" }, "no run in the file");
  const isBad = last.state === "fail";
  const words = status(isBad ? "fail" : "ok", isBad ? "last run failed" : "last run passed");
  return h("span", { class: "small" }, words, h("span", { class: "quiet" }, " ", stamp(last.started)));
}

function deltaWords({ now, passedNow, rate, rateThen }) {
  const points = rateThen == null || rate == null ? null : Math.round(100 * (rate - rateThen));
  const first = now.length
    ? `${num(passedNow)} of ${plural(now.length, "run")} passed in ${PERIOD_DAYS} days`
    : `no run in ${PERIOD_DAYS} days`;
  const second =
    points == null
      ? "nothing before to compare"
      : points === 0
        ? `as in the ${PERIOD_DAYS} days before`
        : `${Math.abs(points)} points ${points > 0 ? "better" : "worse"} than the ${PERIOD_DAYS} days before`;
  return [first, h("br"), second];
}

function tileStrip(figures, scope) {
  const states = figures.runs.map((run) => run.state);
  const label = `The last ${Math.min(36, states.length)} runs of ${scopeName(scope)}`;
  if (!states.length) return null;
  return h(
    "a",
    { class: "spark", href: to("runs", [], {}, scope), "aria-label": label },
    strip(states, { width: 4, count: 36 }),
  );
}

/** The first sentences: they are made from the same counts as the tiles. */
function lede(figures) {
  const { last, now, passedNow, rate, rateThen } = figures;
  if (!last) {
    const why = runsIn().length
      ? "."
      : ": only manifests were loaded. Load run_results.json to see runs, times and failures here.";
    return [h("b", {}, "No run of this project and environment is in the file"), why];
  }
  const trend =
    rateThen == null
      ? ". "
      : rate === rateThen
        ? ", as many as before. "
        : ` (${pct(rate)}, ${rate > rateThen ? "up" : "down"} from ${pct(rateThen)}). `;
  const open = [
    figures.failing && plural(figures.failing, "failing test"),
    figures.incidents && plural(figures.incidents, "open incident"),
    figures.stale && plural(figures.stale, "stale source"),
    figures.slower && `${plural(figures.slower, "node")} slower than before`,
    figures.flaky && plural(figures.flaky, "flaky test"),
  ].filter(Boolean);
  return [
    h("b", {}, `The last run ${last.state === "fail" ? "failed" : "passed"}`),
    ` (${last.label}, ${stamp(last.started)} UTC). `,
    `${num(passedNow)} of ${plural(now.length, "run")} passed in the last ${PERIOD_DAYS} days`,
    trend,
    open.length ? `To look at: ${open.join(", ")}.` : "Nothing is failing, stale or slower than before.",
  ];
}

/** What went wrong, open first: incidents, slowdowns, flaky tests. */
function troubles() {
  const [incidents, slower, tests] = [D.t.incidents, D.t.regressions, D.t.tests];
  const found = inScope("incidents").map((row) => ({
    time: incidents.opened_at[row],
    node: incidents.unique_id[row],
    state: "fail",
    what: incidents.is_open[row] ? "failing" : "failed",
    isOpen: Boolean(incidents.is_open[row]),
    why: `${plural(incidents.failure_count[row], "failure")}, ${causeOf(incidents, row)}`,
    seconds: incidents.recovery_seconds[row],
  }));
  for (const row of inScope("regressions")) {
    const isOpen = slower.ended_at[row] == null;
    const times = `${dur(slower.baseline_seconds[row])} → ${dur(slower.regressed_seconds[row])}`;
    const fields = slower.changed_fields[row];
    found.push({
      time: slower.began_at[row],
      node: slower.unique_id[row],
      state: "warn",
      what: isOpen ? "slower" : "was slower",
      isOpen,
      why: `${times}, ${fields ? `with a change of ${fields}` : "no change known"}`,
      seconds: isOpen ? null : (slower.ended_at[row] - slower.began_at[row]) / 1000,
    });
  }
  for (const row of inScope("tests").filter((test) => tests.flip_count[test] > 0)) {
    const flips = `${plural(tests.flip_count[row], "flip")} in ${plural(tests.executed_count[row], "run")}`;
    const why = `${flips}, passed again with no change known`;
    found.push({
      time: tests.last_failed_at[row],
      node: tests.unique_id[row],
      state: "warn",
      what: "flaky",
      isOpen: true,
      why,
      seconds: null,
    });
  }
  return found.sort((a, b) => Number(b.isOpen) - Number(a.isOpen) || b.time - a.time);
}

/** What explains that an incident opened. */
export function causeOf(incidents, row) {
  if (incidents.is_parent_failing[row]) return "a parent failed too";
  const fields = incidents.opening_changed_fields[row];
  return fields ? `with a change of ${fields}` : "no change known";
}

const troubleColumns = () => [
  {
    label: "What",
    get: (row) => row.what,
    cell: (row) => (row.isOpen ? status(row.state, row.what) : pastStatus(row.state, row.what)),
  },
  {
    label: "Node",
    get: (row) => D.ids[row.node],
    cell: (row) => [nodeLink(row.node), h("div", { class: "small quiet" }, row.why)],
  },
  { label: "Since", get: (row) => row.time, cell: (row) => stamp(row.time), num: 1 },
  {
    label: "For",
    cls: "wide",
    get: (row) => row.seconds,
    cell: (row) => (row.isOpen && row.what !== "flaky" ? "open" : dur(row.seconds)),
    num: 1,
  },
];

/** Nodes by all the time that they took. */
function slowest() {
  const table = D.t.execution_times;
  return inScope("execution_times")
    .filter((row) => table.execution_seconds_sum[row] > 0)
    .sort((a, b) => table.execution_seconds_sum[b] - table.execution_seconds_sum[a])
    .slice(0, 8)
    .map((row) => ({
      node: table.unique_id[row],
      median: table.execution_seconds_median[row],
      sum: table.execution_seconds_sum[row],
      times: timesOf(table.unique_id[row]),
    }));
}

const timesOf = (node) =>
  executionsOf(node)
    .filter((one) => one.state === "ok" && one.seconds != null)
    .slice(-30)
    .map((one) => one.seconds);

const slowestColumns = () => [
  { label: "Node", get: (row) => D.ids[row.node], cell: (row) => nodeLink(row.node) },
  { label: "Times, newest right", cls: "wide", cell: (row) => sparkline(row.times) },
  { label: "Median", get: (row) => row.median, cell: (row) => dur(row.median), num: 1 },
  { label: "In all", get: (row) => row.sum, cell: (row) => dur(row.sum), num: 1 },
];

/** Since the last good run; the last changes where nothing changed since. */
function recentChanges() {
  const lastGood = runsIn().findLast((run) => run.is_executing && run.is_success);
  const since = lastGood ? changesSince(lastGood.started) : changesOf();
  if (since.length || !changesOf().length) return [lastGood ? "Changed since the last good run" : "Changed", since];
  return ["Last changes", changesOf().slice(-12)];
}

export function overviewPage() {
  const figures = summary(S.scope);
  const [title, changed] = recentChanges();
  const runs = runsIn();
  const wrong = {
    caption: "What went wrong",
    rows: troubles(),
    from: ["incidents", "regressions", "tests"],
    limit: 12,
  };
  const time = { caption: "Where the time goes", rows: slowest(), filter: false, from: ["execution_times"] };
  const times = dataTable({ ...time, cols: slowestColumns(), empty: "No node was executed with a time." });
  const isLeftShorter = LINES * Math.min(wrong.rows.length, wrong.limit) <= Math.min(changed.length, wrong.limit);
  return [
    h("h1", { class: "sr" }, "Overview of ", scopeName()),
    h("p", { class: "lede" }, lede(figures)),
    h(
      "div",
      { class: "tiles" },
      D.scopes.map((_, scope) => tile(scope)),
    ),
    runs.length ? runHistory(runs, changesOf()) : null,
    h(
      "div",
      { class: "cols" },
      h(
        "div",
        {},
        dataTable({ ...wrong, cols: troubleColumns(), empty: "No failure, slowdown or flip in this period." }),
        isLeftShorter ? times : null,
      ),
      h(
        "div",
        {},
        dataTable({
          caption: title,
          rows: [...changed].reverse(),
          from: ["definitions"],
          limit: 12,
          cols: changeColumns(),
          empty: "No definition changed.",
        }),
        isLeftShorter ? null : times,
      ),
    ),
  ];
}
