// The Gantt chart of a run: a lane a thread, the path that decided the time in ink, and what a node waited for.
import { address, nodeAddress, note } from "./address.js";
import { niceTicks } from "./axis.js";
import { D, shortName } from "./data.js";
import { foreign, h } from "./dom.js";
import { status } from "./marks.js";
import { source } from "./table.js";
import { lanesOf, pathOf, threadName } from "./timeline.js";
import { hideTip, showTip } from "./tips.js";
import { FONT, Viewport, cut, inks, onScheme } from "./viewport.js";
import { STATE_WORD, axisDur, dur, num, plural } from "./words.js";

const TOP = 26;
const LEFT = 52;
const RIGHT = 14;
const NAMED_LANE = 16;
const MOST_HEIGHT = 2400;
const LONG_STEPS = [10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400];

/** The height of a lane. dbt 2 has a thread for almost every node: thousands of lanes are thin. */
function laneHeightOf(threads) {
  return threads <= 16 ? 30 : Math.max(3, Math.min(18, Math.floor(MOST_HEIGHT / threads)));
}

class Gantt {
  constructor(bars, pick) {
    this.bars = bars;
    this.pick = pick;
    this.threads = lanesOf(bars);
    this.laneHeight = laneHeightOf(this.threads.length);
    this.end = Math.max(...bars.map((bar) => bar.end), 1);
    this.byNode = new Map(bars.map((bar) => [bar.node, bar]));
    this.lanes = this.threads.map((_, lane) => bars.filter((bar) => bar.lane === lane));
    this.path = "observed";
    this.words = "";
    this.selected = null;
    this.over = null;
    this.ink = inks();
    this.spoken = h("p", { class: "sr", "aria-live": "polite" });
    this.canvas = this.makeCanvas();
    this.view = new Viewport(this.canvas, (...drawn) => this.draw(...drawn), {
      ...{ lockY: true, x: LEFT, min: 1, max: 400 },
      clamp: (view, width) => this.clamp(view, width),
      hover: (event) => this.hover(event),
      leave: () => this.leave(),
      click: (event) => this.choose(this.hit(event)),
    });
    onScheme(() => {
      this.ink = inks();
      this.view.ask();
    });
    const wanted = D.uid.get(address().query.get("node"));
    if (wanted != null) this.selected = this.byNode.get(wanted) || null;
  }

  makeCanvas() {
    const canvas = h("canvas", {
      tabindex: 0,
      role: "application",
      "aria-label":
        `Gantt chart of ${plural(this.bars.length, "node")} on ${plural(this.threads.length, "thread")}. Arrow keys ` +
        "step through the nodes in order of time, plus and minus zoom, 0 shows all. The tables below have the same data.",
      onkeydown: (event) => this.onKey(event),
    });
    canvas.style.setProperty("height", `${TOP + this.threads.length * this.laneHeight + 8}px`);
    return canvas;
  }

  clamp(view, width) {
    view.base = width - LEFT - RIGHT;
    view.x = Math.min(LEFT, Math.max(LEFT - (view.k - 1) * view.base, view.x));
  }

  showAll() {
    this.view.k = 1;
    this.view.x = LEFT;
    this.view.ask();
  }

  x(time) {
    return this.view.x + (time / this.end) * this.view.k * this.view.base;
  }

  y(lane) {
    return TOP + lane * this.laneHeight;
  }

  draw(context, width, height, view) {
    this.clamp(view, width);
    context.fillStyle = this.ink.surface;
    context.fillRect(0, 0, width, height);
    context.font = `11px ${FONT}`;
    context.textBaseline = "middle";
    this.drawAxis(context, width, height);
    context.save();
    context.beginPath();
    context.rect(LEFT - 2, 0, width, height);
    context.clip();
    for (const lane of this.lanes) this.drawLane(context, width, lane);
    this.drawPath(context, width);
    for (const bar of [this.selected, this.over]) if (bar) this.drawChosen(context, bar);
    context.restore();
    this.drawThreads(context, height);
  }

  drawAxis(context, width, height) {
    const { view, ink } = this;
    const span = this.end / view.k;
    const first = ((LEFT - view.x) / (view.k * view.base)) * this.end;
    const room = span / 1000 / Math.max(2, width / 120);
    const short = () => niceTicks(span / 1000, Math.max(2, width / 120))[1] || 1;
    const step = room > 8 ? LONG_STEPS.find((seconds) => seconds >= room) || 86400 : short();
    const start = Math.max(0, Math.floor(first / 1000 / step));
    for (let tick = start; tick * step <= (first + span) / 1000 + step; tick++) {
      const seconds = tick * step;
      const x = Math.round(this.x(seconds * 1000)) + 0.5;
      if (x < LEFT - 1 || x > width) continue;
      context.strokeStyle = ink.rule;
      context.beginPath();
      context.moveTo(x, TOP - 6);
      context.lineTo(x, height);
      context.stroke();
      context.fillStyle = ink.ink3;
      context.textAlign = tick === 0 ? "left" : "center";
      context.fillText(tickWords(seconds, step), tick === 0 ? x - 2 : x, 10);
    }
  }

  drawLane(context, width, lane) {
    let last = -9;
    for (const bar of lane) {
      const [start, end] = [this.x(bar.start), this.x(bar.end)];
      if (end < LEFT - 2 || start > width) continue;
      const long = Math.max(1, end - start - 0.5);
      const isPlain = bar.state === "ok" && bar[this.path] == null;
      if (long <= 1 && start - last < 0.8 && isPlain) continue; // it would cover the bar before
      last = start;
      context.globalAlpha = this.isMatch(bar) ? 1 : 0.15;
      this.drawBar(context, bar, start, long);
    }
    context.globalAlpha = 1;
  }

  isMatch(bar) {
    return !this.words || D.ids[bar.node].toLowerCase().includes(this.words);
  }

  drawBar(context, bar, x, width) {
    const { ink, laneHeight } = this;
    const isOn = bar[this.path] != null;
    const whole = laneHeight < NAMED_LANE ? laneHeight - 1 : laneHeight - 8;
    const height = bar.isTest ? Math.max(1, Math.round(laneHeight * 0.36)) : whole;
    const y = this.y(bar.lane) + (laneHeight - height) / 2;
    const isBad = bar.state === "fail" || bar.state === "warn";
    context.fillStyle = isBad ? ink[bar.state] : isOn ? ink.ink : ink.ok_soft;
    context.fillRect(x, y, width, height);
    if (isOn && isBad) {
      context.strokeStyle = ink.ink;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, Math.max(0, width - 2), height - 2);
      context.lineWidth = 1;
    }
    if (bar.state === "fail" && width > 3) {
      context.strokeStyle = ink.surface;
      context.beginPath();
      context.moveTo(x + 2, y + 2);
      context.lineTo(x + Math.min(width - 2, height - 2), y + height - 2);
      context.stroke();
    }
    if (bar.isTest || width <= 34 || laneHeight < NAMED_LANE) return;
    context.fillStyle = isBad || isOn ? ink.surface : ink.ink;
    context.textAlign = "left";
    const room = Math.floor((width - 8) / 8) * 8;
    context.fillText(
      cut(context, shortName(bar.node), room),
      Math.max(x, LEFT) + 4,
      this.y(bar.lane) + laneHeight / 2 + 0.5,
    );
  }

  /** The path itself: from the end of each step to the start of the next. */
  drawPath(context, width) {
    const path = pathOf(this.bars, this.path);
    const middle = (bar) => this.y(bar.lane) + this.laneHeight / 2;
    context.strokeStyle = this.ink.ink;
    context.lineWidth = 1.25;
    context.beginPath();
    path.slice(1).forEach((bar, index) => {
      const [from, to] = [this.x(path[index].end), this.x(bar.start)];
      if (Math.max(from, to) < 0 || Math.min(from, to) > width) return;
      context.moveTo(from, middle(path[index]));
      context.lineTo(to, middle(bar));
    });
    context.stroke();
    context.lineWidth = 1;
  }

  drawChosen(context, bar) {
    const { ink, laneHeight } = this;
    const outline = (one) => {
      const x = this.x(one.start);
      context.strokeRect(x - 1, this.y(one.lane) + 2, Math.max(3, this.x(one.end) - x) + 2, Math.max(1, laneHeight - 4));
    };
    context.strokeStyle = ink.accent;
    context.fillStyle = ink.accent;
    context.lineWidth = 2;
    const before = this.byNode.get(bar.wait);
    if (before) {
      const [x, y] = [this.x(bar.start), this.y(bar.lane) + laneHeight / 2];
      outline(before);
      context.beginPath();
      context.moveTo(this.x(before.end), this.y(before.lane) + laneHeight / 2);
      context.lineTo(x, y);
      context.stroke();
      context.beginPath();
      context.arc(x, y, 3, 0, 7);
      context.fill();
    }
    outline(bar);
    context.lineWidth = 1;
  }

  drawThreads(context, height) {
    context.fillStyle = this.ink.surface;
    context.fillRect(0, 0, LEFT - 2, height);
    context.fillStyle = this.ink.ink3;
    context.textAlign = "right";
    const step = Math.ceil(14 / this.laneHeight);
    this.threads.forEach((thread, lane) => {
      if (lane % step) return;
      const name = cut(context, threadName(thread), LEFT - 14);
      context.fillText(name, LEFT - 10, this.y(lane) + this.laneHeight / 2);
    });
    context.fillText("thread", LEFT - 10, 10);
  }

  hit(event) {
    const lane = this.lanes[Math.floor((event.offsetY - TOP) / this.laneHeight)];
    if (!lane || event.offsetX < LEFT) return null;
    let [best, nearest] = [null, 4];
    for (const bar of lane) {
      const [start, end] = [this.x(bar.start), this.x(bar.end)];
      const gap = Math.max(start - event.offsetX, event.offsetX - end, 0);
      if (gap < nearest) [best, nearest] = [bar, gap];
    }
    return best;
  }

  hover(event) {
    const bar = this.hit(event);
    if (bar !== this.over) {
      this.over = bar;
      this.view.ask();
    }
    if (bar) showTip(event.clientX, event.clientY, barWords(bar));
    else hideTip();
  }

  leave() {
    this.over = null;
    hideTip();
    this.view.ask();
  }

  choose(bar) {
    this.selected = bar;
    note({ node: bar ? D.ids[bar.node] : null });
    this.spoken.textContent = bar ? `${shortName(bar.node)}, ${STATE_WORD[bar.state]}, ${dur(bar.seconds)}` : "";
    this.pick(bar);
    this.view.ask();
  }

  onKey(event) {
    const place = this.bars.indexOf(this.selected);
    const step = (by) => this.choose(this.bars[Math.max(0, Math.min(this.bars.length - 1, place + by))]);
    const actions = {
      ArrowRight: () => step(1),
      ArrowDown: () => step(1),
      ArrowLeft: () => step(-1),
      ArrowUp: () => step(-1),
      "+": () => this.view.zoom(1.4),
      "=": () => this.view.zoom(1.4),
      "-": () => this.view.zoom(1 / 1.4),
      0: () => this.showAll(),
      Escape: () => this.choose(null),
      Enter: () => this.selected && (location.hash = nodeAddress(this.selected.node)),
    };
    if (!actions[event.key]) return;
    actions[event.key]();
    event.preventDefault();
  }
}

function tickWords(seconds, step) {
  if (seconds === 0) return "0";
  if (step < 1) return `${seconds.toFixed(step < 0.1 ? 2 : 1)} s`;
  if (seconds < 60) return axisDur(seconds);
  const rest = Math.round(seconds % 60);
  return `${Math.floor(seconds / 60)} min${rest ? ` ${rest} s` : ""}`;
}

const barWords = (bar) => [
  h("b", {}, foreign(shortName(bar.node))),
  h("br"),
  status(bar.state),
  `  ${dur(bar.seconds)}, from ${dur(bar.start / 1000)} to ${dur(bar.end / 1000)}`,
  h("br"),
  bar.wait != null ? ["waited for ", foreign(shortName(bar.wait))] : "waited for nothing in this run",
  bar.queued ? `, then ${dur(bar.queued / 1000)} for a thread` : null,
  bar.observed != null
    ? [h("br"), `step ${num(bar.observed)} of what decided the time`]
    : bar.slack
      ? [h("br"), `could have ended ${dur(bar.slack / 1000)} later`]
      : null,
];

/** The section with the chart. `pick` is called with the bar that is chosen, or null. */
export function ganttSection(bars, pick) {
  const gantt = new Gantt(bars, pick);
  const button = (words, action, label) =>
    h("button", { type: "button", class: "plain", "aria-label": label, onclick: action }, words);
  const search = h("input", {
    type: "search",
    placeholder: "Light up",
    "aria-label": "Light up nodes in the chart",
    oninput: (event) => {
      gantt.words = event.target.value.toLowerCase().trim();
      gantt.view.ask();
    },
  });
  return h(
    "section",
    { class: "block", "data-gantt": "" },
    h(
      "div",
      { class: "bar" },
      h("h2", {}, "Timing by thread"),
      pathSwitch(gantt),
      search,
      h(
        "span",
        { class: "seg" },
        button("+", () => gantt.view.zoom(1.6), "Zoom in"),
        button("−", () => gantt.view.zoom(1 / 1.6), "Zoom out"),
        button("All", () => gantt.showAll()),
      ),
      source("timelines"),
    ),
    h("div", { class: "stage" }, gantt.canvas),
    gantt.spoken,
    ganttKey(),
  );
}

function pathSwitch(gantt) {
  const choices = [
    ["observed", "What decided the time", "The chain of nodes and waits for threads that led to the end"],
    ["critical", "Longest chain", "The chain that would decide with unlimited threads"],
  ];
  const buttons = choices.map(([path, words, title]) => {
    const onclick = () => {
      gantt.path = path;
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(choices[index][0] === path)));
      gantt.view.ask();
    };
    return h("button", { type: "button", class: "plain", title, "aria-pressed": path === gantt.path, onclick }, words);
  });
  return h("span", { class: "seg" }, buttons);
}

const ganttKey = () =>
  h(
    "div",
    { class: "legend" },
    [
      ["crit", "on the path"],
      ["soft", "other nodes"],
      ["test", "tests"],
      ["bad", "failed"],
      ["wait", "waited for (hover or arrow keys)"],
    ].map(([cls, words]) => h("span", {}, h("i", { class: `swatch ${cls}` }), words)),
    h("span", { class: "quiet wide hint" }, "drag to pan · ctrl + wheel or pinch to zoom"),
  );
