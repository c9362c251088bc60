// The columns of a node: type, tests, description, and where each comes from and goes to.
import { nodeLink } from "./address.js";
import { D, rowOf, rowsOf, shortName } from "./data.js";
import { foreign, h } from "./dom.js";
import { status } from "./marks.js";
import { prose } from "./prose.js";
import { dataTable } from "./table.js";
import { num, plural } from "./words.js";

const MOST_LINKS = 3;

/** The table of columns, a sentence on how well their lineage is known, and the columns that shape the rows. */
export function columnsSection(node) {
  const rows = rowsOf("columns", node);
  const names = new Set(rows.map((row) => D.t.columns.column_name[row].toLowerCase()));
  const [incoming, outgoing] = [edgesOf(node, "to"), edgesOf(node, "from")];
  const others = [...new Set([...incoming.keys(), ...outgoing.keys()])].filter((name) => !names.has(name));
  const all = [
    ...rows.map((row) => ({ row, name: D.t.columns.column_name[row] })),
    ...others.map((name) => ({ row: null, name })),
  ];
  if (!all.length) return null;
  const hasLineage = incoming.size || outgoing.size;
  return [
    dataTable({
      caption: "Columns",
      rows: all,
      limit: 60,
      from: ["columns", ...(hasLineage ? ["column_edges"] : [])],
      cols: [...columnColumns(), ...(hasLineage ? lineageColumns(incoming, outgoing) : [])],
    }),
    usesSentence(node),
    coverageSentence(node),
  ];
}

const valueOf = (column) => (item) => (item.row == null ? null : D.t.columns[column][item.row]);

function columnColumns() {
  const failing = valueOf("failing_test_count");
  const tests = valueOf("test_count");
  const testCell = (item) =>
    failing(item)
      ? status("fail", `${num(failing(item))} of ${num(tests(item))} failing`)
      : tests(item) || h("span", { class: "quiet" }, "–");
  return [
    { label: "Column", get: (item) => item.name, cell: (item) => h("code", {}, foreign(item.name)) },
    {
      label: "Type",
      get: valueOf("data_type"),
      cell: (item) => h("code", { class: "quiet" }, foreign((valueOf("data_type")(item) || "–").toLowerCase())),
    },
    { label: "Tests", get: tests, cell: testCell, num: 1 },
    {
      label: "Description",
      get: valueOf("description"),
      cell: (item) => prose(valueOf("description")(item)) || h("span", { class: "quiet" }, "–"),
    },
  ];
}

/** The edges of each column on one side, by the column's name in lower case. */
function edgesOf(node, side) {
  const table = D.t.column_edges;
  const other = side === "to" ? "from" : "to";
  const found = new Map();
  for (const row of rowsOf("column_edges", node, `${side}_unique_id`)) {
    const name = table[`${side}_column`][row].toLowerCase();
    const edge = {
      node: table[`${other}_unique_id`][row],
      column: table[`${other}_column`][row],
      kind: table.kind[row],
    };
    found.set(name, [...(found.get(name) || []), edge]);
  }
  return found;
}

function lineageColumns(incoming, outgoing) {
  const column = (label, edges) => {
    const of = (item) => edges.get(item.name.toLowerCase()) || [];
    const words = (edge) => `${shortName(edge.node)}.${edge.column}`;
    return { label, get: (item) => of(item).map(words).join(" "), cell: (item) => edgeLinks(of(item)), cls: "wide" };
  };
  return [column("Comes from", incoming), column("Goes to", outgoing)];
}

function edgeLinks(edges) {
  if (!edges.length) return h("span", { class: "quiet" }, "–");
  const link = (edge) =>
    h(
      "div",
      { class: "small" },
      nodeLink(edge.node, `${shortName(edge.node)}.${edge.column}`),
      h("span", { class: "quiet" }, ` ${edge.kind}`),
    );
  const rest = edges.length - MOST_LINKS;
  return [
    edges.slice(0, MOST_LINKS).map(link),
    rest > 0 ? h("div", { class: "small quiet" }, `and ${num(rest)} more`) : null,
  ];
}

/** Columns that a node joins, filters, groups or sorts by. */
function usesSentence(node) {
  const table = D.t.column_uses;
  const rows = rowsOf("column_uses", node, "to_unique_id");
  if (!rows.length) return null;
  const kinds = [...new Set(rows.map((row) => table.kind[row]))].sort();
  const link = (row) =>
    nodeLink(table.from_unique_id[row], `${shortName(table.from_unique_id[row])}.${table.from_column[row]}`);
  return h(
    "p",
    { class: "sub small" },
    "Its rows are shaped by ",
    kinds.map((kind, index) => {
      const of = rows.filter((row) => table.kind[row] === kind);
      const shown = of.slice(0, 6).map((row, place) => [place ? ", " : "", link(row)]);
      return [index ? "; " : "", `${kind}: `, shown, of.length > 6 ? ` and ${num(of.length - 6)} more` : ""];
    }),
    ".",
  );
}

function coverageSentence(node) {
  const row = rowOf("column_coverage", node);
  const table = D.t.column_coverage;
  if (row == null || table.status[row] === "resolved") return null;
  const counts = `${num(table.resolved_count[row])} of ${plural(table.column_count[row] || 0, "column")}`;
  return h(
    "p",
    { class: "sub small" },
    `Column lineage: ${table.status[row].replace("_", " ")}; the origin of ${counts} is known`,
    table.error[row] ? [": ", foreign(table.error[row])] : "",
    ".",
  );
}
