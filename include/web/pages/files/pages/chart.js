// The prices of a stock, with what was said of it: fetched, described in words, and drawn.
import { get } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { count, counted, decimal, money, score, session, signed, source, verdict } from "../format.js";
import { failed, loading, nothing } from "../notices.js";
import { bokeh } from "./bokeh.js";
import { average, inTermsOf } from "./chart-data.js";
import { LINES, draw } from "./chart-drawing.js";

const YEARS = 3;
const TABLE = 20; // bars that the table has
const AVERAGES = [20, 50, 200];
const RANGES = [["3 months", 63], ["6 months", 126], ["1 year", 252], ["All", Infinity]];

let newest = null;
let shown = null; // what is drawn, to be drawn again in another theme
let range = innerWidth < 640 ? RANGES[0][1] : RANGES[1][1];
let drawing = null;
let pointed = 0; // the place of the bar that is read

/** Shows the prices around a result; `recent` are the results of its series, promised. */
export async function showChart(path, result, recent) {
  const now = (newest = {});
  const place = byId("chart");
  if (!shown) fill(place, loading());
  try {
    const wanted = { data_source: result.data_source, adjusted: true, since: yearsBefore(result.session_date) };
    const [prices, results] = await Promise.all([get(path, wanted), recent.catch(() => [])]);
    if (now !== newest) return;
    const { bars, factor } = inTermsOf(result, prices.bars);
    shown = { bars, factor, result, results, averages: AVERAGES.map((length) => [length, average(bars.map((bar) => bar.close), length)]) };
    buttons();
    frame(place);
    await paint();
  } catch (error) {
    if (now !== newest) return;
    shown = null;
    fill(byId("ranges"), byId("ranges").firstElementChild);
    if (error.status === 404) fill(place, nothing(`There are no prices from ${source(result.data_source)} at hand, so there is nothing to draw. The result above stands: it was computed when they were there.`));
    else failed(place, error, () => showChart(path, result, recent));
  }
}

const yearsBefore = (day) => `${Number(day.slice(0, 4)) - YEARS}${day.slice(4).replace("-02-29", "-02-28")}`;

function buttons() {
  const place = byId("ranges");
  const made = RANGES.map(([title, bars]) =>
    el("button", { type: "button", "aria-pressed": String(range === bars), onclick: (event) => choose(bars, event.target) }, title));
  fill(place, place.firstElementChild, made);
}

function choose(bars, button) {
  range = bars;
  for (const one of button.parentElement.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === button));
  look();
}

/** Shows the chosen time, in the chart and for the slider below it. */
function look() {
  byId("pointer").min = Math.max(0, shown.bars.length - range);
  byId("pointer").value = pointed;
  drawing?.look(range);
}

function frame(place) {
  const plot = el("div", { class: "plot", role: "img", "aria-label": description(), id: "plot" });
  const pointer = el("input", { id: "pointer", type: "range", min: 0, max: shown.bars.length - 1, step: 1, "aria-label": "Session", oninput: (event) => point(Number(event.target.value)) });
  fill(place, el("figure", {}, keys(), el("p", { id: "pointed", class: "pointed" }), plot, pointer, el("figcaption", {}, caption())), lastBars());
  const own = shown.bars.findIndex((bar) => bar.session_date === shown.result.session_date);
  point(own < 0 ? shown.bars.length - 1 : own);
}

/** Says what a bar says. It is pointed at in the chart, or moved to with the keys. */
function point(at) {
  const { bars, result, results, averages } = shown;
  const bar = bars[at];
  const said = results.find((one) => one.session_date === bar.session_date);
  const figures = ["open", "high", "low", "close"].map((name) => `${name} ${money(bar[name], result.currency)}`);
  const lines = averages.filter(([, values]) => values[at] !== null).map(([length, values]) => `average ${length}: ${money(values[at], result.currency)}`);
  const words = [...figures, `volume ${count(bar.volume)}`, ...lines];
  fill(byId("pointed"), el("strong", {}, session(bar.session_date)), words.map((one) => el("span", {}, one)), said ? el("span", {}, verdict(said.verdict), ` ${score(said.score)}`) : null);
  const pointer = byId("pointer");
  pointer.value = at;
  pointer.setAttribute("aria-valuetext", [session(bar.session_date), ...words, said ? `${said.verdict} ${score(said.score)}` : null].filter(Boolean).join(", "));
  pointed = at;
  drawing?.mark(at);
}

/** Draws what is shown, in the colours of the theme. */
async function paint() {
  const now = newest;
  const plot = byId("plot");
  try {
    const Bokeh = await bokeh();
    if (now !== newest || plot !== byId("plot")) return;
    drawing?.remove();
    drawing = null;
    drawing = await draw(Bokeh, plot, shown, point);
    look();
    drawing.mark(pointed);
  } catch (error) {
    console.error(error);
    fill(plot, nothing("The chart could not be drawn; the table below has the same prices."));
  }
}

/** What the lines are; the picture of each is its colour and dashes. */
function keys() {
  const drawn = shown.averages.map(([length, values], at) => [length, values.at(-1), LINES[at]]).filter(([, last]) => last !== null);
  const swatch = ([name, dash]) => el("svg", { class: "key", viewBox: "0 0 28 4", "aria-hidden": "true" }, el("line", { x1: 0, x2: 28, y1: 2, y2: 2, style: `stroke: var(${name})`, "stroke-dasharray": dash === "solid" ? null : dash }));
  return el("p", { class: "keys" }, drawn.map(([length, , line]) => el("span", {}, swatch(line), `average of ${length} sessions`)));
}

const pick = (bars) => [bars[0], bars.at(-1)];

function description() {
  const { bars, result } = shown;
  const [first, last] = pick(bars);
  const plan = result.entry === null ? "" : ` Entry ${money(result.entry, result.currency)}, stop ${money(result.stop_loss, result.currency)}, target ${money(result.target, result.currency)}.`;
  const averages = shown.averages.filter(([, values]) => values.at(-1) !== null).map(([length, values]) => `${length} sessions ${money(values.at(-1), result.currency)}`);
  const lines = averages.length ? ` Averages of the close: ${averages.join(", ")}.` : "";
  const low = Math.min(...bars.map((bar) => bar.low));
  const high = Math.max(...bars.map((bar) => bar.high));
  return `Daily prices of ${result.ticker}, ${counted(bars.length, "session")} from ${session(first.session_date)} to ${session(last.session_date)}: last close ${money(last.close, result.currency)}, ${signed(100 * (last.close / first.close - 1))} % over this time, lowest ${money(low, result.currency)}, highest ${money(high, result.currency)}.${lines}${plan}`;
}

function caption() {
  const { factor, result } = shown;
  const adjusted = result.data_source === "yahoo" ? "adjusted for splits and dividends" : "as the source has them";
  const terms = factor === null
    ? ` The session of this result, ${session(result.session_date)}, is not among them: its levels may not fit.`
    : factor === 1 ? "" : ` Since ${session(result.session_date)} there were dividends or splits: prices are drawn in the terms of that day (times ${decimal(factor, 4)}), so that entry, stop and target fit.`;
  return `Prices from ${source(result.data_source)}, ${adjusted}. A hollow candle closed higher than it opened, a filled one lower. Point at one, or move the slider, to read it. ▲ stands for a Buy of that session, ▼ for a Sell, ● for a Hold.${terms}`;
}

function lastBars() {
  const { bars, result } = shown;
  const rows = bars.slice(-TABLE).reverse().map((bar) =>
    el("tr", {}, el("th", { scope: "row", class: "narrow" }, session(bar.session_date)),
      ["open", "high", "low", "close"].map((name) => el("td", { class: "number" }, money(bar[name], result.currency))), el("td", { class: "number" }, count(bar.volume))));
  const heads = ["Session", "Open", "High", "Low", "Close", "Volume"].map((title, at) => el("th", { scope: "col", class: at ? "number" : null }, title));
  const title = `The last ${rows.length} sessions`;
  const table = el("table", {}, el("caption", {}, title), el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows));
  return el("details", {}, el("summary", {}, `${title} as a table`), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, table));
}

document.addEventListener("theme", () => shown && paint());
