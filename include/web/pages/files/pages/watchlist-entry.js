// One ticker of a list, as a row: what was said of it, and what its owner wrote beside it.
import { patch } from "../api.js";
import { el, fill } from "../dom.js";
import { ago, score, session, signed, source, status, verdict } from "../format.js";
import { jobPage, mayAsk, stockPage } from "../page.js";
import { sparkline } from "./sparkline.js";
import { listPath } from "./watchlist-calls.js";

/** The columns of the table; `remove(entry)` takes one out, `edited()` is told when somebody has stopped writing. */
export function entryColumns(list, { remove, edited }) {
  const columns = [
    { title: "Ticker", sort: "ticker", cell: ticker },
    { title: "Verdict", cell: (entry) => verdict(entry.last_verdict) },
    { title: "Score", class: "number", sort: "score", descendingFirst: true, cell: (entry) => score(entry.last_score) },
    { title: "Change", class: "number", hint: "of the score, since the session before that was analysed", cell: change },
    { title: "Trend", hint: "the scores of the last 20 sessions that were analysed, from 0 to 100", cell: (entry) => sparkline(entry.recent) },
    { title: "As of", class: "narrow", cell: of },
    { title: "Last analysed", sort: "last_analyzed_at", descendingFirst: true, class: "last-analysed", cell: last },
    { title: "Note", class: "note", cell: (entry) => (mayAsk ? new Note(list, entry, edited).node : written(entry)) },
  ];
  if (mayAsk) columns.push({ title: "Remove", cell: (entry) => removal(entry, remove) });
  return columns;
}

function ticker(entry) {
  const { strategy, data_source } = entry;
  const link = el("a", { href: stockPage(entry.ticker, { strategy, data_source }) }, entry.ticker);
  return el("div", {}, link, entry.name && el("div", { class: "muted name" }, entry.name));
}

function change({ recent }) {
  const [before, now] = recent.slice(-2);
  if (!now) return "–";
  const words = before.verdict === now.verdict ? null : el("small", { class: "was" }, `was ${before.verdict}`);
  return el("div", { title: `${session(before.session_date)}: ${score(before.score)}` }, signed(now.score - before.score), words);
}

const of = (entry) => (entry.last_session ? el("div", {}, session(entry.last_session), el("small", {}, source(entry.data_source))) : "–");

function last(entry) {
  if (!entry.last_analyzed_at) return "not yet";
  const when = entry.last_job_id ? el("a", { href: jobPage(entry.last_job_id) }, ago(entry.last_analyzed_at)) : ago(entry.last_analyzed_at);
  const why = entry.last_error_message && el("p", { class: "why" }, entry.last_error_message);
  return el("div", {}, el("div", { class: "when" }, status(entry.last_status), when), why);
}

const written = (entry) => entry.notes ?? "–";

function removal(entry, remove) {
  return el("button", { type: "button", class: "quiet remove", "aria-label": `Remove ${entry.ticker}`, title: `Remove ${entry.ticker} from the list`, data: { ticker: entry.ticker }, onclick: () => remove(entry) }, "×");
}

/** Name and note of a ticker, changed where they stand. */
class Note {
  constructor(list, entry, edited) {
    Object.assign(this, { list, entry, edited, busy: false });
    this.node = el("div", { class: "note-text" });
    this.show();
  }

  show() {
    const { ticker: of, notes } = this.entry;
    this.edit = el("button", { type: "button", class: "quiet", "aria-label": `Edit name and note of ${of}`, title: "Edit name and note", onclick: () => this.open() }, notes ? "✎" : "✎ Note");
    fill(this.node, notes ? el("span", {}, notes) : null, this.edit);
  }

  open() {
    const { ticker: of, name, notes } = this.entry;
    this.wrong = el("p", { class: "wrong", role: "alert" });
    this.name = el("input", { "aria-label": `Name of ${of}`, placeholder: "Name", maxlength: 1000, value: name ?? "", autocomplete: "off" });
    this.notes = el("input", { "aria-label": `Note of ${of}`, placeholder: "Note", maxlength: 1000, value: notes ?? "", autocomplete: "off" });
    const cancel = el("button", { type: "button", onclick: () => this.close() }, "Cancel");
    const form = el("form", { class: "note-form" }, this.notes, this.name, this.wrong, el("div", { class: "bar" }, el("button", { class: "main" }, "Save"), cancel));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    form.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    fill(this.node, form);
    this.notes.focus();
  }

  async save() {
    if (this.busy) return;
    this.busy = true;
    const said = { name: this.name.value.trim() || null, notes: this.notes.value.trim() || null };
    try {
      await patch(listPath(this.list, this.entry.ticker), said);
      Object.assign(this.entry, said);
      this.close();
    } catch (error) {
      this.wrong.textContent = error.details?.[0]?.reason ?? error.message;
      this.notes.focus();
    } finally {
      this.busy = false;
    }
  }

  close() {
    this.show();
    this.edit.focus();
    this.edited(this.entry);
  }
}
