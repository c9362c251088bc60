// Descriptions, which are Markdown: marked reads them into tokens, of which elements are made. HTML in them is text.
/* global marked */
import { foreign, h } from "./dom.js";

const MOST_CHARACTERS = 20000;
const SAFE_LINK = /^(https?:|mailto:|#)/i;

/** A description as elements; one that is too long or too deep as plain text. */
export function prose(text) {
  if (!text) return null;
  if (text.length > MOST_CHARACTERS) return plainProse(text);
  try {
    return h("div", { class: "prose", dir: "auto" }, blocks(marked.lexer(text)));
  } catch {
    return plainProse(text); // a nesting deeper than the stack
  }
}

const plainProse = (text) => h("div", { class: "prose wrap", dir: "auto" }, text);
const blocks = (tokens) => tokens.map(block);
const inlines = (token) => (token.tokens ? token.tokens.map(inline) : token.text);

function block(token) {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return h("p", { class: "prose-head" }, inlines(token));
    case "paragraph":
    case "text":
      return h("p", {}, inlines(token));
    case "list":
      return h(
        token.ordered ? "ol" : "ul",
        {},
        token.items.map((item) => h("li", {}, blocks(item.tokens))),
      );
    case "blockquote":
      return h("blockquote", {}, blocks(token.tokens));
    case "code":
      return h("pre", { class: "code" }, token.text);
    case "hr":
      return h("hr", {});
    case "table":
      return proseTable(token);
    default:
      return h("p", {}, token.raw); // HTML, and whatever a later version of marked knows
  }
}

const proseTable = (token) =>
  h(
    "div",
    { class: "scroll", tabindex: 0 },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          token.header.map((cell) => h("th", { scope: "col" }, inlines(cell))),
        ),
      ),
      h(
        "tbody",
        {},
        token.rows.map((row) =>
          h(
            "tr",
            {},
            row.map((cell) => h("td", {}, inlines(cell))),
          ),
        ),
      ),
    ),
  );

function inline(token) {
  switch (token.type) {
    case "strong":
    case "em":
    case "del":
      return h(token.type, {}, inlines(token));
    case "codespan":
      return h("code", {}, token.text);
    case "br":
      return h("br");
    case "link":
      return SAFE_LINK.test(token.href)
        ? h("a", { href: token.href, rel: "noreferrer" }, inlines(token))
        : inlines(token);
    case "image":
      return foreign(token.text); // nothing is fetched: the words of a picture stand for it
    case "text":
      return token.tokens ? inlines(token) : token.text;
    case "escape":
      return token.text;
    default:
      return token.raw;
  }
}
