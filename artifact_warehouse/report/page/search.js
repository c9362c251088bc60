// Search over everything: nodes, tests, runs and pages. The key / opens it.
import { nodeAddress, to } from "./address.js";
import { D, S, details, invocationsIn, once, rowsOf, shortName, typeOf } from "./data.js";
import { foreign, h } from "./dom.js";
import { stamp, typeWord, weekday } from "./words.js";

const MOST_HITS = 12;
const TYPE_ORDER = { model: 0, source: 1, seed: 1, snapshot: 1, exposure: 2, metric: 2, macro: 6 };

const SNIPPET = 70;

/**
 * What can be found: `hay` is read at once, the `text` of a node once the details are unpacked.
 * @typedef {{kind: string, name: string, hay: string, href: () => string, order: number, node?: number}} Item
 */

/** Everything that can be found, made at the first search. @returns {Item[]} */
function allItems(pages) {
  const pageItems = () => Object.entries(pages).map(([page, [name]]) => item("page", name, name, () => to(page), 3));
  return [...once("items", () => [...nodeItems(), ...pageItems()]), ...runItems()];
}

const item = (kind, name, hay, href, order) => ({ kind, name, hay: hay.toLowerCase(), href, order });

/** The description of each node, and the names and descriptions of its columns. @returns {Map<number, string>} */
const textsOfNodes = () => once("texts", () => new Map());

async function readTexts() {
  await details();
  const texts = textsOfNodes();
  if (texts.size) return;
  const take = (node, ...parts) => texts.set(node, [texts.get(node), ...parts].filter(Boolean).join(" "));
  const { texts: said, columns } = D.t;
  for (let row = 0; row < said.n; row++) take(said.unique_id[row], said.description[row]);
  for (let row = 0; row < columns.n; row++)
    take(columns.unique_id[row], columns.column_name[row], columns.description[row]);
}

const textOf = (one) => (one.node == null ? "" : textsOfNodes().get(one.node) || "");

/** The words around the first one that only the text of a hit has. */
function snippet(hit, words) {
  const word = words.find((one) => !hit.hay.includes(one));
  if (!word) return null;
  const text = textOf(hit).replace(/\s+/g, " ");
  const start = Math.max(0, text.toLowerCase().indexOf(word) - SNIPPET / 2);
  return `${start ? "…" : ""}${text.slice(start, start + SNIPPET).trim()}…`;
}

function nodeItems() {
  const known = ["nodes", "tests"].flatMap((name) => D.t[name].unique_id);
  return [...new Set(known)].map((node) => {
    const type = typeOf(node);
    const href = () => nodeAddress(node, scopeOf(node));
    return { ...item(typeWord(type), shortName(node), D.ids[node], href, TYPE_ORDER[type] ?? 5), node };
  });
}

/** A node that the scope does not have opens in the one that has it. */
function scopeOf(node) {
  const has = (scope) => ["nodes", "tests"].some((name) => rowsOf(name, node, "unique_id", scope).length);
  return has(S.scope) ? S.scope : D.scopes.findIndex((_, scope) => has(scope));
}

const runItems = () =>
  invocationsIn()
    .map((run) => {
      const name = `${run.label} ${weekday(run.started)} ${stamp(run.started)}`;
      return item("run", name, `${name} ${run.invocation_id} ${run.git_sha || ""}`, () => to("run", run.key), 4);
    })
    .reverse();

/** Whether each word is in the name, or else in the text. */
function hasAll(one, words) {
  const missing = words.filter((word) => !one.hay.includes(word));
  if (!missing.length || one.node == null) return !missing.length;
  const text = textOf(one).toLowerCase();
  return missing.every((word) => text.includes(word));
}

/** The best matches of all words: equal names, beginnings, other names, and then texts; short names first. */
function found(words, pages) {
  const score = (one) => {
    const name = one.name.toLowerCase();
    const isNamed = words.every((word) => one.hay.includes(word));
    const match = name === words[0] ? 0 : name.startsWith(words[0]) ? 1 : name.includes(words[0]) ? 2 : 3;
    return (isNamed ? match : 4) * 10 + one.order + Math.min(1, one.name.length / 200);
  };
  return allItems(pages)
    .filter((one) => hasAll(one, words))
    .map((one) => ({ one, score: score(one) }))
    .sort((a, b) => a.score - b.score)
    .slice(0, MOST_HITS)
    .map(({ one }) => one);
}

/** The field in the header with its list. `pages` are the pages that can be found by their name. */
export function searchField(pages) {
  const list = h("div", { class: "hits", role: "listbox", id: "hits", "aria-label": "Found", hidden: true });
  const input = h("input", {
    type: "search",
    placeholder: "Search  /",
    role: "combobox",
    "aria-label": "Search everything",
    "aria-expanded": "false",
    "aria-controls": "hits",
    "aria-autocomplete": "list",
  });
  let at = 0;
  const links = () => [...list.querySelectorAll("a")];
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const select = (place) => {
    links().forEach((link, index) => link.setAttribute("aria-selected", String(index === place)));
    at = place;
    if (!links()[place]) return;
    input.setAttribute("aria-activedescendant", `hit${place}`);
    links()[place].scrollIntoView({ block: "nearest" });
  };
  const draw = () => {
    const words = input.value.toLowerCase().trim().split(/\s+/).filter(Boolean);
    if (!words.length) return close();
    const hits = found(words, pages);
    list.replaceChildren(...(hits.length ? hits.map((hit, index) => hitLink(hit, index, words, close)) : [nothingFound()]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    select(0);
  };
  const onKey = (event) => {
    const count = links().length;
    if (event.key === "Escape") {
      close();
      input.blur();
    } else if (event.key === "Enter" && links()[at]) {
      location.hash = links()[at].getAttribute("href");
      close();
      input.blur();
    } else if (event.key === "ArrowDown" && count) select((at + 1) % count);
    else if (event.key === "ArrowUp" && count) select((at + count - 1) % count);
    else return;
    event.preventDefault();
  };
  input.addEventListener("input", draw);
  input.addEventListener("focus", () => {
    draw();
    readTexts().then(() => document.activeElement === input && draw());
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", onKey);
  addEventListener("keydown", (event) => openBySlash(event, input));
  return h("div", { class: "find" }, input, list);
}

const nothingFound = () =>
  h("p", { class: "empty nohit", role: "option", "aria-selected": "false" }, "Nothing has these words.");

const hitLink = (hit, index, words, onclick) =>
  h(
    "a",
    { href: hit.href(), role: "option", id: `hit${index}`, "aria-selected": "false", tabindex: -1, onclick },
    h("span", { class: "kind" }, hit.kind),
    h("span", { class: "name" }, foreign(hit.name)),
    snippet(hit, words) ? h("span", { class: "snippet" }, foreign(snippet(hit, words))) : null,
  );

function openBySlash(event, input) {
  const isTyping = /INPUT|SELECT|TEXTAREA/.test(document.activeElement?.tagName || "");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  input.focus();
  input.select();
}
