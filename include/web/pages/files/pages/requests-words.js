// What the record says, in words.
import { marked } from "../format.js";

export const DOORS = {
  api: "API and pages",
  ui: "Airflow's form",
  rest: "Airflow's REST API",
  cli: "Command line",
  schedule: "Schedule",
  backfill: "Backfill",
  operator: "Another DAG",
  asset: "Asset",
};
export const door = (value) => DOORS[value] ?? value;

export const DISPOSITIONS = {
  created: ["+", "good", "made a job"],
  joined: ["⇉", "busy", "joined an equal job"],
  repeated: ["↺", "plain", "was repeated"],
  refused: ["✕", "bad", "was refused"],
};

/** What became of a request, by sign, word and colour. */
export function disposition(value) {
  const [sign, kind, words] = DISPOSITIONS[value] ?? ["", "plain", value];
  return marked("status", kind, sign, words);
}
