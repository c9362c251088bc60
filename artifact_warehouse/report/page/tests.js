// Tests: which fail, which cannot be trusted, which never find anything.
import { nodeLink } from "./address.js";
import { D, executionsOf, inScope, shortName } from "./data.js";
import { breakable, h } from "./dom.js";
import { count, facts, status, strip } from "./marks.js";
import { testLabel } from "./node_history.js";
import { dataTable } from "./table.js";
import { num, plural, stamp } from "./words.js";

const RANK = { fail: 0, warn: 1, none: 3, ok: 4 };

/** The tests of the scope, the worst first. */
function rankedTests() {
  const table = D.t.tests;
  const rows = inScope("tests").map((row) => {
    const states = executionsOf(table.unique_id[row]).map((one) => one.state);
    const last = states.filter((state) => state !== "skip").at(-1) || "none";
    const rank = RANK[last] - (table.flip_count[row] > 0 ? 0.5 : 0);
    return { row, states, last, rank };
  });
  const by = (column, one) => table[column][one.row] || 0;
  return rows.sort(
    (a, b) =>
      a.rank - b.rank || by("failure_rate", b) - by("failure_rate", a) || by("warn_count", b) - by("warn_count", a),
  );
}

export function testsPage() {
  const table = D.t.tests;
  const rows = rankedTests();
  const title = h("h1", {}, "Tests");
  if (!rows.length)
    return [title, h("p", { class: "sub" }, "The manifests of this project and environment declare no test.")];
  const sum = (column) => rows.reduce((total, one) => total + (table[column][one.row] || 0), 0);
  return [
    title,
    h("p", { class: "lede" }, ledeOfTests(rows)),
    facts([
      ["Tests", num(rows.length)],
      ["Executions", num(sum("executed_count"))],
      ["Failures", num(sum("failure_count"))],
      ["Warnings", num(sum("warn_count"))],
      ["Never run", num(rows.filter((one) => !one.states.length).length)],
    ]),
    dataTable({ caption: "All tests", rows, limit: 40, from: ["tests", "executions"], cols: testPageColumns() }),
  ];
}

function ledeOfTests(rows) {
  const table = D.t.tests;
  const bad = rows.filter((one) => one.last === "fail").length;
  const flaky = rows.filter((one) => table.flip_count[one.row] > 0).length;
  const hasRun = rows.some((one) => one.states.length);
  const clean = rows.filter((one) => one.states.length && !table.failure_count[one.row] && !table.warn_count[one.row]);
  const first = bad
    ? `${plural(bad, "test")} ${bad === 1 ? "fails" : "fail"} now. `
    : hasRun
      ? "No test fails now. "
      : "No test has run in this file. ";
  const them =
    flaky === 1
      ? "has passed again with no change known: do not trust it. "
      : "have passed again with no change known: do not trust them. ";
  return [
    h("b", {}, first),
    flaky ? `${plural(flaky, "test")} ${them}` : "",
    hasRun ? `${num(clean.length)} of ${num(rows.length)} have never failed or warned.` : "",
  ];
}

const testedOf = (one) => {
  const node = D.t.tests.tested_unique_id[one.row];
  return node == null || node < 0 ? null : node;
};
const quietly = (value, words) => (value ? words : h("span", { class: "quiet" }, "–"));

function testPageColumns() {
  const table = D.t.tests;
  const value = (column) => (one) => table[column][one.row];
  const tested = (one) => (testedOf(one) == null ? quietly(false, "") : nodeLink(testedOf(one)));
  const failed = (one) => `${num(value("failure_count")(one) || 0)} of ${num(value("executed_count")(one))}`;
  return [
    {
      label: "Now",
      get: value("last_status"),
      cell: (one) => status(one.last, one.last === "none" ? "never run" : value("last_status")(one)),
    },
    { label: "Test", get: value("name"), cell: testCell, cls: "clip" },
    { label: "On", get: (one) => (testedOf(one) == null ? null : shortName(testedOf(one))), cell: tested, cls: "wide" },
    {
      label: "Last results, newest right",
      cell: (one) => strip(one.states, { width: 4, count: innerWidth < 640 ? 16 : 28 }),
    },
    {
      label: "Failed",
      get: value("failure_rate"),
      cell: (one) =>
        quietly(
          value("executed_count")(one),
          h("span", { class: value("failure_count")(one) ? "" : "quiet" }, failed(one)),
        ),
      num: 1,
    },
    { label: "Warned", get: value("warn_count"), cell: (one) => count(value("warn_count")(one)), num: 1, cls: "wide" },
    { label: "Flips", get: value("flip_count"), cell: (one) => count(value("flip_count")(one)), num: 1, cls: "wide" },
    {
      label: "Last failed",
      get: value("last_failed_at"),
      cell: (one) =>
        value("last_failed_at")(one) ? stamp(value("last_failed_at")(one)) : h("span", { class: "quiet" }, "never"),
      num: 1,
      cls: "wide",
    },
  ];
}

function testCell(one) {
  const table = D.t.tests;
  const chip = (words) => [" ", h("span", { class: "chip" }, words)];
  return [
    nodeLink(table.unique_id[one.row], testLabel(one.row)),
    table.flip_count[one.row] > 0 ? chip("flaky") : null,
    /warn/i.test(table.severity[one.row] || "") ? chip("warns only") : null,
    testedOf(one) == null ? null : h("div", { class: "small quiet thin" }, "on ", breakable(shortName(testedOf(one)))),
  ];
}
