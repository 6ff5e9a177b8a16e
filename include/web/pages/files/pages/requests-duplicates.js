// Whether any work was done twice: PASS or FAIL, the pairs of equal jobs, and what to do.
import { get } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { at, count, counted, decimal, marked, status } from "../format.js";
import { failed, loading } from "../notices.js";
import { jobPage, seesAll } from "../page.js";

const form = byId("check");
const place = byId("duplicates");
const KINDS = {
  computed_twice: (pair) => `${count(pair.computed_twice)} of ${counted(pair.total, "ticker")} computed twice`,
  simultaneous: () => "at work at the same time",
  reused: () => "fine: the later one reused results",
  asked_again: () => "fine: asked again after the end",
};

let asked = null;

async function check(event) {
  event?.preventDefault();
  asked?.abort();
  asked = new AbortController();
  unmark();
  fill(place, loading());
  try {
    fill(place, told(await get("/requests/duplicates", { seconds: form.elements.seconds.value, since: form.elements.since.value }, { signal: asked.signal })));
  } catch (error) {
    refused(error);
  }
}

function refused(error) {
  const fields = error.status === 400 ? Object.entries(error.fields) : [];
  if (!fields.length) return failed(place, error, () => check());
  fill(place);
  for (const [name, reason] of fields) mark(name, reason);
  return form.querySelector("[aria-invalid]")?.focus();
}

function mark(name, reason) {
  const control = form.elements[name];
  const id = `wrong-${name}`;
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", id);
  control.parentElement.append(el("p", { class: "wrong", id }, reason));
}

function unmark() {
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-describedby");
  }
  for (const wrong of form.querySelectorAll(".wrong")) wrong.remove();
}

function told(report) {
  const { passed, pair_count: pairs, duplicate_count: twice, seconds } = report;
  const found = `${counted(pairs, "pair")} of equal jobs created within ${decimal(seconds, seconds % 1 ? 1 : 0)} s of each other`;
  const words = passed ? `${found}; nothing was done twice.` : `${found}; ${count(twice)} of them did the same work twice.`;
  const chip = passed ? marked("chip", "good", "✓", "PASS") : marked("chip", "bad", "✕", "FAIL");
  const more = pairs - report.pairs.length;
  return [
    el("div", { class: "passed" }, chip, el("p", {}, words)),
    passed ? null : advice(),
    report.pairs.length ? table(report.pairs) : null,
    more > 0 ? el("p", { class: "muted" }, `And ${counted(more, "pair")} more, which the command lists too.`) : null,
  ];
}

function advice() {
  const command = el("code", {}, "python -m include.pipeline.duplicates clean");
  if (!seesAll) return el("p", {}, "Nothing is lost by it. Who operates the server can remove one job of each pair: tell them.");
  return el("p", {}, "Nothing is lost by it. The jobs are from another system, or the index that forbids such pairs was missing: ", el("code", {}, "make doctor"), " looks. ", command, " says which job of each pair it would remove, and with ", el("code", {}, "--really"), " it does; the other one keeps all results.");
}

function table(pairs) {
  const heads = ["What they did", "Earlier job", "Later job", "Apart", ...(seesAll ? ["Of"] : [])];
  const rows = pairs.map((pair) => el("tr", {}, cells(pair, heads)));
  const head = el("tr", {}, heads.map((title) => el("th", { scope: "col" }, title)));
  const made = el("table", {}, el("caption", {}, "Pairs of equal jobs"), el("thead", {}, head), el("tbody", {}, rows));
  return el("div", { class: "paged" }, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Pairs of equal jobs" }, made));
}

function cells(pair, heads) {
  const verdict = marked("chip", ...(pair.is_duplicate ? ["bad", "✕"] : ["good", "✓"]), KINDS[pair.kind](pair));
  const values = [verdict, job(pair.earlier), job(pair.later), `${decimal(pair.seconds_apart)} s`, ...(seesAll ? [pair.requested_by] : [])];
  return values.map((value, index) => el(index ? "td" : "th", { scope: index ? null : "row", class: index === 1 || index === 2 ? "pair" : null, data: { title: heads[index] } }, index ? value : el("span", {}, value)));
}

const job = (one) => el("span", {}, el("a", { href: jobPage(one.job_id) }, one.job_id), el("br"), status(one.status), " ", el("small", {}, at(one.created_at)));

form.addEventListener("submit", check);

/** Looks with what stands in the form. */
export const checkDuplicates = check;
