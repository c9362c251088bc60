// How long a run would take with other numbers of threads, by the replay of v1.simulate_runs.
import { D } from "./data.js";
import { h } from "./dom.js";
import { copyText, source } from "./table.js";
import { dur, num, pct, plural } from "./words.js";

/** The section of a run: a slider where the run was replayed, else the query that replays it. */
export function threadsSection(run) {
  const replays = replaysOf(run);
  return h(
    "section",
    { class: "block", id: "threads" },
    h(
      "div",
      { class: "bar" },
      h("h2", {}, "With other numbers of threads"),
      replays.length ? source("simulations") : null,
    ),
    replays.length ? replayed(run, replays) : notReplayed(run),
  );
}

function replaysOf(run) {
  const table = D.t.simulations;
  const rows = Array.from({ length: table.n }, (_, row) => row);
  return rows
    .filter((row) => table.invocation_id[row] === run.invocation_id && table.command[row] === run.command)
    .map((row) => ({
      threads: table.thread_count[row],
      seconds: table.elapsed_seconds[row],
      observed: table.observed_seconds[row],
    }));
}

function replayed(run, replays) {
  const words = h("output", { class: "replay" });
  const longest = Math.max(...replays.map((one) => one.seconds), replays[0].observed);
  const bars = replays.map((one) => replayBar(one, longest));
  const own = replays.findIndex((one) => one.threads >= (run.threads || 1));
  const slider = h("input", {
    type: "range",
    min: 0,
    max: replays.length - 1,
    step: 1,
    "aria-label": "Number of threads",
  });
  const show = () => {
    const one = replays[Number(slider.value)];
    words.textContent = replayWords(one);
    slider.setAttribute("aria-valuetext", words.textContent);
    bars.forEach((bar, place) => bar.classList.toggle("on", place === Number(slider.value)));
  };
  slider.value = String(own < 0 ? replays.length - 1 : own);
  slider.addEventListener("input", show);
  show();
  return h(
    "div",
    { class: "threads" },
    h("div", { class: "threads-slider" }, slider, words),
    h("div", { class: "replays" }, bars),
  );
}

const replayBar = (one, longest) =>
  h(
    "div",
    { class: "replay-row" },
    h("span", { class: "num" }, num(one.threads)),
    h(
      "span",
      { class: "replay-track" },
      h("span", { class: "replay-bar", style: { width: `${(100 * one.seconds) / longest}%` } }),
    ),
    h("span", {}, dur(one.seconds)),
  );

function replayWords(one) {
  const change = one.observed ? one.seconds / one.observed - 1 : 0;
  const against =
    Math.abs(change) < 0.005
      ? "as long as the run itself took"
      : `${pct(Math.abs(change))} ${change < 0 ? "less" : "more"} than the ${dur(one.observed)} of the run itself`;
  return `With ${plural(one.threads, "thread")} it would take ${dur(one.seconds)}, ${against}.`;
}

function notReplayed(run) {
  const sql = `FROM v1.simulate_run('${run.invocation_id.replace(/'/g, "''")}', 8)`;
  return h(
    "p",
    { class: "sub" },
    "The file holds replays of the newest runs, of up to 1,000 nodes in all. This query replays this run with 8 threads: ",
    h("code", {}, sql),
    " ",
    h("button", { type: "button", class: "text", onclick: () => copyText(sql) }, "Copy query"),
  );
}
