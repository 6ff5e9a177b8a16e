// What the last housekeeping found and did.
import { el } from "../dom.js";
import { ago, count, counted, duration, marked } from "../format.js";
import { nothing } from "../notices.js";
import { airflow, jobPage, seesAll } from "../page.js";

const REMOVED = { request_ids: "Keys of requests", outbox: "Sent notifications", changes: "What changed on watchlists", jobs: "Jobs without a result of their own", raw_data: "Indicator values of results" };
const STATES = { success: ["good", "✓", "went well"], failed: ["bad", "✕", "failed"] };

export function housekeeping({ last, note, report }) {
  if (!last) return nothing("There was none yet. It runs every five minutes; if this stays, its DAG is paused or the scheduler is away. Jobs end without it.");
  const [kind, sign, words] = STATES[last.state] ?? ["plain", "", last.state];
  const chip = marked("chip", kind, sign, words);
  const runs = el("a", { href: `${airflow}/dags/stocks_housekeeping`, data: { airflow: "" } }, "Its runs in Airflow");
  return [el("p", {}, chip, " It ended ", ago(last.ended_at), ". ", seesAll ? runs : null), note ? el("p", {}, note) : null, ...told(report)];
}

function told(report) {
  if (!report) return seesAll ? [el("p", { class: "muted" }, "It left no report: its log in Airflow says why.")] : [];
  const { ended, without_job: lost, removed, load } = report;
  const nothingDone = !ended.length && !lost.length && !removed.some((one) => one.rows || one.error);
  return [
    nothingDone ? el("p", {}, "Nothing was to be done.") : null,
    ...list("Dead jobs that it ended", ended, (one) => [el("a", { href: jobPage(one.job_id) }, one.job_id), `: ${one.error ? `could not be ended: ${one.error}` : one.reason}`]),
    ...list("Runs without a job", lost, (one) => [run(one.run_id), one.is_over ? " ended without one: its note says why" : ` waits for ${duration(one.minutes * 60)} by now: is the DAG paused, are the workers busy?`]),
    ...list("Old rows that it removed", removed.filter((one) => one.rows || one.error), (one) => `${REMOVED[one.what] ?? one.what}: ${count(one.rows)}${one.more ? ", more with the next one" : ""}${one.error ? `; could not go on: ${one.error}` : ""}`),
    el("p", { class: "muted" }, `It saw ${counted(load.active_jobs, "active job")}${load.active_jobs ? `, the oldest for ${duration(load.oldest_active_seconds)},` : ""} and ${counted(load.outbox_waiting, "notification")} that nobody had taken yet.`),
  ];
}

const run = (id) => el("a", { href: `${airflow}/dags/analyze_stocks/runs/${encodeURIComponent(id)}`, data: { airflow: "" } }, id);

const list = (title, rows, cell) => (rows.length ? [el("h3", {}, title), el("ul", { class: "report" }, rows.map((one) => el("li", {}, cell(one))))] : []);
