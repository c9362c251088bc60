// Elements. No text from data ever becomes markup: strings become text nodes, and nothing parses HTML.

/**
 * Make an element of HTML. A property that begins with "on" is a listener, "style" an object of CSS properties.
 * @param {string} tag
 * @param {Record<string, any> | null} [props]
 * @param {...any} children
 * @returns {any}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) setProperty(element, name, value);
  return add(element, children);
}

function setProperty(element, name, value) {
  const isAria = name.startsWith("aria-");
  if (value == null || (value === false && !isAria)) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "class") element.className = value;
  else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
  else element.setAttribute(name, value === true && !isAria ? "" : String(value));
}

/**
 * Make an element of SVG.
 * @param {string} tag
 * @param {Record<string, any> | null} [props]
 * @param {...any} children
 * @returns {any}
 */
export function s(tag, props, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, String(value));
  }
  return add(element, children);
}

/** Append children: elements, strings, numbers, and lists of them. */
export function add(element, children) {
  for (const child of [children].flat(Infinity)) {
    if (child == null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Text from an artifact, whose direction of writing does not reach beyond it. */
export const foreign = (text) => (text == null || text === "" ? null : h("bdi", {}, text));

/** A name that may break after its own separators, never inside a word. */
export const breakable = (text) =>
  h(
    "bdi",
    {},
    String(text)
      .split(/(?<=[_.])/)
      .flatMap((part, index) => (index ? [h("wbr"), part] : [part])),
  );
