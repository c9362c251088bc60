// Changes: every change of every definition, by day, with the run and the commit that it came with.
import { nodeLink, runLink, to } from "./address.js";
import { D, S, groupBy, inScope, invocationsIn, isTestNode, scopeName, shortName, typeOf } from "./data.js";
import { foreign, h, s } from "./dom.js";
import { TimeFigure, figure } from "./axis.js";
import { facts } from "./marks.js";
import { dataTable, source } from "./table.js";
import { tipOn } from "./tips.js";
import { DAY, MINUTE, day, num, plural, stamp, startOfDay, typeWord } from "./words.js";

/** @typedef {{node: number, time: number, what: string, kind: "changed" | "new" | "gone", definition?: string}} Change */

const known = new Map();
/** Every change of a definition in the scope: a new version, a new node, a node gone. Oldest first. */
export function changesOf(scope = S.scope) {
  if (!known.has(scope)) known.set(scope, findChanges(scope));
  return /** @type {Change[]} */ (known.get(scope));
}

/** When the history of the scope begins: what is there then is not new. */
export function beginningOf(scope = S.scope) {
  const table = D.t.definitions;
  return inScope("definitions", scope).reduce((first, row) => Math.min(first, table.valid_from[row]), Infinity);
}

function findChanges(scope) {
  const table = D.t.definitions;
  const rows = inScope("definitions", scope);
  const beginning = beginningOf(scope);
  const lastEnd = new Map();
  for (const row of rows) {
    const end = table.valid_to[row] ?? Infinity;
    lastEnd.set(table.unique_id[row], Math.max(lastEnd.get(table.unique_id[row]) ?? 0, end));
  }
  const changes = [];
  for (const row of rows) {
    const [node, from, end] = [table.unique_id[row], table.valid_from[row], table.valid_to[row]];
    const definition = table.definition_id[row];
    if (table.changed_fields[row])
      changes.push({ node, time: from, what: table.changed_fields[row], kind: "changed", definition });
    else if (from > beginning + MINUTE) changes.push({ node, time: from, what: "new", kind: "new", definition });
    if (end != null && end === lastEnd.get(node)) changes.push({ node, time: end, what: "gone", kind: "gone" });
  }
  return changes.sort((a, b) => a.time - b.time || a.node - b.node);
}

let manifests;
/** The manifest that was written at a time in a scope: its invocation and commit. */
export function manifestAt(time, scope = S.scope) {
  const table = D.t.manifests;
  manifests ||= groupBy(table.n, (row) => `${table.scope[row]} ${table.generated_at[row]}`);
  const row = (manifests.get(`${scope} ${time}`) || [])[0];
  return row == null
    ? null
    : { invocation: table.invocation_id[row], sha: table.git_sha[row], branch: table.git_branch[row] };
}

/** The run that an invocation of the scope wrote results in. */
export const runOfInvocation = (invocation) => invocationsIn().find((run) => run.invocation_id === invocation);

/** The last good run, and what changed after it. */
export function changesSince(time) {
  return changesOf().filter((change) => change.time > time - MINUTE);
}

/** Bars of changes a day on a time figure. */
export function changesPanel(plot, changes, { height = 24, link = true } = {}) {
  const days = [...groupBy(changes.length, (index) => startOfDay(changes[index].time))];
  const most = Math.max(1, ...days.map(([, list]) => list.length));
  plot.y += 6;
  plot.rule(plot.y + height);
  for (const [time, list] of days) {
    if (time < plot.start || time >= plot.end) continue;
    const tall = Math.max(2, height * Math.sqrt(list.length / most));
    const width = Math.max(2, Math.min(5, plot.dayWidth - 2));
    const middle = plot.x(time) + plot.dayWidth / 2;
    const bar = s("rect", { class: "chg", x: middle - width / 2, y: plot.y + height - tall, width, height: tall });
    const href = link ? to("changes", [], { day: time / DAY }) : null;
    const words = () =>
      dayWords(
        time,
        list.map((index) => changes[index]),
      );
    plot.add(
      tipOn(
        s("a", { class: "mark", href, "aria-label": `${plural(list.length, "change")} on ${day(time)}` }, bar),
        words,
      ),
    );
    if (plot.dayWidth > 22)
      plot.add(s("text", { x: middle, y: plot.y + height - 4 - tall, "text-anchor": "middle" }, num(list.length)));
  }
  plot.y += height + 6;
}

const dayWords = (time, changes) => [
  h("b", {}, day(time)),
  ` ${plural(changes.length, "change")}`,
  changes
    .slice(0, 8)
    .map((change) => [h("br"), foreign(shortName(change.node)), " ", h("span", { class: "quiet" }, change.what)]),
  changes.length > 8 ? [h("br"), `and ${changes.length - 8} more`] : null,
];

/** The columns of a table of changes. */
export const changeColumns = () => [
  { label: "Node", get: (change) => D.ids[change.node], cell: (change) => nodeLink(change.node) },
  {
    label: "What",
    get: (change) => change.what,
    cell: (change) => h("span", { class: change.kind === "gone" ? "quiet" : "" }, change.what),
  },
  { label: "Since", get: (change) => change.time, cell: (change) => stamp(change.time), num: 1 },
];

function originColumns() {
  const origin = (change) => manifestAt(change.time);
  const link = (change) => {
    const invocation = origin(change)?.invocation;
    const run = invocation && runOfInvocation(invocation);
    return run ? runLink(run, run.label) : h("span", { class: "quiet" }, "–");
  };
  const commit = (change) =>
    origin(change)?.sha ? h("code", {}, origin(change).sha.slice(0, 10)) : h("span", { class: "quiet" }, "–");
  return [
    { label: "Type", get: (change) => typeWord(typeOf(change.node)), cls: "wide" },
    { label: "Came with", get: (change) => origin(change)?.invocation, cell: link, cls: "wide" },
    { label: "Commit", get: (change) => origin(change)?.sha, cell: commit, cls: "wide" },
  ];
}

export function changesPage(here) {
  const title = h("h1", {}, "Changes");
  const all = changesOf();
  if (!D.t.definitions.n)
    return [title, h("p", { class: "sub" }, "No manifest is in the file. Load manifest.json to see what changed.")];
  const wanted = here.query.get("day");
  const tests = here.query.get("tests") === "1";
  const inKind = all.filter((change) => tests || !isTestNode(change.node));
  const shown = wanted == null ? inKind : inKind.filter((change) => startOfDay(change.time) === Number(wanted) * DAY);
  const of = (kind) => inKind.filter((change) => change.kind === kind).length;
  const days = new Set(inKind.map((change) => startOfDay(change.time))).size;
  const lede = inKind.length
    ? [
        h("b", {}, `${plural(of("changed"), "definition")} changed`),
        `, ${num(of("new"))} came and ${num(of("gone"))} went, on ${plural(days, "day")}.`,
      ]
    : [h("b", {}, "No definition has changed"), " between the manifests of this file."];
  const caption = wanted == null ? "All changes" : `Changed on ${day(Number(wanted) * DAY)}`;
  const columns = changeColumns();
  return [
    title,
    h("p", { class: "lede" }, lede),
    facts([
      ["Changed", num(of("changed"))],
      ["New", num(of("new"))],
      ["Gone", num(of("gone"))],
    ]),
    inKind.length ? changesByDay(inKind) : null,
    h(
      "p",
      { class: "sub" },
      wanted == null ? null : [h("a", { href: to("changes") }, "← all days"), "  "],
      h(
        "a",
        { href: to("changes", [], { day: wanted, tests: tests ? null : 1 }) },
        tests ? "Without tests" : "With tests",
      ),
    ),
    dataTable({
      caption,
      rows: [...shown].reverse(),
      limit: 100,
      from: ["definitions", "manifests"],
      empty: "No definition changed.",
      cols: [columns[0], columns[1], ...originColumns(), columns[2]],
    }),
  ];
}

/** The axis spans the runs too: a time without changes is seen. */
function spanOf(changes) {
  const runs = invocationsIn();
  const times = [changes[0].time, changes.at(-1).time, runs[0]?.started, runs.at(-1)?.started].filter(
    (time) => time != null,
  );
  return [Math.min(...times), Math.max(...times)];
}

function changesByDay(changes) {
  return h(
    "section",
    { class: "block" },
    h(
      "div",
      { class: "bar" },
      h("h2", {}, "By day ", h("span", { class: "quiet" }, scopeName())),
      source("definitions"),
    ),
    figure((width) => {
      const plot = new TimeFigure(width, ...spanOf(changes), 148);
      for (const [kind, words] of [
        ["changed", "Changed"],
        ["new", "New"],
        ["gone", "Gone"],
      ]) {
        const list = changes.filter((change) => change.kind === kind);
        if (!list.length) continue;
        plot.head(words, ["a day"], num(list.length));
        if (!plot.isNarrow) plot.y -= 4;
        changesPanel(plot, list, { height: 36 });
      }
      return plot.svg("Changes of definitions by day");
    }),
  );
}
