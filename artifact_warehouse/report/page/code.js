// Code: highlighted, and the difference between any two of its versions.
/* global Prism */
import { D, details, rowOf } from "./data.js";
import { h } from "./dom.js";
import { copyText, source } from "./table.js";
import { plural, stamp } from "./words.js";

const MOST_HIGHLIGHTED = 60000;
const LONGEST_LINE = 2000;
const MOST_CELLS = 4e6;

const JINJA = {
  "jinja-comment": { pattern: /\{#[\s\S]*?#\}/, greedy: true, alias: "comment" },
  jinja: {
    pattern: /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/,
    greedy: true,
    inside: {
      string: /'[^'\n]*'|"[^"\n]*"/,
      function: /\b\w+(?=\s*\()/,
      keyword: /\b(?:if|else|elif|endif|for|in|endfor|set|macro|endmacro|do|not|and|or)\b/,
    },
  },
};

/** Code as elements. Prism finds the tokens; long code and long lines stay plain. */
export function highlighted(text, language = "sql") {
  const isLong = text.length > MOST_HIGHLIGHTED || text.split("\n").some((line) => line.length > LONGEST_LINE);
  if (isLong) return [text];
  const grammar = language === "python" ? Prism.languages.python : { ...JINJA, ...Prism.languages.sql };
  return Prism.tokenize(text, grammar).map(tokenElement);
}

function tokenElement(token) {
  if (typeof token === "string") return token;
  const parts = Array.isArray(token.content) ? token.content.map(tokenElement) : tokenElement(token.content);
  return h("span", { class: `tok-${token.type}` }, parts);
}

/**
 * The difference of two texts by lines: ["same" | "del" | "add", line]. The longest common subsequence, after the equal
 * head and tail are taken off.
 */
export function lineDiff(before, after) {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  let [head, tail] = [0, 0];
  while (head < Math.min(old.length, fresh.length) && old[head] === fresh[head]) head++;
  const left = Math.min(old.length, fresh.length) - head;
  while (tail < left && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail++;
  const same = (line) => ["same", line];
  return [
    ...old.slice(0, head).map(same),
    ...middleDiff(old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail)),
    ...old.slice(old.length - tail).map(same),
  ];
}

function middleDiff(old, fresh) {
  if (old.length * fresh.length > MOST_CELLS)
    return [...old.map((line) => ["del", line]), ...fresh.map((line) => ["add", line])];
  const common = commonLengths(old, fresh);
  const width = fresh.length + 1;
  const lines = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      lines.push(["same", old[i++]]);
      j++;
    } else if (j >= fresh.length || (i < old.length && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      lines.push(["del", old[i++]]);
    } else lines.push(["add", fresh[j++]]);
  }
  return lines;
}

/** For each pair of places, the length of the longest common subsequence from there on. */
function commonLengths(old, fresh) {
  const width = fresh.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = fresh.length - 1; j >= 0; j--) {
      const isSame = old[i] === fresh[j];
      const skip = Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
      common[i * width + j] = isSame ? common[(i + 1) * width + j + 1] + 1 : skip;
    }
  return common;
}

const SIGNS = { add: "+ ", del: "− ", same: "  " };
const diffLines = (before, after) =>
  lineDiff(before, after).map(([kind, line]) => h("span", { class: kind }, SIGNS[kind] + line));

/** The section of a node's code: a version, two versions against each other, or the compiled code. */
export function codeSection(node, versions) {
  const box = h("pre", { class: "code", tabindex: 0, role: "region", "aria-label": "Code" }, "…");
  const seen = versions.filter((version, index) => !index || version.definition !== versions[index - 1].definition);
  const bar = h(
    "div",
    { class: "bar" },
    h("h2", {}, "Code ", h("span", { class: "quiet" }, plural(seen.length, "version"))),
  );
  details().then(() => fillCode(node, seen, bar, box));
  return h("section", { class: "block", id: "code" }, bar, box);
}

function fillCode(node, seen, bar, box) {
  const codes = new Map(
    Array.from({ length: D.t.code.n }, (_, row) => [D.t.code.definition_id[row], D.t.code.raw_code[row]]),
  );
  const codeOf = (place) => codes.get(seen[place]?.definition) ?? "";
  const compiledRow = rowOf("compiled_code", node);
  const compiled = compiledRow == null ? null : D.t.compiled_code.compiled_code[compiledRow];
  const language = /\.py$/.test(seen.at(-1)?.path || "") ? "python" : "sql";
  const [from, to] = pickers(seen);
  let text = "";
  const show = (code, elements) => {
    text = code;
    box.replaceChildren(...elements);
  };
  const draw = () => {
    const code = codeOf(Number(to.value));
    if (!code) return show("", ["The artifacts have no code of this version."]);
    show(code, from.value === "" ? highlighted(code, language) : diffLines(codeOf(Number(from.value)), code));
  };
  from.onchange = to.onchange = draw;
  const plainButton = (words, onclick) => h("button", { type: "button", class: "plain", onclick }, words);
  bar.append(
    ...(seen.length > 1
      ? [h("label", { class: "small quiet" }, "from ", from), h("label", { class: "small quiet" }, "to ", to)]
      : []),
    ...(compiled
      ? [
          h(
            "span",
            { class: "seg" },
            plainButton("As written", draw),
            plainButton("Compiled", () => show(compiled, highlighted(compiled, language))),
          ),
        ]
      : []),
    h("button", { type: "button", class: "text", onclick: () => copyText(text) }, "Copy"),
    source("code", ...(compiled ? ["compiled_code"] : [])),
  );
  draw();
}

/** Opens with the last change of the code. */
function pickers(seen) {
  const name = (version, index) =>
    `${stamp(version.from)}${version.what ? `, ${version.what}` : index ? "" : ", first"}`;
  const options = () => seen.map((version, index) => h("option", { value: index }, name(version, index)));
  const from = h("select", { "aria-label": "Compare with" }, h("option", { value: "" }, "no comparison"), options());
  const to = h("select", { "aria-label": "Version" }, options());
  const lastChange = seen.findLastIndex((version) => /raw_code/.test(version.what || ""));
  to.value = String(lastChange > 0 ? lastChange : seen.length - 1);
  from.value = lastChange > 0 ? String(lastChange - 1) : "";
  return [from, to];
}
