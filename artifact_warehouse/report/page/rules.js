// Rules and coverage: how much is tested, described and under contract, over time, and which rules are broken.
import { nodeLink } from "./address.js";
import { figure, niceTicks, timeTicks } from "./axis.js";
import { D, inScope } from "./data.js";
import { foreign, h, s } from "./dom.js";
import { facts, status } from "./marks.js";
import { dataTable, source } from "./table.js";
import { tipOn } from "./tips.js";
import { DAY, day, num, pct, plural } from "./words.js";

const MEASURES = [
  ["tested_model", "model", "Models with a test"],
  ["described_model", "model", "Models with a description"],
  ["contract_model", "model", "Models under contract"],
  ["described_column", "column", "Declared columns with a description"],
  ["tested_source", "source", "Sources with a test"],
  ["freshness_source", "source", "Sources with freshness criteria"],
];
const SEVERITY_STATE = { error: "fail", warn: "warn", info: "skip" };
const SEVERITY_RANK = { error: 0, warn: 1, info: 2 };

export function rulesPage() {
  const coverage = inScope("coverage");
  const broken = inScope("rules");
  const title = h("h1", {}, "Rules and coverage");
  if (!coverage.length && !broken.length)
    return [title, h("p", { class: "sub" }, "No manifest of this project and environment is in the file.")];
  const last = coverage.at(-1);
  const errors = broken.filter((row) => D.t.rules.severity[row] === "error").length;
  const tested = last == null ? null : D.t.coverage.tested_model_rate[last];
  return [
    title,
    h(
      "p",
      { class: "lede" },
      h("b", {}, broken.length ? `${plural(broken.length, "rule")} broken` : "No rule is broken"),
      errors ? `, ${num(errors)} of them severe. ` : ". ",
      tested == null ? "" : `${pct(tested)} of the models have a test.`,
    ),
    ruleSummary(broken),
    coverage.length ? coverageSection(coverage) : null,
    brokenTable(broken),
  ];
}

function coverageSection(rows) {
  return h(
    "section",
    { class: "block" },
    h("div", { class: "bar" }, h("h2", {}, "Coverage over time"), source("coverage")),
    h(
      "div",
      { class: "multiples" },
      MEASURES.map(([name, of, words]) => coverageFigure(rows, name, of, words)),
    ),
  );
}

/** One small figure of each measure, all on one scale. */
function coverageFigure(rows, name, of, words) {
  const table = D.t.coverage;
  const last = rows.at(-1);
  const rate = (row) => table[`${name}_rate`][row];
  const counts = `${num(table[`${name}_count`][last])} of ${plural(table[`${of}_count`][last], of)}`;
  return h(
    "div",
    { class: "multiple" },
    h("p", {}, words),
    h(
      "p",
      { class: "measure" },
      h("b", {}, rate(last) == null ? "–" : pct(rate(last))),
      h("span", { class: "small quiet" }, ` ${counts}`),
    ),
    figure((width) => rateFigure(width, rows, rate, words)),
  );
}

function rateFigure(width, rows, rate, words) {
  const table = D.t.coverage;
  const [height, right] = [72, 40];
  const [start, end] = [table.coverage_date[rows[0]], table.coverage_date[rows.at(-1)] + DAY];
  const x = (time) => ((time - start) / (end - start)) * (width - right);
  const y = (value) => 6 + (1 - value) * (height - 6);
  const grid = niceTicks(1, 2).map((tick) => [
    s("path", { class: "grid", d: `M0 ${Math.round(y(tick)) + 0.5} H${width - right}` }),
    s("text", { x: width - right + 6, y: y(tick) + 4 }, pct(tick)),
  ]);
  const known = rows.filter((row) => rate(row) != null);
  const line = known.map(
    (row, index) => `${index ? `H${x(table.coverage_date[row])}V` : `M${x(table.coverage_date[row])} `}${y(rate(row))}`,
  );
  const dots = known.map((row) => {
    const time = table.coverage_date[row];
    const area = s("rect", { x: x(time) - 3, y: 0, width: 6, height, fill: "transparent" });
    return tipOn(s("g", { class: "mark" }, area), () => [h("b", {}, pct(rate(row), 1)), ` ${day(time)}`]);
  });
  const days = timeTicks(start, end - DAY, width - right).map((time) =>
    s("text", { x: Math.max(20, x(time)), y: height + 14, "text-anchor": "middle" }, day(time)),
  );
  const box = {
    viewBox: `0 0 ${width} ${height + 18}`,
    height: height + 18,
    role: "img",
    "aria-label": `${words} over time`,
  };
  return s(
    "svg",
    box,
    grid,
    line.length ? s("path", { class: "line", d: `${line.join("")}H${width - right}` }) : null,
    dots,
    days,
  );
}

function ruleSummary(rows) {
  const counts = new Map();
  for (const row of rows) counts.set(D.t.rules.category[row], (counts.get(D.t.rules.category[row]) || 0) + 1);
  return facts([...counts].map(([category, count]) => [`Broken: ${category.replace(/_/g, " ")}`, num(count)]));
}

function brokenTable(rows) {
  const table = D.t.rules;
  const value = (column) => (row) => table[column][row];
  const severity = (row) => table.severity[row];
  const sorted = [...rows].sort(
    (a, b) => SEVERITY_RANK[severity(a)] - SEVERITY_RANK[severity(b)] || (table.rule[a] < table.rule[b] ? -1 : 1),
  );
  const node = (row) => table.unique_id[row];
  return dataTable({
    caption: "Broken rules",
    rows: sorted,
    limit: 60,
    from: ["rules"],
    empty: "No rule is broken.",
    cols: [
      {
        label: "Severity",
        get: (row) => SEVERITY_RANK[severity(row)],
        cell: (row) => status(SEVERITY_STATE[severity(row)] || "skip", severity(row)),
      },
      { label: "Rule", get: value("rule"), cell: (row) => table.rule[row].replace(/_/g, " ") },
      {
        label: "Node",
        get: (row) => D.ids[node(row)],
        cell: (row) => (node(row) == null || node(row) < 0 ? h("span", { class: "quiet" }, "–") : nodeLink(node(row))),
      },
      { label: "What is wrong", get: value("sentence"), cell: (row) => foreign(table.sentence[row]), cls: "wide" },
    ],
  });
}
