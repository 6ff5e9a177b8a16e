// One request of the record: what was sent, and the request that it stands for.
import { get } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { at, duration } from "../format.js";
import { failed, loading } from "../notices.js";
import { jobPage } from "../page.js";
import { disposition, door } from "./requests-words.js";

const dialog = byId("sent");
const place = byId("sent-request");

/** Opens it; `closed()` is told when it is closed again. */
export function openRequest(id, closed) {
  byId("sent-title").textContent = `Request ${id}`;
  dialog.onclose = closed;
  if (!dialog.open) dialog.showModal();
  load(id);
}

export const closeRequest = () => dialog.close();

async function load(id) {
  fill(place, loading());
  try {
    fill(place, told(await get(`/requests/${encodeURIComponent(id)}`)));
  } catch (error) {
    failed(place, error, () => load(id));
  }
}

function told(one) {
  const facts = [
    ["Asked", at(one.requested_at)],
    ["By", one.requested_by],
    ["Through", door(one.door)],
    ["What became of it", disposition(one.disposition)],
    ["Reason", one.reason],
    ["Job", one.job_id && el("a", { href: jobPage(one.job_id) }, one.job_id)],
    ["Run made for it", one.run_id],
    ["Its own key", one.request_id],
    ["Follows", one.follows && `request ${one.follows}: this is what became of it later`],
    ["Answered in", duration(one.latency_ms / 1000)],
  ].filter(([, value]) => value);
  return [
    el("dl", { class: "facts" }, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    ...text("What was sent", one.raw),
    ...text("The canonical request that it stands for", one.request, "None: it was refused before it had one."),
  ];
}

/** JSON to read; a list of tickers is one line, however many lines the window makes of it. */
const json = (document) => JSON.stringify(document, null, 2).replace(/\[\n\s+([^[\]{}]*?)\n\s+\]/g, (_, inside) => `[${inside.replace(/\n\s+/g, " ")}]`);

function text(title, document, missing = "Nothing.") {
  const said = document === null ? el("p", { class: "muted" }, missing) : el("pre", { tabindex: "0", "aria-label": title }, json(document));
  return [el("h3", {}, title), said];
}

for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
