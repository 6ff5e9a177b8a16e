// All lists of a user: make, rename, remove, analyse.
import { Problem, get } from "../api.js";
import { byId, el, once, ready } from "../dom.js";
import { ago, count, counted, marked } from "../format.js";
import { nothing, say, sayError } from "../notices.js";
import { mayAsk, watchlistPage, withQuery } from "../page.js";
import { PagedTable } from "../table.js";
import { WatchlistForm } from "./watchlist-form.js";
import { addTickers, analyse, removeList, renameList } from "./watchlist-calls.js";

const columns = [
  { title: "List", cell: (list) => el("a", { href: watchlistPage(list.name) }, list.name), class: "list-name" },
  { title: "Tickers", class: "number", cell: (list) => count(list.count) },
  { title: "Last analysed", class: "narrow", cell: (list) => ago(list.last_analyzed_at) },
  { title: "Failed then", cell: (list) => failures(list) },
  ...(mayAsk ? [{ title: "What you can do", cell: (list) => el("div", { class: "actions" }, actions(list)) }] : []),
];

function failures(list) {
  if (list.last_analyzed_at === null) return "–";
  if (!list.failed) return "none";
  return marked("status", "bad", "✕", counted(list.failed, "ticker"));
}

function actions(list) {
  const { name } = list;
  if (!list.count) return [button("Add tickers", name, () => make.open({ name }))];
  return [
    button("Analyse", name, () => begin(name)),
    button("Rename", name, () => openRename(name)),
    button(name === "default" ? "Empty" : "Remove", name, () => take(list), "danger"),
  ];
}

const button = (text, name, work, kind = null) => once(el("button", { type: "button", class: kind, "aria-label": `${text}: ${name}` }, text), async () => {
  try {
    await work();
  } catch (error) {
    sayError(error);
  }
});

/** Begins an analysis and goes to where it can be watched. */
async function begin(name) {
  const { job_id: job } = await analyse(name);
  location.assign(withQuery(watchlistPage(name), { job }));
}

async function take(list) {
  if (!(await removeList(list))) return;
  await table.refresh();
  byId("new").focus();
  say("good", list.name === "default" ? "The list default is empty." : `The list ${list.name} is removed.`);
}

/** Makes a list. The API would add to one that there is, which is not what somebody means who makes one. */
function addNew(name, tickers, notes) {
  const isThere = table.page?.items.some((list) => list.name === name && list.count);
  if (isThere) throw new Problem(409, { message: `there is a list ${name} already: choose another name` });
  return addTickers(name, tickers, notes);
}

let renamed = null;

function openRename(name) {
  renamed = name;
  rename.open({ name });
}

function load({ signal }) {
  return get("/watchlist", {}, { signal }).then((answer) => {
    byId("limits").textContent = `There may be ${count(answer.most_lists)} lists, with up to ${count(answer.most_tickers)} tickers each.`;
    return answer;
  });
}

const table = new PagedTable(byId("lists"), { caption: "Your watchlists", columns, load, empty: () => nothing("No list.") });
table.restart();

const make = mayAsk && new WatchlistForm("make", {
  send: ({ name, tickers, notes }) => addNew(name, tickers, notes),
  done: ({ name }) => location.assign(watchlistPage(name)),
});
const rename = mayAsk && new WatchlistForm("rename", {
  send: ({ name }) => renameList(renamed, name),
  done: async ({ name }) => {
    await table.refresh();
    say("good", `The list ${renamed} is called ${name} now.`);
  },
});
ready(byId("new"), () => make.open());
