// The dialog that makes a list, renames one, or adds tickers to one; what the API says is wrong stands beside its field.
import { byId, el, fill } from "../dom.js";
import { count, counted } from "../format.js";

export const tickersIn = (text) => text.split(/[\s,;|"']+/).filter(Boolean);

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
const FIELD_OF = { list: "name" }; // the API calls it so where the list is in the address
const MOST_NAMED = 20;

/** Makes the dialog `id` work: `send(values)` asks the API, and `done(answer, values)` is told when it has done it. */
export class WatchlistForm {
  constructor(id, { send, done }) {
    Object.assign(this, { send, done, busy: false, dialog: byId(id) });
    this.form = this.dialog.querySelector("form");
    this.answer = this.form.querySelector("[data-answer]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.form.addEventListener("input", (event) => this.typed(event.target));
    for (const button of this.form.querySelectorAll("[data-close]")) button.addEventListener("click", () => this.dialog.close());
  }

  /** Opens it with these values in its fields. */
  open(values = {}) {
    this.form.reset();
    this.clear();
    for (const [name, value] of Object.entries(values)) this.control(name).value = value;
    if (this.control("tickers")) this.tell();
    this.dialog.showModal();
    const first = this.form.querySelector("input, textarea");
    first.focus();
    first.select();
  }

  control(name) {
    return this.form.elements[name];
  }

  values() {
    const { name, tickers, notes } = this.form.elements;
    return { name: name?.value.trim(), tickers: tickers && tickersIn(tickers.value), notes: notes?.value.trim() || null };
  }

  async submit() {
    if (this.busy) return;
    this.busy = true;
    const button = this.form.querySelector("[type=submit]");
    button.setAttribute("aria-disabled", "true");
    this.clear();
    try {
      const values = this.values();
      const answer = await this.send(values);
      this.dialog.close();
      this.done(answer, values);
    } catch (error) {
      this.refused(error);
    } finally {
      this.busy = false;
      button.removeAttribute("aria-disabled");
    }
  }

  refused(error) {
    if (error.status === undefined) console.error(error);
    const details = error.status === 409 ? [{ field: "name", reason: error.message }] : (error.details ?? []);
    const elsewhere = details.filter((problem) => !this.mark(problem, details));
    const said = elsewhere.map(({ field, reason }) => `${field}: ${reason}`).join("; ");
    fill(this.answer, said || (details.length ? null : error.message));
    this.form.querySelector("[aria-invalid=true]")?.focus();
  }

  /** Says beside a field what is wrong with it; all of the tickers at once. */
  mark(problem, details) {
    const [field, part] = problem.field.split(".");
    const name = FIELD_OF[field] ?? field;
    const control = this.control(name);
    if (!control) return false;
    if (control.hasAttribute("aria-invalid")) return true;
    const id = `${this.dialog.id}-${name}-wrong`;
    const bad = part === undefined ? [] : details.filter((one) => one.field.startsWith("tickers."));
    const words = bad.length ? this.malformed(bad) : [sentence(problem.reason)];
    control.closest("[data-field]").append(el("div", { class: "wrong", id }, words));
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", `${id} ${this.dialog.id}-${name}-help`);
    return true;
  }

  malformed(bad) {
    const names = bad.map(({ value }) => String(value));
    const more = names.length > MOST_NAMED ? ` and ${count(names.length - MOST_NAMED)} more` : "";
    const [reason] = bad[0].reason.split(";");
    const out = el("button", { type: "button", onclick: () => this.leaveOut(new Set(names)) }, names.length === 1 ? "Leave it out" : "Leave them out");
    const which = `${names.slice(0, MOST_NAMED).join(", ")}${more} cannot be ${names.length === 1 ? "a ticker" : "tickers"}; nothing was added.`;
    return [el("p", {}, which), el("p", {}, sentence(reason)), out];
  }

  leaveOut(names) {
    const control = this.control("tickers");
    control.value = tickersIn(control.value).filter((one) => !names.has(one)).join("\n");
    this.typed(control);
    control.focus();
  }

  typed(control) {
    this.unmark(control);
    if (control.name === "tickers") this.tell();
  }

  /** How many tickers there are in the field. */
  tell() {
    const all = tickersIn(this.control("tickers").value.toUpperCase());
    const different = new Set(all).size;
    const twice = all.length - different;
    const said = all.length ? `${counted(different, "ticker")}${twice ? `; ${counted(twice, "repetition")} left out` : ""}` : "";
    const place = this.form.querySelector("[data-counted]");
    if (place.textContent !== said) place.textContent = said;
  }

  unmark(control) {
    if (!control.hasAttribute("aria-invalid")) return;
    control.removeAttribute("aria-invalid");
    const field = control.closest("[data-field]");
    field.querySelector(".wrong").remove();
    const help = field.querySelector(".help");
    if (help?.id) control.setAttribute("aria-describedby", help.id);
    else control.removeAttribute("aria-describedby");
  }

  clear() {
    fill(this.answer);
    for (const control of this.form.querySelectorAll("[aria-invalid]")) this.unmark(control);
  }
}
