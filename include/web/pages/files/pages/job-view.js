// One job: where it stands, live; what became of each ticker; what was asked for and by whom.
import { follow, get, isActive } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { ago, count, duration, status } from "../format.js";
import { failed, loading } from "../notices.js";
import { root } from "../page.js";
import { actionsOf } from "./job-actions.js";
import { showErrors } from "./job-errors.js";
import { askedBy, named, progressBar, remaining, sentence, settings } from "./job-parts.js";
import { showAsking, showRequest } from "./job-request.js";
import { Details } from "./job-tickers.js";

const REFRESH = 2000; // milliseconds between two looks at the tickers while the job goes on

/** Shows the job that answers for this id, and follows it until it has ended. */
export async function showJob(id, { missing = MISSING } = {}) {
  fill(byId("progress"), loading());
  try {
    new JobView(await get(`/jobs/${encodeURIComponent(id)}`), id);
  } catch (error) {
    if (error.status === 404) showMissing(missing);
    else failed(byId("progress"), error, () => showJob(id, { missing }));
  }
}

const MISSING = "It may have been deleted. Jobs are seen by who asked for them, and by those who operate the server.";

function showMissing(why) {
  fill(byId("job"), el("div", { class: "empty" }, el("p", {}, el("strong", {}, "There is no such job, or it is not for you.")), el("p", {}, why), el("a", { class: "button", href: `${root}/` }, "To the jobs")));
}

class JobView {
  constructor(job, asked) {
    this.bar = progressBar("Progress of this job");
    this.details = new Details(job.job_id);
    this.shown = null; // what the tickers were when they were read last
    this.frame(job, asked);
    this.show(job);
    this.follow();
    document.addEventListener("visibilitychange", () => this.follow());
    addEventListener("pageshow", ({ persisted }) => persisted && this.follow());
  }

  /** Follows the job while somebody looks: a browser has few connections for all its tabs, and a stream takes one. */
  follow() {
    this.stop?.();
    const wanted = isActive(this.job) && !document.hidden;
    this.stop = wanted ? follow(this.job.job_id, (now) => this.told(now)) : null;
  }

  frame(job, asked) {
    byId("job-id").textContent = job.job_id;
    document.title = `Job ${job.job_id} · Bellwether`;
    this.said = el("p", { class: "said" });
    this.figures = el("dl", { class: "figures" });
    this.about = el("p", { class: "muted" });
    fill(byId("progress"), el("div", { class: "standing" }, this.said, this.bar.node, this.about), this.figures);
    if (job.job_id !== asked) {
      fill(byId("joined"), "The run ", el("code", {}, asked), " has joined this job: equal work was going on already, so it was not done twice.");
      byId("joined").hidden = false;
    }
  }

  /** A job as events tell it has no request and no links: these stay as they are known. */
  async told(now) {
    if (now.job_id !== this.job.job_id) return location.reload(); // its run has begun, and joined another's job
    const isNew = this.job.total === 0 && now.total > 0;
    const isOver = !isActive(now);
    this.show({ ...now, request: this.job.request, requests: this.job.requests, links: this.job.links });
    if (!isNew && !isOver) return;
    const whole = await get(`/jobs/${encodeURIComponent(now.job_id)}`).catch(() => null);
    if (whole) this.show(whole);
  }

  show(job) {
    const before = this.job;
    this.job = job;
    this.bar.show(job);
    fill(this.said, status(job.status), " ", [sentence(job), reasonOf(job)].filter(Boolean).join(" "));
    fill(this.about, [named(job), settings(job), "asked by "].filter(Boolean).join(" · "), askedBy(job));
    fill(this.figures, figuresOf(job).map(([title, value]) => el("div", {}, el("dt", {}, title), el("dd", {}, value))));
    if (!before || possible(before) !== possible(job)) this.actions(job);
    this.announce(before, job);
    this.parts(job);
  }

  actions(job) {
    const place = byId("actions");
    const had = place.contains(document.activeElement);
    fill(place, actionsOf(job, { current: () => this.job, done: (now) => this.show(now) }));
    if (had) place.querySelector("button, a")?.focus();
  }

  /** Tells those who listen: each quarter, and the end. */
  announce(before, job) {
    const quarter = (one) => `${one.status} ${Math.floor(one.progress_percent / 25)}`;
    if (before && quarter(before) !== quarter(job)) byId("live").textContent = sentence(job);
  }

  parts(job) {
    byId("tickers").hidden = !job.total;
    if (job.request) showRequest(job);
    showAsking(job);
    if (!job.total) return;
    const now = `${job.status} ${job.completed} ${job.failed} ${job.cancelled} ${job.attempt}`;
    if (now === this.shown) return;
    this.shown = now;
    if (isActive(job) && this.timer) return;
    this.read();
  }

  /** Reads the tickers that are shown and the errors; while the job goes on not more often than people look. */
  read() {
    clearTimeout(this.timer);
    const read = this.shown;
    this.details.refresh();
    if (this.job.failed) showErrors(this.job.job_id, this.details);
    this.timer = setTimeout(() => {
      this.timer = null;
      if (read !== this.shown) this.read();
    }, REFRESH);
  }
}

/** What the actions depend on. */
const possible = (job) => `${job.status} ${job.completed > 0} ${isActive(job) || job.failed} ${Boolean(job.links)}`;

/** Why it ended so, where the tickers do not say it themselves. */
function reasonOf({ status: ended, status_reason: reason }) {
  if (!reason || ended === "completed_with_errors") return "";
  return `${reason[0].toUpperCase()}${reason.slice(1)}${/[.!?]$/.test(reason) ? "" : "."}`;
}

function figuresOf(job) {
  const active = isActive(job);
  return [
    ["Tickers", count(job.total)],
    ["With a result", job.reused ? `${count(job.completed)} (${count(job.reused)} reused)` : count(job.completed)],
    ["Failed", count(job.failed)],
    job.cancelled ? ["Cancelled", count(job.cancelled)] : ["To go", count(job.pending)],
    active ? ["Time to go", remaining(job)] : ["Ended", ago(job.completed_at)],
    ["Waited", duration(job.waited_seconds)],
    ["At work", duration(job.worked_seconds)],
    job.attempt > 1 ? ["Attempt", count(job.attempt)] : null,
  ].filter(Boolean);
}
