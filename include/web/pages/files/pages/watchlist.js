// One list: its tickers with what was said of them, notes, adding many at once, and its analysis.
import { get, isActive, patch, remove } from "../api.js";
import { byId, el, fill, once, settled } from "../dom.js";
import { ago, count, counted } from "../format.js";
import { nothing, say, sayError } from "../notices.js";
import { jobPage, mayAsk, of, remember, root, screenerPage, user, watchlistPage, withQuery } from "../page.js";
import { PagedTable } from "../table.js";
import { sentence } from "./job-parts.js";
import { addTickers, analyse, listPath, removeList, renameList } from "./watchlist-calls.js";
import { watchChanges } from "./watchlist-changes.js";
import { entryColumns } from "./watchlist-entry.js";
import { WatchlistForm } from "./watchlist-form.js";
import { showJob } from "./watchlist-job.js";

const list = of.watchlist;
const path = listPath(list);
const search = byId("search");
const FIRST = "ticker";
const address = () => ({ search: search.value.trim(), sort: table.sort === FIRST ? null : table.sort, job });
const changes = watchChanges(path);
let job = null;
let stop = () => {};
let isStale = false;

const table = new PagedTable(byId("entries"), {
  caption: `Tickers of ${list}`,
  columns: entryColumns(list, { remove: take, edited }),
  load,
  sort: FIRST,
  sorted: () => remember(address(), { step: true }),
  empty,
});

function load({ cursor, sort, signal }) {
  return get(path, { search: search.value.trim(), sort, cursor }, { signal }).then(
    (answer) => {
      about(answer);
      return answer;
    },
    (error) => {
      if (error.status !== 404) throw error;
      about({ name: list, count: 0, failed: 0, last_analyzed_at: null, isMissing: true });
      return { items: [], next_cursor: null };
    },
  );
}

let shown = null;

/** What there is to say of the whole list, and what can be done with it. */
function about(answer) {
  shown = answer;
  const { count: tickers, failed, last_analyzed_at: last, most_tickers: most } = answer;
  const said = tickers ? [`${counted(tickers, "ticker")} of up to ${count(most)}. Last analysed: `, last ? ago(last) : "not yet", failed ? `; ${count(failed)} of them failed then.` : "."] : [];
  fill(byId("about"), said);
  const before = byId("actions").childElementCount;
  byId("actions").hidden = byId("filters").hidden = !tickers;
  byId("changed").hidden = !tickers;
  if (tickers && !before) fill(byId("actions"), actions());
}

function actions() {
  const screener = el("a", { class: "button", href: screenerPage({ watchlist: list }) }, "In the screener");
  if (!mayAsk) return [screener];
  return [
    button("Analyse", begin, "main"),
    button("Other settings …", choose),
    button("Add tickers", () => adding.open()),
    screener,
    button("Rename", () => renaming.open({ name: list })),
    button(list === "default" ? "Empty" : "Remove", takeAll, "danger"),
  ];
}

const button = (text, work, kind = null) => once(el("button", { type: "button", class: kind }, text), async () => {
  try {
    await work();
  } catch (error) {
    refused(error);
  }
});

/** Says why something was not done; of too many jobs also which one is in the way. */
function refused(error) {
  const other = error.details?.find?.((detail) => detail.job_id)?.job_id;
  if (!other) return sayError(error);
  say("bad", `${error.message} `, el("a", { href: jobPage(other) }, "The oldest of them"));
}

function empty() {
  if (search.value.trim()) return nothing("No ticker, name or note of this list has that in it. ", el("button", { type: "button", onclick: showAll }, "Show all"));
  const what = shown?.isMissing ? `There is no list ${list} yet: it is made with its first tickers.` : "This list is empty. It is the one that is analysed when a request names no tickers.";
  const add = mayAsk ? el("button", { type: "button", class: "main", onclick: () => adding.open() }, "Add tickers") : null;
  return el("div", { class: "empty" }, el("p", {}, what), add);
}

function showAll() {
  search.value = "";
  changed();
  search.focus();
}

async function begin() {
  const answer = await analyse(list);
  if (answer.is_duplicate) say("warn", "An equal analysis is going on already: you follow it here.");
  watch(answer.job_id);
}

/** The form of a request, filled in with what is in the list. */
async function choose() {
  const wanted = list === "default" ? { universe: "watchlist" } : { tickers: (await tickers()).join(",") };
  location.assign(withQuery(`${root}/`, { new: 1, ...wanted }));
}

async function tickers() {
  const found = [];
  let cursor = null;
  do {
    const page = await get(path, { limit: 500, cursor });
    found.push(...page.items.map((entry) => entry.ticker));
    cursor = page.next_cursor;
  } while (cursor);
  return found;
}

function watch(id) {
  if (id === job) return;
  stop();
  job = id;
  remember(address());
  stop = showJob(byId("running"), id, ended);
}

const KINDS = { completed: "good", completed_with_errors: "warn", cancelled: "plain" };

function ended(last) {
  say(KINDS[last.status] ?? "bad", el("a", { href: jobPage(last.job_id) }, "The analysis"), " has ended. ", sentence(last));
  job = null;
  remember(address());
  refresh();
  changes.refresh();
}

/** Asks for the rows anew, once nobody is writing in one of them. */
function refresh() {
  isStale = Boolean(byId("entries").querySelector("form"));
  return isStale ? null : table.refresh();
}

function edited(entry) {
  if (isStale) return refresh();
  table.draw();
  return byId("entries").querySelector(`[aria-label="Edit name and note of ${CSS.escape(entry.ticker)}"]`)?.focus();
}

async function take(entry) {
  const at = table.page.items.indexOf(entry);
  try {
    await remove(listPath(list, entry.ticker));
  } catch (error) {
    return sayError(error);
  }
  const undo = el("button", { type: "button", class: "quiet undo" }, "Undo");
  const notice = say("plain", `${entry.ticker} is removed. `, undo);
  once(undo, () => putBack(entry, notice).catch(sayError));
  await table.refresh();
  const left = [...byId("entries").querySelectorAll("button.remove")];
  return (left[at] ?? left.at(-1) ?? byId("entries").querySelector("button"))?.focus();
}

async function putBack(entry, notice) {
  await addTickers(list, [entry.ticker], entry.notes);
  if (entry.name) await patch(listPath(list, entry.ticker), { name: entry.name });
  notice.remove();
  await table.refresh();
  byId("entries").querySelector(`[data-ticker="${CSS.escape(entry.ticker)}"]`)?.focus();
}

async function takeAll() {
  if (await removeList(shown)) location.assign(`${root}/watchlists`);
}

function changed() {
  remember(address());
  table.restart();
}

/** From the address to the page. */
function read() {
  const said = new URLSearchParams(location.search);
  search.value = said.get("search") ?? "";
  table.sort = said.get("sort") ?? FIRST;
  table.body = null;
  table.restart();
  if (said.get("job") && said.get("job") !== job) watch(said.get("job"));
}

/** The analysis that somebody began elsewhere: of the list `default` the jobs say that they are of it. */
async function find() {
  if (job || list !== "default") return;
  const { items } = await get("/progress");
  const mine = items.find((one) => isActive(one) && one.analysis_source === "watchlist" && one.requested_by === user);
  if (mine && !job) watch(mine.job_id);
}

const adding = mayAsk && new WatchlistForm("add", {
  send: ({ tickers: wanted, notes }) => addTickers(list, wanted, notes),
  done: ({ added, count: now }) => {
    say("good", `${counted(added, "ticker")} added; ${count(now)} in the list now.`);
    table.restart();
  },
});
const renaming = mayAsk && new WatchlistForm("rename", {
  send: ({ name }) => renameList(list, name),
  done: ({ name }) => location.replace(watchlistPage(name)),
});

byId("filters").addEventListener("submit", (event) => event.preventDefault());
search.addEventListener("input", settled(changed));
addEventListener("popstate", read);
read();
find().catch(() => {}); // it is a help, and was not asked for
