// Figures with a time axis: their size, gutter, ticks and weekends.
import { h, s } from "./dom.js";
import { DAY, day, isWeekend, startOfDay } from "./words.js";

const NARROW = 640;
const STEPS = [1, 2, 7, 14, 28, 56, 91, 182];

/** A figure that draws itself for the width that it has, and again when the width changes. */
export function figure(render, props = {}) {
  const box = h("div", { class: "figure", ...props });
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.floor(box.clientWidth);
    if (!now || now === width) return;
    width = now;
    box.replaceChildren(render(now));
  }).observe(box);
  return box;
}

/** Days, weeks or months, never more than fit. */
export function timeTicks(start, end, width) {
  const days = (end - start) / DAY;
  const room = Math.max(2, Math.floor(width / 58));
  const step = STEPS.find((candidate) => days / candidate <= room) || 365;
  const ticks = [];
  let time = Math.ceil(start / DAY) * DAY;
  if (step >= 7) while (new Date(time).getUTCDay() !== 1) time += DAY;
  for (; time <= end; time += step * DAY) ticks.push(time);
  return ticks;
}

/** Round numbers from 0 to max. */
export function niceTicks(max, wanted = 3) {
  if (!(max > 0)) return [0];
  const rough = max / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  return Array.from({ length: Math.floor((max * 1.0001) / step) + 1 }, (_, index) => index * step);
}

/**
 * A time axis in days. Panels are stacked on it: `y` is where the next one begins. Words stand in the gutter at the
 * left; a narrow figure has none, and words stand above their panel.
 */
export class TimeFigure {
  constructor(width, first, last, gutter) {
    this.width = width;
    this.isNarrow = width < NARROW;
    this.left = this.isNarrow ? 0 : gutter;
    this.right = this.isNarrow ? 40 : 64;
    this.start = startOfDay(first);
    this.end = startOfDay(last) + DAY;
    this.inner = width - this.left - this.right;
    this.dayWidth = (this.inner * DAY) / (this.end - this.start);
    this.y = 0;
    this.top = 0;
    this.marks = [];
    this.behind = [];
  }

  x(time) {
    return this.left + ((time - this.start) / (this.end - this.start)) * this.inner;
  }

  add(...marks) {
    this.marks.push(...marks);
  }

  /** A line across the plot, with its value at the right. */
  rule(y, text = "") {
    this.add(s("path", { class: "grid", d: `M${this.left} ${Math.round(y) + 0.5} H${this.width - this.right}` }));
    if (text) this.add(s("text", { x: this.width - this.right + 6, y: y + 4 }, text));
  }

  /** The words of a panel: title, notes and the last value. */
  head(title, notes = [], value = null) {
    if (this.isNarrow) {
      this.y += 26;
      const note = value ? `${notes.at(-1)} ${value}` : notes.join(", ");
      this.add(
        s("text", { class: "lab strong", x: 0, y: this.y - 8 }, title),
        s("text", { x: this.width, y: this.y - 8, "text-anchor": "end" }, note),
      );
      return;
    }
    this.y += 14;
    this.add(s("text", { class: "lab strong", x: 0, y: this.y + 11 }, title));
    notes.forEach((note, index) => this.add(s("text", { x: 0, y: this.y + 26 + 14 * index }, note)));
    if (value) this.add(s("text", { class: "val", x: 0, y: this.y + 27 + 14 * notes.length }, value));
  }

  /** The words of one row: its name at the left, a note at the right edge. */
  rowLabel(label, remark, link = null) {
    const y = this.y + (this.isNarrow ? -2 : 17);
    const most = this.isNarrow ? Math.floor((this.width - 60) / 6.6) : Math.floor((this.left - 8) / 6.6);
    const short = label.length > most ? `${label.slice(0, most - 1)}…` : label;
    const text = s("text", { class: "lab", x: 0, y }, short);
    const hint = short === label ? null : s("title", {}, label);
    this.add(link ? s("a", { href: link }, hint, text) : s("g", {}, hint, text));
    if (remark) this.add(s("text", { x: this.width, y, "text-anchor": "end" }, remark));
  }

  /** The finished figure, with weekends behind and days below. */
  svg(label) {
    const weekends = [];
    for (let time = this.start; time < this.end && this.dayWidth > 4; time += DAY) {
      const box = { x: this.x(time), y: this.top, width: this.dayWidth, height: Math.max(0, this.y - this.top) };
      if (isWeekend(time)) weekends.push(s("rect", { class: "weekend", ...box }));
    }
    const days = timeTicks(this.start, this.end - 1, this.inner).map((time) => {
      const x = Math.max(20, Math.min(this.width - 20, this.x(time) + this.dayWidth / 2));
      return s("text", { x, y: this.y + 12, "text-anchor": "middle" }, day(time));
    });
    const height = this.y + 18;
    const box = { viewBox: `0 0 ${this.width} ${height}`, height, role: "group", "aria-label": label };
    return s("svg", box, weekends, this.behind, this.marks, days);
  }
}
