// Costs and waste: where the time and the bytes go, what was executed for nothing, and what became slower.
import { nodeLink } from "./address.js";
import { TimeFigure, figure, niceTicks } from "./axis.js";
import { D, groupBy, inScope, isTestNode, rowOf, scopeName } from "./data.js";
import { h, s } from "./dom.js";
import { facts, pastStatus, shareBar, status } from "./marks.js";
import { dataTable, source } from "./table.js";
import { tipOn } from "./tips.js";
import { axisDur, bytes, day, dur, num, pct, plural, stamp } from "./words.js";

const REASONS = {
  unchanged_sources: "rebuilt, though nothing that it reads had changed",
  never_failed: "a test that has never failed",
};

export function costsPage() {
  const table = D.t.costs;
  const rows = inScope("costs").sort((a, b) => table.execution_seconds[b] - table.execution_seconds[a]);
  const title = h("h1", {}, "Costs and waste");
  if (!rows.length) return [title, h("p", { class: "sub" }, "No node was executed in the runs of this file.")];
  const sum = (column, of = rows) => of.reduce((total, row) => total + (table[column][row] || 0), 0);
  const total = sum("execution_seconds");
  const wasted = wasteRows().reduce(
    (seconds, row) => seconds + (isTestNode(D.t.waste.unique_id[row]) ? 0 : D.t.waste.wasted_seconds[row] || 0),
    0,
  );
  const billed = sum("bytes_billed");
  return [
    title,
    h(
      "p",
      { class: "lede" },
      h("b", {}, `${dur(total)} of execution`),
      ` in ${plural(sum("executed_count"), "result")}. `,
      wasted
        ? `${dur(wasted)} of it rebuilt what had not changed (${pct(wasted / total)}).`
        : "No rebuild is proved to have changed nothing.",
    ),
    facts([
      [
        "Models and snapshots",
        dur(
          sum(
            "execution_seconds",
            rows.filter((row) => !isTestNode(table.unique_id[row])),
          ),
        ),
      ],
      [
        "Tests",
        dur(
          sum(
            "execution_seconds",
            rows.filter((row) => isTestNode(table.unique_id[row])),
          ),
        ),
      ],
      ["Bytes processed", sum("bytes_processed") ? bytes(sum("bytes_processed")) : null],
      ["Bytes billed", billed ? bytes(billed) : null],
      ["Slot time", sum("slot_seconds") ? dur(sum("slot_seconds")) : null],
      ["Credits", sum("credits") ? sum("credits").toFixed(2) : null],
    ]),
    costHistory(),
    costTable(rows, total, billed),
    h("div", { class: "cols" }, wasteTable(), slowerTable()),
  ];
}

/** Seconds a day, models below and tests above. */
function costHistory() {
  const table = D.t.costs_by_day;
  const rows = inScope("costs_by_day").filter((row) => table.run_date[row] != null);
  if (!rows.length) return null;
  const days = [...groupBy(rows.length, (index) => table.run_date[rows[index]])].map(([time, places]) => {
    const own = places.map((place) => rows[place]);
    const seconds = (isTest) =>
      own
        .filter((row) => /test/.test(table.resource_type[row] || "") === isTest)
        .reduce((total, row) => total + table.execution_seconds[row], 0);
    return {
      time,
      models: seconds(false),
      tests: seconds(true),
      count: own.reduce((total, row) => total + table.executed_count[row], 0),
    };
  });
  return h(
    "section",
    { class: "block" },
    h(
      "div",
      { class: "bar" },
      h("h2", {}, "By day ", h("span", { class: "quiet" }, scopeName())),
      source("costs_by_day"),
    ),
    figure((width) => costFigure(width, days)),
    h(
      "span",
      { class: "legend" },
      h("span", {}, h("i", { class: "swatch crit" }), "models, snapshots, seeds"),
      h("span", {}, h("i", { class: "swatch grey" }), "tests"),
    ),
  );
}

function costFigure(width, days) {
  const times = days.map((one) => one.time);
  const plot = new TimeFigure(width, Math.min(...times), Math.max(...times), 148);
  const height = 110;
  const top = Math.max(...days.map((one) => one.models + one.tests));
  plot.head("Execution time", ["a day, all threads"], null);
  if (!plot.isNarrow) plot.y -= 6;
  const y = (seconds) => (seconds / top) * height;
  for (const tick of niceTicks(top, 3)) plot.rule(plot.y + height - y(tick), axisDur(tick));
  const bar = Math.max(2, Math.min(14, plot.dayWidth - 2));
  for (const one of days) {
    const x = plot.x(one.time) + plot.dayWidth / 2 - bar / 2;
    const base = plot.y + height;
    const models = s("rect", { class: "flagtop", x, y: base - y(one.models), width: bar, height: y(one.models) });
    const tests = s("rect", {
      class: "m-grey",
      x,
      y: base - y(one.models + one.tests),
      width: bar,
      height: y(one.tests),
    });
    plot.add(
      tipOn(s("g", { class: "mark" }, models, tests), () => [
        h("b", {}, day(one.time)),
        ` ${plural(one.count, "result")}`,
        h("br"),
        `models ${dur(one.models)}, tests ${dur(one.tests)}`,
      ]),
    );
  }
  plot.y += height + 4;
  return plot.svg("Execution time by day");
}

function costTable(rows, total, billed) {
  const table = D.t.costs;
  const value = (column) => (row) => table[column][row];
  const drag = (row) => {
    const critical = rowOf("criticality", table.unique_id[row]);
    return critical == null ? null : D.t.criticality.drag_seconds_sum[critical];
  };
  const columns = [
    { label: "Node", get: (row) => D.ids[table.unique_id[row]], cell: (row) => nodeLink(table.unique_id[row]) },
    {
      label: "Executions",
      get: value("executed_count"),
      cell: (row) => num(table.executed_count[row]),
      num: 1,
      cls: "wide",
    },
    {
      label: "Execution time",
      get: value("execution_seconds"),
      cell: (row) => [
        dur(table.execution_seconds[row]),
        shareBar(table.execution_seconds[row] / table.execution_seconds[rows[0]]),
      ],
      num: 1,
    },
    {
      label: "Share",
      get: (row) => table.execution_seconds[row] / total,
      cell: (row) => pct(table.execution_seconds[row] / total, 1),
      num: 1,
    },
    { label: "Runs sooner without it", get: drag, cell: (row) => dur(drag(row)), num: 1, cls: "wide" },
  ];
  if (billed)
    columns.push({
      label: "Bytes billed",
      get: value("bytes_billed"),
      cell: (row) => bytes(table.bytes_billed[row]),
      num: 1,
      cls: "wide",
    });
  return dataTable({ caption: "Where the time goes", rows, limit: 25, from: ["costs", "criticality"], cols: columns });
}

const wasteRows = () => inScope("waste").filter((row) => D.t.waste.wasted_count[row] > 0);

function wasteTable() {
  const table = D.t.waste;
  return dataTable({
    caption: "Executed for nothing",
    rows: wasteRows(),
    limit: 15,
    from: ["waste"],
    empty: "Nothing is proved to have been executed for nothing.",
    cols: [
      {
        label: "Node",
        get: (row) => `${D.ids[table.unique_id[row]]} ${table.reason[row]}`,
        cell: (row) => [
          nodeLink(table.unique_id[row]),
          h("div", { class: "small quiet" }, REASONS[table.reason[row]] || table.reason[row]),
        ],
      },
      {
        label: "Times",
        get: (row) => table.wasted_count[row],
        cell: (row) => `${num(table.wasted_count[row])} of ${num(table.judged_count[row])}`,
        num: 1,
      },
      { label: "Took", get: (row) => table.wasted_seconds[row], cell: (row) => dur(table.wasted_seconds[row]), num: 1 },
    ],
  });
}

function slowerTable() {
  const table = D.t.regressions;
  const isOpen = (row) => table.ended_at[row] == null;
  const rows = inScope("regressions").sort(
    (a, b) => Number(isOpen(b)) - Number(isOpen(a)) || table.began_at[b] - table.began_at[a],
  );
  return dataTable({
    caption: "Slower than before",
    rows,
    limit: 15,
    from: ["regressions"],
    empty: "No node became slower than its own past.",
    cols: [
      {
        label: "State",
        get: (row) => (isOpen(row) ? "slower" : "over"),
        cell: (row) => (isOpen(row) ? status("warn", "slower") : pastStatus("warn", "over")),
      },
      {
        label: "Node",
        get: (row) => D.ids[table.unique_id[row]],
        cell: (row) => [
          nodeLink(table.unique_id[row]),
          h(
            "div",
            { class: "small quiet" },
            table.changed_fields[row] ? `with a change of ${table.changed_fields[row]}` : "no change known",
          ),
        ],
      },
      {
        label: "Times",
        get: (row) => table.slowdown_ratio[row],
        cell: (row) => `${dur(table.baseline_seconds[row])} → ${dur(table.regressed_seconds[row])}`,
        num: 1,
      },
      {
        label: "Since",
        get: (row) => table.began_at[row],
        cell: (row) => stamp(table.began_at[row]),
        num: 1,
        cls: "wide",
      },
    ],
  });
}
