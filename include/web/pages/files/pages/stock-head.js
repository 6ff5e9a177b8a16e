// What is said of a stock: verdict, score, plan, warnings, and where it all is from.
import { el } from "../dom.js";
import { at, counted, decimal, money, score, session, signed, source, verdict } from "../format.js";
import { jobPage } from "../page.js";

export const head = (result) => [result.ticker, " ", verdict(result.verdict)];

export function warnings(result, isCurrent) {
  const all = [...result.warnings];
  if (!isCurrent) all.push("the strategy has changed since this was computed: analyse the stock again to see what it says now");
  if (result.data_source === "demo") all.unshift("these prices are made up: they say nothing about any stock");
  return all.map((one) => el("p", { class: "notice warn" }, el("span", {}, el("strong", {}, "⚠ Warning: "), one)));
}

const KINDS = ["down2", "down", "flat", "up", "up2"];
const NAMES = ["Strong Sell", "Sell", "Hold", "Buy", "Strong Buy"];

/** The score on a half circle, whose parts are the verdicts of the strategy. */
export function gauge(result, strategy) {
  const { plain, strong } = strategy ?? { plain: 10, strong: 30 };
  const ends = [0, 50 - strong, 50 - plain, 50 + plain, 50 + strong, 100];
  const bounds = NAMES.map((name, at) => `${name} ${decimal(ends[at], 0)} to ${decimal(ends[at + 1], 0)}`).join(", ");
  const parts = KINDS.map((kind, at) => el("path", { class: `part ${kind}`, d: arc(ends[at] + 0.4, ends[at + 1] - 0.4) }));
  const [x, y] = point(result.score, 62);
  const hand = el("line", { class: "hand", x1: 100, y1: 100, x2: x, y2: y });
  const drawn = el("svg", { class: "gauge", viewBox: "0 0 200 118", role: "img", "aria-label": `Score ${score(result.score)} of 100: ${result.verdict}. ${bounds}.` },
    parts, hand, el("circle", { class: "hub", cx: 100, cy: 100, r: 5 }),
    el("text", { x: 14, y: 116, class: "end" }, "0"), el("text", { x: 186, y: 116, class: "end" }, "100"));
  const figure = el("p", { class: "figure" }, el("strong", {}, score(result.score)), el("span", { class: "muted" }, " of 100"), " ", verdict(result.verdict));
  return [drawn, figure, el("p", { class: "summary" }, result.summary)];
}

function point(value, radius) {
  const angle = Math.PI * (1 - value / 100);
  return [(100 + radius * Math.cos(angle)).toFixed(2), (100 - radius * Math.sin(angle)).toFixed(2)];
}

const arc = (from, to) => `M ${point(from, 82).join(" ")} A 82 82 0 0 1 ${point(to, 82).join(" ")}`;

export function plan(result) {
  const { entry, stop_loss: stop, target, currency, close } = result;
  const now = [fact("Close", money(close, currency)), fact("Session", session(result.session_date))];
  if (entry === null) return [el("dl", { class: "facts" }, now), el("p", {}, "Hold is no trade: it has no entry, stop or target.")];
  const away = (level) => el("span", { class: "muted" }, ` ${signed((100 * (level - entry)) / entry)} %`);
  const side = stop < entry ? "Long: buy at the entry, out at the stop or the target" : "Short: sell at the entry, buy back at the stop or the target";
  return [
    el("dl", { class: "facts" }, now, fact("Entry", money(entry, currency)), fact("Stop", [money(stop, currency), away(stop)]),
      fact("Target", [money(target, currency), away(target)]), fact("Reward for the risk", `${decimal(result.risk_reward, 1)} times`)),
    el("p", { class: "muted" }, `${side}. How many shares depends on your capital: a job's page says it.`),
  ];
}

export function about(result, title, isCurrent) {
  const version = `version ${result.strategy_version}${isCurrent ? "" : ", not the current one"}`;
  return el("dl", { class: "facts" },
    fact("Prices from", `${source(result.data_source)}, in ${result.currency}, ${counted(result.bars_used, "session")} looked at`),
    fact("Strategy", [title, el("span", { class: "muted" }, ` ${version}`)]),
    fact("Analysed", at(result.completed_at)),
    fact("By the job", el("a", { href: jobPage(result.job_id) }, result.job_id)),
    result.symbol === result.ticker ? null : fact("Symbol", result.symbol));
}

const fact = (name, value) => [el("dt", {}, name), el("dd", {}, value)];
