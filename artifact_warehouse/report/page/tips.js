// The tip beside the pointer. It says nothing that an accessible name or a table does not say, too.
import { add, h } from "./dom.js";

let tip;

/** Show a tip beside a point of the window. */
export function showTip(x, y, ...content) {
  tip ||= document.body.appendChild(h("div", { class: "tip", "aria-hidden": "true" }));
  tip.replaceChildren();
  add(tip, content);
  tip.style.display = "block";
  const box = tip.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  const isLow = y + box.height + 24 > innerHeight;
  tip.style.left = `${Math.max(8, Math.min(width - box.width - 8, x + 14))}px`;
  tip.style.top = `${isLow ? Math.max(8, y - box.height - 12) : y + 14}px`;
}

export const hideTip = () => {
  if (tip) tip.style.display = "none";
};

/** Show what `make` returns while the pointer is over an element. */
export function tipOn(element, make) {
  element.addEventListener("pointermove", (event) => showTip(event.clientX, event.clientY, make()));
  element.addEventListener("pointerleave", hideTip);
  return element;
}
