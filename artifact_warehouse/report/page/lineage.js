// Lineage: what depends on what, now and at any time that the file knows.
import { nodeAddress, note, to } from "./address.js";
import { beginningOf, changesOf } from "./changes.js";
import { D, S, shortName } from "./data.js";
import { foreign, h } from "./dom.js";
import { BOX, aroundNode, foldedGraph, foldedState, partOf, reachOf, stateAt, wholeGraph } from "./graph.js";
import { GraphPainter } from "./graph_canvas.js";
import { GraphColours } from "./graph_colours.js";
import { graphCard } from "./lineage_card.js";
import { lineageElement } from "./lineage_controls.js";
import { status } from "./marks.js";
import { hideTip, showTip } from "./tips.js";
import { Viewport, inks, onScheme } from "./viewport.js";
import { MINUTE, STATE_WORD, day, dur, num, plural, stamp, typeWord } from "./words.js";

const LARGE = 250;

const SECOND = 1000;
const KEYS = "Arrow keys: left to a parent, right to a child, up and down among neighbours. Enter opens the node.";
const FRESH_WORD = { ok: "fresh", warn: "late", fail: "stale", none: "never checked" };

export function lineagePage(here) {
  const packed = D.graphs[S.scope];
  if (!packed || !packed.ids.length) {
    const words = "No manifest of this project and environment is in the file. Load manifest.json to see the graph.";
    return [h("h1", {}, "Lineage"), h("p", { class: "sub" }, words)];
  }
  return new LineagePage(here).element;
}

class LineagePage {
  constructor(here) {
    this.query = here.query;
    this.whole = wholeGraph(S.scope);
    this.choosePart();
    this.changes = changesOf().filter((change) => this.whole.places.has(D.ids[change.node]));
    this.setTimes();
    this.painter = new GraphPainter(this.graph);
    this.painter.ink = inks();
    this.makeControls();
    this.makeView();
    this.element = lineageElement(this);
    this.setColours(this.query.get("by") || "state");
    this.setTime(this.time);
    const place = this.graph.places.get(this.query.get("node"));
    if (place != null) this.choose(place, false);
  }

  /** A large graph opens folded; a node of it with what it depends on and feeds. */
  choosePart() {
    const { whole, query } = this;
    const [node, folder] = [query.get("node"), query.get("folder")];
    this.isLarge = whole.ids.length > LARGE;
    this.by = query.get("fold") === "package" ? "package" : "folder";
    this.view = query.get("view") || (!this.isLarge ? "whole" : node || folder ? "part" : "folders");
    this.graph = whole;
    if (this.view === "folders") this.graph = foldedGraph(whole, this.by);
    else if (this.view === "part" && folder) this.graph = this.unfolded(folder);
    else if (this.view === "part" && whole.places.has(node)) this.graph = aroundNode(whole, whole.places.get(node));
    this.partName = folder || (node ? shortName(node) : "");
  }

  unfolded(folder) {
    const folded = foldedGraph(this.whole, this.by);
    return partOf(this.whole, folded.members[folded.places.get(folder)] || []);
  }

  /** The slider stops at every run and every change. */
  setTimes() {
    const runs = D.runs.filter((run) => run.scope === S.scope);
    const ends = runs
      .filter((run) => run.is_executing)
      .map((run) => run.started + (run.span_seconds || 0) * SECOND + SECOND);
    const beginning = beginningOf();
    const last = [
      D.about.latest || 0,
      ...ends,
      ...this.changes.map((change) => change.time),
      beginning < Infinity ? beginning : D.about.written,
    ];
    this.end = last.reduce((most, time) => Math.max(most, time)) + MINUTE;
    this.stops = [...new Set([...this.changes.map((change) => change.time), ...ends])].sort((a, b) => a - b);
    this.time = Number(this.query.get("at")) || this.end;
  }

  makeControls() {
    this.canvas = h("canvas", {
      tabindex: 0,
      role: "application",
      onkeydown: (event) => this.onKey(event),
    });
    this.spoken = h("p", { class: "sr", "aria-live": "polite" });
    this.card = h("div");
    this.when = h("output", {});
    this.counted = h("span", { class: "quiet small" });
    this.legend = h("span", { class: "legend" });
    this.slider = h("input", {
      type: "range",
      min: 0,
      max: this.stops.length,
      step: 1,
      "aria-label": "As of",
      oninput: () => this.slide(),
    });
    this.slider.value = String(
      this.time >= this.end
        ? this.stops.length
        : Math.max(
            0,
            this.stops.findIndex((stop) => stop >= this.time),
          ),
    );
  }

  makeView() {
    this.viewport = new Viewport(this.canvas, (...drawn) => this.painter.draw(...drawn), {
      ...{ min: 0.01, max: 3 },
      fit: (view, width, height) => this.open(view, width, height),
      hover: (event) => this.hover(event),
      leave: () => this.leave(),
      click: (event) => this.choose(this.hit(event)),
    });
    onScheme(() => {
      this.painter.ink = inks();
      this.viewport.ask();
    });
  }

  slide() {
    const stop = Number(this.slider.value);
    const time = stop >= this.stops.length ? this.end : this.stops[stop];
    note({ at: time >= this.end ? null : time });
    this.setTime(time);
    this.slider.setAttribute("aria-valuetext", this.when.textContent);
  }

  setTime(time) {
    const { graph, painter } = this;
    this.time = time;
    const whole = graph.members ? stateAt(this.whole, time) : null;
    this.now = whole ? foldedState(graph, whole) : stateAt(graph, time);
    painter.now = this.now;
    painter.colours?.setChanges(this.changes, time, (node) => this.placeOf(node));
    this.when.textContent = time >= this.end ? `as it is now, ${day(this.end)}` : `as of ${stamp(time)}`;
    this.count();
    if (painter.selected >= 0) this.choose(this.now.live[painter.selected] ? painter.selected : -1);
    this.viewport.ask();
  }

  placeOf(node) {
    const place = this.whole.places.get(D.ids[node]);
    return this.graph.members ? this.graph.of[place] : this.graph.places.get(D.ids[node]);
  }

  count() {
    const { graph, now } = this;
    const sum = (list) => list.reduce((total, one) => total + one, 0);
    const failing = now.bad
      ? sum(now.bad)
      : graph.ids.filter((_, place) => now.live[place] && now.state[place] === "fail").length;
    const edges = sum(now.edge);
    const isPartly = graph.strong && graph.strong < edges;
    const drawn = plural(sum(now.live), graph.members ? this.by : "node");
    this.canvas.setAttribute("aria-label", `Graph of ${drawn}, ${this.when.textContent}. ${KEYS}`);
    this.counted.textContent = [
      drawn,
      isPartly ? `${num(graph.strong)} strongest of ${plural(edges, "edge")}` : plural(edges, "edge"),
      failing ? `${num(failing)} failing` : "",
    ]
      .filter(Boolean)
      .join(", ");
  }

  setColours(by) {
    this.painter.colours = new GraphColours(this.graph, by);
    this.painter.colours.setChanges(this.changes, this.time, (node) => this.placeOf(node));
    this.legend.replaceChildren(...this.painter.colours.legend());
    this.viewport.ask();
  }

  hit(event) {
    const { viewport } = this;
    return this.painter.hit((event.offsetX - viewport.x) / viewport.k, (event.offsetY - viewport.y) / viewport.k);
  }

  hover(event) {
    const place = this.hit(event);
    if (place !== this.painter.over) {
      this.painter.over = place;
      this.viewport.ask();
    }
    if (place < 0) hideTip();
    else showTip(event.clientX, event.clientY, this.tipWords(place));
  }

  leave() {
    this.painter.over = -1;
    hideTip();
    this.viewport.ask();
  }

  tipWords(place) {
    const { graph, now } = this;
    const words = graph.members
      ? `${plural(now.size[place], "node")}${now.bad[place] ? `, ${num(now.bad[place])} failing` : ""}`
      : status(now.state[place], this.stateWord(place));
    const took = now.seconds[place] >= 0 ? `, ${dur(now.seconds[place])}` : "";
    return [
      h("b", {}, foreign(graph.label[place])),
      " ",
      h("span", { class: "quiet" }, typeWord(graph.type[place])),
      h("br"),
      words,
      took,
    ];
  }

  stateWord(place) {
    return this.graph.type[place] === "source" ? FRESH_WORD[this.now.state[place]] : STATE_WORD[this.now.state[place]];
  }

  /** Select a node: its ancestors and descendants are lit, and a card says more. */
  choose(place, isCentred = false) {
    const { graph, painter } = this;
    painter.selected = place;
    this.reach = place >= 0 ? reachOf(graph, this.now, place) : null;
    painter.lit = this.reach && this.reach.all;
    if (!graph.members)
      note({ node: place >= 0 ? graph.ids[place] : this.view === "part" ? this.query.get("node") : null });
    this.card.replaceChildren(...(place >= 0 ? [graphCard(this, place)] : []));
    if (place >= 0) this.spoken.textContent = this.sentence(place);
    if (isCentred && place >= 0) this.centre(this.viewport, place);
    this.viewport.ask();
  }

  sentence(place) {
    const { ancestors, descendants } = this.reach;
    const parts = [this.graph.label[place], typeWord(this.graph.type[place]), this.stateWord(place)];
    return [...parts, plural(ancestors, "ancestor"), plural(descendants, "descendant")].join(", ");
  }

  /** At first: all of it, or the chosen node in the middle; a small graph is never shrunk beyond reading. */
  open(view, width, height) {
    this.fit(view, width, height);
    if (this.painter.selected >= 0 && this.view !== "part") {
      view.k = Math.max(view.k, 0.8);
      this.centre(view, this.painter.selected);
    } else if (view.k < 0.62 && this.graph.ids.length < 120) {
      view.k = 0.78;
      view.x = 16;
      view.y = height / 2 - ((this.graph.box[1] + this.graph.box[3]) / 2) * view.k;
    }
  }

  fit(view, width, height) {
    const [left, top, right, bottom] = this.graph.box;
    view.k = Math.min((width - 48) / (right - left), (height - 48) / (bottom - top), 1.15);
    view.x = (width - (right - left) * view.k) / 2 - left * view.k;
    view.y = (height - (bottom - top) * view.k) / 2 - top * view.k;
  }

  centre(view, place) {
    view.x = view.width / 2 - (this.graph.px[place] + BOX.width / 2) * view.k;
    view.y = view.height / 2 - (this.graph.py[place] + BOX.height / 2) * view.k;
  }

  showAll() {
    this.fit(this.viewport, this.viewport.width, this.viewport.height);
    this.viewport.ask();
  }

  onKey(event) {
    const { graph, painter, viewport } = this;
    const actions = {
      Escape: () => this.choose(-1),
      "+": () => viewport.zoom(1.3),
      "=": () => viewport.zoom(1.3),
      "-": () => viewport.zoom(1 / 1.3),
      0: () => this.showAll(),
      Enter: () => painter.selected >= 0 && this.enter(graph.ids[painter.selected]),
    };
    if (event.key.startsWith("Arrow")) this.step(event.key.slice(5));
    else if (actions[event.key]) actions[event.key]();
    else return;
    event.preventDefault();
  }

  enter(id) {
    location.hash = this.graph.members ? to("lineage", [], { folder: id }) : nodeAddress(id);
  }

  step(direction) {
    const { graph, painter, now } = this;
    const live = graph.ids.map((_, place) => place).filter((place) => now.live[place]);
    const byPlace = (a, b) => graph.px[a] - graph.px[b] || graph.py[a] - graph.py[b];
    if (painter.selected < 0) return this.choose(live.sort(byPlace)[0] ?? -1, true);
    const along = (edges, ends) => edges.filter((edge) => now.edge[edge]).map((edge) => ends[edge])[0];
    let next;
    if (direction === "Left") next = along(graph.up[painter.selected], graph.from);
    else if (direction === "Right") next = along(graph.down[painter.selected], graph.to);
    else {
      const layer = live.filter((place) => graph.x[place] === graph.x[painter.selected]).sort(byPlace);
      next = layer[layer.indexOf(painter.selected) + (direction === "Down" ? 1 : -1)];
    }
    if (next != null) this.choose(next, true);
  }
}
