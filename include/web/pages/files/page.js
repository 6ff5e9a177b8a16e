// What the server said of this page: who looks at it, what it is of, and where things are.
const said = document.body.dataset;

export const root = said.root;
export const api = said.api;
export const airflow = said.airflow;
export const of = said; // jobId, ticker, watchlist: as the address says
export const user = said.user;
export const seesAll = said.seesAll === "true";
export const mayAsk = said.mayAsk === "true";
export const mayDelete = said.mayDelete === "true";

export const jobPage = (id) => `${root}/jobs/${encodeURIComponent(id)}`;
export const stockPage = (ticker, of = {}) => withQuery(`${root}/tickers/${encodeURIComponent(ticker)}`, of);
export const watchlistPage = (name) => `${root}/watchlists/${encodeURIComponent(name)}`;
export const screenerPage = (filters = {}) => withQuery(`${root}/screener`, filters);

/** `address` with those of `values` that say something; a list says its name once for each. */
export function withQuery(address, values) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") query.append(name, one);
    }
  }
  return query.size ? `${address}?${query}` : address;
}

/** Writes what a page shows into its address, so that it can be kept, sent, and reached by going back. */
export function remember(values, { step = false } = {}) {
  const address = withQuery(location.pathname, values);
  if (step) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  tellAirflow();
}

// Airflow shows in the address of the window which page its frame is at, `/plugin/stocks/stocks/screener`, and opens it
// there again; but it looks only when a page is loaded.
const VIEW = "/plugin/stocks";

function tellAirflow() {
  if (self === top || !top.location.pathname.includes(VIEW)) return;
  const before = top.location.pathname.slice(0, top.location.pathname.indexOf(VIEW));
  top.history.replaceState(top.history.state, "", before + VIEW + location.pathname + location.search);
}

// Airflow's frame lets no page in it lead the whole window elsewhere: a click on a link of the window itself does.
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-airflow]");
  if (!link || self === top || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const outer = top.document.createElement("a");
  outer.href = link.href;
  top.document.body.append(outer);
  outer.click();
  outer.remove();
});
