// What each indicator said, and what that did to the score: figures that add up as they are shown.
import { el } from "../dom.js";
import { decimal, score, signed } from "../format.js";
import { nothing } from "../notices.js";

const CATEGORIES = ["trend", "momentum", "volatility", "volume"];
const VOTES = { 1: ["▲", "buy", "up"], 0: ["●", "neutral", "flat"], [-1]: ["▼", "sell", "down"] };
const NO_VOTE = ["–", "none", "flat"];
const COLUMNS = 6;

/** `indicators` names them, with their rules; it is empty when the strategy is another one by now. */
export function votes(result, readings, indicators) {
  if (!readings) return nothing("What each indicator said is no longer kept: only the result itself is. Analyse the stock again to see it.");
  const points = addingUp(readings.map((one) => one.contribution), result.score - 50);
  const rows = readings.map((one, at) => ({ ...one, points: points[at], known: indicators.find(({ id }) => id === one.id) }));
  const largest = Math.max(1, ...points.map(Math.abs));
  const groups = CATEGORIES.map((name) => [name, rows.filter((row) => row.category === name)]).filter(([, members]) => members.length);
  const bodies = groups.map(([name, members]) => el("tbody", {}, category(name, members), members.map((row) => reading(row, largest))));
  const heads = ["Indicator", "What it says", "Vote", "Confidence", "Weight", "Points"].map((title, at) => el("th", { scope: "col", class: at > 2 ? "number" : null }, title));
  const table = el("table", { class: "votes" }, el("caption", {}, "Votes of the indicators"), el("thead", {}, el("tr", {}, heads)), bodies, el("tfoot", {}, sum(result, points)));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Votes of the indicators" }, table);
}

/** Rounded to hundredths so that they add up to `total`: what is left goes where rounding took most. */
function addingUp(values, total) {
  const exact = values.map((value) => value * 100);
  const rounded = exact.map(Math.round);
  const left = Math.round(total * 100) - rounded.reduce((sum, value) => sum + value, 0);
  const step = Math.sign(left);
  const order = exact.map((_, at) => at).filter((at) => values[at] !== 0).sort((a, b) => step * (rounded[a] - exact[a]) - step * (rounded[b] - exact[b]));
  for (const at of order.slice(0, Math.abs(left))) rounded[at] += step;
  return rounded.map((value) => value / 100);
}

function category(name, members) {
  const points = members.reduce((sum, row) => sum + row.points, 0);
  return el("tr", { class: "category" }, el("th", { scope: "rowgroup", colspan: COLUMNS - 1 }, name), el("td", { class: "number" }, signed(points, 2)));
}

function reading(row, largest) {
  const name = el("th", { scope: "row" }, row.known?.label ?? row.id);
  const rule = row.known ? el("small", { class: "rule" }, row.known.rule) : null;
  if (row.absent) {
    return el("tr", { class: "absent" }, name, el("td", { colspan: COLUMNS - 1 }, `No value: ${row.absent}. It has no say in the score.`, rule));
  }
  const [sign, word, kind] = row.weight || row.vote ? VOTES[row.vote] : NO_VOTE;
  return el("tr", {}, name, el("td", { class: "wide" }, row.rule, rule),
    el("td", {}, el("span", { class: `verdict ${kind}` }, el("span", { "aria-hidden": "true" }, `${sign} `), word)),
    el("td", { class: "number", data: { title: "Confidence" } }, decimal(row.confidence)), el("td", { class: "number", data: { title: "Weight" } }, decimal(row.weight)),
    el("td", { class: "number", data: { title: "Points" } }, bar(row.points, largest), signed(row.points, 2)));
}

function bar(points, largest) {
  const style = `width: ${((50 * Math.abs(points)) / largest).toFixed(1)}%`;
  return el("span", { class: "contribution", "aria-hidden": "true" }, points ? el("i", { class: points > 0 ? "up" : "down", style }) : null);
}

function sum(result, points) {
  const total = points.reduce((all, value) => all + value, 0);
  const words = `Together ${signed(total, 1)}: the score is 50 ${total < 0 ? "−" : "+"} ${decimal(Math.abs(total), 1)} = ${score(result.score)}`;
  return el("tr", {}, el("th", { scope: "row", colspan: COLUMNS - 1 }, words), el("td", { class: "number" }, signed(total, 2)));
}
