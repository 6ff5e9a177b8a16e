// Says below a field what its value means: how many tickers, who is in a universe, by which rules a strategy decides.
import { get } from "../api.js";
import { el, fill } from "../dom.js";
import { counted } from "../format.js";
import { watchlistPage } from "../page.js";

export const tickersIn = (text) => text.split(/[\s,;]+/).filter(Boolean);

const SOME = 12;
const known = new Map();

/** What the API says, asked for once. */
function ask(path) {
  if (!known.has(path)) known.set(path, get(path).catch((error) => {
    known.delete(path);
    throw error;
  }));
  return known.get(path);
}

const WORDS = { tickers: ofTickers, universe: ofUniverse, strategy: ofStrategy };

/** Shows what the value of a field means. It helps and is not needed: when the API does not answer, nothing is shown. */
export async function explain(control) {
  const place = control.closest("[data-field]").querySelector(".about");
  const words = WORDS[control.name];
  if (!words) return;
  const { value } = control;
  const said = await Promise.resolve(words(value)).catch(() => []);
  if (control.value === value) fill(place, said);
}

function ofTickers(text) {
  const all = tickersIn(text.toUpperCase());
  const different = new Set(all).size;
  if (!all.length) return [];
  return [el("p", {}, counted(different, "ticker"), all.length > different ? `, ${counted(all.length - different, "repetition")} left out` : "")];
}

async function ofUniverse(name) {
  if (!name) return [];
  if (name === "watchlist") return [el("p", {}, "What is in ", el("a", { href: watchlistPage("default") }, "your list default"), " when the job begins.")];
  const { description, count, tickers } = await ask(`/universes/${encodeURIComponent(name)}`);
  const first = tickers.slice(0, SOME).join(", ");
  return [el("p", {}, `${description[0].toUpperCase()}${description.slice(1)}`), el("p", {}, `${counted(count, "ticker")}: ${first}${count > SOME ? " …" : ""}`)];
}

async function ofStrategy(name) {
  const { items } = await ask("/strategies");
  const found = items.find((one) => one.name === name);
  if (!found) return [];
  const rules = el("details", {}, el("summary", {}, "Its rules"), el("ul", {}, found.rules.map((rule) => el("li", {}, rule))));
  return [el("p", {}, found.description), rules];
}
