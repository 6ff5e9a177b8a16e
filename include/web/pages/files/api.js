// Asks our API. Nothing else is asked by any page.
import { api, withQuery } from "./page.js";
import { signedOut } from "./notices.js";

/** What the API says of a request that it does not do. `fields` maps the name of each bad field to the reason. */
export class Problem extends Error {
  constructor(status, said, retryAfter) {
    super(said.message);
    this.status = status;
    this.code = said.code;
    this.details = said.details ?? [];
    this.retryAfter = retryAfter;
  }

  get fields() {
    return Object.fromEntries(this.details.map(({ field, reason }) => [field, reason]));
  }
}

const NO_ANSWER = "The server does not answer. What was sent may have been done; look before you ask again.";

export const get = (path, filters = {}, options = {}) => ask("GET", withQuery(path, filters), undefined, options);
export const post = (path, body = {}) => ask("POST", path, body);
export const patch = (path, body) => ask("PATCH", path, body);
export const remove = (path) => ask("DELETE", path);

/** The address of a call, for a link. */
export const address = (path, filters = {}) => withQuery(api + path, filters);

async function ask(method, path, body, { signal } = {}) {
  const headers = method === "GET" ? {} : { "Content-Type": "application/json" };
  const sent = body === undefined ? undefined : JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(api + path, { method, headers, body: sent, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { code: "NO_ANSWER", message: NO_ANSWER });
  }
  if (answer.status === 401) signedOut();
  if (!answer.ok) throw await problem(answer);
  return answer.status === 204 ? null : answer.json();
}

async function problem(answer) {
  const retryAfter = Number(answer.headers.get("Retry-After")) || null;
  const said = await answer.json().catch(() => ({}));
  const unreadable = { code: "ERROR", message: `The server answered with the status ${answer.status}.` };
  return new Problem(answer.status, said.error ?? unreadable, retryAfter);
}

/**
 * Follows a job: `seen(job)` with every change, the last time when it has ended. Where streams do not come through, it
 * looks by itself. Answers a function that stops it.
 */
export function follow(jobId, seen) {
  const path = `/jobs/${encodeURIComponent(jobId)}`;
  let stopped = false;
  let timer = null;
  const stream = new EventSource(`${api}${path}/events`);
  const told = (event) => seen(JSON.parse(event.data));
  const stop = () => {
    stopped = true;
    stream.close();
    clearTimeout(timer);
  };
  const look = async () => {
    try {
      const job = await get(path);
      if (stopped) return;
      seen(job);
      if (!isActive(job)) return;
    } catch (error) {
      if (error.status === 401 || error.status === 403 || error.status === 404) return;
    }
    if (!stopped) timer = setTimeout(look, 2000);
  };
  stream.addEventListener("progress", told);
  stream.addEventListener("ended", (event) => {
    stop();
    told(event);
  });
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED && !stopped) look(); // refused; a cut stream comes back by itself
  });
  addEventListener("pagehide", stop, { once: true });
  return stop;
}

export const isActive = (job) => ["queued", "processing"].includes(job.status);
