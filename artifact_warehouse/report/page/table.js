// Tables that sort, filter and copy themselves, and the queries that figures come from.
import { D } from "./data.js";
import { h } from "./dom.js";
import { num } from "./words.js";

/** Where numbers come from: the view, and on a click the query, to be run in the shell. */
export function source(...names) {
  const views = [...new Set(names.map(viewOf))].join(", ");
  const queries = names.map((name) => D.sql[name]).join(";\n\n");
  return h(
    "details",
    { class: "source" },
    h("summary", {}, "from ", h("code", {}, views)),
    h("pre", { tabindex: 0, role: "region", "aria-label": `The query of ${views}` }, queries),
    h("button", { type: "button", class: "text", onclick: () => copyText(queries) }, "Copy query"),
  );
}

/** The view that a query is about: that of its outermost FROM, else of the last step. */
function viewOf(name) {
  const sql = D.sql[name] || "";
  return sql.match(/^FROM (v1\.\w+)/m)?.[1] || [...sql.matchAll(/FROM (v1\.\w+)/g)].at(-1)?.[1] || name;
}

/** Copy a text; a page that was opened from disk may have no clipboard of the newer kind. */
export function copyText(text) {
  if (navigator.clipboard) navigator.clipboard.writeText(text).catch(() => copyBySelection(text));
  else copyBySelection(text);
}

function copyBySelection(text) {
  const area = h("textarea", { class: "sr", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

const plain = (column, row) => {
  const value = column.get ? column.get(row) : null;
  return value == null ? "" : String(value);
};
const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

/** Rows as CSV, RFC 4180. */
export function toCsv(columns, rows) {
  const kept = columns.filter((column) => column.get);
  const lines = rows.map((row) => kept.map((column) => quoted(plain(column, row))).join(","));
  return [kept.map((column) => quoted(column.label)).join(","), ...lines].join("\r\n");
}

/** Rows that have all words in one of their values. */
function withWords(columns, rows, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return rows;
  return rows.filter((row) => {
    const hay = columns
      .map((column) => plain(column, row))
      .join(" ")
      .toLowerCase();
    return wanted.every((word) => hay.includes(word));
  });
}

/** Rows by one column; rows without a value last. */
function inOrder(rows, get, direction) {
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return [...rows].sort((one, two) => {
    const [a, b] = [get(one), get(two)];
    if (a == null || b == null) return Number(a == null) - Number(b == null);
    return compare(a, b) * direction;
  });
}

const FEW = 1.3;

/**
 * A table. A column is {label, get, cell, num, cls}: `get` is its value for sorting, filtering and CSV, `cell` its
 * elements. `sort` is [column, direction], `from` the names of its queries. Rows beyond `limit` are on request, unless they
 * are few.
 */
export function dataTable({
  caption,
  cols,
  rows,
  limit = 50,
  filter = true,
  sort = null,
  from = [],
  empty = "Nothing here.",
}) {
  const state = { sort, words: "", isAll: false };
  const body = h("tbody");
  const counted = h("span", { class: "quiet" });
  const more = h("div", { class: "more" });
  const heads = cols.map((column, index) => headCell(column, () => sortBy(index)));
  const chosen = () => {
    const found = withWords(cols, rows, state.words);
    return state.sort ? inOrder(found, cols[state.sort[0]].get, state.sort[1]) : found;
  };
  function sortBy(index) {
    const direction = state.sort && state.sort[0] === index ? -state.sort[1] : cols[index].num ? -1 : 1;
    state.sort = [index, direction];
    draw();
  }
  function draw() {
    const found = chosen();
    const shown = state.isAll || found.length <= FEW * limit ? found : found.slice(0, limit);
    heads.forEach((head, index) => head.setAttribute("aria-sort", sortWord(state.sort, index)));
    body.replaceChildren(...shown.map((row) => bodyRow(cols, row)));
    if (!found.length) {
      const words = state.words ? "No row has these words." : empty;
      body.append(h("tr", {}, h("td", { colspan: cols.length, class: "empty" }, words)));
    }
    counted.textContent = state.words ? `${num(found.length)} of ${num(rows.length)}` : num(rows.length);
    const all = () => {
      state.isAll = true;
      draw();
    };
    const button = () => h("button", { type: "button", class: "plain", onclick: all }, `Show all ${num(found.length)}`);
    more.replaceChildren(...(found.length > shown.length ? [button()] : []));
  }
  const onFilter = (event) => {
    state.words = event.target.value.trim();
    draw();
  };
  draw();
  const field = { type: "search", placeholder: "Filter", "aria-label": `Filter ${caption}`, oninput: onFilter };
  const copy = { type: "button", class: "text", onclick: () => copyText(toCsv(cols, chosen())) };
  return h(
    "section",
    { class: "block" },
    h(
      "div",
      { class: "bar" },
      h("h2", {}, caption, " ", counted),
      filter && rows.length > 8 ? h("input", field) : null,
      rows.length ? h("button", copy, "Copy CSV") : null,
      from.length ? source(...from) : null,
    ),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
      h("table", {}, h("thead", {}, h("tr", {}, heads)), body),
    ),
    more,
  );
}

const cellClass = (column) => `${column.num ? "num " : ""}${column.cls || ""}`;

function headCell(column, onclick) {
  const name = column.get ? h("button", { type: "button", onclick }, column.label) : column.label;
  return h("th", { scope: "col", class: cellClass(column), "aria-sort": column.get ? "none" : null }, name);
}

const sortWord = (sort, index) => (!sort || sort[0] !== index ? "none" : sort[1] > 0 ? "ascending" : "descending");

function bodyRow(cols, row) {
  const cell = (column) => (column.cell ? column.cell(row) : h("bdi", {}, plain(column, row)));
  return h(
    "tr",
    {},
    cols.map((column) => h("td", { class: cellClass(column) }, cell(column))),
  );
}
