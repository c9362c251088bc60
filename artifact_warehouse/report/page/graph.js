// The graph of a scope: what its nodes were like at a time, its folders, and parts of it.
import { D, once, rowOf, rowsOf, shortName } from "./data.js";
import { layoutSmall } from "./graph_layout.js";
import { freshnessState } from "./words.js";

export const CELL = { width: 190, height: 30 };
export const BOX = { width: 150, height: 22 };
const STRONGEST = 60;
const MOST_PART = 400;
const SEVERITY = { fail: 4, warn: 3, skip: 2, ok: 1, none: 0 };
const BACK_ROWS = 40;

/** The whole graph of a scope, with neighbours, results and places in pixels. */
export const wholeGraph = (scope) => once(`graph of ${scope}`, () => prepare(D.graphs[scope], scope));


function prepare(packed, scope) {
  const table = D.t.executions;
  const nodes = packed.ids.map((id) => D.uid.get(id));
  const inScope = (row) => D.runs[table.run[row]]?.scope === scope && D.runs[table.run[row]].is_executing;
  const graph = {
    ...packed,
    scope,
    nodes,
    label: packed.ids.map(shortName),
    rows: nodes.map((node) => (D.executionsByNode.get(node) || []).filter(inScope)),
    checks: nodes.map((node) => checksFor(node, scope)),
  };
  return linked(graph);
}

/** The state of a source is its freshness. */
const checksFor = (node, scope) =>
  rowsOf("freshness", node, "unique_id", scope).map((row) => [
    D.t.freshness.checked_at[row],
    freshnessState(D.t.freshness.status[row]),
  ]);

/** Add neighbours, places in pixels and the box around all. */
function linked(graph) {
  graph.up = graph.ids.map(() => []);
  graph.down = graph.ids.map(() => []);
  graph.from.forEach((start, edge) => {
    graph.down[start].push(edge);
    graph.up[graph.to[edge]].push(edge);
  });
  graph.px = Float64Array.from(graph.x, (place) => place * CELL.width);
  graph.py = Float64Array.from(graph.y, (place) => place * CELL.height);
  const low = (places) => places.reduce((least, place) => Math.min(least, place), Infinity);
  const high = (places) => places.reduce((most, place) => Math.max(most, place), -Infinity);
  graph.box = [low(graph.px), low(graph.py), high(graph.px) + BOX.width, high(graph.py) + BOX.height];
  graph.places = new Map(graph.ids.map((id, place) => [id, place]));
  return graph;
}

const stands = (spans, time) => !spans || spans.some(([start, end]) => start <= time && (end == null || time < end));

/** What every node and edge of the graph was like at a time. Seconds are -1 where there are none. */
export function stateAt(graph, time) {
  const count = graph.ids.length;
  const now = {
    live: new Uint8Array(count),
    state: new Array(count).fill("none"),
    seconds: new Float64Array(count).fill(-1),
    edge: null,
    bad: null,
    size: null,
  };
  for (let place = 0; place < count; place++) {
    now.live[place] = stands(graph.spans[place], time) ? 1 : 0;
    lastResult(graph, place, time, now);
    for (const [at, state] of graph.checks[place]) if (at <= time) now.state[place] = state;
  }
  now.edge = Uint8Array.from(graph.from, (start, edge) =>
    now.live[start] && now.live[graph.to[edge]] && stands(graph.edge_spans[edge], time) ? 1 : 0,
  );
  return now;
}

function lastResult(graph, place, time, now) {
  const table = D.t.executions;
  const rows = graph.rows[place];
  let isFirst = true;
  for (let index = rows.length - 1, seen = 0; index >= 0 && seen < BACK_ROWS; index--) {
    const row = rows[index];
    if (D.runs[table.run[row]].started > time) continue;
    seen++;
    if (isFirst) now.state[place] = table.state[row];
    isFirst = false;
    if (table.state[row] !== "ok" || table.ms[row] == null) continue;
    now.seconds[place] = table.ms[row] / 1000;
    return;
  }
}

/** The folder of a node: of a source its name, else the last two folders of its path; or its package. */
function groupOf(graph, place, by) {
  const id = graph.ids[place];
  if (by === "package") return id.split(".")[1];
  if (graph.type[place] === "source") return `source ${id.split(".").slice(2, -1).join(".")}`;
  const row = rowOf("nodes", graph.nodes[place], graph.scope);
  const path = row == null ? null : D.t.nodes.original_file_path[row];
  const parts = (path || graph.type[place]).split("/");
  return parts.slice(0, -1).slice(-2).join("/") || graph.type[place];
}

/** The graph of a graph's folders or packages: what a large project opens with. */
export function foldedGraph(graph, by = "folder") {
  graph.folded ||= {};
  graph.folded[by] ||= fold(graph, by);
  return graph.folded[by];
}

function fold(graph, by) {
  const names = new Map();
  const members = [];
  const of = graph.ids.map((_, place) => {
    const name = groupOf(graph, place, by);
    if (!names.has(name)) members[names.set(name, members.length).get(name)] = [];
    members[names.get(name)].push(place);
    return names.get(name);
  });
  const edges = orderedEdges(members.length, weights(graph, of));
  const [from, to] = [edges.list.map((edge) => edge[0]), edges.list.map((edge) => edge[1])];
  const ids = [...names.keys()];
  return linked({
    ids,
    of,
    members,
    from,
    to,
    strong: edges.strong,
    whole: graph,
    scope: graph.scope,
    label: ids.map(folderLabel),
    type: ids.map((id) => (by === "package" ? "package" : id.startsWith("source ") ? "sources" : "folder")),
    spans: {},
    edge_spans: {},
    rows: ids.map(() => []),
    checks: ids.map(() => []),
    ...layoutSmall(members.length, from.slice(0, edges.strong), to.slice(0, edges.strong)),
  });
}

function folderLabel(name) {
  const parts = name.split("/");
  return parts.length > 1 && name.length > 15 ? `${parts[0].slice(0, 4)}…/${parts[1]}` : name.replace(/^source /, "");
}

/** How many edges lead from one group to another: [from, to, weight]. */
function weights(graph, of) {
  const weight = new Map();
  graph.from.forEach((start, edge) => {
    const [a, b] = [of[start], of[graph.to[edge]]];
    if (a !== b) weight.set(`${a} ${b}`, (weight.get(`${a} ${b}`) || 0) + 1);
  });
  return [...weight].map(([key, value]) => [...key.split(" ").map(Number), value]);
}

/**
 * The edges without those that point back, the strongest first: at least one of each group, and 60. Groups may depend
 * on each other in circles, so sinks and sources are taken away in turn, and what then points back bends no layer
 * (Eades, Lin and Smyth 1993, https://doi.org/10.1016/0020-0190(93)90079-O).
 */
function orderedEdges(count, links) {
  const rank = ranks(count, links);
  const forward = links.filter(([from, to]) => rank.get(from) < rank.get(to)).sort((a, b) => b[2] - a[2]);
  const [left, right] = [new Set(), new Set()];
  const first = forward.filter(([from, to]) => {
    const isFirst = !left.has(from) || !right.has(to);
    left.add(from);
    right.add(to);
    return isFirst;
  });
  const chosen = new Set(first);
  const list = [...first, ...forward.filter((edge) => !chosen.has(edge))];
  return { list, strong: Math.min(list.length, Math.max(STRONGEST, first.length)) };
}

function ranks(count, links) {
  const left = new Set(Array.from({ length: count }, (_, group) => group));
  const [out, into] = [new Float64Array(count), new Float64Array(count)];
  for (const [from, to, weight] of links) {
    out[from] += weight;
    into[to] += weight;
  }
  const [head, tail] = [[], []];
  while (left.size) {
    const sink = [...left].find((group) => !out[group]);
    const value = (group) => (into[group] ? out[group] - into[group] : Infinity);
    const pick = sink ?? [...left].reduce((best, group) => (value(group) > value(best) ? group : best));
    left.delete(pick);
    if (sink == null) head.push(pick);
    else tail.unshift(pick);
    for (const [from, to, weight] of links) {
      if (from === pick) into[to] -= weight;
      if (to === pick) out[from] -= weight;
    }
  }
  return new Map([...head, ...tail].map((group, place) => [group, place]));
}

/** A group is as its worst node: failing before warning before passing. */
export function foldedState(folded, whole) {
  const count = folded.members.length;
  const now = {
    live: new Uint8Array(count),
    state: new Array(count).fill("none"),
    seconds: new Float64Array(count).fill(-1),
    edge: new Uint8Array(folded.from.length).fill(1),
    bad: new Int32Array(count),
    size: new Int32Array(count),
  };
  folded.members.forEach((members, group) => {
    for (const place of members.filter((member) => whole.live[member])) {
      now.live[group] = 1;
      now.size[group]++;
      if (whole.state[place] === "fail") now.bad[group]++;
      if (SEVERITY[whole.state[place]] > SEVERITY[now.state[group]]) now.state[group] = whole.state[place];
      if (whole.seconds[place] > 0) now.seconds[group] = Math.max(0, now.seconds[group]) + whole.seconds[place];
    }
  });
  return now;
}

/** Only some nodes of a graph, laid out anew. */
export function partOf(graph, keep) {
  const places = [...keep].sort((a, b) => a - b);
  const at = new Map(places.map((place, index) => [place, index]));
  const edges = Array.from(graph.from.keys()).filter((edge) => at.has(graph.from[edge]) && at.has(graph.to[edge]));
  const pick = (list) => places.map((place) => list[place]);
  const kept = (spans, of) => Object.fromEntries(of.map((one, index) => [index, spans[one]]).filter((pair) => pair[1]));
  const from = edges.map((edge) => at.get(graph.from[edge]));
  const to = edges.map((edge) => at.get(graph.to[edge]));
  return linked({
    scope: graph.scope,
    ids: pick(graph.ids),
    nodes: pick(graph.nodes),
    label: pick(graph.label),
    type: pick(graph.type),
    rows: pick(graph.rows),
    checks: pick(graph.checks),
    spans: kept(graph.spans, places),
    edge_spans: kept(graph.edge_spans, edges),
    from,
    to,
    ...layoutSmall(places.length, from, to),
  });
}

/** A node, and by rings what it depends on and feeds, up to 400 nodes. */
export function aroundNode(graph, place) {
  const keep = new Set([place]);
  for (const [next, other] of [
    [graph.up, graph.from],
    [graph.down, graph.to],
  ]) {
    const seen = new Set([place]);
    let ring = [place];
    while (ring.length && keep.size < MOST_PART) {
      ring = ring
        .flatMap((node) => next[node].map((edge) => other[edge]))
        .filter((node) => !seen.has(node) && seen.add(node));
      for (const node of ring) keep.add(node);
    }
  }
  return partOf(graph, keep);
}

/** Every ancestor and descendant over the edges that stand, with the counts. */
export function reachOf(graph, now, place) {
  const all = new Set([place]);
  const walk = (next, other) => {
    const seen = new Set([place]);
    const queue = [place];
    while (queue.length) {
      for (const edge of next[queue.pop()]) {
        if (!now.edge[edge] || seen.has(other[edge])) continue;
        seen.add(other[edge]);
        all.add(other[edge]);
        queue.push(other[edge]);
      }
    }
    return seen.size - 1;
  };
  const ancestors = walk(graph.up, graph.from);
  const descendants = walk(graph.down, graph.to);
  return { all, ancestors, descendants };
}
