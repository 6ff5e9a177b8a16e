// One job.
import { of } from "../page.js";
import { showJob } from "./job-view.js";

showJob(of.jobId);
