// The timeline of one run: its results as bars, the paths through them, and how busy its threads were.
import { D, isTestNode, typeOf } from "./data.js";
import { stateOf } from "./words.js";

/**
 * @typedef {{row: number, node: number, start: number, end: number, thread: string, state: string, isTest: boolean,
 *   isModel: boolean, wait: number | null, queued: number | null, slack: number | null, drag: number | null,
 *   observed: number | null, critical: number | null, seconds: number, lane: number}} Bar
 */

/** The bars of a run that has a whole timeline, in order of their start. Times are milliseconds from its start. */
export function barsOf(run) {
  const table = D.t.timelines;
  const results = new Map(run.rows.map((row) => [D.t.executions.unique_id[row], row]));
  const rows = run.timeline.filter((row) => table.start_ms[row] != null && table.rest_ms[row] != null);
  return rows.map((row) => toBar(table, row, results)).sort((a, b) => a.start - b.start);
}

/** @returns {Bar} */
function toBar(table, row, results) {
  const node = table.unique_id[row];
  const result = results.get(node);
  const start = table.start_ms[row];
  const ms = result == null ? null : D.t.executions.ms[result];
  const end = Math.max(start, start + (ms || 0) + table.rest_ms[row]);
  const wait = table.waited_for_unique_id[row];
  return {
    row,
    node,
    start,
    end,
    thread: table.thread_id[row] || "?",
    state: result == null ? stateOf(null) : D.t.executions.state[result],
    isTest: isTestNode(node),
    isModel: typeOf(node) === "model",
    wait: wait == null || wait < 0 ? null : wait,
    queued: table.queued_ms[row],
    slack: table.slack_ms[row],
    drag: table.drag_ms[row],
    observed: table.observed_step[row],
    critical: table.critical_step[row],
    seconds: (ms ?? end - start) / 1000,
    lane: 0,
  };
}

/** The bars on a path, in order. */
export const pathOf = (bars, step) => bars.filter((bar) => bar[step] != null).sort((a, b) => a[step] - b[step]);

/** How many bars overlapped at most. */
export function peakOf(bars) {
  const events = bars.flatMap((bar) => [
    [bar.start, 1],
    [bar.end, -1],
  ]);
  events.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let [now, peak] = [0, 0];
  for (const [, step] of events) peak = Math.max(peak, (now += step));
  return peak;
}

const numberOf = (thread) => Number(/(\d+)/.exec(thread)?.[1] || 0);
/** The name of a thread, as short as it can be. */
export const threadName = (thread) => (numberOf(thread) ? String(numberOf(thread)) : thread);

/** The threads in order of their number; those without one last. Gives every bar its lane. */
export function lanesOf(bars) {
  const threads = [...new Set(bars.map((bar) => bar.thread))];
  threads.sort((a, b) => (numberOf(a) || 1e9) - (numberOf(b) || 1e9) || (a < b ? -1 : 1));
  const places = new Map(threads.map((thread, index) => [thread, index]));
  for (const bar of bars) bar.lane = places.get(bar.thread);
  return threads;
}
