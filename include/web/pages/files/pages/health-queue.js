// The jobs that are active, and how the source stands that has a limit.
import { el } from "../dom.js";
import { ago, count, counted, duration, marked, source } from "../format.js";
import { nothing } from "../notices.js";
import { root, withQuery } from "../page.js";

const CODES = {
  rate_limited: "it was asked too often, or says so",
  source_unavailable: "it does not answer as it should",
};

export function queue({ jobs, sources, streams }) {
  return [jobs.length ? el("div", { class: "cards" }, jobs.map(waiting)) : nothing("No job is active: one that is asked for now begins at once."), ...limits(sources), open(streams)];
}

function waiting(one) {
  const { data_source: from, queued_jobs: queued, running_jobs: running, waiting_tickers: tickers, oldest_created_at: oldest } = one;
  const link = (status, words) => el("a", { href: withQuery(`${root}/`, { status }) }, words);
  return el("article", { class: "card" }, el("h3", {}, `Prices from ${source(from)}`), el("dl", { class: "facts" }, [
    el("dt", {}, "Running"), el("dd", {}, running ? link("processing", counted(running, "job")) : "none"),
    el("dt", {}, "Queued"), el("dd", {}, queued ? link("queued", counted(queued, "job")) : "none"),
    el("dt", {}, "Tickers to do"), el("dd", {}, count(tickers)),
    el("dt", {}, "The oldest was asked for"), el("dd", {}, ago(oldest)),
  ]));
}

function limits(sources) {
  if (!sources.length) return [el("p", { class: "muted" }, "Yahoo has not been asked for anything yet.")];
  return sources.map((one) => el("article", { class: "card limit" }, el("h3", {}, `${source(one.data_source)}'s limit `, state(one)), el("p", {}, sentence(one)), facts(one)));
}

function state({ paused_seconds: paused, paused_code: code, given_up: away, failures }) {
  const [kind, sign, words] = away ? ["bad", "✕", "away"] : paused > 0 || code ? ["warn", "‖", "pauses"] : failures ? ["warn", "!", "has failures"] : ["good", "✓", "answers"];
  return marked("chip", kind, sign, words);
}

function sentence(one) {
  const why = CODES[one.paused_code] ?? one.paused_code;
  if (one.given_up) return `It has given no usable answer for so long that no job waits for it any more: ${why}. What is asked for now fails with that reason; the next request tries it again.`;
  if (one.probed) return `After a pause (${why}) one request tries whether it is back; all others wait for that.`;
  if (one.paused_seconds > 0) return `Everybody waits for ${duration(one.paused_seconds)} more: ${why}. Tasks give their place to others meanwhile. Nothing needs to be done.`;
  if (one.paused_code) return `Its pause is over (${why}); the next request tries whether it is back.`;
  if (one.requests_now) return `${counted(one.requests_now, "request")} could leave at once; all jobs together may send ${count(one.requests_per_minute)} a minute.`;
  return `The next request may leave in ${duration(one.next_seconds)}; all jobs together may send ${count(one.requests_per_minute)} a minute.`;
}

function facts(one) {
  const said = [
    ["Last good answer", one.succeeded_at ? ago(one.succeeded_at) : "none yet"],
    one.failures > 0 && ["Failures in a row", count(one.failures)],
    one.failing_since && ["Failing since", ago(one.failing_since)],
    one.paused_message && ["What it said", one.paused_message],
  ].filter(Boolean);
  return el("dl", { class: "facts" }, said.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

const open = ({ open: now, most }) => el("p", { class: "muted" }, `Progress streams open: ${count(now)} of ${count(most)}, in the process of the server that answered.`);
