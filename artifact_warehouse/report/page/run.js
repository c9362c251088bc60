// Run: why it took as long as it did, what failed and what that took with it, and how it differs from another run.
import { nodeLink, runLink, to } from "./address.js";
import { comparison } from "./compare.js";
import { D, S, details, groupBy, once } from "./data.js";
import { foreign, h } from "./dom.js";
import { ganttSection } from "./gantt.js";
import { facts, shareBar, status } from "./marks.js";
import { previousOf, runStatus, siblingsOf } from "./runs.js";
import { copyText, dataTable, source } from "./table.js";
import { threadsSection } from "./threads.js";
import { barsOf, pathOf, peakOf } from "./timeline.js";
import { dur, num, pct, plural, stamp, weekday } from "./words.js";

/** The file holds so many characters of a message. */
const MESSAGE_CHARACTERS = 2000;

export function runPage(here) {
  const key = here.rest.join("/");
  const run = D.runByKey.get(key) || D.runs.find((other) => other.invocation_id === here.rest[0]);
  if (!run) return missingRun(key);
  S.scope = run.scope;
  const bars = barsOf(run);
  const chosen = h("div", { class: "chosen" });
  const total = bars.length ? Math.max(...bars.map((bar) => bar.end)) / 1000 : run.span_seconds;
  const pick = (bar) => chosen.replaceChildren(...(bar ? [barSentence(bar)] : []));
  return [
    ...runHead(run),
    runFacts(run, bars, total),
    bars.length ? ganttSection(bars, pick) : withoutTimeline(run),
    chosen,
    failures(run),
    bars.length ? h("div", { class: "cols" }, observedTable(bars, total), criticalTable(bars, total)) : null,
    bars.length > 1 ? threadsSection(run) : null,
    comparison(run, here),
  ];
}

const missingRun = (key) => [
  h("h1", {}, "This run is not in the file"),
  h(
    "p",
    { class: "sub" },
    h("code", {}, foreign(key)),
    " was not loaded, or is older than the days of this report. ",
    h("a", { href: to("runs") }, "All runs"),
  ),
];

function runHead(run) {
  const previous = previousOf(run);
  const next = siblingsOf(run).find((other) => other.started > run.started);
  const result = run.state === "fail" ? status("fail", plural(run.failure_count, "failure")) : runStatus(run);
  return [
    h("p", { class: "kicker" }, foreign(run.project_name ?? "no project"), " · ", foreign(run.environment)),
    h(
      "h1",
      {},
      foreign(run.label),
      `, ${weekday(run.started)} ${stamp(run.started)} `,
      h("span", { class: "quiet small" }, "UTC"),
    ),
    h(
      "p",
      { class: "sub" },
      result,
      `, ${plural(run.warn_count, "warning")}, ${num(run.skipped_count)} skipped. `,
      h("code", {}, foreign(run.invocation_command || run.command)),
      run.git_sha ? [" at ", h("code", {}, foreign(run.git_sha.slice(0, 10)))] : null,
      run.git_branch ? [" on ", h("code", {}, foreign(run.git_branch))] : null,
    ),
    logicalWords(run),
    h(
      "p",
      { class: "sub steps" },
      previous ? h("a", { href: to("run", previous.key) }, "← previous ", foreign(run.label)) : null,
      next ? h("a", { href: to("run", next.key) }, "next ", foreign(run.label), " →") : null,
    ),
  ];
}

/** The other invocations that count as one run with this one. */
function logicalWords(run) {
  const others = (run.logical?.members || []).filter((member) => member !== run);
  if (!others.length) return null;
  const word = run.logical.state === "fail" ? "failed" : "passed";
  return h(
    "p",
    { class: "sub" },
    `Counts as one run, which ${word}, with `,
    others.map((other, index) => [
      index ? ", " : "",
      runLink(other, `${other.command}${other.is_retry ? " (retry)" : ""} ${stamp(other.started)}`),
    ]),
    ".",
  );
}

function runFacts(run, bars, total) {
  const threads = new Set(bars.map((bar) => bar.thread)).size;
  const busy = bars.reduce((sum, bar) => sum + bar.end - bar.start, 0) / 1000;
  const longest = bars.length ? Math.max(...bars.map((bar) => bar.end - bar.start)) / 1000 : null;
  const path = pathOf(bars, "observed").length;
  return facts([
    ["Wall clock", dur(total)],
    ["Decided by", path ? plural(path, "node") : null],
    ["Longest node", longest == null ? null : dur(longest)],
    ["Most at once", bars.length ? `${peakOf(bars)} of ${run.threads || threads} threads` : null],
    ["Threads busy", bars.length && total ? pct(busy / (total * Math.max(1, threads))) : null],
    ["Results", num(run.result_count)],
    ["dbt", foreign(run.dbt_version)],
  ]);
}

function withoutTimeline(run) {
  const words = run.is_whole
    ? "The artifact of this run has no timing of single nodes."
    : `The file holds whole timelines for the last ${num(D.about.wholeRuns)} runs of each job and for all failed runs. ` +
      "Of this run it holds the result of each node, and its time to three significant digits. " +
      "`artifact-warehouse report --full` holds all timelines.";
  return h("section", { class: "block" }, h("h2", {}, "Timing by thread"), h("p", { class: "sub" }, words));
}

const barSentence = (bar) =>
  h(
    "p",
    { class: "sub" },
    nodeLink(bar.node),
    `: ${dur(bar.seconds)}; `,
    bar.wait != null ? ["waited for ", nodeLink(bar.wait)] : "waited for nothing in this run",
    bar.queued ? `, then ${dur(bar.queued / 1000)} for a free thread` : "",
    bar.slack ? `; could have ended ${dur(bar.slack / 1000)} later` : "",
    ".",
  );

/** The nodes that were skipped for each failed node. */
function lostTo(run) {
  const table = D.t.skips;
  const lost = new Map();
  for (let row = 0; row < table.n; row++) {
    if (table.invocation_id[row] !== run.invocation_id || table.command[row] !== run.command) continue;
    const failed = table.failed_unique_id[row];
    lost.set(failed, [...(lost.get(failed) || []), table.unique_id[row]]);
  }
  return lost;
}

function failures(run) {
  const table = D.t.executions;
  const failed = run.rows.filter((row) => table.state[row] === "fail");
  if (!failed.length) return null;
  const lost = lostTo(run);
  return h(
    "section",
    { class: "block", id: "failures" },
    h(
      "div",
      { class: "bar" },
      h("h2", {}, "Failures, and what they took with them ", h("span", { class: "quiet" }, num(failed.length))),
      source("messages", "skips"),
    ),
    failed.map((row) => failure(run, row, lost.get(table.unique_id[row]) || [])),
  );
}

function failure(run, row, lost) {
  const table = D.t.executions;
  const node = table.unique_id[row];
  const message = h(
    "pre",
    { class: "code wrap", tabindex: 0, role: "region", "aria-label": `Message of ${D.ids[node]}`, dir: "auto" },
    "…",
  );
  const rest = h("div");
  messageOf(run, node).then((found) => {
    message.replaceChildren(found?.text || "no message");
    if (found && found.length > MESSAGE_CHARACTERS) rest.replaceChildren(cutWords(run, node, found.length));
  });
  return h(
    "div",
    { class: "failure" },
    h(
      "p",
      {},
      status("fail", table.status[row]),
      "  ",
      nodeLink(node),
      lost.length ? h("span", { class: "quiet" }, `  ${plural(lost.length, "node")} skipped for it`) : null,
    ),
    message,
    rest,
    lost.length ? skippedWords(lost) : null,
  );
}

/** That the message is longer than what the file holds of it, and the query that answers the whole. */
function cutWords(run, node, length) {
  const quoted = (text) => `'${text.replace(/'/g, "''")}'`;
  const sql =
    `SELECT message FROM v1.node_executions WHERE invocation_id = ${quoted(run.invocation_id)} ` +
    `AND command = ${quoted(run.command)} AND unique_id = ${quoted(D.ids[node])}`;
  return h(
    "p",
    { class: "small sub" },
    `These are the first ${num(MESSAGE_CHARACTERS)} of ${num(length)} characters. This query answers the whole message: `,
    h("code", {}, foreign(sql)),
    " ",
    h("button", { type: "button", class: "text", onclick: () => copyText(sql) }, "Copy query"),
  );
}

const skippedWords = (lost) =>
  h(
    "p",
    { class: "small sub" },
    "Skipped: ",
    lost.slice(0, 12).map((node, index) => [index ? ", " : "", nodeLink(node)]),
    lost.length > 12 ? ` and ${num(lost.length - 12)} more` : "",
  );

/** The message of a result, of those that failed or warned, and how long the whole of it is. */
async function messageOf(run, node) {
  await details();
  const table = D.t.messages;
  const key = (invocation, command, id) => `${invocation}/${command}|${id}`;
  const keyOf = (row) => key(table.invocation_id[row], table.command[row], table.unique_id[row]);
  const messages = once("messages", () => groupBy(table.n, keyOf));
  const row = (messages.get(key(run.invocation_id, run.command, node)) || [])[0];
  return row == null ? null : { text: table.message[row], length: table.character_count[row] };
}

const pathColumns = (step, total, last) => [
  { label: "Step", get: (bar) => bar[step], num: 1, cls: "tight" },
  { label: "Node", get: (bar) => D.ids[bar.node], cell: (bar) => nodeLink(bar.node) },
  ...last,
];
const took = (total) => ({
  label: "Took",
  get: (bar) => bar.seconds,
  cell: (bar) => [dur(bar.seconds), shareBar(bar.seconds / total)],
  num: 1,
});

const observedTable = (bars, total) =>
  dataTable({
    caption: "What decided the time",
    rows: pathOf(bars, "observed"),
    filter: false,
    limit: 20,
    from: ["timelines"],
    empty: "No path: no node was executed with a time.",
    cols: pathColumns("observed", total, [
      { label: "Waited for a thread", get: (bar) => bar.queued, cell: (bar) => dur((bar.queued || 0) / 1000), num: 1 },
      took(total),
    ]),
  });

const criticalTable = (bars, total) =>
  dataTable({
    caption: "Longest chain, with threads enough",
    rows: pathOf(bars, "critical"),
    filter: false,
    limit: 20,
    from: ["timelines"],
    empty: "No chain: no manifest tells the graph of this run.",
    cols: pathColumns("critical", total, [
      took(total),
      {
        label: "Sooner without it",
        get: (bar) => bar.drag,
        cell: (bar) => [dur((bar.drag || 0) / 1000), shareBar((bar.drag || 0) / 1000 / total)],
        num: 1,
      },
    ]),
  });
