// The scores of some sessions as a line, on the scale from 0 to 100 with its middle.
import { el } from "../dom.js";
import { score, session } from "../format.js";

const WIDTH = 100;

/** `points`: `{ session_date, score }`, the oldest first. */
export function sparkline(points) {
  if (!points.length) return "–";
  const first = points[0];
  const last = points.at(-1);
  const values = points.map((point) => point.score);
  const label = points.length === 1
    ? `${score(last.score)} on ${session(last.session_date)}`
    : `${points.length} sessions, ${session(first.session_date)} to ${session(last.session_date)}: from ${score(first.score)} to ${score(last.score)}, lowest ${score(Math.min(...values))}, highest ${score(Math.max(...values))}`;
  const middle = el("line", { x1: 0, x2: WIDTH, y1: 50, y2: 50, class: "middle" });
  const line = el("polyline", { points: coordinates(values) });
  return el("svg", { class: "spark", viewBox: `0 0 ${WIDTH} 100`, preserveAspectRatio: "none", role: "img", "aria-label": label }, el("title", {}, label), middle, line);
}

function coordinates(values) {
  if (values.length === 1) return `${WIDTH / 2 - 3},${100 - values[0]} ${WIDTH / 2 + 3},${100 - values[0]}`;
  return values.map((value, at) => `${((at * WIDTH) / (values.length - 1)).toFixed(1)},${100 - value}`).join(" ");
}
