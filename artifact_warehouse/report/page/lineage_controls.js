// The controls of the graph: views, colours, search, zoom, and the slider through time.
import { note, to } from "./address.js";
import { foreign, h } from "./dom.js";
import { COLOURS } from "./graph_colours.js";
import { source } from "./table.js";

/** The controls above and below the graph, and the graph between. `page` is the LineagePage. */
export function lineageElement(page) {
  return h(
    "div",
    { class: "lineage" },
    h(
      "div",
      { class: "tools" },
      h("h1", {}, "Lineage ", page.counted),
      viewSwitch(page),
      colourChoice(page),
      lightUp(page),
      zoomButtons(page),
    ),
    h("div", { class: "stage" }, page.canvas, page.legend, page.card, page.spoken),
    h(
      "div",
      { class: "time" },
      page.when,
      h("div", { class: "slider" }, changeTicks(page), page.slider),
      h("span", { class: "quiet small wide" }, "marks: definitions changed"),
      source("definitions", "edges"),
    ),
  );
}

function viewSwitch(page) {
  const { view, by } = page;
  if (!page.isLarge) return view === "part" ? h("a", { href: to("lineage") }, "← whole graph") : null;
  const choice = (words, isNow, query) =>
    h("a", { class: "plain", "aria-current": isNow ? "true" : null, href: to("lineage", [], query) }, words);
  return h(
    "span",
    { class: "seg" },
    choice("Folders", view === "folders" && by === "folder", {}),
    choice("Packages", view === "folders" && by === "package", { fold: "package" }),
    choice("Whole graph", view === "whole", { view: "whole" }),
    view === "part"
      ? h("a", { class: "plain", "aria-current": "true", href: location.hash }, foreign(page.partName))
      : null,
  );
}

function colourChoice(page) {
  const onchange = (event) => {
    const by = event.target.value;
    note({ by: by === "state" ? null : by });
    page.setColours(by);
  };
  const chosen = page.query.get("by") || "state";
  const options = COLOURS.map(([by, words]) => h("option", { value: by, selected: by === chosen }, words));
  return h(
    "label",
    { class: "small quiet" },
    h("span", { class: "wide" }, "colour by "),
    h("select", { "aria-label": "Colour by", onchange }, options),
  );
}

function lightUp(page) {
  const find = (words) => {
    const { ids } = page.graph;
    const found = ids.map((_, place) => place).filter((place) => ids[place].toLowerCase().includes(words));
    page.painter.found = words ? new Set(found) : null;
    page.viewport.ask();
  };
  const onkeydown = (event) => {
    const first = [...(page.painter.found || [])].find((place) => page.now.live[place]);
    if (event.key === "Enter" && first != null) page.choose(first, true);
  };
  const oninput = (event) => find(event.target.value.toLowerCase().trim());
  return h("input", { type: "search", placeholder: "Light up", "aria-label": "Light up nodes", oninput, onkeydown });
}

function zoomButtons(page) {
  const button = (words, onclick, label) =>
    h("button", { type: "button", class: "plain", "aria-label": label, onclick }, words);
  return h(
    "span",
    { class: "seg" },
    button("+", () => page.viewport.zoom(1.4), "Zoom in"),
    button("−", () => page.viewport.zoom(1 / 1.4), "Zoom out"),
    button("All", () => page.showAll()),
  );
}

/** A tick above the slider for each stop with changes. */
function changeTicks(page) {
  const counts = new Map();
  for (const change of page.changes) counts.set(change.time, (counts.get(change.time) || 0) + 1);
  const tick = (stop, place) => {
    const left = `${(100 * place) / Math.max(1, page.stops.length)}%`;
    return h("i", { style: { left, height: `${Math.min(12, 3 + 2 * Math.sqrt(counts.get(stop)))}px` } });
  };
  return h(
    "div",
    { class: "ticks", "aria-hidden": "true" },
    page.stops.map((stop, place) => (counts.has(stop) ? tick(stop, place) : null)),
  );
}
