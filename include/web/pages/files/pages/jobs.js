// All jobs: what is going on, what was, and a new one.
import { get } from "../api.js";
import { byId, el, ready, settled } from "../dom.js";
import { ago, count, duration, status } from "../format.js";
import { nothing, sayError } from "../notices.js";
import { jobPage, mayAsk, remember } from "../page.js";
import { PagedTable } from "../table.js";
import { watchActive } from "./active-jobs.js";
import { asker, named, settings, TRIGGERS } from "./job-parts.js";

const filters = byId("filters");
const NAMES = ["status", "trigger", "since", "requested_by"];
for (const [value, words] of Object.entries(TRIGGERS)) filters.elements.trigger.append(el("option", { value }, words));

const columns = [
  { title: "Job", cell: (job) => el("span", { class: "job" }, el("a", { href: jobPage(job.job_id) }, named(job)), el("small", {}, job.job_id)) },
  { title: "Status", cell: (job) => status(job.status) },
  { title: "Tickers", class: "number", cell: (job) => count(job.total) },
  { title: "Failed", class: "number", cell: (job) => count(job.failed) },
  { title: "What", cell: (job) => settings(job) || "–" },
  { title: "Asked by", cell: (job) => asker(job) },
  { title: "Asked", class: "narrow", cell: (job) => ago(job.created_at) },
  { title: "Took", class: "number", cell: (job) => duration(job.worked_seconds) },
];

/** The day of somebody here, as the moment at which it begins. */
const momentOf = (day) => (day ? new Date(`${day}T00:00:00`).toISOString() : null);
const chosen = () => Object.fromEntries(NAMES.map((name) => [name, filters.elements[name]?.value.trim() ?? ""]));
const isFiltered = () => Object.values(chosen()).some(Boolean);

function load({ cursor, signal }) {
  const { since, ...others } = chosen();
  return get("/jobs", { ...others, since: momentOf(since), cursor }, { signal });
}

function empty() {
  if (isFiltered()) return nothing("No job is like that. ", el("button", { type: "button", onclick: () => filters.reset() }, "Show all"));
  const start = mayAsk ? el("button", { type: "button", class: "main", onclick: () => openNew({}) }, "Start the first one") : null;
  return nothing("There is no job yet that you may see. ", start);
}

const recent = new PagedTable(byId("recent"), { caption: "Jobs, the newest first", columns, load, empty });

function read() {
  const said = new URLSearchParams(location.search);
  for (const name of NAMES) if (filters.elements[name]) filters.elements[name].value = said.get(name) ?? "";
}

function show() {
  byId("clear").hidden = !isFiltered();
  return recent.restart();
}

function changed() {
  remember(chosen(), { step: true });
  show();
}

async function openNew(values) {
  try {
    const { openForm, openAgain } = await import("./request-form.js");
    await (values?.again ? openAgain(values.again) : openForm(values));
  } catch (error) {
    sayError(error);
  }
}

/** `?new&tickers=JPM,IBM&strategy=...` opens the form with these; `?new&again=<job>` with what that job was asked for. */
function openFromAddress() {
  const said = new URLSearchParams(location.search);
  if (!said.has("new")) return;
  remember(chosen());
  if (mayAsk) openNew(Object.fromEntries(said));
}

filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("input", settled(changed));
filters.addEventListener("reset", () => setTimeout(changed));
addEventListener("popstate", () => {
  read();
  show();
});
ready(byId("new"), () => openNew(null));

read();
show();
watchActive(byId("active"), { changed: () => recent.refresh() });
openFromAddress();
