// Makes elements. What is shown is always text, never HTML, whatever somebody wrote into a name or a note.

/** An element: `el("a", { href, class: "button", onclick: f, data: { airflow: "" } }, "text", child, null)`. */
export function el(tag, attributes = {}, ...children) {
  const made = tag === "svg" || SVG.has(tag) ? document.createElementNS(SVG_SPACE, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "data") for (const [key, said] of Object.entries(value)) made.dataset[key] = said;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const SVG_SPACE = "http://www.w3.org/2000/svg";
const SVG = new Set(["path", "polyline", "line", "circle", "rect", "g", "text", "title"]); // no page makes another title

/** Puts `children` in place of what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** A button of the page's own, which could not be pressed before the page was ready for it. */
export function ready(button, work) {
  button?.addEventListener("click", work);
  button?.removeAttribute("disabled");
}

/** Waits until somebody has stopped typing. */
export function settled(work, milliseconds = 250) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), milliseconds);
  };
}

/** Does `work` once at a time: a button that was pressed cannot be pressed again until it is done. */
export function once(button, work) {
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      await work();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
  return button;
}
