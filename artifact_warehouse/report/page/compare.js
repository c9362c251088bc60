// A run against any other run of its project and environment: which nodes were slower, new, gone, changed.
import { nodeLink, to } from "./address.js";
import { changesOf } from "./changes.js";
import { D, invocationsIn } from "./data.js";
import { foreign, h } from "./dom.js";
import { facts, status } from "./marks.js";
import { previousOf } from "./runs.js";
import { dataTable } from "./table.js";
import { dur, num, stamp } from "./words.js";

/** @typedef {{node: number, row: number | null, other: number | null, now: number | null, before: number | null, diff: number | null, what: string}} Compared */

export function comparison(run, here) {
  const wanted = here.query.get("against");
  const other = (wanted && D.runByKey.get(wanted)) || previousOf(run);
  const rows = compared(run, other);
  const count = (what) => rows.filter((row) => row.what === what).length;
  return h(
    "div",
    { id: "comparison", class: "block" },
    h("div", { class: "bar" }, h("h2", {}, "Beside another run"), picker(run, other)),
    other
      ? facts([
          ["New", num(count("new"))],
          ["Gone", num(count("gone"))],
          ["Changed", num(count("changed"))],
        ])
      : null,
    dataTable({
      caption: other ? `Against ${stamp(other.started)}` : "All nodes",
      rows,
      limit: 20,
      from: ["executions"],
      sort: other ? [3, -1] : [2, -1],
      cols: columns(other),
    }),
  );
}

/** Choosing another run changes the address. */
function picker(run, other) {
  const others = invocationsIn(run.scope)
    .filter((one) => one !== run && one.is_executing)
    .reverse();
  if (!others.length) return h("span", { class: "quiet" }, "No other run to compare with.");
  const onchange = (event) => (location.hash = to("run", run.key, { against: event.target.value }));
  const select = h(
    "select",
    { "aria-label": "Compare with the run", onchange },
    other ? null : h("option", { value: "", selected: true, disabled: true }, "choose a run"),
    others.map((one) => h("option", { value: one.key, selected: one === other }, `${stamp(one.started)} ${one.label}`)),
  );
  return h("label", { class: "small quiet" }, "compare with ", select);
}

const secondsOf = (row) => {
  const table = D.t.executions;
  return row == null || table.ms[row] == null || !/ok|warn/.test(table.state[row]) ? null : table.ms[row] / 1000;
};

/** @returns {Compared[]} */
function compared(run, other) {
  const table = D.t.executions;
  const byNode = (one) => new Map(one ? one.rows.map((row) => [table.unique_id[row], row]) : []);
  const [now, before] = [byNode(run), byNode(other)];
  const changed = changedBetween(run, other);
  const nodes = [...now.keys(), ...[...before.keys()].filter((node) => !now.has(node))];
  return nodes.map((node) => {
    const [row, old] = [now.get(node) ?? null, before.get(node) ?? null];
    const [seconds, earlier] = [secondsOf(row), secondsOf(old)];
    const what = !other ? "" : old == null ? "new" : row == null ? "gone" : changed.has(node) ? "changed" : "";
    const diff = seconds != null && earlier != null ? seconds - earlier : null;
    return { node, row, other: old, now: seconds, before: earlier, diff, what };
  });
}

/** The nodes whose definition changed between two runs, in either order of time. */
function changedBetween(run, other) {
  if (!other) return new Set();
  const [first, last] = [run.generated_at, other.generated_at].sort((a, b) => a - b);
  const between = changesOf(run.scope).filter((change) => change.time > first && change.time <= last);
  return new Set(between.filter((change) => change.kind === "changed").map((change) => change.node));
}

function columns(other) {
  const table = D.t.executions;
  const result = {
    label: "Result",
    get: (row) => (row.row == null ? "" : table.status[row.row]),
    cell: (row) =>
      row.row == null ? status("none", "not in this run") : status(table.state[row.row], table.status[row.row]),
  };
  const node = {
    label: "Node",
    get: (row) => `${D.ids[row.node]} ${row.what}`.trim(),
    cell: (row) => [nodeLink(row.node), row.what ? [" ", h("span", { class: "chip" }, row.what)] : null],
  };
  const took = { label: "Took", get: (row) => row.now, cell: (row) => dur(row.now), num: 1 };
  const slower = {
    label: "Slower by",
    get: (row) => row.diff,
    cell: (row) => (row.diff == null ? "–" : `${row.diff < 0 ? "−" : "+"}${dur(Math.abs(row.diff))}`),
    num: 1,
  };
  const then = {
    label: "Then",
    get: (row) => row.before,
    cell: (row) => foreign(dur(row.before)),
    num: 1,
    cls: "wide",
  };
  return other ? [result, node, took, slower, then] : [result, node, took];
}
