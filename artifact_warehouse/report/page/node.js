// Node: what it is, what came with what in its history, where it stands, and its code.
import { nodeLink, runLink, to } from "./address.js";
import { figure } from "./axis.js";
import { codeSection } from "./code.js";
import {
  D,
  S,
  details,
  executionsOf,
  groupBy,
  isTestNode,
  lastState,
  rowOf,
  rowsOf,
  shortName,
  typeOf,
} from "./data.js";
import { breakable, foreign, h } from "./dom.js";
import { facts, glyph, pastStatus, sparkline, status, strip } from "./marks.js";
import { columnsSection } from "./node_columns.js";
import { checksOf, nodeHistory, testLabel } from "./node_history.js";
import { causeOf } from "./overview.js";
import { prose } from "./prose.js";
import { dataTable, source } from "./table.js";
import { STATE_WORD, dur, freshnessWord, num, pct, plural, stamp, typeWord } from "./words.js";

const MOST_NEIGHBOURS = 40;
const WITHOUT_CODE = new Set(["source", "exposure", "metric", "semantic_model", "saved_query", "seed"]);

/** Versions of the definition of a node in the scope, the oldest first. */
export function versionsOf(node) {
  const table = D.t.definitions;
  const row = rowOf("nodes", node);
  const path = row == null ? null : D.t.nodes.original_file_path[row];
  return rowsOf("definitions", node)
    .map((version) => ({
      from: table.valid_from[version],
      to: table.valid_to[version],
      definition: table.definition_id[version],
      what: table.changed_fields[version],
      path,
    }))
    .sort((a, b) => a.from - b.from);
}

/** An element that is filled once the details are unpacked. */
function later(make) {
  const box = h("div");
  details().then(() => box.replaceChildren(...[make()].flat().filter(Boolean)));
  return box;
}

export function nodePage(here) {
  const id = here.rest.join("/");
  const node = D.uid.get(id);
  if (node == null) return missingNode(id);
  if (rowOf("nodes", node) == null && rowOf("tests", node) == null) moveToScopeOf(node);
  const versions = versionsOf(node);
  const tests = rowsOf("tests", node, "tested_unique_id");
  const type = typeOf(node);
  return [
    ...nodeHead(node, id, versions),
    later(() => description(node)),
    slowdowns(node),
    nodeFacts(node),
    historySection(node, versions, tests),
    later(() => columnsSection(node)),
    tests.length ? testsTable(tests) : null,
    later(() => statistics(node)),
    incidentsOf(node),
    h("div", { class: "cols" }, neighbours("Comes from", node, "parent"), neighbours("Goes to", node, "child")),
    versions.length && !WITHOUT_CODE.has(type) ? codeSection(node, versions) : null,
    later(() => metaSection(node)),
  ];
}

/** A node that the scope does not have belongs to another one. */
function moveToScopeOf(node) {
  for (const name of ["nodes", "tests", "definitions"]) {
    const row = D.t[name].unique_id.indexOf(node);
    if (rowsOf(name, node).length || row < 0) continue;
    S.scope = D.t[name].scope[row];
    return;
  }
}

const missingNode = (id) => [
  h("h1", {}, "No such node"),
  h(
    "p",
    { class: "sub" },
    h("code", {}, foreign(id)),
    " is in no run and no manifest of this file. Press / to search.",
  ),
];

const fieldOf = (name, node, column) => {
  const row = rowOf(name, node);
  return row == null ? null : D.t[name][column][row];
};

function nodeHead(node, id, versions) {
  const kind = [typeWord(typeOf(node)), fieldOf("nodes", node, "materialized"), fieldOf("nodes", node, "package_name")];
  const path = fieldOf("nodes", node, "original_file_path") || fieldOf("tests", node, "original_file_path");
  const inGraph = D.graphs[S.scope].ids.includes(id);
  const isGone = versions.length && rowOf("nodes", node) == null && rowOf("tests", node) == null;
  return [
    h(
      "p",
      { class: "kicker" },
      kind.filter(Boolean).map((part, index) => [index ? " · " : "", foreign(part)]),
    ),
    h("h1", {}, breakable(shortName(node))),
    h(
      "p",
      { class: "sub" },
      lastWord(node),
      path ? ["  ", h("code", {}, foreign(path))] : null,
      inGraph ? ["  ", h("a", { href: to("lineage", [], { node: id }) }, "in the lineage")] : null,
      isGone ? "  gone from the current manifest" : null,
    ),
  ];
}

function lastWord(node) {
  const check = checksOf(node).at(-1);
  if (check)
    return status(check.state, `${freshnessWord(check.status)}: ${dur(check.age)} old at ${stamp(check.time)}`);
  const last = executionsOf(node).at(-1);
  if (!last) return status("none", typeOf(node) === "source" ? "never checked" : "never run");
  return [status(last.state, `last ${STATE_WORD[last.state]}`), " ", runLink(last.run)];
}

function description(node) {
  const text = fieldOf("texts", node, "description");
  return text ? prose(text) : null;
}

function slowdowns(node) {
  const table = D.t.regressions;
  return rowsOf("regressions", node).map((row) => {
    const isOpen = table.ended_at[row] == null;
    const times = `${dur(table.baseline_seconds[row])} → ${dur(table.regressed_seconds[row])}`;
    const fields = table.changed_fields[row];
    return h(
      "p",
      { class: "sub" },
      status("warn", isOpen ? "slower" : "was slower"),
      ` since ${stamp(table.began_at[row])}: ${times}, ${table.slowdown_ratio[row].toFixed(1)} times as long`,
      fields ? `, with a change of ${fields}` : ", with no change of its definition",
      isOpen ? "." : `; over since ${stamp(table.ended_at[row])}.`,
    );
  });
}

function nodeFacts(node) {
  const times = (column) => fieldOf("execution_times", node, column);
  const own = (column) => fieldOf("nodes", node, column);
  const reliable = (column) => fieldOf("reliability", node, column);
  const tested = fieldOf("tests", node, "tested_unique_id");
  const rate = fieldOf("tests", node, "executed_count");
  return facts([
    ["Median", times("execution_seconds_median") == null ? null : dur(times("execution_seconds_median"))],
    ["95th percentile", times("execution_seconds_p95") == null ? null : dur(times("execution_seconds_p95"))],
    ["Last", times("last_execution_seconds") == null ? null : dur(times("last_execution_seconds"))],
    [
      "Executions",
      times("execution_count") == null ? null : num(times("execution_count") + times("failed_execution_count")),
    ],
    ["Failed", rate ? `${num(fieldOf("tests", node, "failure_count"))} of ${num(rate)}` : failedOf(times)],
    [
      "Between failures",
      reliable("mean_time_between_failures_seconds") == null
        ? null
        : dur(reliable("mean_time_between_failures_seconds")),
    ],
    [
      "To recovery",
      reliable("mean_time_to_recovery_seconds") == null ? null : dur(reliable("mean_time_to_recovery_seconds")),
    ],
    ["Owner", foreign(own("owner"))],
    ["Group", foreign(own("group_name"))],
    ["Access", own("access")],
    ["Contract", own("is_contract_enforced") ? "enforced" : null],
    ["Tags", foreign(own("tags"))],
    ["Tested", tested == null || tested < 0 ? null : nodeLink(tested)],
    ["Severity", fieldOf("tests", node, "severity")],
    ...usageFacts(node),
  ]);
}

const failedOf = (times) => (times("failed_execution_count") == null ? null : num(times("failed_execution_count")));

/** What only exposures and metrics have. */
function usageFacts(node) {
  const exposure = (column) => fieldOf("exposures", node, column);
  const url = exposure("url");
  return [
    ["Kind", exposure("exposure_type")],
    ["Maturity", exposure("maturity")],
    ["Owner's address", foreign(exposure("owner_email"))],
    ["Link", url && /^https?:/i.test(url) ? h("a", { href: url, rel: "noreferrer" }, foreign(url)) : foreign(url)],
    ["Metric", fieldOf("metrics", node, "metric_type")],
    [
      "Expression",
      fieldOf("metrics", node, "expression") ? h("code", {}, foreign(fieldOf("metrics", node, "expression"))) : null,
    ],
  ];
}

function historySection(node, versions, tests) {
  const hasHistory = executionsOf(node).length || versions.length > 1 || tests.length || checksOf(node).length;
  const from = ["executions", "definitions", "tests", ...(typeOf(node) === "source" ? ["freshness"] : [])];
  return h(
    "section",
    { class: "block", id: "history" },
    h("div", { class: "bar" }, h("h2", {}, "History"), source(...from)),
    hasHistory
      ? figure((width) => nodeHistory(width, node, versions, tests))
      : h("p", { class: "quiet" }, "Nothing was run and nothing has changed."),
  );
}

const testsTable = (tests) =>
  dataTable({
    caption: "Tests",
    rows: tests,
    limit: 20,
    from: ["tests"],
    cols: testColumns(),
  });

/** The columns of a table of tests; rows are those of the table of tests. */
function testColumns() {
  const table = D.t.tests;
  const results = (row) => executionsOf(table.unique_id[row]).map((one) => one.state);
  const state = (row) => lastState(table.unique_id[row]);
  return [
    {
      label: "Now",
      get: (row) => table.last_status[row],
      cell: (row) => status(state(row), table.last_status[row] || "never run"),
    },
    { label: "Test", get: (row) => table.name[row], cell: (row) => nodeLink(table.unique_id[row], testLabel(row)) },
    { label: "Last results, newest right", cell: (row) => strip(results(row), { width: 4, count: innerWidth < 640 ? 16 : 28 }) },
    {
      label: "Failed",
      get: (row) => table.failure_rate[row],
      cell: (row) =>
        table.executed_count[row] ? `${num(table.failure_count[row])} of ${num(table.executed_count[row])}` : "–",
      num: 1,
    },
  ];
}

/** The statistics of catalogs, and how they grew. */
function statistics(node) {
  const table = D.t.relation_stats;
  const rows = rowsOf("relation_stats", node);
  if (!rows.length) return null;
  const byStat = [...groupBy(rows.length, (index) => table.stat_id[rows[index]]).values()].map((places) =>
    places.map((place) => rows[place]),
  );
  const last = (stat) => stat.at(-1);
  const numbers = (stat) => stat.map((row) => table.value_double[row]).filter((value) => value != null);
  return dataTable({
    caption: "Statistics",
    rows: byStat,
    filter: false,
    from: ["relation_stats"],
    cols: [
      { label: "What", get: (stat) => table.label[last(stat)] || table.stat_id[last(stat)] },
      { label: "Now", get: (stat) => table.value[last(stat)], num: 1 },
      {
        label: "Over time",
        cell: (stat) => (numbers(stat).length > 1 ? sparkline(numbers(stat), num) : h("span", { class: "quiet" }, "–")),
      },
      {
        label: "Counted",
        get: (stat) => table.catalog_generated_at[last(stat)],
        cell: (stat) => stamp(table.catalog_generated_at[last(stat)]),
        num: 1,
      },
    ],
  });
}

function incidentsOf(node) {
  const table = D.t.incidents;
  const rows = rowsOf("incidents", node);
  if (!rows.length) return null;
  return dataTable({
    caption: "Incidents",
    rows,
    limit: 10,
    filter: false,
    from: ["incidents"],
    cols: [
      {
        label: "State",
        get: (row) => (table.is_open[row] ? "open" : "over"),
        cell: (row) => (table.is_open[row] ? status("fail", "open") : pastStatus("fail", "over")),
      },
      { label: "Opened", get: (row) => table.opened_at[row], cell: (row) => stamp(table.opened_at[row]) },
      { label: "Failures", get: (row) => table.failure_count[row], num: 1 },
      { label: "What explains it", get: (row) => causeOf(table, row) },
      {
        label: "To recovery",
        get: (row) => table.recovery_seconds[row],
        cell: (row) => dur(table.recovery_seconds[row]),
        num: 1,
      },
    ],
  });
}

/** The direct neighbours on one side; tests of a node have their own table. */
function neighbours(title, node, side) {
  const other = side === "parent" ? "child_unique_id" : "parent_unique_id";
  const edges = rowsOf("edges", node, other);
  const found = edges
    .map((row) => D.t.edges[`${side}_unique_id`][row])
    .filter((one) => side === "parent" || !isTestNode(one));
  const item = (one) =>
    h("li", {}, glyph(lastState(one)), nodeLink(one), h("span", { class: "quiet" }, typeWord(typeOf(one))));
  return h(
    "section",
    { class: "block" },
    h(
      "div",
      { class: "bar" },
      h("h2", {}, title, " ", h("span", { class: "quiet" }, num(found.length))),
      found.length ? source("edges") : null,
    ),
    found.length
      ? h("ul", { class: "plainlist" }, found.slice(0, MOST_NEIGHBOURS).map(item))
      : h("p", { class: "quiet" }, "None."),
    found.length > MOST_NEIGHBOURS
      ? h("p", { class: "quiet" }, `and ${plural(found.length - MOST_NEIGHBOURS, "other")}`)
      : null,
  );
}

function metaSection(node) {
  const meta = fieldOf("texts", node, "meta");
  if (!meta || meta === "{}") return null;
  const text = JSON.stringify(JSON.parse(meta), null, 2);
  return h(
    "section",
    { class: "block" },
    h("div", { class: "bar" }, h("h2", {}, "Meta"), source("texts")),
    h("pre", { class: "code wrap", tabindex: 0, role: "region", "aria-label": "Meta", dir: "auto" }, text),
  );
}

/** How often a test or node passed, in words. */
export const passedWords = (passed, all) => (all ? `${num(passed)} of ${num(all)} (${pct(passed / all)})` : "–");
