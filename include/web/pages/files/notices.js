// What is said to somebody above the page, and in place of what could not be shown.
import { byId, el, fill } from "./dom.js";
import { airflow } from "./page.js";

/** Says something until it is closed; `kind` is good, bad or plain. */
export function say(kind, ...what) {
  const close = el("button", { type: "button", class: "quiet", "aria-label": "Close" }, "×");
  const notice = el("p", { class: `notice ${kind}` }, el("span", {}, ...what), close);
  close.addEventListener("click", () => notice.remove());
  const place = byId("notices");
  while (place.children.length > 2) place.firstChild.remove();
  place.append(notice);
  return notice;
}

/** Says of an error what it is. Errors of ours, which nobody foresaw, are for the console too. */
export function sayError(error) {
  if (error.name === "AbortError") return;
  if (error.status === undefined) console.error(error);
  if (error.status !== 401) say("bad", error.message);
}

let said = false;

/** Offers the login, once: whoever signs in comes back to this page. */
export function signedOut() {
  if (said) return;
  said = true;
  const login = `${airflow}/api/v2/auth/login?next=${encodeURIComponent(location.href)}`;
  say("bad", "You are signed out. ", el("a", { href: login }, "Sign in again"), " and come back to this page.");
}

/** What stands where something would, had it come: what went wrong, and a way to try again. */
export function failed(place, error, again) {
  if (error.name === "AbortError") return;
  if (error.status === undefined) console.error(error);
  const what = error.status === 404 ? "There is no such thing, or it is not for you." : error.message;
  const button = el("button", { type: "button", onclick: again }, "Try again");
  fill(place, el("div", { class: "empty", role: "alert" }, el("p", {}, what), again ? button : null));
}

/** What stands where there is nothing. */
export const nothing = (...what) => el("div", { class: "empty" }, el("p", {}, ...what));

/** What stands where something is on its way. */
export const loading = () => el("p", { class: "loading", "aria-busy": "true" }, "Loading …");
