// Places of a small graph: what layout.py does for the whole graph, for a part of it that the reader asks for.

const SWEEPS = 12;

/** @typedef {{x: number[], y: number[], bends: Record<number, number[][]>}} Places */

/**
 * Layers from left to right, and in each layer an order with few crossings. A long edge has a bend in each layer that
 * it crosses.
 * @returns {Places}
 */
export function layoutSmall(count, from, to) {
  const layer = layersOf(count, from, to);
  const graph = withBends(count, from, to, layer);
  const y = [];
  const cells = [];
  graph.layer.forEach((level, node) => {
    if (!graph.up[node].length && !graph.down[node].length) return;
    cells[level] ||= [];
    y[node] = cells[level].length;
    cells[level].push(node);
  });
  const levels = Object.keys(cells).map(Number);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isUp = sweep % 2 === 1;
    for (const level of isUp ? [...levels].reverse() : levels) settle(graph, cells[level], y, isUp);
  }
  return placesOf(count, graph, cells, y);
}

/** The longest path from a root; a root stands beside its first reader. */
function layersOf(count, from, to) {
  const [up, down] = [lists(count), lists(count)];
  const missing = new Int32Array(count);
  from.forEach((start, edge) => {
    down[start].push(to[edge]);
    up[to[edge]].push(start);
    missing[to[edge]]++;
  });
  const layer = new Int32Array(count);
  const ready = Array.from(missing.keys()).filter((node) => !missing[node]);
  for (let place = 0; place < ready.length; place++) {
    for (const child of down[ready[place]]) {
      layer[child] = Math.max(layer[child], layer[ready[place]] + 1);
      if (!--missing[child]) ready.push(child);
    }
  }
  for (const node of ready.reverse()) {
    if (!up[node].length && down[node].length)
      layer[node] = Math.max(0, Math.min(...down[node].map((child) => layer[child])) - 1);
  }
  return layer;
}

const lists = (count) => Array.from({ length: count }, () => []);

/** The graph with a node more for every bend. */
function withBends(count, from, to, layer) {
  const graph = { layer: Array.from(layer), up: lists(count), down: lists(count), bends: {} };
  from.forEach((start, edge) => {
    let before = start;
    for (let level = layer[start] + 1; level < layer[to[edge]]; level++) {
      const bend = graph.layer.push(level) - 1;
      graph.up.push([before]);
      graph.down.push([]);
      graph.down[before].push(bend);
      (graph.bends[edge] ||= []).push(bend);
      before = bend;
    }
    graph.down[before].push(to[edge]);
    graph.up[to[edge]].push(before);
  });
  return graph;
}

/** Move the nodes of a layer towards the mean of their neighbours. */
function settle(graph, nodes, y, isUp) {
  const [side, other] = isUp ? [graph.down, graph.up] : [graph.up, graph.down];
  const mean = (node) => {
    const near = side[node].length ? side[node] : other[node];
    return near.length ? near.reduce((sum, one) => sum + y[one], 0) / near.length : y[node];
  };
  const wanted = new Map(nodes.map((node) => [node, mean(node)]));
  nodes.sort((a, b) => wanted.get(a) - wanted.get(b));
  spread(nodes.map((node) => wanted.get(node))).forEach((place, index) => (y[nodes[index]] = place));
}

/** Places at least one apart, in this order, as near as can be to those wanted: isotonic regression. */
function spread(wanted) {
  const pools = [];
  wanted.forEach((place, index) => {
    pools.push([place - index, 1]);
    while (pools.length > 1 && pools.at(-2)[0] > pools.at(-1)[0]) {
      const [after, more] = pools.pop();
      const [before, some] = pools.pop();
      pools.push([(before * some + after * more) / (some + more), some + more]);
    }
  });
  return pools.flatMap(([place, size]) => Array(size).fill(place)).map((place, index) => place + index);
}

function placesOf(count, graph, cells, y) {
  const placed = y.filter((row) => row != null);
  const top = placed.reduce((least, row) => Math.min(least, row), 0);
  const low = placed.reduce((most, row) => Math.max(most, row - top), -1);
  const width = Math.max(1, cells.length);
  const x = [];
  let alone = 0;
  graph.layer.forEach((level, node) => {
    if (y[node] == null) {
      x[node] = alone % width;
      y[node] = low + 2 + Math.floor(alone++ / width);
    } else {
      x[node] = level;
      y[node] -= top;
    }
  });
  const bends = Object.entries(graph.bends).map(([edge, nodes]) => [edge, nodes.map((node) => [x[node], y[node]])]);
  return { x: x.slice(0, count), y: y.slice(0, count), bends: Object.fromEntries(bends) };
}
