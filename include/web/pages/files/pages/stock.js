// One stock: what is said of it, why, and what was said before.
import { get } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { session, source } from "../format.js";
import { failed, loading } from "../notices.js";
import { mayAsk, of, remember, screenerPage } from "../page.js";
import { showChart } from "./chart.js";
import { offerAnalysis, offerWatchlist } from "./stock-actions.js";
import { about, gauge, head, plan, warnings } from "./stock-head.js";
import { showDifference, showHistory, showLine } from "./stock-past.js";
import { votes } from "./votes.js";

const RECENT = 100; // results in the line of scores, and as signs in the chart
const ticker = of.ticker.trim().toUpperCase();
const path = `/results/${encodeURIComponent(ticker)}`;
const select = byId("series");
let strategies = [];
let series = [];
let asked = null; // what is on its way, so that an older answer never overwrites a newer one

const titleOf = (name) => strategies.find((one) => one.name === name)?.title ?? name;
const chosen = () => Object.fromEntries(["strategy", "data_source", "session"].map((name) => [name, new URLSearchParams(location.search).get(name)]));

async function begin() {
  fill(byId("nothing"), loading());
  try {
    const [all, found] = await Promise.all([get("/strategies"), get(`${path}/series`)]);
    strategies = all.items;
    series = found.items;
  } catch (error) {
    if (error.status === 404) return noTicker(error);
    return failed(byId("nothing"), error, begin);
  }
  offer();
  await show();
}

function noTicker(error) {
  byId("actions").hidden = true;
  const why = el("p", {}, error.message);
  fill(byId("nothing"), el("div", { class: "empty" }, el("h2", {}, "This cannot be a ticker"), why, el("a", { class: "button", href: screenerPage() }, "To the screener")));
}

/** The series that there are of this ticker, and the one that the address names even when it is not among them. */
function offer() {
  const named = ({ strategy, data_source: from }) => `${titleOf(strategy)} · ${source(from)}`;
  fill(select, series.map((one) => new Option(`${named(one)} · ${session(one.session_date)}`, keyOf(one))));
  const wanted = chosen();
  const there = series.find((one) => fits(one, wanted));
  if (there) select.value = keyOf(there);
  else if (wanted.strategy && wanted.data_source) select.add(new Option(`${named(wanted)} · no result yet`, keyOf(wanted), true, true), 0);
  byId("which").hidden = !select.options.length;
}

const keyOf = (one) => `${one.data_source} ${one.strategy}`;
const fits = (one, wanted) => ["strategy", "data_source"].every((name) => !wanted[name] || wanted[name] === one[name]);

async function show() {
  const now = (asked = {});
  const wanted = chosen();
  const found = series.find((one) => fits(one, wanted));
  const which = { strategy: found?.strategy ?? wanted.strategy, data_source: found?.data_source ?? wanted.data_source };
  offerAnalysis({ ticker, strategies, ...which }, again);
  if (!found) return never(which);
  try {
    const said = await get(`${path}/explanation`, { ...which, session: wanted.session });
    if (asked === now) draw(said, which, wanted.session);
  } catch (error) {
    if (asked !== now) return;
    byId("result").hidden = true;
    if (error.status === 404) never(which, wanted.session);
    else failed(byId("nothing"), error, show);
  }
}

function draw({ result, readings }, which, isOlder) {
  const strategy = strategies.find((one) => one.name === result.strategy);
  const isCurrent = strategy?.version === result.strategy_version;
  document.title = `${ticker} ${result.verdict} · Bellwether`;
  fill(byId("nothing"));
  fill(byId("name"), ...head(result));
  fill(byId("shown"), isOlder ? [`This is the result of ${session(result.session_date)}. `, el("a", { href: "?", onclick: latest }, "Show the latest")] : "");
  fill(byId("warnings"), warnings(result, isCurrent));
  fill(byId("score"), gauge(result, strategy));
  fill(byId("plan"), plan(result));
  fill(byId("votes"), votes(result, readings, isCurrent ? strategy.indicators : []));
  fill(byId("about"), about(result, titleOf(result.strategy), isCurrent));
  byId("result").hidden = false;
  showDifference(byId("difference"), path, { ...which, session: isOlder });
  const recent = get(`${path}/history`, { ...which, limit: RECENT }).then(({ items }) => items);
  showHistory(path, which, { open: openSession, shown: result.session_date });
  showLine(recent);
  showChart(path.replace("/results", "/prices"), result, recent);
}

function never(which, day) {
  byId("result").hidden = true;
  fill(byId("name"), ticker);
  const what = day ? `There is no result of ${ticker} for ${session(day)}` : `${ticker} has no result yet`;
  const how = which.strategy && which.data_source ? ` by ${titleOf(which.strategy)} from ${source(which.data_source)}` : "";
  const next = mayAsk ? "Analyse it now: that takes some seconds." : "It appears here when somebody has analysed it.";
  const others = series.length ? el("p", {}, el("a", { href: "?", onclick: latest }, "Show what there is")) : null;
  fill(byId("nothing"), el("div", { class: "empty" }, el("h2", {}, `${what}${how}`), day ? null : el("p", {}, next), others));
}

function openSession(event, day) {
  event.preventDefault();
  go({ ...chosen(), ...choice(), session: day });
  byId("main").focus();
  scrollTo({ top: 0 });
}

function latest(event) {
  event.preventDefault();
  go(select.value && series.some((one) => keyOf(one) === select.value) ? choice() : {});
}

function choice() {
  const [from, strategy] = select.value.split(" ");
  return { strategy, data_source: from };
}

function go(values) {
  remember(values, { step: true });
  offer();
  return show();
}

/** After an analysis: there may be a series more. */
async function again(which) {
  if (which) remember(which);
  series = (await get(`${path}/series`)).items;
  offer();
  await show();
}

select.addEventListener("change", () => go(choice()));
byId("which").addEventListener("submit", (event) => event.preventDefault());
addEventListener("popstate", () => {
  offer();
  show();
});
if (mayAsk) offerWatchlist(ticker);
begin();
