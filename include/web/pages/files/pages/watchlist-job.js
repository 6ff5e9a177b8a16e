// The analysis of a list while it goes on, and how it ended.
import { follow, isActive } from "../api.js";
import { el, fill } from "../dom.js";
import { status } from "../format.js";
import { jobPage, mayAsk } from "../page.js";
import { cancelButton } from "./job-actions.js";
import { progressBar, remaining, sentence } from "./job-parts.js";

/** Shows in `place` how a job goes on, until it has ended: `ended(job)` is told then. */
export function showJob(place, jobId, ended) {
  const bar = progressBar("Progress of the analysis");
  const [state, said, eta] = [el("span"), el("p"), el("span", { class: "muted" })];
  let job = null;
  const cancel = mayAsk ? cancelButton(() => job, show) : null;
  const head = el("h2", {}, el("a", { href: jobPage(jobId) }, "Analysis of this list"), " ", state);
  fill(place, head, bar.node, said, el("div", { class: "bar" }, eta, cancel));
  place.hidden = true; // nothing is known of it yet

  function show(now) {
    const hadEnded = job && !isActive(job);
    job = now;
    place.hidden = !isActive(job);
    bar.show(job);
    fill(state, status(job.status));
    said.textContent = sentence(job);
    eta.hidden = job.eta_seconds === null;
    eta.textContent = `${remaining(job)} to go`;
    if (!isActive(job) && !hadEnded) ended(job);
  }

  return follow(jobId, show);
}
