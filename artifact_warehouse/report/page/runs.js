// Runs: every run or invocation, the newest first.
import { to } from "./address.js";
import { S, invocationsIn, runsIn } from "./data.js";
import { foreign, h } from "./dom.js";
import { countSwitch } from "./history.js";
import { count, shareBar, status } from "./marks.js";
import { dataTable } from "./table.js";
import { dur, plural, stamp, weekday } from "./words.js";

/** What a run is called: it passed, with or without warnings; the counts say the rest. */
export const runStatus = (run) =>
  run.state === "fail" ? status("fail") : run.state === "none" ? status("none", "nothing executed") : status("ok");
const runWord = (run) => (run.state === "fail" ? "failed" : run.state === "none" ? "nothing executed" : "passed");

const withRetries = (run) => {
  if (run.is_retry) return `${run.label} (retry)`;
  return run.retry_count ? `${run.label} (${plural(run.retry_count, "retry", "retries")})` : run.label;
};

/** Invocations of the same kind, retries aside. */
export const siblingsOf = (run) =>
  invocationsIn(run.scope).filter((other) => other.label === run.label && !other.is_retry);
export const previousOf = (run) => siblingsOf(run).findLast((other) => other.started < run.started);

export function runsPage() {
  const runs = [...runsIn()].reverse();
  const longest = Math.max(...runs.map((run) => run.took || 0), 0.001);
  const link = (run) => h("a", { href: to("run", run.key) }, `${weekday(run.started)} ${stamp(run.started)}`);
  const number = (label, key, cls, columnClass) => ({
    label,
    get: (run) => run[key],
    cell: (run) => count(run[key], cls),
    num: 1,
    cls: columnClass,
  });
  return [
    h("div", { class: "bar" }, h("h1", {}, "Runs"), countSwitch()),
    dataTable({
      caption: S.isLogical ? "Every run, with its retries" : "Every invocation with results",
      rows: runs,
      limit: 100,
      from: [S.isLogical ? "logical_runs" : "invocations"],
      empty: "No run of this project and environment is in the file.",
      cols: [
        { label: "Result", get: runWord, cell: runStatus },
        { label: "Started, UTC", get: (run) => run.started, cell: link },
        { label: "What", get: withRetries, cell: (run) => foreign(withRetries(run)) },
        {
          label: "Took",
          get: (run) => run.took,
          cell: (run) => [dur(run.took), shareBar((run.took || 0) / longest)],
          num: 1,
        },
        number("Passed", "success_count", "", "wide"),
        number("Warned", "warn_count", "", "wide"),
        number("Failed", "failure_count", "bad", ""),
        number("Skipped", "skipped_count", "", "wide"),
      ],
    }),
  ];
}
