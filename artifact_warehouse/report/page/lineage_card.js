// The card beside the graph: what the selected node is, its columns, and the ways on.
import { nodeAddress, to } from "./address.js";
import { D, details, rowsOf } from "./data.js";
import { breakable, foreign, h } from "./dom.js";
import { status } from "./marks.js";
import { STATE_WORD, dur, num, plural, typeWord } from "./words.js";

/** The card of the selected node or folder. `page` is the LineagePage. */
export function graphCard(page, place) {
  const { graph } = page;
  const close = { type: "button", class: "x", "aria-label": "Close", onclick: () => page.choose(-1) };
  return h(
    "div",
    { class: "card" },
    h("button", close, "×"),
    h("p", { class: "kicker" }, typeWord(graph.type[place])),
    h("p", {}, h("b", {}, breakable(graph.members ? graph.ids[place] : graph.label[place]))),
    graph.members ? folderWords(page, place) : nodeWords(page, place),
  );
}

function folderWords(page, place) {
  const { now, reach, graph } = page;
  const bad = now.bad[place] ? `, ${num(now.bad[place])} failing` : "";
  const unfold = to("lineage", [], { folder: graph.ids[place], fold: page.by === "folder" ? null : page.by });
  return [
    h("p", { class: "small sub" }, `${plural(now.size[place], "node")}${bad}`),
    h("p", { class: "small sub" }, `${plural(reach.ancestors, page.by)} above, ${num(reach.descendants)} below`),
    h("p", { class: "small sub" }, h("a", { href: unfold }, "Unfold →")),
  ];
}

function nodeWords(page, place) {
  const { now, reach, graph } = page;
  const words =
    graph.type[place] === "source"
      ? page.stateWord(place)
      : now.state[place] === "none"
        ? "not run till then"
        : `last ${STATE_WORD[now.state[place]]}`;
  const columns = h("div");
  const button = { type: "button", class: "text", onclick: () => showColumns(page, place, columns) };
  return [
    h(
      "p",
      { class: "small sub" },
      status(now.state[place], words),
      now.seconds[place] >= 0 ? ` in ${dur(now.seconds[place])}` : "",
    ),
    h(
      "p",
      { class: "small sub" },
      `${plural(reach.ancestors, "ancestor")}, ${plural(reach.descendants, "descendant")}`,
    ),
    h(
      "p",
      { class: "small sub steps" },
      h("a", { href: nodeAddress(graph.ids[place]) }, "Open its history →"),
      page.view === "part"
        ? null
        : h("a", { href: to("lineage", [], { node: graph.ids[place], view: "part" }) }, "Only its lines →"),
    ),
    h("p", { class: "small sub" }, h("button", button, "Columns")),
    columns,
  ];
}

/** The columns of a node; one that is pressed lights the nodes that it comes from and goes to. */
async function showColumns(page, place, box) {
  await details();
  const table = D.t.columns;
  const names = rowsOf("columns", page.graph.nodes[place]).map((row) => table.column_name[row]);
  const button = (name) => {
    const onclick = (event) => lightColumn(page, place, name, event.currentTarget);
    return h(
      "li",
      {},
      h("button", { type: "button", class: "text", "aria-pressed": "false", onclick }, h("code", {}, foreign(name))),
    );
  };
  box.replaceChildren(
    names.length
      ? h("ul", { class: "columnlist" }, names.map(button))
      : h("p", { class: "small quiet" }, "No column is known."),
  );
}

function lightColumn(page, place, name, button) {
  const wasPressed = button.getAttribute("aria-pressed") === "true";
  for (const other of page.card.querySelectorAll("[aria-pressed]")) other.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", String(!wasPressed));
  const reached = wasPressed ? null : nodesOfColumn(page.graph.nodes[place], name);
  const places = reached && [...reached].map((node) => page.graph.places.get(D.ids[node])).filter((one) => one != null);
  page.painter.lit = places ? new Set(places) : page.reach.all;
  page.spoken.textContent = places ? `${name} is in ${plural(places.length, "node")}` : "";
  page.viewport.ask();
}

/** The nodes with a column that this one comes from or flows into. */
function nodesOfColumn(node, name) {
  const table = D.t.column_edges;
  const nodes = new Set([node]);
  for (const [near, far] of [
    ["to", "from"],
    ["from", "to"],
  ]) {
    const seen = new Set([`${node} ${name.toLowerCase()}`]);
    const queue = [[node, name.toLowerCase()]];
    while (queue.length) {
      const [one, column] = queue.pop();
      for (const row of rowsOf("column_edges", one, `${near}_unique_id`)) {
        if (table[`${near}_column`][row].toLowerCase() !== column) continue;
        const next = [table[`${far}_unique_id`][row], table[`${far}_column`][row].toLowerCase()];
        if (seen.has(next.join(" "))) continue;
        seen.add(next.join(" "));
        nodes.add(next[0]);
        queue.push(next);
      }
    }
  }
  return nodes;
}
