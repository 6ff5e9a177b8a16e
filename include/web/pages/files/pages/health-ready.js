// Whether a job that is asked for now would be done, and what mends it where not.
import { byId, el, fill } from "../dom.js";
import { ago, marked } from "../format.js";

const CHECKS = {
  database: ["Database", "It answers."],
  schema: ["Schema", "It is as this version needs it."],
  scheduler: ["Scheduler", "It gives signs of life."],
};

/** `health` is the answer of /health, or `{ troubles }` of one that says no. */
export function readiness([health, version]) {
  const troubles = health.troubles ?? [];
  const wrong = new Map(troubles.map((one) => [one.field, one]));
  if (wrong.has("database")) wrong.set("schema", { value: "not known", reason: "it can be looked at when the database answers" });
  const cards = Object.entries(CHECKS).map(([field, [title, fine]]) => check(title, wrong.get(field), detail(field, fine, health, version)));
  say(troubles.length === 0);
  return [
    el("div", { class: "cards" }, cards),
    versions(version),
  ];
}

/** The answer itself is changed only when it is another: it is read out then. */
function say(isReady) {
  const place = byId("verdict");
  const words = isReady ? "Yes: everything that a job needs is there." : "Not now. What is accepted waits, and nothing is lost.";
  if (place.dataset.said === words) return;
  place.dataset.said = words;
  place.hidden = false;
  place.className = `notice ${isReady ? "good" : "bad"}`;
  fill(place, el("span", {}, sign(isReady), " ", words));
}

const sign = (isGood) => el("span", { "aria-hidden": "true" }, isGood ? "✓" : "✕");

function detail(field, fine, health, version) {
  if (field === "schema") return [`${fine} Version ${version.schema_version}.`];
  if (field === "scheduler" && health.scheduler_heartbeat) return ["Last sign of life: ", ago(health.scheduler_heartbeat), "."];
  return [fine];
}

function check(title, trouble, fine) {
  const chip = trouble ? marked("chip", "bad", "✕", trouble.value) : marked("chip", "good", "✓", "ready");
  return el("article", { class: "card" }, el("h3", {}, title, " ", chip), el("p", {}, trouble ? words(trouble.reason) : fine));
}

/** A sentence; what stands between backticks is a command. */
const words = (text) => text.split("`").map((part, at) => (at % 2 ? el("code", {}, part) : part));

const versions = (version) => el("p", { class: "muted versions" }, `Bellwether ${version.version} · schema ${version.schema_version} · Airflow ${version.airflow_version}`);
