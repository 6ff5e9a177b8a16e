// The jobs that are going on: one look at all of them every two seconds, while somebody looks.
import { get, isActive } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { status } from "../format.js";
import { failed, loading, nothing } from "../notices.js";
import { jobPage, mayAsk } from "../page.js";
import { cancelButton } from "./job-actions.js";
import { askedBy, named, progressBar, remaining, sentence, settings } from "./job-parts.js";

const PAUSE = 2000;

class Card {
  constructor(job, look) {
    this.job = job;
    this.bar = progressBar("Progress of this job");
    this.link = el("a", { href: jobPage(job.job_id) });
    this.status = el("span");
    this.said = el("p");
    this.about = el("p", { class: "muted" });
    this.asked = el("p", { class: "muted" }, askedBy(job));
    this.eta = el("span", { class: "muted" });
    const cancel = mayAsk ? cancelButton(() => this.job, look) : null;
    const head = el("h3", {}, this.link, this.status);
    this.node = el("article", { class: "card active-job" }, head, this.bar.node, this.said, this.about, this.asked, el("div", { class: "bar" }, this.eta, cancel));
    this.show(job);
  }

  show(job) {
    this.job = job;
    this.bar.show(job);
    fill(this.status, status(job.status));
    const left = job.eta_seconds === null ? "" : job.eta_seconds < 1 ? remaining(job) : `${remaining(job)} to go`;
    for (const [place, text] of [[this.link, named(job)], [this.said, sentence(job)], [this.about, settings(job)], [this.eta, left]]) {
      if (place.textContent !== text) place.textContent = text;
    }
  }
}

/** Shows the active jobs in `place`, and goes on; `changed()` is told when one comes, begins or ends. */
export function watchActive(place, { changed }) {
  const cards = new Map();
  let timer = null;
  let before = null;
  fill(place, loading());

  function show({ items, active }) {
    const jobs = items.filter(isActive);
    for (const [id, card] of cards) if (!jobs.some((job) => job.job_id === id)) cards.delete(id) && card.node.remove();
    if (!cards.size) fill(place, jobs.length ? null : nothing("No job is going on."));
    jobs.forEach((job, at) => put(job, at));
    byId("stale").hidden = jobs.length === active;
    if (jobs.length < active) byId("stale").textContent = `The newest ${jobs.length} of ${active} are shown.`;
    const now = jobs.map((job) => `${job.job_id} ${job.status}`).sort().join();
    if (before !== null && before !== now) changed();
    before = now;
  }

  function put(job, at) {
    const card = cards.get(job.job_id) ?? new Card(job, look);
    cards.set(job.job_id, card);
    card.show(job);
    if (place.children[at] !== card.node) place.insertBefore(card.node, place.children[at] ?? null);
  }

  async function look() {
    clearTimeout(timer);
    try {
      show(await get("/progress"));
    } catch (error) {
      if (cards.size) stale();
      else failed(place, error, look);
      if ([401, 403].includes(error.status)) return;
    }
    if (!document.hidden) timer = setTimeout(look, PAUSE);
  }

  function stale() {
    byId("stale").hidden = false;
    byId("stale").textContent = "The server does not answer: this is how it was.";
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
  look();
}
