// The record of requests, filtered by what is known of them; and whether any work was done twice.
import { get } from "../api.js";
import { byId, el, settled } from "../dom.js";
import { ago, duration } from "../format.js";
import { nothing } from "../notices.js";
import { jobPage, remember, seesAll } from "../page.js";
import { PagedTable } from "../table.js";
import { checkDuplicates } from "./requests-duplicates.js";
import { closeRequest, openRequest } from "./requests-sent.js";
import { DISPOSITIONS, DOORS, disposition, door } from "./requests-words.js";

const filters = byId("filters");
const NAMES = ["disposition", "door", "since", "requested_by", "job_id"];
for (const [value, words] of Object.entries(DOORS)) filters.elements.door.append(el("option", { value }, words));
for (const [value, [, , words]] of Object.entries(DISPOSITIONS)) filters.elements.disposition.append(el("option", { value }, words));

const columns = [
  { title: "Request", cell: (one) => el("button", { type: "button", class: "quiet open", "aria-haspopup": "dialog", data: { request: one.id }, onclick: () => open(one.id) }, `Request ${one.id}`) },
  { title: "Asked", class: "narrow", cell: (one) => ago(one.requested_at) },
  ...(seesAll ? [{ title: "By", cell: (one) => one.requested_by }] : []),
  { title: "Through", class: "narrow", cell: (one) => door(one.door) },
  { title: "What became of it", cell: (one) => el("div", {}, disposition(one.disposition), one.follows && el("small", {}, ` later, of request ${one.follows}`)) },
  { title: "Job", class: "job", cell: (one) => (one.job_id ? el("a", { href: jobPage(one.job_id) }, one.job_id) : "–") },
  { title: "Reason", class: "reason", cell: (one) => one.reason ?? "–" },
  { title: "Answered in", class: "number", cell: (one) => duration(one.latency_ms / 1000) },
];

/** The day of somebody here, as the moment at which it begins. */
const momentOf = (day) => (day ? new Date(`${day}T00:00:00`).toISOString() : null);
const chosen = () => Object.fromEntries(NAMES.map((name) => [name, filters.elements[name]?.value.trim() ?? ""]));
const isFiltered = () => Object.values(chosen()).some(Boolean);
let opened = null;

function load({ cursor, signal }) {
  const { since, ...others } = chosen();
  return get("/requests", { ...others, since: momentOf(since), cursor }, { signal });
}

function empty() {
  if (isFiltered()) return nothing("No request is like that. ", el("button", { type: "button", onclick: () => filters.reset() }, "Show all"));
  return nothing(seesAll ? "Nobody has asked for anything yet." : "You have not asked for anything yet.");
}

const table = new PagedTable(byId("requests"), { caption: "Requests, the newest first", columns, load, empty });

function read() {
  const said = new URLSearchParams(location.search);
  for (const name of NAMES) if (filters.elements[name]) filters.elements[name].value = said.get(name) ?? "";
  if (said.get("request")) open(said.get("request"), false);
  else if (opened) closeRequest();
}

function show() {
  byId("clear").hidden = !isFiltered();
  return table.restart();
}

function changed() {
  remember(chosen(), { step: true });
  show();
}

function open(id, step = true) {
  opened = id;
  if (step) remember({ ...chosen(), request: id }, { step: true });
  openRequest(id, closed);
}

function closed() {
  opened = null;
  if (new URLSearchParams(location.search).has("request")) remember(chosen());
}

filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("input", settled(changed));
filters.addEventListener("reset", () => setTimeout(changed));
addEventListener("popstate", () => {
  const before = JSON.stringify(chosen());
  read();
  if (JSON.stringify(chosen()) !== before) show();
});
read();
show();
checkDuplicates();
