// The columns of the screener, and which of them somebody wants to see.
import { el } from "../dom.js";
import { ago, count, decimal, money, score, session, source, verdict } from "../format.js";
import { jobPage, stockPage } from "../page.js";

const KEPT = "screener-columns";
const level = (name) => (row) => money(row[name], row.currency);

/** Every column; `fixed` is always there, `shown` unless somebody says otherwise. `titles` names strategies. */
const all = (titles) => [
  { name: "ticker", title: "Ticker", fixed: true, sort: "ticker", cell: (row) => el("a", { href: page(row) }, row.ticker) },
  { name: "verdict", title: "Verdict", shown: true, cell: (row) => verdict(row.verdict) },
  { name: "score", title: "Score", shown: true, class: "number", sort: "score", descendingFirst: true, cell: (row) => score(row.score) },
  { name: "close", title: "Close", shown: true, class: "number", cell: level("close") },
  { name: "entry", title: "Entry", shown: true, class: "number", cell: level("entry") },
  { name: "stop_loss", title: "Stop", shown: true, class: "number", cell: level("stop_loss") },
  { name: "target", title: "Target", shown: true, class: "number", cell: level("target") },
  { name: "risk_reward", title: "Reward/risk", shown: true, class: "number", hint: "How many times the risk the target is away", cell: (row) => decimal(row.risk_reward, 1) },
  { name: "session", title: "Session", shown: true, class: "narrow", sort: "session", descendingFirst: true, cell: (row) => session(row.session_date) },
  { name: "reasons", title: "Why", shown: true, cell: reasons },
  { name: "data_source", title: "Prices from", shown: true, class: "narrow", cell: (row) => source(row.data_source) },
  { name: "strategy", title: "Strategy", cell: (row) => titles[row.strategy] ?? row.strategy },
  { name: "summary", title: "Summary", class: "wide", cell: (row) => row.summary },
  { name: "completed_at", title: "Analysed", class: "narrow", sort: "completed_at", descendingFirst: true, cell: (row) => ago(row.completed_at) },
  { name: "job", title: "By job", cell: (row) => el("a", { href: jobPage(row.job_id) }, row.job_id) },
  { name: "bars_used", title: "Bars", class: "number", hint: "How many sessions the analysis looked at", cell: (row) => count(row.bars_used) },
];

const page = (row) => stockPage(row.ticker, { strategy: row.strategy, data_source: row.data_source });
const reasons = (row) => [el("span", { class: "reasons" }, row.reasons.join("; ")), row.warnings.map(warning)];
const warning = (words) => el("span", { class: "warned" }, el("span", { "aria-hidden": "true" }, "⚠ "), el("span", { class: "hidden-text" }, "Warning: "), words);

/** Puts a checkbox for each column into `place`; `changed(columns)` is told, now and with every change. */
export function chooseColumns(place, titles, changed) {
  const columns = all(titles);
  const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
  const shown = new Set(kept ?? columns.filter((column) => column.shown).map((column) => column.name));
  const tell = () => changed(columns.filter((column) => column.fixed || shown.has(column.name)));
  const turn = (name, isOn) => {
    if (isOn) shown.add(name);
    else shown.delete(name);
    localStorage.setItem(KEPT, JSON.stringify([...shown]));
    tell();
  };
  for (const { name, title, fixed } of columns) {
    if (fixed) continue;
    const box = el("input", { type: "checkbox", checked: shown.has(name), onchange: (event) => turn(name, event.target.checked) });
    place.append(el("label", { class: "check" }, box, title));
  }
  tell();
}
