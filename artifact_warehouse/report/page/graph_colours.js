// What the colour of a node says: its last result, its run time, its owner, its materialization, or a recent change.
import { D, rowOf } from "./data.js";
import { h } from "./dom.js";
import { glyph } from "./marks.js";
import { DAY, STATE_WORD } from "./words.js";

const TIME_STEPS = [
  [0.1, "< 0.1 s"],
  [1, "< 1 s"],
  [10, "< 10 s"],
  [60, "< 1 min"],
  [Infinity, "≥ 1 min"],
];
const BLUES = ["#dfe6f2", "#b4c6e4", "#7d9ccf", "#4470b3", "#173f80"];
/** Six hues of one lightness, told apart with any colour vision (Okabe and Ito 2008), and one for all others. */
const HUES = ["#a9cfe8", "#f2cf8f", "#a8dcc9", "#e9b9d2", "#f4e6a2", "#e8b79c"];
const OTHERS = "#d9d6cf";
const DARK = "#1b1a17";
export const CHANGED_DAYS = 7;

export const COLOURS = [
  ["state", "last result"],
  ["time", "run time"],
  ["change", "recent change"],
  ["owner", "owner"],
  ["materialized", "materialization"],
];

/** The fill and the colour of the words of each node, and the legend. `isFar` is true where nodes are flat. */
export class GraphColours {
  constructor(graph, by) {
    this.graph = graph;
    this.by = by;
    this.changed = new Set();
    this.groups = by === "owner" || by === "materialized" ? groupsOf(graph, by) : null;
  }

  /** The nodes that changed in the days before a time. `placeOf` gives the place of a node of a change. */
  setChanges(changes, time, placeOf) {
    const recent = changes.filter((change) => change.time <= time && change.time > time - CHANGED_DAYS * DAY);
    this.changed = new Set(recent.map((change) => placeOf(change.node)));
  }

  fill(place, now, ink, isFar) {
    const state = now.state[place];
    if (this.groups) return this.groups.colour[place] || ink.sunk;
    if (this.by === "time") return now.seconds[place] < 0 ? ink.sunk : BLUES[stepOf(now.seconds[place])];
    if (this.by === "change") return this.changed.has(place) ? ink.accent : ink.sunk;
    if (state === "ok") return isFar ? ink.ok_soft : ink.surface;
    return { warn: ink.warn_soft, fail: ink.fail, skip: ink.surface }[state] || ink.sunk;
  }

  words(place, now, ink) {
    if (this.groups) return this.groups.colour[place] ? DARK : ink.ink;
    if (this.by === "time" && now.seconds[place] >= 0) return stepOf(now.seconds[place]) > 2 ? "#fff" : DARK;
    const isFilled =
      this.by === "change" ? this.changed.has(place) : this.by === "state" && now.state[place] === "fail";
    return isFilled ? ink.surface : ink.ink;
  }

  legend() {
    const swatch = (colour, words) => h("span", {}, h("i", { class: "swatch", style: { background: colour } }), words);
    if (this.groups) return this.groups.names.map(([name, colour]) => swatch(colour, h("bdi", {}, name)));
    if (this.by === "time") return TIME_STEPS.map(([, words], index) => swatch(BLUES[index], words));
    if (this.by === "change") return [h("span", {}, `changed in the ${CHANGED_DAYS} days before the date`)];
    return ["ok", "warn", "fail", "skip", "none"].map((state) => h("span", {}, glyph(state), STATE_WORD[state]));
  }
}

const stepOf = (seconds) => TIME_STEPS.findIndex(([limit]) => seconds < limit);

/** The six most frequent values have a colour each; of a folder it is that of most of its nodes. */
function groupsOf(graph, by) {
  const values = valuesOf(graph, by);
  const counts = new Map();
  for (const value of values) if (value) counts.set(value, (counts.get(value) || 0) + 1);
  const order = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const colours = new Map(order.map((value, index) => [value, HUES[index] || OTHERS]));
  const names = order.slice(0, HUES.length).map((value) => [value, colours.get(value)]);
  if (order.length > HUES.length) names.push(["others", OTHERS]);
  return { colour: values.map((value) => colours.get(value)), names };
}

function valuesOf(graph, by) {
  if (!graph.members) return graph.nodes.map((node) => valueAt(node, by, graph.scope));
  return graph.members.map((members) => {
    const counts = new Map();
    for (const place of members) {
      const value = valueAt(graph.whole.nodes[place], by, graph.scope);
      if (value) counts.set(value, (counts.get(value) || 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  });
}

function valueAt(node, by, scope) {
  const row = rowOf("nodes", node, scope);
  return row == null ? null : D.t.nodes[by][row];
}
