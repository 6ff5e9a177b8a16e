// Why tickers of a job failed: each reason once, and what to do about it.
import { get } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { counted } from "../format.js";
import { failed } from "../notices.js";
import { stockPage } from "../page.js";

const reasonInWords = (code) => code.replaceAll("_", " ");

/** Shows the reasons; a press on one lets `details` show its tickers alone. */
export async function showErrors(jobId, details) {
  const place = byId("error-groups");
  byId("errors").hidden = false;
  try {
    const { items } = await get(`/jobs/${encodeURIComponent(jobId)}/errors`);
    const said = JSON.stringify(items);
    if (place.dataset.said === said) return;
    place.dataset.said = said;
    fill(place, items.map((group) => card(group, details)));
    details.offer(items.map(({ code }) => [code, reasonInWords(code)]));
  } catch (error) {
    failed(place, error, () => showErrors(jobId, details));
  }
}

function card({ code, count, tickers, message, what_to_do: advice }, details) {
  const more = count - tickers.length;
  const named = tickers.flatMap((ticker, at) => [at ? ", " : null, el("a", { href: stockPage(ticker) }, ticker)]);
  return el("article", { class: "card error-group" },
    el("h3", {}, reasonInWords(code), el("span", { class: "chip bad" }, counted(count, "ticker"))),
    el("p", {}, named, more > 0 ? ` and ${more} more` : null),
    el("p", {}, el("strong", {}, "What to do: "), advice),
    el("p", { class: "muted" }, el("code", {}, code), ` ${tickers[0]}: ${message}`),
    el("button", { type: "button", onclick: () => details.only(code) }, count === 1 ? "Show it below" : "Show them below"));
}
