// Asks before something is done. Airflow's frame lets no confirm() through; a dialog of the page works there too.
import { el } from "./dom.js";

/**
 * Asks whether to do something: `{ title, text, action, danger }`, where `text` is a text or nodes and `action` the word
 * on the button. Answers true when it was pressed; Escape and "No" leave everything as it is. Then the focus is back
 * where it was.
 */
export function confirm({ title, text, action, danger = false }) {
  return new Promise((answered) => {
    const yes = el("button", { class: danger ? "danger" : "main", value: "yes" }, action);
    const no = el("button", { value: "no", autofocus: true }, "No, leave it");
    const form = el("form", { method: "dialog" }, el("h2", { id: "confirm-title" }, title), el("p", {}, text), el("div", { class: "bar" }, yes, no));
    const dialog = el("dialog", { class: "confirm", "aria-labelledby": "confirm-title" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      answered(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
