// What changed since the session before, and what was said in all sessions.
import { get } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { ago, decimal, money, score, session, signed, verdict } from "../format.js";
import { failed, loading, nothing } from "../notices.js";
import { jobPage } from "../page.js";
import { PagedTable } from "../table.js";
import { sparkline } from "./sparkline.js";

let newest = null;

export async function showDifference(place, path, which) {
  const now = (newest = {});
  if (!place.children.length) fill(place, loading());
  try {
    const found = await get(`${path}/difference`, which);
    if (now === newest) fill(place, difference(found));
  } catch (error) {
    if (now === newest) failed(place, error, () => showDifference(place, path, which));
  }
}

function difference(found) {
  if (!found.previous_session) return el("p", { class: "muted" }, sentence(found.words));
  const change = found.score - found.previous_score;
  const scores = el("p", { class: "figure" }, el("strong", {}, signed(change)), ` ${score(found.previous_score)} → ${score(found.score)}`);
  const turned = found.previous_verdict === found.verdict ? null : el("p", {}, verdict(found.previous_verdict), " → ", verdict(found.verdict));
  // the score and the verdict stand above in figures
  const said = found.moves.length ? found.words.split("; ").filter((one) => !/^score |->/.test(one)) : [found.words];
  const list = el("ul", {}, said.map((one) => el("li", {}, sentence(one))));
  return [el("p", { class: "muted" }, `Since ${session(found.previous_session)}`), scores, turned, list, moves(found)];
}

const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

function moves(found) {
  if (!found.moves.length) return null;
  const rows = found.moves.map((move) =>
    el("tr", {}, el("th", { scope: "row" }, move.rule), el("td", {}, move.previous_rule), el("td", { class: "number" }, signed(move.points))));
  const heads = ["Now", "Before", "Points"].map((title, at) => el("th", { scope: "col", class: at === 2 ? "number" : null }, title));
  const table = el("table", {}, el("caption", {}, "Indicators that moved the score"), el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows));
  return el("details", {}, el("summary", {}, "All that moved it"), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Indicators that moved the score" }, table));
}

let table = null;
let about = {};

/** `open(event, day)` shows another session; `shown` is the one that is seen. */
export function showHistory(path, which, { open, shown }) {
  const isSame = about.key === JSON.stringify(which);
  about = { key: JSON.stringify(which), path, which, open, shown };
  table ??= new PagedTable(byId("history"), {
    caption: "Results of earlier sessions",
    columns,
    load: ({ cursor, signal }) => get(`${about.path}/history`, { ...about.which, limit: 15, cursor }, { signal }),
    empty: () => nothing("There are no earlier sessions."),
  });
  return isSame ? table.refresh() : table.restart();
}

/** The scores of the last results, the newest first, as a line; it helps, and the table says the same. */
export async function showLine(recent) {
  const items = await recent.catch(() => []);
  fill(byId("line"), items.length > 1 ? [el("span", { class: "muted" }, `Score of ${items.length} sessions`), sparkline(items.toReversed())] : null);
}

const columns = [
  { title: "Session", class: "narrow", cell: day },
  { title: "Verdict", cell: (row) => verdict(row.verdict) },
  { title: "Score", class: "number", cell: (row) => score(row.score) },
  { title: "Close", class: "number", cell: (row) => money(row.close, row.currency) },
  { title: "Entry", class: "number", cell: (row) => money(row.entry, row.currency) },
  { title: "Stop", class: "number", cell: (row) => money(row.stop_loss, row.currency) },
  { title: "Target", class: "number", cell: (row) => money(row.target, row.currency) },
  { title: "Reward/risk", class: "number", cell: (row) => decimal(row.risk_reward, 1) },
  { title: "Analysed", class: "narrow", cell: (row) => ago(row.completed_at) },
  { title: "By job", cell: (row) => el("a", { href: jobPage(row.job_id) }, row.job_id) },
];

function day(row) {
  const said = session(row.session_date);
  if (row.session_date === about.shown) return el("span", { "aria-current": "true" }, `${said} (shown)`);
  return el("a", { href: `?${new URLSearchParams({ ...about.which, session: row.session_date })}`, onclick: (event) => about.open(event, row.session_date) }, said);
}
