// The tickers of a job: a page of them at a time, filled in as results arrive.
import { get } from "../api.js";
import { byId, el, settled } from "../dom.js";
import { count, decimal, duration, money, score, status, verdict } from "../format.js";
import { nothing } from "../notices.js";
import { remember, stockPage } from "../page.js";
import { PagedTable } from "../table.js";

const ROWS = 25;
const NAMES = ["status", "error_code", "sort"];

const level = (name) => (row) => money(row[name], row.currency);
const columns = [
  { title: "Ticker", class: "narrow", cell: (row) => el("a", { href: stockPage(row.ticker) }, row.ticker) },
  { title: "Status", cell: (row) => status(row.status) },
  { title: "Verdict", class: "narrow", cell: (row) => verdict(row.verdict) },
  { title: "Score", class: "number", cell: (row) => score(row.score) },
  { title: "Entry", class: "number", cell: level("entry") },
  { title: "Stop", class: "number", cell: level("stop_loss") },
  { title: "Target", class: "number", cell: level("target") },
  { title: "Shares", class: "number", cell: (row) => count(row.position_size) },
  { title: "Cost", class: "number", cell: level("cost") },
  { title: "Reward / risk", class: "number", cell: (row) => decimal(row.risk_reward) },
  { title: "Took", class: "number", cell: (row) => duration(row.seconds) },
  { title: "Remarks", class: "wide", cell: remarks },
];

function remarks(row) {
  if (row.error_message) return el("span", { class: row.status === "failed" ? "remark" : "muted" }, row.error_message);
  return row.notes.length ? row.notes.join("; ") : "–";
}

export class Details {
  constructor(jobId) {
    this.filters = byId("filters");
    const load = ({ cursor, signal }) => get(`/jobs/${encodeURIComponent(jobId)}/details`, { ...this.chosen(), limit: ROWS, cursor }, { signal });
    this.table = new PagedTable(byId("details"), { caption: "Tickers of this job", columns, load, empty: () => this.empty() });
    this.read();
    this.filters.addEventListener("submit", (event) => event.preventDefault());
    this.filters.addEventListener("input", settled(() => this.changed(), 0));
    this.filters.addEventListener("reset", () => setTimeout(() => this.changed()));
    addEventListener("popstate", () => {
      this.read();
      this.table.restart();
    });
  }

  chosen() {
    return Object.fromEntries(NAMES.map((name) => [name, this.filters.elements[name].value]));
  }

  read() {
    const said = new URLSearchParams(location.search);
    if (said.get("error_code")) this.offer([[said.get("error_code"), said.get("error_code").replaceAll("_", " ")]]);
    for (const name of NAMES) this.filters.elements[name].value = said.get(name) ?? "";
    this.tidy();
  }

  tidy() {
    byId("clear").hidden = !Object.values(this.chosen()).some(Boolean);
  }

  changed() {
    remember(this.chosen(), { step: true });
    this.tidy();
    this.table.restart();
  }

  refresh() {
    this.table.refresh();
  }

  /** Shows only the tickers that failed for one reason, and leads there. */
  only(code) {
    this.filters.reset();
    this.filters.elements.error_code.value = code;
    byId("error_code").focus();
    byId("tickers").scrollIntoView();
  }

  /** Lets reasons be chosen that tickers failed for: `[code, words]`. */
  offer(reasons) {
    const choice = this.filters.elements.error_code;
    byId("error-field").hidden = false;
    for (const [value, words] of reasons) {
      if (![...choice.options].some((option) => option.value === value)) choice.append(el("option", { value }, words));
    }
  }

  empty() {
    const all = el("button", { type: "button", onclick: () => this.filters.reset() }, "Show all");
    return nothing("No ticker is like that. ", all);
  }
}
