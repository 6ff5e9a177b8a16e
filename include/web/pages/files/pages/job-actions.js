// What can be done to a job: each asks before it does what cannot be undone, and says what became of it.
import { isActive, post, remove } from "../api.js";
import { confirm } from "../dialog.js";
import { el, once } from "../dom.js";
import { count, counted } from "../format.js";
import { sayError } from "../notices.js";
import { jobPage, mayAsk, mayDelete, root, screenerPage, withQuery } from "../page.js";

const path = (job, what = "") => `/jobs/${encodeURIComponent(job.job_id)}${what}`;
const button = (kind, text, work) => once(el("button", { type: "button", class: kind }, text), () => work().catch(sayError));

/** A button that cancels the job that `current()` gives; `done(job)` is told where it stands then. */
export const cancelButton = (current, done) => button("danger", "Cancel", async () => {
  const job = current();
  const stays = job.completed ? `The results of ${counted(job.completed, "ticker")} stay. ` : "";
  const rest = job.pending ? `${count(job.pending)} that have not ended will not be analysed.` : "Nothing will be analysed.";
  if (!(await confirm({ title: "Cancel this job?", text: stays + rest, action: "Cancel the job", danger: true }))) return;
  done(await post(path(job, "/cancel")));
});

const retryButton = (job) => button("main", `Retry the ${count(job.failed)} failed`, async () => {
  const answer = await post(path(job, "/retry-failed"));
  location.assign(jobPage(answer.job_id));
});

const deleteButton = (job) => button("danger", "Delete", async () => {
  const text = "Its tickers go with it, and the results that it alone has written. Its run stays in Airflow. This cannot be undone.";
  if (!(await confirm({ title: "Delete this job?", text, action: "Delete the job", danger: true }))) return;
  await remove(path(job));
  location.assign(`${root}/`);
});

const link = (href, text, more = {}) => el("a", { class: "button", href, ...more }, text);
const again = (job) => link(withQuery(`${root}/?new`, { again: job.job_id }).replace("?new?", "?new&"), "Ask again");

/** Everything that this user can do with this job now. */
export function actionsOf(job, { current, done }) {
  const active = isActive(job);
  const airflow = job.links?.dag_run;
  return [
    mayAsk && active && cancelButton(current, done),
    mayAsk && !active && job.failed > 0 && job.total > 0 && retryButton(job),
    job.completed > 0 && link(screenerPage({ job_id: job.job_id }), "Results in the screener"),
    mayAsk && !active && job.total > 0 && again(job),
    airflow && link(airflow, "Run and logs in Airflow", { data: { airflow: "" } }),
    mayDelete && !active && job.total > 0 && deleteButton(job),
  ].filter(Boolean);
}
