// Draws a graph on a canvas. Far away nodes are flat, nearer they have outlines, and near shapes and names.
import { BOX, CELL } from "./graph.js";
import { FONT, cut } from "./viewport.js";

const FAR = 0.34;
const MIDDLE = 0.5;
const NEAR = 0.62;
const MANY_LINES = 900;
const MOST_FAR_LINES = 3000;
const LONG_LINE = 420;

/** What is drawn: the graph, its state now, colours, and which nodes are lit, found, chosen and under the pointer. */
export class GraphPainter {
  constructor(graph) {
    this.graph = graph;
    this.now = null;
    this.colours = null;
    this.ink = {};
    this.lit = null;
    this.found = null;
    this.selected = -1;
    this.over = -1;
  }

  draw(context, width, height, view) {
    const { k } = view;
    this.k = k;
    this.isFar = k < FAR;
    this.window = { left: -view.x / k, top: -view.y / k, right: (width - view.x) / k, bottom: (height - view.y) / k };
    context.fillStyle = this.ink.surface;
    context.fillRect(0, 0, width, height);
    context.save();
    context.translate(view.x, view.y);
    context.scale(k, k);
    this.drawEdges(context, view.isMoving);
    this.drawBoxes(context);
    if (k > MIDDLE) this.drawWords(context);
    this.drawOutlines(context);
    context.restore();
  }

  /** Whether a node is in sight. */
  sees(place) {
    const [x, y, { left, top, right, bottom }] = [this.graph.px[place], this.graph.py[place], this.window];
    return x < right && x + BOX.width > left && y < bottom && y + BOX.height > top;
  }

  isDim(place) {
    return Boolean((this.lit && !this.lit.has(place)) || (this.found && !this.found.has(place)));
  }

  /** Edges between lit nodes are in the accent; of a large graph only those that begin or end in sight are drawn. */
  drawEdges(context, isMoving) {
    const { graph, now, lit } = this;
    const step =
      this.isFar && graph.from.length > MOST_FAR_LINES && !lit ? Math.ceil(graph.from.length / MOST_FAR_LINES) : 1;
    const isSmall = this.isFar || graph.ids.length < 400;
    const [all, hot] = [[], []];
    for (let edge = 0; edge < graph.from.length; edge++) {
      const [start, end] = [graph.from[edge], graph.to[edge]];
      if (!now.edge[edge]) continue;
      if (lit && lit.has(start) && lit.has(end)) hot.push(edge);
      else if (graph.strong && edge >= graph.strong) continue;
      else if (edge % step === 0 && (isSmall || this.sees(start) || this.sees(end))) all.push(edge);
    }
    const isThinned = isMoving && !lit && all.length > 600;
    context.globalAlpha = lit ? 0.35 : this.isFar ? 0.55 : 0.9;
    this.drawLines(context, all, this.ink.rule2, 1, isThinned);
    context.globalAlpha = 1;
    this.drawLines(context, hot, this.ink.accent, 1.5, false);
  }

  drawLines(context, edges, colour, width, isThinned) {
    const { graph, k, window } = this;
    const isStraight = this.isFar || edges.length > MANY_LINES;
    context.strokeStyle = colour;
    context.lineWidth = width / k;
    context.beginPath();
    for (const edge of edges) {
      const [a, b] = [graph.from[edge], graph.to[edge]];
      const [x0, y0] = [graph.px[a] + BOX.width, graph.py[a] + BOX.height / 2];
      const [x1, y1] = [graph.px[b], graph.py[b] + BOX.height / 2];
      if (isThinned && Math.abs(x1 - x0) + Math.abs(y1 - y0) > LONG_LINE / k) continue;
      const isAside = x1 < window.left || x0 > window.right;
      if (isAside || Math.max(y0, y1) < window.top || Math.min(y0, y1) > window.bottom) continue;
      context.moveTo(x0, y0);
      if (isStraight) context.lineTo(x1, y1);
      else curve(context, x0, y0, graph.bends[edge] || [], x1, y1);
    }
    context.stroke();
  }

  drawBoxes(context) {
    const { graph, now, colours, ink, k, isFar } = this;
    const byFill = new Map();
    const special = [];
    for (let place = 0; place < graph.ids.length; place++) {
      if (!now.live[place] || !this.sees(place)) continue;
      const isDim = this.isDim(place);
      const isBad = now.state[place] === "fail" || now.state[place] === "warn";
      if (colours.by === "state" && isBad && !isDim) special.push(place);
      else {
        const key = `${isDim ? "d" : "a"}${colours.fill(place, now, ink, isFar)}`;
        if (!byFill.has(key)) byFill.set(key, []);
        byFill.get(key).push(place);
      }
    }
    for (const [key, places] of byFill) {
      context.globalAlpha = key[0] === "d" ? 0.3 : 1;
      context.fillStyle = key.slice(1);
      context.strokeStyle = ink.rule2;
      context.lineWidth = 1 / k;
      context.beginPath();
      for (const place of places) context.rect(graph.px[place], graph.py[place], BOX.width, BOX.height);
      context.fill();
      if (!isFar) context.stroke();
    }
    context.globalAlpha = 1;
    for (const place of special) this.drawTrouble(context, place);
  }

  /** Failures and warnings are drawn last, and failures are larger from afar. */
  drawTrouble(context, place) {
    const { graph, now, colours, ink, k, isFar } = this;
    const isBad = now.state[place] === "fail";
    const grown = isFar && isBad ? Math.min(12, 2.5 / k) : 0;
    const [x, y] = [graph.px[place], graph.py[place]];
    context.fillStyle = colours.fill(place, now, ink, isFar);
    context.fillRect(x - grown, y - grown, BOX.width + 2 * grown, BOX.height + 2 * grown);
    if (isFar) return;
    context.strokeStyle = isBad ? ink.fail : ink.warn;
    context.lineWidth = 1 / k;
    context.strokeRect(x, y, BOX.width, BOX.height);
  }

  drawWords(context) {
    const { graph, now, colours, ink } = this;
    const hasGlyphs = colours.by === "state";
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.font = `12px ${FONT}`;
    for (let place = 0; place < graph.ids.length; place++) {
      if (!now.live[place] || !this.sees(place)) continue;
      const isDim = this.isDim(place);
      if (isDim && this.k <= NEAR) continue;
      context.globalAlpha = isDim ? 0.35 : 1;
      const [x, y] = [graph.px[place], graph.py[place] + BOX.height / 2];
      const colour = colours.words(place, now, ink);
      if (hasGlyphs) drawGlyph(context, now.state[place], x + 10, y, ink, colour);
      context.fillStyle = colour;
      const size = now.size ? String(now.size[place]) : "";
      const indent = hasGlyphs ? 20 : 8;
      context.fillText(cut(context, graph.label[place], BOX.width - indent - 6 - size.length * 8), x + indent, y + 0.5);
      if (!size) continue;
      context.textAlign = "right";
      context.fillText(size, x + BOX.width - 6, y + 0.5);
      context.textAlign = "left";
    }
    context.globalAlpha = 1;
  }

  drawOutlines(context) {
    const { graph, now, ink, k } = this;
    const chosen = [
      [this.over, ink.ink],
      [this.selected, ink.accent],
    ];
    for (const [place, colour] of chosen) {
      if (place < 0 || !now.live[place]) continue;
      context.strokeStyle = colour;
      context.lineWidth = 2 / k;
      const gap = 2 / k;
      context.strokeRect(graph.px[place] - gap, graph.py[place] - gap, BOX.width + 2 * gap, BOX.height + 2 * gap);
    }
  }

  /** The node at a point of the graph, or -1. */
  hit(x, y) {
    const { graph, now } = this;
    const reach = Math.max(0, 4 / this.k - 4);
    return graph.ids.findIndex(
      (_, place) =>
        now.live[place] &&
        x >= graph.px[place] - reach &&
        x <= graph.px[place] + BOX.width + reach &&
        y >= graph.py[place] - reach &&
        y <= graph.py[place] + BOX.height + reach,
    );
  }
}

/** From the right edge of a box through the bends to the left edge of another one. */
function curve(context, startX, startY, bends, endX, endY) {
  let [x, y] = [startX, startY];
  const stops = [
    ...bends.map(([column, row]) => [column * CELL.width, row * CELL.height + BOX.height / 2, true]),
    [endX, endY, false],
  ];
  for (const [nextX, nextY, isBend] of stops) {
    const reach = Math.max(14, (nextX - x) / 2);
    context.bezierCurveTo(x + reach, y, nextX - reach, nextY, nextX, nextY);
    if (!isBend) return;
    context.lineTo(nextX + BOX.width, nextY);
    [x, y] = [nextX + BOX.width, nextY];
  }
}

/** The shapes of marks.js, on a canvas. */
function drawGlyph(context, state, x, y, ink, colour) {
  if (state === "none") {
    context.fillStyle = ink.ink3 || colour;
    context.fillRect(x - 3, y - 0.75, 6, 1.5);
    return;
  }
  context.beginPath();
  if (state === "fail")
    polygon(context, [
      [x, y - 5],
      [x + 5, y],
      [x, y + 5],
      [x - 5, y],
    ]);
  else if (state === "warn")
    polygon(context, [
      [x, y - 5],
      [x + 5, y + 4],
      [x - 5, y + 4],
    ]);
  else context.arc(x, y, state === "skip" ? 3.5 : 3, 0, 7);
  if (state === "skip") {
    context.strokeStyle = ink.skip;
    context.lineWidth = 1.5;
    context.stroke();
  } else {
    context.fillStyle = state === "fail" ? colour : ink[state];
    context.fill();
  }
}

function polygon(context, points) {
  points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
}
