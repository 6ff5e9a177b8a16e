// Asks for an analysis of one stock and follows it, and keeps the stock in a watchlist.
import { follow, get, isActive, post } from "../api.js";
import { byId, el, fill, once } from "../dom.js";
import { source } from "../format.js";
import { say } from "../notices.js";
import { jobPage, stockPage, watchlistPage } from "../page.js";
import { addTickers } from "./watchlist-calls.js";
import { WatchlistForm } from "./watchlist-form.js";

const FIRST = { strategy: "balanced" };
let about = null;
let known;
const whenKnown = new Promise((resolve) => (known = resolve)); // somebody may press the button before

/** Makes the button analyse this ticker by this strategy, from this source; `done(which)` is told when there is a result. */
export function offerAnalysis({ ticker, strategies, ...which }, done) {
  const strategy = which.strategy ?? (strategies.some((one) => one.name === FIRST.strategy) ? FIRST.strategy : strategies[0].name);
  about = { ticker, strategy, data_source: which.data_source, done };
  known();
}

if (byId("analyse")) once(byId("analyse"), () => analyse());

const request = (more) => {
  const { ticker, strategy, data_source: from } = about;
  return { tickers: [ticker], strategy, ...(from ? { data_source: from } : {}), ...more };
};

async function analyse(more = {}) {
  tell("plain", "Asking …");
  try {
    await whenKnown;
    const answer = await post("/jobs", request(more));
    await end(answer);
  } catch (error) {
    if (error.status === undefined) console.error(error);
    const details = error.details?.map(({ field, reason }) => `${field}: ${reason}`).join("; ");
    tell("bad", details || error.message);
  }
}

/** Waits until the job has ended, and says what became of the ticker. */
async function end(answer) {
  const link = el("a", { href: jobPage(answer.job_id) }, "the job");
  const joined = answer.is_duplicate ? "An equal job is at work already: this follows it, " : "At work: ";
  tell("plain", joined, link, " …");
  const job = await new Promise((told) => follow(answer.job_id, (now) => isActive(now) || told(now)));
  const { items } = await get(`/jobs/${encodeURIComponent(answer.job_id)}/details`, { limit: 1 });
  await outcome(job, items[0], answer);
}

async function outcome(job, detail, answer) {
  const link = el("a", { href: jobPage(job.job_id) }, "the job");
  if (!detail || !["completed", "reused"].includes(detail.status)) {
    const why = detail?.error_message ?? job.status_reason ?? `the job is ${job.status}`;
    return tell("bad", `No result: ${why}. See `, link, ".");
  }
  if (detail.ticker !== about.ticker) return location.assign(stockPage(detail.ticker, { strategy: job.strategy, data_source: job.data_source }));
  if (detail.status === "reused") {
    const anew = once(el("button", { type: "button" }, "Compute it anew"), () => analyse({ force: true }));
    tell("plain", `Nothing has changed: the result of the last session that is complete was there already (prices from ${source(job.data_source)}). `, anew);
  } else {
    tell("good", answer.is_duplicate ? "Analysed, by an equal job that was at work: " : "Analysed: ", link, ".");
  }
  await about.done({ strategy: job.strategy, data_source: job.data_source });
}

function tell(kind, ...what) {
  fill(byId("asked"), el("p", { class: `notice ${kind}` }, el("span", {}, what)));
}

export function offerWatchlist(ticker) {
  const form = new WatchlistForm("keep", {
    send: ({ name, notes }) => addTickers(name, [ticker], notes),
    done: ({ name, added }) => say("good", added ? `${ticker} is in your list ` : `${ticker} was in your list already: `, el("a", { href: watchlistPage(name) }, name), "."),
  });
  byId("keep-open").addEventListener("click", () => {
    form.open({ name: "default" });
    offerLists();
  });
}

async function offerLists() {
  const { items } = await get("/watchlist").catch(() => ({ items: [] })); // a name can be typed without it
  fill(byId("keep-lists"), items.map(({ name }) => new Option(name, name)));
}
