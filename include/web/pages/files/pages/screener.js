// The latest results, filtered and sorted; what is shown is in the address.
import { address, get } from "../api.js";
import { byId, el, fill, settled } from "../dom.js";
import { SOURCES, count, counted, verdict } from "../format.js";
import { sayError } from "../notices.js";
import { jobPage, mayAsk, remember, root } from "../page.js";
import { PagedTable } from "../table.js";
import { chooseColumns } from "./screener-columns.js";

const FIRST = "-score";
const MINE = "list:"; // before the name of a list, among the universes
const TYPED = ["prefix", "strategy", "data_source", "session", "min_score", "max_score"];
const VERDICTS = ["Strong Buy", "Buy", "Hold", "Sell", "Strong Sell"];
const form = byId("filters");
const boxes = Object.fromEntries(VERDICTS.map((name) => [name, el("input", { type: "checkbox", name: "verdict", value: name })]));
const counts = Object.fromEntries(VERDICTS.map((name) => [name, el("span", { class: "count" })]));
const titles = {}; // of strategies, once they are known
let filters = {};
let jobId = null;

const table = new PagedTable(byId("results"), {
  caption: "Results",
  columns: [],
  load: ({ cursor, sort, signal }) => get("/results", { ...filters, sort, cursor }, { signal }).catch(complain),
  sort: FIRST,
  sorted: () => write(true),
  empty,
});

function begin() {
  for (const name of VERDICTS) byId("verdicts").append(el("label", { class: "check" }, boxes[name], verdict(name), counts[name]));
  for (const [name, title] of Object.entries(SOURCES)) form.data_source.append(new Option(title, name));
  if (innerWidth < 640) form.parentElement.open = false;
  read();
  chooseColumns(byId("columns"), titles, (columns) => table.show(columns));
  show();
  offer().catch(sayError);
}

/** Fills in what there is to choose from, and learns the titles of the strategies. */
async function offer() {
  const [strategies, universes, lists] = await Promise.all([get("/strategies"), get("/universes"), get("/watchlist")]);
  for (const { name, title } of strategies.items) option(form.strategy, name, title);
  const mine = lists.items.map(({ name, count: tickers }) => new Option(`${name} (${counted(tickers, "ticker")})`, MINE + name));
  const named = universes.items.map(({ name, title }) => new Option(title, name));
  const chosen = form.universe.value;
  fill(form.universe, form.universe.options[0], el("optgroup", { label: "My watchlists" }, mine), el("optgroup", { label: "Universes" }, named));
  choose(form.universe, chosen);
  for (const { name, title } of strategies.items) titles[name] = title;
  if (table.page) table.draw();
}

/** Adds a choice, or names it when it stands there already because the address has it. */
function option(select, value, title) {
  const there = [...select.options].find((one) => one.value === value);
  if (there) there.text = title;
  else select.append(new Option(title, value));
}

function choose(select, value) {
  if (value && ![...select.options].some((one) => one.value === value)) option(select, value, value.replace(MINE, ""));
  select.value = value;
}

/** From the address to the form. */
function read() {
  const said = new URLSearchParams(location.search);
  for (const name of TYPED) {
    const value = said.get(name) ?? "";
    if (form[name].tagName === "SELECT") choose(form[name], value);
    else form[name].value = value;
  }
  const list = said.get("watchlist");
  const universe = said.get("universe") ?? "";
  choose(form.universe, list ? MINE + list : universe === "watchlist" ? `${MINE}default` : universe);
  for (const name of VERDICTS) boxes[name].checked = said.getAll("verdict").includes(name);
  jobId = said.get("job_id");
  table.sort = said.get("sort") ?? FIRST;
}

/** From the form to what the API is asked for. */
function wanted() {
  const typed = Object.fromEntries(TYPED.map((name) => [name, form[name].value.trim()]));
  const chosen = form.universe.value;
  const list = chosen.startsWith(MINE);
  return {
    ...typed,
    universe: list ? "" : chosen,
    watchlist: list ? chosen.slice(MINE.length) : "",
    verdict: VERDICTS.filter((name) => boxes[name].checked),
    job_id: jobId ?? "",
  };
}

const write = (step) => remember({ ...filters, sort: table.sort === FIRST ? "" : table.sort }, { step });

/** Shows what the form says, from the first row on unless somebody comes back to it. */
function show() {
  filters = wanted();
  markFields({});
  const used = Object.values(filters).filter((value) => value.length).length;
  fill(byId("how-many"), used ? el("span", { class: "chip busy" }, counted(used, "filter")) : null);
  byId("clear").hidden = !used;
  fill(byId("job"), jobId ? chip() : null);
  for (const kind of ["csv", "parquet"]) byId(kind).href = address("/results", { ...filters, sort: table.sort, format: kind });
  table.body = null; // the heads say by which column it is sorted
  return Promise.all([table.resume(), tally()]);
}

const chip = () =>
  el("span", { class: "chip busy" }, el("span", {}, "Found by the job ", el("a", { href: jobPage(jobId) }, jobId)),
    el("button", { type: "button", class: "quiet", "aria-label": "Show the results of all jobs", onclick: withoutJob }, "×"));

function withoutJob() {
  jobId = null;
  changed(true);
  form.prefix.focus();
}

let asked = null;

async function tally() {
  asked?.abort();
  asked = new AbortController();
  const { verdict: chosen, ...others } = filters;
  try {
    const found = await get("/verdicts", others, { signal: asked.signal });
    for (const name of VERDICTS) counts[name].textContent = count(found.verdicts[name]);
    const shown = chosen.length ? chosen.reduce((sum, name) => sum + found.verdicts[name], 0) : found.total;
    byId("found").textContent = chosen.length ? `${count(shown)} of ${counted(found.total, "result")}` : counted(shown, "result");
  } catch (error) {
    if (error.name === "AbortError") return;
    for (const name of VERDICTS) counts[name].textContent = "";
    byId("found").textContent = "";
  }
}

/** The table says what is wrong; here it stands beside the fields as well. */
function complain(error) {
  if (error.fields) markFields(error.fields);
  throw error;
}

function markFields(reasons) {
  for (const name of [...TYPED, "universe"]) {
    const field = form[name];
    const reason = reasons[name] ?? (name === "universe" ? reasons.watchlist : undefined);
    byId(`${name}-wrong`)?.remove();
    field.toggleAttribute("aria-invalid", false);
    if (!reason) continue;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-errormessage", `${name}-wrong`);
    field.closest(".field").append(el("p", { id: `${name}-wrong`, class: "wrong" }, reason));
  }
}

function changed(step) {
  filters = wanted();
  write(step);
  show();
}

function clear() {
  form.reset();
  jobId = null;
  changed(true);
  form.prefix.focus();
}

function empty() {
  if (Object.values(filters).some((value) => value.length)) {
    return el("div", { class: "empty" }, el("p", {}, "No result is like this."), el("button", { type: "button", onclick: clear }, "Clear the filters"));
  }
  const next = mayAsk ? el("a", { class: "button main", href: `${root}/?new` }, "Start an analysis") : null;
  return el("div", { class: "empty" }, el("p", {}, "There are no results yet: they come with the first analysis."), next);
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", (event) => event.target !== form.prefix && changed(true));
form.prefix.addEventListener("input", settled(() => changed(false)));
byId("clear").addEventListener("click", clear);
addEventListener("popstate", () => {
  read();
  show();
});
document.addEventListener("click", (event) => {
  const columns = byId("columns").parentElement;
  if (!columns.contains(event.target)) columns.open = false;
});
byId("columns").parentElement.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector("summary").focus();
});
begin();
