// What changed on a list from one session to the next.
import { get } from "../api.js";
import { byId, el } from "../dom.js";
import { ago, decimal, marked, score, session, verdict } from "../format.js";
import { nothing } from "../notices.js";
import { jobPage, stockPage } from "../page.js";
import { PagedTable } from "../table.js";

const KINDS = {
  stop: ["bad", "✕", "stop reached"],
  target: ["good", "✓", "target reached"],
  new_buy: ["good", "▲", "new Buy"],
  dropped: ["warn", "▽", "Buy dropped"],
  flipped: ["plain", "⇄", "other verdict"],
  failed: ["bad", "!", "new failure"],
  recovered: ["good", "↺", "analysed again"],
  incomparable: ["warn", "!", "plan not comparable"],
  new: ["plain", "+", "first analysis"],
};
const BASES = { high: "the day's high", low: "the day's low", close: "the close" };

function kind({ kind: one }) {
  const [look, sign, words] = KINDS[one] ?? ["plain", "", one];
  return marked("chip", look, sign, words);
}

function told(change) {
  const { level, price, basis, plan_session: plan, reached_on: day, adjustment, message } = change;
  if (level !== null) {
    const moved = adjustment !== null && adjustment !== 1 ? ", adjusted for splits and dividends since" : "";
    return `${decimal(level)} of the plan of ${session(plan)}${moved}; ${BASES[basis] ?? "a price"} was ${decimal(price)} on ${session(day)}`;
  }
  return el("div", {}, verdicts(change), message && el("div", {}, message));
}

function verdicts({ verdict: now, score: points, previous_verdict: before, previous_score: had, previous_session: day }) {
  if (!now && !before) return null;
  const from = before ? [verdict(before), ` ${score(had)} `, el("span", { class: "muted" }, `on ${session(day)}`), now ? " → " : null] : [];
  return el("div", {}, from, now ? [verdict(now), ` ${score(points)}`] : null);
}

const columns = [
  { title: "Session", class: "narrow", cell: (one) => session(one.session_date) },
  { title: "Ticker", cell: (one) => el("a", { href: stockPage(one.ticker, { strategy: one.strategy, data_source: one.data_source }) }, one.ticker) },
  { title: "What happened", class: "narrow", cell: kind },
  { title: "From and to", class: "told", cell: told },
  { title: "Noticed", class: "narrow", cell: (one) => (one.job_id ? el("a", { href: jobPage(one.job_id) }, ago(one.noticed_at)) : ago(one.noticed_at)) },
];

/** The table of what changed on a list; `refresh()` asks anew. */
export function watchChanges(path) {
  const chosen = byId("kind");
  for (const [value, [, , words]] of Object.entries(KINDS)) chosen.append(new Option(words, value));
  const load = ({ cursor, signal }) => get(`${path}/changes`, { kind: chosen.value, limit: 10, cursor }, { signal }).catch((error) => {
    if (error.status !== 404) throw error;
    return { items: [], next_cursor: null };
  });
  const empty = () => nothing(chosen.value ? "Nothing of that kind has happened." : "Nothing yet: what a later session changes is told here.");
  const table = new PagedTable(byId("changes"), { caption: "What changed, the newest first", columns, load, empty });
  chosen.addEventListener("change", () => table.restart());
  table.restart();
  return table;
}
