// Bars of some days, one upon the other. They are for the eye: what they say stands in a table too.
import { el } from "../dom.js";
import { count, session } from "../format.js";

const [WIDTH, HEIGHT, GAP] = [600, 160, 3];
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const dayOf = (day) => short.format(new Date(`${day}T00:00:00Z`));

/** `series`: `{ name, title, kind }` from the bottom up; `value(day, name)` is how much. Kinds are told by pattern too. */
export function bars({ title, days, series, value }) {
  const totals = days.map((day) => series.reduce((so, { name }) => so + value(day, name), 0));
  const most = Math.max(1, ...totals);
  const width = WIDTH / days.length;
  const drawn = days.map((day, at) => bar(day, at * width, width - GAP, series, value, most));
  const best = totals.indexOf(Math.max(...totals));
  const label = `${title}, ${session(days[0].day)} to ${session(days.at(-1).day)}: ${count(totals.reduce((so, one) => so + one, 0))} in all, most on ${session(days[best].day)}, ${count(totals[best])}`;
  const used = series.filter(({ name }) => days.some((day) => value(day, name)));
  return el("figure", { class: "chart" },
    el("figcaption", {}, el("strong", {}, title), el("span", { class: "key" }, used.map(({ title: words, kind }) => el("span", {}, el("i", { class: `swatch ${kind}` }), words)))),
    el("div", { class: "plot" }, el("span", { class: "most", "aria-hidden": "true" }, count(most)),
      el("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, drawn)),
    el("div", { class: "axis", "aria-hidden": "true" }, el("span", {}, dayOf(days[0].day)), el("span", {}, dayOf(days.at(-1).day))));
}

function bar(day, x, width, series, value, most) {
  let y = HEIGHT;
  const parts = series.flatMap(({ name, kind }) => {
    const tall = (value(day, name) / most) * HEIGHT;
    y -= tall;
    return tall ? [el("rect", { x, y, width, height: tall, class: kind })] : [];
  });
  const said = series.filter(({ name }) => value(day, name)).map(({ name, title }) => `${title}: ${count(value(day, name))}`);
  const hover = el("rect", { x, y: 0, width, height: HEIGHT, class: "hover" });
  return el("g", {}, el("title", {}, `${session(day.day)}\n${said.join("\n") || "nothing ended"}`), parts, hover);
}
