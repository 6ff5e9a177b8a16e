// The form of a new analysis: filled in from an address or an older job, sent once, answered in words.
import { get, post } from "../api.js";
import { byId, el, fill, settled } from "../dom.js";
import { count, counted } from "../format.js";
import { jobPage } from "../page.js";
import { explain, tickersIn } from "./request-choices.js";

const dialog = byId("request");
const form = byId("request-form");
const answered = byId("request-answer");
const MOST_REASONS = 8;

const controls = () => [...form.elements].filter((control) => control.dataset.kind);
const fieldOf = (name) => form.querySelector(`[data-field="${CSS.escape(name)}"]`);

/** Opens the form; `values` by the names of the fields take the place of what is in it. */
export function openForm(values = null) {
  if (values) {
    form.reset();
    clear();
    for (const control of controls()) if (values[control.name] !== undefined && values[control.name] !== null) put(control, values[control.name]);
  }
  controls().forEach(explain);
  if (dialog.open) return;
  dialog.showModal();
  controls()[0].focus();
}

/** Opens it with what an older job was asked for. */
export async function openAgain(jobId) {
  const { request } = await get(`/jobs/${encodeURIComponent(jobId)}`);
  openForm(request ? { ...request, ...request.risk } : {});
}

function put(control, value) {
  const text = Array.isArray(value) ? value.join("\n") : String(value);
  if (control.dataset.kind === "check") control.checked = text === "true";
  else if (control.dataset.kind === "lines") control.value = tickersIn(text).join("\n");
  else control.value = text;
  if (control.value !== control.defaultValue && control.tagName === "INPUT") reveal(control);
}

const reveal = (control) => control.closest("details")?.setAttribute("open", "");

function valueOf(control) {
  const { kind, nullable } = control.dataset;
  const { value, validity } = control;
  if (kind === "check") return control.checked;
  if (kind === "lines") return value.trim() ? tickersIn(value) : undefined;
  if (kind === "number" && value !== "") return Number(value);
  if (validity.badInput || nullable === "false") return value; // the API says of it what is wrong
  return value || undefined;
}

const body = () => Object.fromEntries(controls().map((control) => [control.name, valueOf(control)]).filter(([, value]) => value !== undefined));

let sent = { text: null, id: null };

/** The key of a request: the same one as long as the same is sent, so that sending it twice makes one job. */
function requestId(wanted) {
  const text = JSON.stringify(wanted);
  if (sent.text !== text) {
    const random = crypto.getRandomValues(new Uint8Array(12));
    sent = { text, id: `page-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}` };
  }
  return sent.id;
}

let busy = false;

async function send(more = {}) {
  if (busy) return;
  busy = true;
  const submit = form.querySelector("[type=submit]");
  submit.setAttribute("aria-disabled", "true");
  clear();
  try {
    const wanted = { ...body(), ...more };
    told(await post("/jobs", { ...wanted, request_id: requestId(wanted) }));
  } catch (error) {
    refused(error);
  } finally {
    busy = false;
    submit.removeAttribute("aria-disabled");
  }
}

function told(answer) {
  if (answer.is_duplicate) return duplicate(answer);
  sent = { text: null, id: null };
  location.assign(jobPage(answer.job_id));
}

/** An equal job is there: it can be looked at, or the same be run beside it. */
function duplicate({ job_id: id, status, completed, total }) {
  const at = status === "queued" ? "is waiting to begin" : status === "processing" ? `is already running, ${count(completed)} of ${count(total)} done` : "has just been done";
  const anyway = el("button", { type: "button", onclick: () => send({ force: true, on_duplicate: "use_existing" }) }, "Run it anyway");
  const there = el("a", { class: "button main", href: jobPage(id) }, "Take me there");
  show("warn", el("p", {}, el("strong", {}, `This ${at}.`), " Equal work is done once: you can follow that job."), el("div", { class: "bar" }, there, anyway));
  there.focus();
}

function refused(error) {
  if (error.status === undefined) console.error(error);
  const { status, details = [] } = error;
  const other = details.find((detail) => detail.job_id)?.job_id;
  const to = (text) => (other ? el("a", { href: jobPage(other) }, text) : text);
  if (status === 400 && details.length) return wrong(details);
  if (status === 429) show("bad", `You have as many active jobs as one user may have, ${count(details[0]?.value)}. Wait until one has ended, or cancel one: `, to("the oldest is here"), ".");
  else if (status === 409) show("bad", "An equal job is active, and you chose to fail then. ", to("Look at that job"), ", or choose something else under “When an equal job is active”.");
  else if (status === 503) show("bad", "The database is away. Nothing was done and nothing is lost: press Start again in a moment.");
  else if (status === 0) show("bad", "The server did not answer. Press Start again: if the job was made, you are led to it, and no second one is made.");
  else show("bad", error.message);
  answered.focus();
}

function show(kind, ...what) {
  fill(answered, el("div", { class: `notice ${kind}` }, ...what));
  answered.scrollIntoView({ block: "nearest" });
}

/** Says beside each field what is wrong with it; what has no field here is said above them all. */
function wrong(details) {
  const elsewhere = [];
  for (const [name, problems] of grouped(details)) {
    if (fieldOf(name)) mark(name, problems);
    else elsewhere.push(...problems.map(({ field, reason }) => el("p", {}, `${field}: ${reason}`)));
  }
  if (elsewhere.length) show("bad", ...elsewhere);
  (form.querySelector("[aria-invalid=true]") ?? answered).focus();
}

const nameOf = ({ field }) => field.split(".")[0];

function grouped(details) {
  const groups = new Map(); // Map.groupBy is too young
  for (const one of details) {
    if (!groups.has(nameOf(one))) groups.set(nameOf(one), []);
    groups.get(nameOf(one)).push(one);
  }
  return groups;
}

function mark(name, problems) {
  const field = fieldOf(name);
  const control = field.querySelector("[data-kind]");
  const said = problems.slice(0, MOST_REASONS).map(({ field: path, value, reason }) => el("span", {}, path.includes(".") ? `${value}: ${reason}` : reason, el("br")));
  const more = problems.length - said.length;
  field.append(el("p", { class: "wrong", id: `wrong-${name}` }, said, more > 0 ? `and ${counted(more, "more", "more")}` : null));
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", `wrong-${name} help-${name}`);
  reveal(control);
}

function unmark(field) {
  field.querySelector(".wrong")?.remove();
  const control = field.querySelector("[data-kind]");
  control.removeAttribute("aria-invalid");
  control.setAttribute("aria-describedby", `help-${control.name}`);
}

function clear() {
  fill(answered);
  form.querySelectorAll("[data-field]").forEach(unmark);
}

if (form) {
  answered.tabIndex = -1;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  const explained = settled((control) => explain(control));
  form.addEventListener("input", ({ target }) => {
    unmark(target.closest("[data-field]"));
    explained(target);
  });
  form.querySelectorAll("[data-close]").forEach((button) => button.addEventListener("click", () => dialog.close()));
}
