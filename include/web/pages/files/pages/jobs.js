// All jobs: what is going on, what was, and a new one.
import { get } from "../api.js";
import { byId } from "../dom.js";
import { ago, count, status } from "../format.js";
import { PagedTable } from "../table.js";

const columns = [
  { title: "Job", cell: (job) => job.job_id },
  { title: "Status", cell: (job) => status(job.status) },
  { title: "Tickers", class: "number", cell: (job) => count(job.total) },
  { title: "Created", cell: (job) => ago(job.created_at) },
];
const load = ({ cursor, signal }) => get("/jobs", { cursor }, { signal });
new PagedTable(byId("recent"), { caption: "Recent jobs", columns, load }).restart();
