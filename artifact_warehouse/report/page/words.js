// Numbers, times and states as words.

export const DAY = 864e5;
export const MINUTE = 6e4;
export const STATE_WORD = { ok: "passed", warn: "warned", fail: "failed", skip: "skipped", none: "not run" };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const STATES = { success: "ok", warn: "warn", failure: "fail", skipped: "skip" };
const FRESHNESS = { pass: "ok", warn: "warn" };

/** The state of a status_class of the views. */
export const stateOf = (statusClass) => STATES[statusClass] || "none";
export const freshnessState = (status) => FRESHNESS[status] || "fail";
export const freshnessWord = (status) => ({ pass: "fresh", warn: "late", error: "stale" })[status] || status;

const pad = (value) => String(value).padStart(2, "0");

export function day(time) {
  const date = new Date(time);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}
export const weekday = (time) => WEEKDAYS[new Date(time).getUTCDay()];
export const isWeekend = (time) => [0, 6].includes(new Date(time).getUTCDay());
export const startOfDay = (time) => Math.floor(time / DAY) * DAY;

/** Day and minute, with the year where it is not that of the report's last run. */
export function stamp(time) {
  if (time == null) return "–";
  const date = new Date(time);
  return `${day(time)} ${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
}

/** A duration in seconds, with two or three digits. */
export function dur(seconds) {
  if (seconds == null) return "–";
  if (seconds === 0) return "0 s";
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(seconds < 0.995 ? 2 : 1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 6000) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  if (whole < 172800) return `${(whole / 3600).toFixed(whole < 36000 ? 1 : 0)} h`;
  return `${(whole / 86400).toFixed(whole < 864000 ? 1 : 0)} d`;
}

/** The same without trailing noughts, for an axis. */
export const axisDur = (seconds) =>
  dur(seconds)
    .replace(/\.0+ /, " ")
    .replace(/(\.\d)0 /, "$1 ");

export const num = (value) => (value == null ? "–" : String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f"));
export const pct = (rate, digits = 0) => (rate == null ? "–" : `${(100 * rate).toFixed(digits)} %`);
export const plural = (count, one, many = `${one}s`) => `${num(count)} ${count === 1 ? one : many}`;

/** Bytes in powers of 1024, as dbt's adapters and DuckDB write them. */
export function bytes(value) {
  if (value == null) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)));
  const scaled = value / 1024 ** power;
  return `${scaled.toFixed(power && scaled < 9.95 ? 1 : 0)} ${units[power]}`;
}

/** The quantile of sorted numbers, interpolated as DuckDB's quantile_cont does. */
export function quantile(sorted, share) {
  if (!sorted.length) return null;
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  return sorted[below] + (place - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}
export const median = (values) =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

/** The short name of an id: what stands on every mark. */
export function shortId(id) {
  if (id == null) return "–";
  const parts = id.split(".");
  const isTest = parts[0] === "test" && parts.length > 3;
  return (isTest ? parts.slice(2, -1) : parts.slice(2)).join(".") || id;
}
export const typeOfId = (id) => id.split(".", 1)[0];
export const typeWord = (type) => type.replace(/_/g, " ");
