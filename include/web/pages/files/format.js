// Numbers, dates and words as people write them, in the language of their browser.
import { el } from "./dom.js";

const NOTHING = "–";
const isMissing = (value) => value === null || value === undefined;
const number = (digits) => new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const whole = number(0);
const tenth = number(1);
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const currencies = new Map();

export const count = (value) => (isMissing(value) ? NOTHING : whole.format(value));
export const score = (value) => (isMissing(value) ? NOTHING : tenth.format(value));
export const decimal = (value, digits = 2) => (isMissing(value) ? NOTHING : number(digits).format(value));
export const percent = (value, digits = 0) => (isMissing(value) ? NOTHING : `${number(digits).format(value)} %`);
export const signed = (value, digits = 1) => (isMissing(value) ? NOTHING : `${value > 0 ? "+" : value < 0 ? "−" : "±"}${number(digits).format(Math.abs(value))}`);

/** "1 ticker", "12 tickers". */
export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** An amount in its currency; one that no browser knows (GBp: pence) stands beside the number. */
export function money(value, currency, digits = 2) {
  if (isMissing(value)) return NOTHING;
  if (!currency || !/^[A-Z]{3}$/.test(currency)) return `${decimal(value, digits)}${currency ? ` ${currency}` : ""}`;
  const key = `${currency}${digits}`;
  if (!currencies.has(key)) {
    const how = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
    currencies.set(key, new Intl.NumberFormat(undefined, how));
  }
  return currencies.get(key).format(value);
}

/** A trading day, `2026-11-20`. It is a day of its exchange, so no zone may shift it. */
export const session = (value) => (isMissing(value) ? NOTHING : day.format(new Date(`${value}T00:00:00Z`)));

/** A time as "2 hours ago", with the local time and UTC on hover. It goes on telling as the time passes. */
export function ago(value) {
  if (isMissing(value)) return document.createTextNode(NOTHING);
  const made = el("time", { datetime: value, title: exactly(value), data: { ago: "" } }, since(value));
  return made;
}

/** A time as local date and clock, UTC on hover. */
export const at = (value) => (isMissing(value) ? NOTHING : el("time", { datetime: value, title: exactly(value) }, moment.format(new Date(value))));

const exactly = (value) => `${moment.format(new Date(value))} local · ${new Date(value).toISOString().replace("T", " ").replace(/\.\d+Z$/, "")} UTC`;

const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];

function since(value) {
  const seconds = (new Date(value) - Date.now()) / 1000;
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
  }
  return Math.abs(seconds) < 10 ? "just now" : relative.format(Math.round(seconds), "second");
}

setInterval(() => {
  for (const one of document.querySelectorAll("time[data-ago]")) {
    const said = since(one.dateTime);
    if (one.textContent !== said) one.textContent = said;
  }
}, 5000);

/** Seconds as "4.2 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds) {
  if (isMissing(seconds)) return NOTHING;
  if (seconds < 1) return `${whole.format(seconds * 1000)} ms`;
  if (seconds < 60) return `${tenth.format(seconds)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.floor((rounded % 3600) / 60)} min`;
}

const VERDICTS = { "Strong Buy": ["▲▲", "up2"], Buy: ["▲", "up"], Hold: ["●", "flat"], Sell: ["▼", "down"], "Strong Sell": ["▼▼", "down2"] };

/** What has a meaning by sign, words and colour: `kind` is chip, status or verdict, `look` how it is coloured. */
export const marked = (kind, look, sign, ...words) => el("span", { class: `${kind} ${look}` }, el("span", { "aria-hidden": "true" }, `${sign} `), ...words);

/** A verdict by sign, word and colour. */
export function verdict(value) {
  if (isMissing(value)) return document.createTextNode(NOTHING);
  const [sign, kind] = VERDICTS[value] ?? ["", "flat"];
  return marked("verdict", kind, sign, value);
}

const STATUSES = {
  queued: ["○", "plain", "queued"],
  processing: ["◐", "busy", "running"],
  completed: ["✓", "good", "completed"],
  completed_with_errors: ["!", "warn", "completed with errors"],
  reused: ["↺", "good", "reused"],
  failed: ["✕", "bad", "failed"],
  cancelled: ["–", "plain", "cancelled"],
};

/** The status of a job or of one of its tickers by sign, word and colour. */
export function status(value) {
  if (isMissing(value)) return document.createTextNode(NOTHING);
  const [sign, kind, word] = STATUSES[value] ?? ["", "plain", value];
  return marked("status", kind, sign, word);
}

export const SOURCES = { yahoo: "Yahoo", sample: "Sample 2009–2010", demo: "Demo (made up)" };
export const source = (value) => SOURCES[value] ?? value ?? NOTHING;
