// What the list of jobs and the page of one say of a job.
import { isActive } from "../api.js";
import { el } from "../dom.js";
import { ago, count, counted, duration, session, source } from "../format.js";

/** The ways in which somebody can ask, by what the API calls them. */
export const TRIGGERS = {
  ui: "Airflow's form",
  api: "API and pages",
  schedule: "Schedule",
  cli: "Command line",
  backfill: "Backfill",
  operator: "Another DAG",
  asset: "Asset",
  manual: "Airflow, by hand",
};
export const trigger = (value) => TRIGGERS[value] ?? value ?? "–";

/** A job by the first of its tickers, as long as they are not known by its id. */
export function named({ job_id: id, first_tickers: first, total }) {
  if (!first?.length) return id;
  const more = total - first.length;
  return more > 0 ? `${first.join(", ")} and ${count(more)} more` : first.join(", ");
}

export const ended = (job) => job.total - job.pending;

/** Where a job stands, in a sentence. */
export function sentence(job) {
  const { status, total, completed, failed, reused } = job;
  const tickers = counted(total, "ticker");
  if (status === "queued") return total ? `${tickers} to analyse; no task has begun yet.` : "Accepted. Airflow has not begun its run yet.";
  if (status === "processing") return `${count(ended(job))} of ${tickers} done${failed ? `, ${count(failed)} of them failed` : ""}.`;
  if (status === "cancelled") return total ? `${count(completed)} of ${tickers} have their result.` : "It had not begun.";
  if (status === "failed") return total ? `None of ${tickers} has a result.` : "It broke before it was opened.";
  const known = reused ? `, ${reused === total ? "all" : count(reused)} known before` : "";
  const all = total === 1 ? "The ticker has its result" : `All ${tickers} have their result`;
  return status === "completed" ? `${all}${known}.` : `${count(completed)} of ${tickers} have their result${known}; ${count(failed)} failed.`;
}

/** How long it will take from now, or what is known instead. */
export function remaining(job) {
  if (!isActive(job)) return "–";
  if (job.eta_seconds === null) return "not known yet";
  return job.eta_seconds < 1 ? "nearly done" : `about ${duration(Math.ceil(job.eta_seconds))}`;
}

export const settings = (job) => {
  const day = job.as_of ? `as of ${session(job.as_of)}` : "last session";
  return job.strategy ? `${job.strategy} · ${source(job.data_source)} · ${day}` : "";
};

/** Who asked for it, and how. */
export const asker = (job) => [job.requested_by ?? "nobody in person", job.trigger && trigger(job.trigger)].filter(Boolean).join(" · ");

/** The same, and when. */
export const askedBy = (job) => [`${asker(job)} · `, ago(job.created_at)];

/** The bar of a job; `show(job)` moves it. */
export function progressBar(name) {
  const done = el("i", { class: "done" });
  const failed = el("i", { class: "failed" });
  const cancelled = el("i", { class: "cancelled" });
  const range = { role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": name };
  const node = el("div", { class: "progress", ...range }, done, failed, cancelled);
  const width = (part, total) => `${total ? (100 * part) / total : 0}%`;
  const show = (job) => {
    done.style.width = width(job.completed, job.total);
    failed.style.width = width(job.failed, job.total);
    cancelled.style.width = width(job.cancelled, job.total);
    node.setAttribute("aria-valuenow", Math.round(job.progress_percent));
    node.setAttribute("aria-valuetext", sentence(job));
  };
  return { node, show };
}
