// The analysis of a list while it goes on, and how it ended.
import { follow, isActive } from "../api.js";
import { el, fill } from "../dom.js";
import { status } from "../format.js";
import { jobPage, mayAsk } from "../page.js";
import { cancelButton } from "./job-actions.js";
import { progressBar, remaining, sentence } from "./job-parts.js";

/** Shows in `place` how a job goes on; `ended(job, { seen })` is told when it has ended, and whether somebody saw it run. */
export function showJob(place, jobId, ended) {
  const bar = progressBar("Progress of the analysis");
  const [state, said, eta] = [el("span"), el("p"), el("span", { class: "muted" })];
  let job = null;
  const cancel = mayAsk ? cancelButton(() => job, show) : null;
  const head = el("h2", {}, el("a", { href: jobPage(jobId) }, "Analysis of this list"), " ", state);
  fill(place, head, bar.node, said, el("div", { class: "bar" }, eta, cancel));

  function show(now) {
    const [before, seen] = [job, job !== null];
    job = now;
    place.hidden = false;
    bar.show(job);
    fill(state, status(job.status));
    said.textContent = sentence(job);
    eta.textContent = isActive(job) && job.eta_seconds !== null ? `${remaining(job)} to go` : "";
    if (isActive(job) || (before && !isActive(before))) return;
    cancel?.remove();
    ended(job, { seen });
  }

  return follow(jobId, show);
}
