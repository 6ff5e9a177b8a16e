// What was asked for, and by whom.
import { byId, el, fill } from "../dom.js";
import { at, counted, decimal, percent, session, source } from "../format.js";

const DOORS = {
  ui: "Airflow's form", rest: "Airflow's REST API", api: "API and pages", cli: "command line", schedule: "schedule",
  backfill: "backfill", operator: "another DAG", asset: "asset",
};
const BECAME = { created: "made this job", joined: "joined it", repeated: "was sent again", refused: "was refused" };
const SCOPES = { shared: "everybody", schedule: "the schedule" };

function row(title, ...value) {
  return [el("dt", {}, title), el("dd", {}, ...value)];
}

/** The request in words. Its tickers come into the page when somebody wants to see them. */
export function showRequest(job) {
  const { request } = job;
  const place = byId("request");
  if (place.dataset.of === `${job.job_id} ${job.attempt}`) return;
  place.dataset.of = `${job.job_id} ${job.attempt}`;
  byId("asked").hidden = false;
  const { risk } = request;
  fill(place, el("dl", { class: "facts" },
    row("Tickers", tickers(request.tickers)),
    row("Strategy", request.strategy, " ", el("small", {}, `version ${request.strategy_version}`)),
    row("Prices from", source(request.data_source)),
    row("As of", request.as_of ? session(request.as_of) : "the last completed session of each exchange"),
    row("Capital", `${decimal(risk.capital, 0)} in the currency of each listing`),
    row("Risk per trade", percent(risk.risk_percent, 2)),
    row("Largest position", risk.position_limit_percent === null ? "the strategy's own limit" : percent(risk.position_limit_percent, 2)),
    row("Least reward for the risk", decimal(risk.min_risk_reward)),
    job.force ? row("Forced", "yes: known results were computed anew") : [],
    row("Work of", SCOPES[request.scope] ?? request.scope.replace("user:", ""))));
}

function tickers(all) {
  const text = el("p", { class: "tickers" });
  const show = ({ target }) => target.open && !text.textContent && text.append(all.join(", "));
  return el("details", { ontoggle: show }, el("summary", {}, counted(all.length, "ticker")), text);
}

/** Who asked: the first request made the job, later ones joined it. */
export function showAsking({ job_id: id, requests }) {
  const said = JSON.stringify(requests ?? []);
  const place = byId("asking");
  byId("requests").hidden = !requests?.length;
  if (place.dataset.said === said || !requests?.length) return;
  place.dataset.said = said;
  const heads = ["Who", "When", "Through", "What became of it"].map((title) => el("th", { scope: "col" }, title));
  const rows = requests.map((one) => el("tr", {},
    el("th", { scope: "row", data: { title: "Who" } }, one.requested_by),
    el("td", { data: { title: "When" } }, at(one.requested_at)),
    el("td", { data: { title: "Through" } }, DOORS[one.door] ?? one.door),
    el("td", { data: { title: "Became" } }, BECAME[one.disposition] ?? one.disposition, one.run_id && one.run_id !== id ? [", as the run ", el("code", {}, one.run_id)] : null)));
  const table = el("table", {}, el("caption", {}, "Requests that this job answers"), el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows));
  fill(place, el("div", { class: "paged" }, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Requests that this job answers" }, table)));
}
