// Whether, where and when somebody is told what changed on the watchlists.
import { get, patch } from "../api.js";
import { byId, el, fill, once } from "../dom.js";
import { ago, counted, marked } from "../format.js";
import { failed, nothing, say, sayError } from "../notices.js";
import { jobPage, watchlistPage } from "../page.js";

const form = byId("wanted");
const { enabled, rule, email, webhook } = form.elements;
const recent = byId("recent");

async function load() {
  try {
    show(await get("/notifications"));
  } catch (error) {
    failed(recent, error, load);
  } finally {
    recent.removeAttribute("aria-busy");
  }
}

function show(said) {
  enabled.checked = said.enabled;
  rule.value = said.rule;
  email.value = said.email ?? "";
  webhook.checked = said.webhook;
  byId("email-help").textContent = said.ways.email ? "Empty: no mails." : "No mail goes out: the operator has set up no mail server.";
  byId("webhook-help").textContent = said.ways.webhook ? "The one that the operator has set up; others read there too." : "The operator has set up none.";
  form.hidden = false;
  draw(said.recent);
}

const STATUSES = {
  waiting: ["○", "plain", "waiting"],
  sent: ["✓", "good", "sent"],
  given_up: ["✕", "bad", "given up"],
  dropped: ["–", "plain", "not wanted any more"],
};

function status(value) {
  const [sign, kind, word] = STATUSES[value] ?? ["", "plain", value];
  return marked("status", kind, sign, word);
}

const COLUMNS = [
  ["List", (one) => el("a", { href: watchlistPage(one.list) }, one.list)],
  ["Way", (one) => (one.channel === "email" ? "mail" : "chat")],
  ["Status", (one) => [status(one.status), one.error ? el("div", { class: "muted" }, `${one.error} (${counted(one.tries, "try", "tries")})`) : null]],
  ["Made", (one) => ago(one.created_at)],
  ["Job", (one) => el("a", { href: jobPage(one.job_id) }, one.job_id)],
];

function draw(rows) {
  if (!rows.length) {
    fill(recent, nothing("No notification yet: the next one comes when a job about your lists has ended."));
    return;
  }
  const heads = COLUMNS.map(([title]) => el("th", { scope: "col" }, title));
  const body = rows.map((one) => el("tr", {}, COLUMNS.map(([title, cell], at) => el(at ? "td" : "th", { scope: at ? null : "row", data: { title } }, cell(one)))));
  const table = el("table", {}, el("caption", {}, "The newest notifications"), el("thead", {}, el("tr", {}, heads)), el("tbody", {}, body));
  fill(recent, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The newest notifications" }, table));
}

/** Says beside the address what is wrong with it; an empty text takes that away. */
function complain(wrong) {
  byId("email-wrong").textContent = wrong;
  email.toggleAttribute("aria-invalid", Boolean(wrong));
  if (!wrong) return;
  email.setAttribute("aria-invalid", "true");
  email.focus();
}

async function save() {
  complain("");
  try {
    show(await patch("/notifications", { enabled: enabled.checked, rule: rule.value, email: email.value.trim() || null, webhook: webhook.checked }));
    say("good", enabled.checked ? "Saved." : "Saved. The switch is off: you are told nothing.");
  } catch (error) {
    if (error.fields?.email) complain(error.fields.email);
    else sayError(error);
  }
}

const button = byId("save");
if (button) once(button, save);
form.addEventListener("submit", (event) => event.preventDefault());
load();
