// The data of the page, unpacked from the file: tables of the views, runs, and who belongs to whom.
import { freshnessState, shortId, stateOf, typeOfId } from "./words.js";

/** @typedef {{n: number, [column: string]: any}} Table */

/** Everything that the file holds. `t` are the tables, each an object of columns. */
export const D = {
  ids: /** @type {string[]} */ ([]),
  uid: new Map(),
  t: /** @type {Record<string, Table>} */ ({}),
  sql: /** @type {Record<string, string>} */ ({}),
  scopes: /** @type {string[][]} */ ([]),
  graphs: /** @type {any[]} */ ([]),
  runs: /** @type {any[]} */ ([]),
  runByKey: new Map(),
  logicalRuns: /** @type {any[]} */ ([]),
  executionsByNode: new Map(),
  about: /** @type {Record<string, any>} */ ({}),
};

/** What the reader has chosen: a project and environment, and whether a run is counted with its retries. */
export const S = { scope: 0, isLogical: true };

/** A part of the data, deflated. The one place that knows where data comes from: here from the file. */
async function packedPart(name) {
  return bytesOf(atob(document.getElementById(name)?.textContent || ""));
}

/** A part of the data: "core" is needed at once, "details" later. */
export async function fetchPart(name) {
  const packed = await packedPart(name);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(stream).text());
}

function bytesOf(binary) {
  const found = new Uint8Array(binary.length);
  for (let place = 0; place < found.length; place++) found[place] = binary.charCodeAt(place);
  return found;
}

const derived = new Map();
/** What is worked out of the data is made once, and again when other data is taken in. */
export function once(key, make) {
  if (!derived.has(key)) derived.set(key, make());
  return derived.get(key);
}

/** The tables that only single nodes and failures need: unpacked when first asked for. */
export const details = () => once("details", unpackDetails);

/** The page is busy meanwhile. */
async function unpackDetails() {
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  try {
    const { tables } = await fetchPart("details");
    for (const [name, table] of Object.entries(tables)) D.t[name] = unpackTable(table);
    assignScopes(Object.keys(tables));
  } finally {
    requestAnimationFrame(() => main.removeAttribute("aria-busy"));
  }
}

function unpackTable(packed) {
  const table = { n: packed.n };
  for (const [name, column] of Object.entries(packed.c)) table[name] = unpackColumn(column);
  return table;
}

function unpackColumn(column) {
  if (Array.isArray(column)) return column;
  if (column.id) return column.id;
  if (column.words) return column.at.map((place) => (place < 0 ? null : column.words[place]));
  let value = column.first;
  return [value, ...column.steps.map((step) => (value += step))];
}

const scopeKey = (project, environment) => `${project ?? ""}/${environment}`;
/** A project and an environment, as they stand in an address. */
export const scopeAddress = (index) => scopeKey(...(D.scopes[index] || ["", ""]));
export const scopeName = (index = S.scope) => (D.scopes[index] || []).map((part) => part ?? "no project").join(" · ");

function assignScopes(names) {
  const places = new Map(D.scopes.map((_, index) => [scopeAddress(index), index]));
  for (const name of names) {
    const table = D.t[name];
    if (!table.project_name) continue;
    table.scope = table.project_name.map((project, row) => places.get(scopeKey(project, table.environment[row])));
  }
}

/** Take in the first part of the data, in place of what was there. */
export function unpackCore(core) {
  derived.clear();
  const { tables, ids, scopes, graphs, sql, ...about } = core;
  Object.assign(D, { ids, scopes, graphs, sql, about });
  D.uid = new Map(ids.map((id, index) => [id, index]));
  for (const [name, table] of Object.entries(tables)) D.t[name] = unpackTable(table);
  assignScopes(Object.keys(tables));
  D.runs = records("invocations").map(toRun);
  D.runByKey = new Map(D.runs.map((run) => [run.key, run]));
  linkExecutions();
  linkTimelines();
  D.logicalRuns = records("logical_runs").map(toLogicalRun);
}

/** The rows of a small table as objects. */
export function records(name) {
  const table = D.t[name];
  const columns = Object.keys(table).filter((column) => column !== "n");
  return Array.from({ length: table.n }, (_, row) => Object.fromEntries(columns.map((c) => [c, table[c][row]])));
}

const labelOf = (row) => [row.command, row.job_name].filter(Boolean).join(" · ");

function toRun(row, index) {
  const isBad = row.failure_count > 0 || row.is_aborted || row.is_success === 0;
  const state = !row.is_executing ? "none" : isBad ? "fail" : row.warn_count ? "warn" : row.is_success ? "ok" : "none";
  const key = `${row.invocation_id}/${row.command}`;
  return {
    ...row,
    index,
    key,
    state,
    started: row.started_at,
    took: row.span_seconds,
    label: labelOf(row),
    rows: [],
    timeline: [],
  };
}

/** How long a run took without the pauses between its invocations. */
function tookOf(members) {
  const spans = members.map((member) => member.span_seconds).filter((seconds) => seconds != null);
  return spans.length ? spans.reduce((sum, seconds) => sum + seconds, 0) : null;
}

function toLogicalRun(row) {
  const state = row.is_success == null ? "none" : !row.is_success ? "fail" : row.warn_count ? "warn" : "ok";
  const ids = (row.invocation_ids || "").split(" ");
  const members = D.runs.filter((run) => run.scope === row.scope && ids.includes(run.invocation_id));
  const key = `${row.invocation_id}/${row.command}`;
  const run = {
    ...row,
    key,
    state,
    took: tookOf(members),
    started: row.started_at,
    label: labelOf(row),
    members,
    is_executing: 1,
  };
  for (const member of members) member.logical = run;
  return run;
}

/** The runs by invocation, and then by command: of many rows, no key has to be made. */
function runsByInvocation() {
  const found = new Map();
  for (const run of D.runs) {
    if (!found.has(run.invocation_id)) found.set(run.invocation_id, new Map());
    found.get(run.invocation_id).set(run.command, run);
  }
  return found;
}

function linkExecutions() {
  const table = D.t.executions;
  const runOf = runsByInvocation();
  table.run = new Int32Array(table.n).fill(-1);
  table.state = new Array(table.n);
  for (let row = 0; row < table.n; row++) {
    const run = runOf.get(table.invocation_id[row])?.get(table.command[row]);
    table.state[row] = stateOf(table.status_class[row]);
    if (!run) continue;
    table.run[row] = run.index;
    run.rows.push(row);
  }
  D.executionsByNode = groupBy(table.n, (row) => table.unique_id[row]);
}

function linkTimelines() {
  const table = D.t.timelines;
  const runOf = runsByInvocation();
  for (let row = 0; row < table.n; row++) {
    runOf.get(table.invocation_id[row])?.get(table.command[row])?.timeline.push(row);
  }
}

/** The numbers 0 to count - 1 by a key. */
export function groupBy(count, keyOf) {
  const groups = new Map();
  for (let index = 0; index < count; index++) {
    const key = keyOf(index);
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  }
  return groups;
}

/** The rows of a table in the scope. */
export function inScope(name, scope = S.scope) {
  const table = D.t[name];
  const rows = [];
  for (let row = 0; row < table.n; row++) if (table.scope[row] === scope) rows.push(row);
  return rows;
}

/** The rows of a table in the scope that are about a node. */
export function rowsOf(name, node, column = "unique_id", scope = S.scope) {
  const table = D.t[name];
  const byNode = once(`rows of ${name} by ${column}`, () => groupBy(table.n, (row) => table[column][row]));
  return (byNode.get(node) || []).filter((row) => table.scope[row] === scope);
}
export const rowOf = (name, node, scope = S.scope) => rowsOf(name, node, "unique_id", scope)[0];

/** The invocations of the scope, the first first. */
export const invocationsIn = (scope = S.scope) => D.runs.filter((run) => run.scope === scope);
/** The runs of the scope as the reader counts them: with retries and steps as one, or each invocation. */
export const runsIn = (scope = S.scope) =>
  S.isLogical ? D.logicalRuns.filter((run) => run.scope === scope) : invocationsIn(scope);

/** Every result of a node in runs of the scope that execute nodes, the first first. A no-op is one on request only. */
export function executionsOf(node, scope = S.scope, hasNoOps = false) {
  const table = D.t.executions;
  const found = [];
  for (const row of D.executionsByNode.get(node) || []) {
    const run = D.runs[table.run[row]];
    if (!run || run.scope !== scope || !run.is_executing) continue;
    if (table.state[row] === "none" && !hasNoOps) continue;
    const seconds = table.ms[row] == null ? null : table.ms[row] / 1000;
    const isTimed = seconds != null && !run.is_empty && !run.is_sample;
    found.push({
      row,
      run,
      time: run.started,
      seconds: isTimed ? seconds : null,
      state: table.state[row],
      status: table.status[row],
      rows: table.rows_affected[row],
      failures: table.failures[row],
    });
  }
  return found.sort((a, b) => a.time - b.time);
}

/** How a node last came out: its result, or for a source its freshness. */
export function lastState(node, scope = S.scope) {
  if (typeOf(node) !== "source") return executionsOf(node, scope, true).at(-1)?.state || "none";
  const row = rowOf("sources", node, scope);
  const status = row == null ? null : D.t.sources.freshness_status[row];
  return status == null ? "none" : freshnessState(status);
}

export const shortName = (node) => shortId(typeof node === "number" ? D.ids[node] : node);
export const typeOf = (node) => typeOfId(typeof node === "number" ? D.ids[node] : node);
export const isTestNode = (node) => /^(unit_)?test$/.test(typeOf(node));
