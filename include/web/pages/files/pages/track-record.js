// What came of the verdicts of each strategy on each source's prices.
import { get } from "../api.js";
import { byId, el, fill, settled } from "../dom.js";
import { ago, count, counted, percent, session, signed, source, verdict } from "../format.js";
import { failed, nothing } from "../notices.js";
import { remember } from "../page.js";

const [series, since, until] = ["series", "since", "until"].map(byId);
const place = byId("record");
const radios = [...document.querySelectorAll("input[name=sessions]")];
const nameOf = (record) => `${record.strategy}|${record.data_source}`;

let records = [];
let asked = null;

async function load() {
  asked?.abort();
  const mine = (asked = new AbortController());
  place.setAttribute("aria-busy", "true");
  try {
    const found = await get("/track-record", { since: since.value, until: until.value }, { signal: mine.signal });
    records = found.items.toSorted((one, other) => other.all.verdicts - one.all.verdicts);
    choose();
    draw();
  } catch (error) {
    failed(place, error, load);
  } finally {
    if (asked === mine) place.removeAttribute("aria-busy");
  }
}

/** Offers the records that there are; the one that was shown stays chosen. */
function choose() {
  const wanted = series.value || new URLSearchParams(location.search).get("of");
  const title = (record) => `${record.strategy} · ${source(record.data_source)}`;
  fill(series, records.map((record) => el("option", { value: nameOf(record), selected: nameOf(record) === wanted }, title(record))));
  series.disabled = !records.length;
}

function draw() {
  const record = records.find((one) => nameOf(one) === series.value);
  const sessions = Number(radios.find((radio) => radio.checked).value);
  const isUsual = !since.value && !until.value;
  remember({ of: isUsual && record === records[0] ? null : series.value, since: since.value, until: until.value, sessions: sessions === 5 ? null : sessions });
  fill(byId("computed"), record ? ["Computed ", ago(record.computed_at)] : []);
  if (!record) {
    fill(place, isUsual ? nothing("No verdict has been followed yet. Airflow's DAG stocks_track_record looks every hour at what came of them.") : nothing("No verdict of these sessions has been followed."));
    return;
  }
  const about = `Sessions ${session(record.since)} to ${session(record.until)}: ${counted(record.all.verdicts + held(record), "verdict")}.`;
  fill(place, el("p", {}, about), table("By verdict", [["All, as advised", record.all], ...record.by_verdict.map((group) => [verdict(group.group), group])], sessions), table("By score", record.by_score.map((group) => [group.group, group]), sessions));
}

const held = (record) => record.by_verdict.find((group) => group.group === "Hold")?.verdicts ?? 0;

const COLUMNS = [
  ["Verdicts", "number"], ["Counted", "number"], ["Hit rate", "number"], ["Mean", "number"], ["Median", "number"],
  ["All stocks then", "number"], ["Difference", "number"], ["First reached within 20 sessions", ""],
];

function table(title, groups, sessions) {
  const heads = COLUMNS.map(([name, kind]) => el("th", { scope: "col", class: kind }, name));
  const rows = groups.map(([name, group]) => row(name, group, sessions));
  const body = el("table", {}, el("caption", {}, `${title}, after ${counted(sessions, "session")}`), el("thead", {}, el("tr", {}, el("th", { scope: "col" }, title.replace("By ", "").replace(/^./, (first) => first.toUpperCase())), heads)), el("tbody", {}, rows));
  const scroll = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, body);
  return el("section", { class: "paged" }, el("h2", {}, title), scroll);
}

function row(name, group, sessions) {
  const after = group.horizons.find((one) => one.sessions === sessions);
  const difference = after.mean === null || after.base_mean === null ? null : after.mean - after.base_mean;
  const cells = [
    [count(group.verdicts), open(group)], [count(after.counted), few(after)], share(after.hit_rate), change(after.mean), change(after.median), change(after.base_mean), change(difference), levels(group.levels),
  ];
  const head = el("th", { scope: "row", data: { title: "Group" } }, name);
  return el("tr", {}, head, cells.map((cell, at) => el("td", { class: COLUMNS[at][1], data: { title: COLUMNS[at][0] } }, cell)));
}

const share = (value) => percent(value === null ? null : value * 100);
const change = (value) => (value === null ? "–" : `${signed(value * 100, 2)} %`);
const open = (group) => (group.pending ? el("div", { class: "muted" }, el("small", {}, `${count(group.pending)} still open`)) : null);
const few = (record) => (record.is_small && record.counted ? el("div", { class: "few" }, "few: says little") : null);

function levels(record) {
  if (!record?.counted) return "–";
  const said = `target ${share(record.target)}, stop ${share(record.stop)}, neither ${share(record.neither)}`;
  const part = (kind, value) => el("span", { class: kind, style: `width:${100 * value}%` });
  const bar = el("div", { class: "levels", "aria-hidden": "true" }, part("target", record.target), part("stop", record.stop));
  return [bar, el("div", { class: "levels-said" }, said), few(record)];
}

const from = new URLSearchParams(location.search);
since.value = from.get("since") ?? "";
until.value = from.get("until") ?? "";
for (const radio of radios) {
  if (radio.value === from.get("sessions")) radio.checked = true;
  radio.addEventListener("change", draw);
}
series.addEventListener("change", draw);
const later = settled(load, 400);
for (const day of [since, until]) day.addEventListener("input", later);
byId("chosen").addEventListener("submit", (event) => event.preventDefault());
load();
