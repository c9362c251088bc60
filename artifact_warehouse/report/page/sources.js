// Sources: how fresh each is now, against its limits, and how fresh it was at every check.
import { nodeLink } from "./address.js";
import { D, inScope } from "./data.js";
import { foreign, h } from "./dom.js";
import { bullet, facts, status, strip } from "./marks.js";
import { checksOf } from "./node_history.js";
import { dataTable } from "./table.js";
import { dur, freshnessState, freshnessWord, num, plural, stamp } from "./words.js";

const RANK_OF_STATE = { fail: 0, warn: 1, ok: 2, none: 3 };

function sourceRows() {
  const table = D.t.sources;
  const rows = inScope("sources").map((row) => {
    const word = table.freshness_status[row];
    return { row, state: word == null ? "none" : freshnessState(word), checks: checksOf(table.unique_id[row]) };
  });
  const age = (one) => table.max_loaded_at_age_seconds[one.row] || 0;
  return rows.sort((a, b) => RANK_OF_STATE[a.state] - RANK_OF_STATE[b.state] || age(b) - age(a));
}

export function sourcesPage() {
  const rows = sourceRows();
  const title = h("h1", {}, "Sources");
  if (!rows.length)
    return [title, h("p", { class: "sub" }, "The manifests of this project and environment declare no source.")];
  const of = (state) => rows.filter((one) => one.state === state).length;
  const stale = of("fail") + of("warn");
  const checked = rows.length - of("none");
  const lede = !checked
    ? [h("b", {}, "No source was checked for freshness"), " in this file. Load sources.json to see it here."]
    : stale
      ? [
          h("b", {}, `${plural(stale, "source")} ${stale === 1 ? "is" : "are"} not fresh`),
          ` of ${num(checked)} that are checked.`,
        ]
      : [h("b", {}, "Every source that is checked is fresh"), `: ${num(checked)} of ${num(rows.length)}.`];
  return [
    title,
    h("p", { class: "lede" }, lede),
    facts([
      ["Sources", num(rows.length)],
      ["Fresh", num(of("ok"))],
      ["Late", num(of("warn"))],
      ["Stale", num(of("fail"))],
      ["Never checked", num(of("none"))],
      ["Checks in the file", num(rows.reduce((sum, one) => sum + one.checks.length, 0))],
    ]),
    dataTable({ caption: "All sources", rows, limit: 60, from: ["sources", "freshness"], cols: sourceColumns(rows) }),
  ];
}

function sourceColumns(rows) {
  const table = D.t.sources;
  const value = (column) => (one) => table[column][one.row];
  const [age, warn, error] = ["max_loaded_at_age_seconds", "warn_after_seconds", "error_after_seconds"].map(value);
  const limitWords = (one) =>
    [warn(one) ? `warn after ${dur(warn(one))}` : "", error(one) ? `error after ${dur(error(one))}` : ""]
      .filter(Boolean)
      .join(", ");
  const mark = (one) => {
    if (age(one) == null) return h("span", { class: "quiet" }, "–");
    const top =
      Math.max(error(one) || warn(one) || age(one), Math.min(age(one), 3 * (error(one) || warn(one) || age(one)))) *
      1.15;
    return [
      bullet(age(one), [warn(one), error(one)], top, one.state),
      h("div", { class: "small quiet" }, limitWords(one) || "no limits"),
    ];
  };
  return [
    {
      label: "Now",
      get: value("freshness_status"),
      cell: (one) =>
        status(one.state, one.state === "none" ? "never checked" : freshnessWord(value("freshness_status")(one))),
    },
    { label: "Source", get: (one) => D.ids[value("unique_id")(one)], cell: (one) => nodeLink(value("unique_id")(one)) },
    { label: "Age", get: age, cell: (one) => dur(age(one)), num: 1 },
    { label: "Against its limits", cell: mark, cls: "wide" },
    {
      label: "Checks, newest right",
      cell: (one) =>
        one.checks.length
          ? strip(
              one.checks.map((check) => check.state),
              { width: 4, count: innerWidth < 640 ? 16 : 28 },
            )
          : h("span", { class: "quiet" }, "–"),
    },
    {
      label: "Last row",
      get: value("max_loaded_at"),
      cell: (one) => stamp(value("max_loaded_at")(one)),
      num: 1,
      cls: "wide",
    },
    {
      label: "Checked",
      get: value("snapshotted_at"),
      cell: (one) => stamp(value("snapshotted_at")(one)),
      num: 1,
      cls: "wide",
    },
    {
      label: "Loader",
      get: value("loader"),
      cell: (one) => foreign(value("loader")(one)) || h("span", { class: "quiet" }, "–"),
      cls: "wide",
    },
    {
      label: "Tests",
      get: value("test_count"),
      cell: (one) => testWords(value("failing_test_count")(one), value("test_count")(one)),
      num: 1,
      cls: "wide",
    },
  ];
}

const testWords = (failing, all) =>
  failing
    ? status("fail", `${num(failing)} of ${num(all)} failing`)
    : all
      ? num(all)
      : h("span", { class: "quiet" }, "–");
