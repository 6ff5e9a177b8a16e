// Whether the server can do its work, what waits, and what was done; looked at again and again while somebody looks.
import { get } from "../api.js";
import { byId, fill } from "../dom.js";
import { at } from "../format.js";
import { failed, loading } from "../notices.js";
import { activity } from "./health-activity.js";
import { housekeeping } from "./health-housekeeping.js";
import { queue } from "./health-queue.js";
import { readiness } from "./health-ready.js";

const PAUSE = 10_000;

/** What an answer that says no says, as an answer. */
const troubles = (error) => {
  if (error.status !== 503 || !error.details.length) throw error;
  return { troubles: error.details };
};
const PARTS = {
  ready: { every: 1, ask: () => Promise.all([get("/health").catch(troubles), get("/version")]), draw: readiness },
  queue: { every: 1, ask: () => get("/queue"), draw: queue },
  activity: { every: 6, ask: () => get("/activity"), draw: activity },
  housekeeping: { every: 3, ask: () => get("/housekeeping"), draw: housekeeping },
};
const drawn = {}; // what each part shows, as text: it is drawn anew when that changes
let timer = null;
let looks = 0;

async function show(name) {
  const { ask, draw } = PARTS[name];
  const place = byId(name);
  try {
    const answer = await ask();
    const said = JSON.stringify(answer);
    if (drawn[name] === said) return;
    drawn[name] = said;
    redraw(place, draw(answer));
  } catch (error) {
    drawn[name] = null;
    failed(place, error, () => show(name));
  }
}

/** Puts something new in a place; what was open there, or had the focus, is so again. */
function redraw(place, nodes) {
  const open = [...place.querySelectorAll("details")].map((one) => one.open);
  const focus = [...place.querySelectorAll("[tabindex], a, button, summary")].indexOf(document.activeElement);
  fill(place, nodes);
  place.querySelectorAll("details").forEach((one, index) => {
    one.open = open[index] ?? false;
  });
  if (focus >= 0) place.querySelectorAll("[tabindex], a, button, summary")[focus]?.focus();
}

async function look() {
  clearTimeout(timer);
  await Promise.all(Object.keys(PARTS).filter((name) => looks % PARTS[name].every === 0).map(show));
  looks += 1;
  fill(byId("looked"), "As of ", at(new Date().toISOString()));
  if (!document.hidden) timer = setTimeout(look, PAUSE);
}

for (const name of Object.keys(PARTS)) fill(byId(name), loading());
document.addEventListener("visibilitychange", () => {
  looks = 0;
  return document.hidden ? clearTimeout(timer) : look();
});
look();
