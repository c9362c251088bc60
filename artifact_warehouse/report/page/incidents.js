// Incidents: when each streak of failures began and ended, what explains it, and how long a recovery takes.
import { nodeAddress, nodeLink, runLink } from "./address.js";
import { TimeFigure, figure } from "./axis.js";
import { D, groupBy, inScope, invocationsIn, scopeName, shortName } from "./data.js";
import { foreign, h, s } from "./dom.js";
import { facts, pastStatus, status } from "./marks.js";
import { causeOf } from "./overview.js";
import { dataTable, source } from "./table.js";
import { tipOn } from "./tips.js";
import { dur, median, num, plural, stamp } from "./words.js";

const MOST_ROWS = 40;

export function incidentsPage() {
  const table = D.t.incidents;
  const rows = inScope("incidents");
  const title = h("h1", {}, "Incidents");
  if (!rows.length) {
    const hasRuns = invocationsIn().some((run) => run.is_executing);
    const words = hasRuns
      ? "No node has failed in the runs of this file."
      : "No run of this project and environment is in the file.";
    return [title, h("p", { class: "lede" }, h("b", {}, words))];
  }
  const open = rows.filter((row) => table.is_open[row]);
  const recoveries = rows.map((row) => table.recovery_seconds[row]).filter((seconds) => seconds != null);
  const explained = rows.filter((row) => table.opening_changed_fields[row]).length;
  const lede = open.length
    ? `${plural(open.length, "incident")} ${open.length === 1 ? "is" : "are"} open. `
    : "No incident is open. ";
  const typical = recoveries.length
    ? `Of ${plural(recoveries.length, "recovery", "recoveries")} half took at most ${dur(median(recoveries))}.`
    : "";
  return [
    title,
    h("p", { class: "lede" }, h("b", {}, lede), typical),
    facts([
      ["Incidents", num(rows.length)],
      ["Open", num(open.length)],
      ["Nodes", num(new Set(rows.map((row) => table.unique_id[row])).size)],
      ["Median recovery", recoveries.length ? dur(median(recoveries)) : null],
      ["With a change", `${num(explained)} of ${num(rows.length)}`],
      ["With a failing parent", num(rows.filter((row) => table.is_parent_failing[row]).length)],
    ]),
    incidentSection(rows),
    dataTable({
      caption: "All incidents",
      rows: openFirst(rows),
      limit: 60,
      from: ["incidents"],
      cols: incidentColumns(),
    }),
    reliabilityTable(),
  ];
}

const openFirst = (rows) => {
  const table = D.t.incidents;
  return [...rows].sort((a, b) => table.is_open[b] - table.is_open[a] || table.opened_at[b] - table.opened_at[a]);
};

function incidentSection(rows) {
  return h(
    "section",
    { class: "block" },
    h(
      "div",
      { class: "bar" },
      h("h2", {}, "By node ", h("span", { class: "quiet" }, scopeName())),
      source("incidents"),
    ),
    figure((width) => incidentFigure(width, rows)),
    h("p", { class: "legend" }, "A bar is a streak of failures, filled while it is open, an outline once it is over."),
  );
}

/** One row a node, a bar from opened to closed; open ones run out at the right. */
function incidentFigure(width, rows) {
  const table = D.t.incidents;
  const runs = invocationsIn();
  const [first, last] = [
    runs[0]?.started ?? table.opened_at[rows.at(-1)],
    runs.at(-1)?.started ?? table.opened_at[rows[0]],
  ];
  const plot = new TimeFigure(width, Math.min(first, ...rows.map((row) => table.opened_at[row])), last, 260);
  const nodes = [...groupBy(rows.length, (index) => table.unique_id[rows[index]])];
  plot.y = 2;
  for (const [node, places] of nodes.slice(0, MOST_ROWS)) {
    if (plot.isNarrow) plot.y += 15;
    const own = places.map((place) => rows[place]);
    plot.rowLabel(shortName(node), own.length > 1 ? num(own.length) : "", nodeAddress(node));
    plot.rule(plot.y + 13);
    for (const row of own) incidentBar(plot, row);
    plot.y += 25;
  }
  if (nodes.length > MOST_ROWS) {
    plot.add(
      s(
        "text",
        { x: plot.left, y: plot.y + 12 },
        `and ${plural(nodes.length - MOST_ROWS, "more node")} in the table below`,
      ),
    );
    plot.y += 18;
  }
  return plot.svg("Incidents by node on one time axis");
}

function incidentBar(plot, row) {
  const table = D.t.incidents;
  const isOpen = table.is_open[row];
  const left = plot.x(table.opened_at[row]);
  const right = isOpen ? plot.width - plot.right : plot.x(table.closed_at[row] ?? table.last_failed_at[row]);
  const box = {
    x: left,
    y: plot.y + 8,
    width: Math.max(4, right - left),
    height: 10,
    class: isOpen ? "incident-open" : "incident-over",
  };
  const label = `${shortName(table.unique_id[row])}, ${incidentWords(row)}`;
  plot.add(
    tipOn(
      s("a", { class: "mark", href: nodeAddress(table.unique_id[row]), "aria-label": label }, s("rect", box)),
      () => [
        h("b", {}, foreign(shortName(table.unique_id[row]))),
        h("br"),
        incidentWords(row),
        h("br"),
        causeOf(table, row),
      ],
    ),
  );
}

function incidentWords(row) {
  const table = D.t.incidents;
  const failures = plural(table.failure_count[row], "failure");
  const since = `from ${stamp(table.opened_at[row])}`;
  return table.is_open[row]
    ? `${failures} ${since}, still open`
    : `${failures} ${since} to ${stamp(table.closed_at[row])}, ${dur(table.recovery_seconds[row])}`;
}

function incidentColumns() {
  const table = D.t.incidents;
  const value = (column) => (row) => table[column][row];
  const run = (row) => D.runByKey.get(`${table.first_invocation_id[row]}/${table.first_command[row]}`);
  return [
    {
      label: "State",
      get: (row) => (table.is_open[row] ? "open" : "over"),
      cell: (row) => (table.is_open[row] ? status("fail", "open") : pastStatus("fail", "over")),
    },
    { label: "Node", get: (row) => D.ids[table.unique_id[row]], cell: (row) => nodeLink(table.unique_id[row]) },
    {
      label: "Opened",
      get: value("opened_at"),
      cell: (row) => (run(row) ? runLink(run(row), stamp(table.opened_at[row])) : stamp(table.opened_at[row])),
      num: 1,
    },
    { label: "Failures", get: value("failure_count"), num: 1 },
    { label: "What explains it", get: (row) => causeOf(table, row), cls: "wide" },
    {
      label: "Closed with",
      get: value("closing_changed_fields"),
      cell: (row) =>
        table.closing_changed_fields[row]
          ? `a change of ${table.closing_changed_fields[row]}`
          : h("span", { class: "quiet" }, "–"),
      cls: "wide",
    },
    { label: "To recovery", get: value("recovery_seconds"), cell: (row) => dur(table.recovery_seconds[row]), num: 1 },
  ];
}

function reliabilityTable() {
  const table = D.t.reliability;
  const value = (column) => (row) => table[column][row];
  const rows = inScope("reliability").sort(
    (a, b) => (table.failed_time_rate[b] || 0) - (table.failed_time_rate[a] || 0),
  );
  return dataTable({
    caption: "Reliability of the nodes that have failed",
    rows,
    limit: 20,
    from: ["reliability"],
    cols: [
      { label: "Node", get: (row) => D.ids[table.unique_id[row]], cell: (row) => nodeLink(table.unique_id[row]) },
      {
        label: "Failed",
        get: value("failure_count"),
        cell: (row) => `${num(table.failure_count[row])} of ${num(table.executed_count[row])}`,
        num: 1,
      },
      {
        label: "Between failures",
        get: value("mean_time_between_failures_seconds"),
        cell: (row) => dur(table.mean_time_between_failures_seconds[row]),
        num: 1,
        cls: "wide",
      },
      {
        label: "To recovery",
        get: value("mean_time_to_recovery_seconds"),
        cell: (row) => dur(table.mean_time_to_recovery_seconds[row]),
        num: 1,
      },
      {
        label: "Time in the failed state",
        get: value("failed_time_rate"),
        cell: (row) =>
          table.failed_time_rate[row] == null ? "–" : `${(100 * table.failed_time_rate[row]).toFixed(1)} %`,
        num: 1,
        cls: "wide",
      },
    ],
  });
}
