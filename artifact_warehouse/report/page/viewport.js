// A canvas that is panned and zoomed, drawn once a frame.

export const FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif';
const INKS =
  "paper surface sunk rule rule2 ink ink2 ink3 ok ok-soft warn warn-soft fail fail-soft skip accent accent-soft".split(
    " ",
  );
const RESTING_MS = 140;

/** The colours of the style sheet, for a canvas. They change with the scheme. */
export function inks() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(INKS.map((name) => [name.replace("-", "_"), style.getPropertyValue(`--${name}`).trim()]));
}

/** Call back when the scheme changes between light and dark. */
export const onScheme = (changed) => matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);

/** One transform of a canvas: x, y and scale k. */
export class Viewport {
  /** @param {Record<string, any>} options lockY, min, max, x, and the functions fit, clamp, hover, leave, click */
  constructor(canvas, draw, options = {}) {
    const { x = 0, min = 0.02, max = 40, lockY = false } = options;
    this.x = x;
    this.y = 0;
    this.k = 1;
    this.base = 1;
    this.min = min;
    this.max = max;
    this.lockY = lockY;
    this.isMoving = false;
    this.canvas = canvas;
    this.draw = draw;
    this.options = options;
    this.context = canvas.getContext("2d", { alpha: false });
    this.width = 0;
    this.height = 0;
    this.isAsked = false;
    this.pointers = new Map();
    this.moved = 0;
    this.gap = 0;
    this.listen();
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  paint() {
    this.isAsked = false;
    const ratio = devicePixelRatio || 1;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.draw(this.context, this.width, this.height, this);
  }

  ask() {
    if (this.isAsked) return;
    this.isAsked = true;
    requestAnimationFrame(() => this.paint());
  }

  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const scale = Math.max(this.min, Math.min(this.max, this.k * factor));
    const grown = scale / this.k;
    this.x = x - (x - this.x) * grown;
    if (!this.lockY) this.y = y - (y - this.y) * grown;
    this.k = scale;
    this.clamp();
    this.ask();
  }

  clamp() {
    this.options.clamp?.(this, this.width, this.height);
  }

  /** While it moves, a page may draw less; a moment after, all of it. */
  move() {
    this.isMoving = true;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      this.isMoving = false;
      this.ask();
    }, RESTING_MS);
    this.ask();
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    const isFirst = !this.width;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    if (!this.width) return;
    if (isFirst) this.options.fit?.(this, this.width, this.height);
    this.clamp();
    this.paint();
  }

  listen() {
    const on = (name, listener, options) => this.canvas.addEventListener(name, listener, options);
    on("wheel", (event) => this.onWheel(event), { passive: false });
    on("pointerdown", (event) => this.onDown(event));
    on("pointermove", (event) => this.onMove(event));
    on("pointerup", (event) => this.onUp(event));
    on("pointercancel", (event) => this.onUp(event));
    on("pointerleave", () => this.options.leave?.());
  }

  /** Over a chart within a page, the plain wheel scrolls the page; with ctrl, and by pinching, it zooms. */
  onWheel(event) {
    const isSideways = event.shiftKey || Math.abs(event.deltaX) >= Math.abs(event.deltaY);
    if (this.lockY && !event.ctrlKey && !isSideways) return;
    event.preventDefault();
    if (this.lockY && !event.ctrlKey) {
      this.x -= event.deltaX || event.deltaY;
      this.clamp();
    } else this.zoom(Math.exp(-event.deltaY * 0.0016), event.offsetX, event.offsetY);
    this.move();
  }

  onDown(event) {
    this.pointers.set(event.pointerId, event);
    this.moved = 0;
    this.canvas.setPointerCapture(event.pointerId);
  }

  onMove(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return void this.options.hover?.(event);
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) return void this.pinch();
    const [dx, dy] = [event.offsetX - before.offsetX, event.offsetY - before.offsetY];
    this.moved += Math.abs(dx) + Math.abs(dy);
    this.x += dx;
    if (!this.lockY) this.y += dy;
    this.clamp();
    this.move();
  }

  pinch() {
    const [one, two] = [...this.pointers.values()];
    const gap = Math.hypot(one.offsetX - two.offsetX, one.offsetY - two.offsetY);
    if (this.gap) this.zoom(gap / this.gap, (one.offsetX + two.offsetX) / 2, (one.offsetY + two.offsetY) / 2);
    this.gap = gap;
  }

  onUp(event) {
    const wasDown = this.pointers.delete(event.pointerId);
    if (wasDown && this.moved < 5 && event.type === "pointerup") this.options.click?.(event);
    if (this.pointers.size < 2) this.gap = 0;
  }
}

const cuts = new Map();
/** A text cut to a width on a canvas; measured once. */
export function cut(context, text, width) {
  const key = `${width}|${text}`;
  const known = cuts.get(key);
  if (known != null) return known;
  if (cuts.size > 20000) cuts.clear();
  const found = context.measureText(text).width <= width ? text : `${text.slice(0, fitting(context, text, width))}…`;
  cuts.set(key, found);
  return found;
}

/** How many characters fit, with an ellipsis behind them. */
function fitting(context, text, width) {
  let [low, high] = [0, Math.min(text.length, 200)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low;
}
