// What was done day by day: bars to look at, and the same as a table.
import { el } from "../dom.js";
import { count, counted, session } from "../format.js";
import { nothing } from "../notices.js";
import { bars } from "./bars.js";

const JOBS = [
  { name: "completed", title: "Completed", kind: "good" },
  { name: "completed_with_errors", title: "Completed with errors", kind: "warn" },
  { name: "failed", title: "Failed", kind: "bad" },
  { name: "cancelled", title: "Cancelled", kind: "plain" },
];
const TICKERS = [
  { name: "tickers_done", title: "With a result", kind: "good" },
  { name: "tickers_failed", title: "Failed", kind: "bad" },
];

export function activity({ items }) {
  const total = sum(items, (day) => jobsOf(day));
  if (!total) return nothing("No job has ended in the last 30 days.");
  const done = sum(items, (day) => day.tickers_done);
  const failures = sum(items, (day) => day.tickers_failed);
  return [
    figures([["Jobs ended", count(total)], ["Tickers with a result", count(done)], ["Tickers that failed", count(failures)], ["Share that failed", failures ? share(failures, done + failures) : "0 %"]]),
    el("div", { class: "charts" },
      bars({ title: "Jobs that ended", days: items, series: JOBS, value: (day, name) => day.jobs[name] ?? 0 }),
      bars({ title: "Tickers", days: items, series: TICKERS, value: (day, name) => day[name] })),
    byCode(items),
    el("details", {}, el("summary", {}, "The same as a table"), table(items)),
  ];
}

const sum = (days, value) => days.reduce((so, day) => so + value(day), 0);
const jobsOf = (day) => Object.values(day.jobs).reduce((so, jobs) => so + jobs, 0);
const share = (part, whole) => new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 }).format(part / whole);
const figures = (said) => el("dl", { class: "figures" }, said.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));

/** Why tickers failed, most first. */
function byCode(days) {
  const codes = new Map();
  for (const day of days) for (const [code, tickers] of Object.entries(day.failures)) codes.set(code, (codes.get(code) ?? 0) + tickers);
  if (!codes.size) return null;
  const sorted = [...codes].sort(([, one], [, other]) => other - one);
  return el("p", {}, "Why they failed: ", sorted.map(([code, tickers], at) => [at ? ", " : "", el("code", {}, code), ` ${counted(tickers, "ticker")}`]), ".");
}

function table(days) {
  const heads = ["Day (UTC)", ...JOBS.map((one) => one.title), "Tickers with a result", "Tickers failed", "Why"];
  const head = el("tr", {}, heads.map((title, at) => el("th", { scope: "col", class: at && at < heads.length - 1 ? "number" : null }, title)));
  const rows = [...days].reverse().map((day) => {
    const numbers = [...JOBS.map((one) => day.jobs[one.name] ?? 0), day.tickers_done, day.tickers_failed];
    const why = Object.entries(day.failures).map(([code, tickers]) => `${code} ${count(tickers)}`).join(", ");
    return el("tr", {}, el("th", { scope: "row", class: "narrow", data: { title: heads[0] } }, session(day.day)),
      numbers.map((value, at) => el("td", { class: "number", data: { title: heads[at + 1] } }, count(value))), el("td", { data: { title: "Why" } }, why || "–"));
  });
  const made = el("table", {}, el("caption", {}, "What ended on each of the last 30 days"), el("thead", {}, head), el("tbody", {}, rows));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What ended on each of the last 30 days" }, made);
}
