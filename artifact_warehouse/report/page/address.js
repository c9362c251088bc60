// Addresses: #/page/rest?key=value. Everything that a reader sees can be pasted into a chat.
import { breakable, h } from "./dom.js";
import { D, S, scopeAddress, shortName } from "./data.js";
import { stamp } from "./words.js";

const path = (parts) => parts.map((part) => encodeURIComponent(part).replace(/%2F/g, "/")).join("/");

/** The page that the address names, what follows it, and its keys. */
export function address() {
  const [pathPart, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = pathPart.split("/").map(decoded);
  return { page: parts[0] || "overview", rest: parts.slice(1), query: new URLSearchParams(query) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % that somebody typed
  }
}

/** The address of a page in a scope. */
export function to(page, rest = [], query = {}, scope = S.scope) {
  const keys = new URLSearchParams();
  keys.set("in", scopeAddress(scope));
  if (!S.isLogical) keys.set("count", "invocations");
  for (const [key, value] of Object.entries(query)) if (value != null && value !== "") keys.set(key, String(value));
  return `#/${path([page, ...[rest].flat()])}?${keys}`;
}

/** Change what the address says without drawing anew. */
export function note(query) {
  const now = address();
  for (const [key, value] of Object.entries(query)) {
    if (value == null || value === "") now.query.delete(key);
    else now.query.set(key, String(value));
  }
  history.replaceState(null, "", `${here()}#/${path([now.page, ...now.rest])}?${now.query}`);
}

/** The address of the document itself. In a frame of a notebook, a bare # would stand for that of the notebook. */
const here = () => location.href.split("#")[0];

/** In a frame of a notebook, follow a link to a page of the report here. */
export function followLinks() {
  if (location.protocol !== "about:") return;
  addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target.closest("a[href^='#']") : null;
    if (!target || event.ctrlKey || event.metaKey) return;
    location.hash = target.getAttribute("href");
    event.preventDefault();
  });
}

const idOf = (node) => (typeof node === "number" ? D.ids[node] : node);
/** The address of a node's page: #/model/model.shop.orders. */
export const nodeAddress = (node, scope = S.scope) => to(idOf(node).split(".", 1)[0], idOf(node), {}, scope);
export const nodeLink = (node, text) =>
  h("a", { href: nodeAddress(node), class: "name", title: idOf(node) }, breakable(text || shortName(node)));
export const runLink = (run, text) => h("a", { href: to("run", run.key) }, text || stamp(run.started));
