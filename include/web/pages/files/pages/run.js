// The job of a run, in the tab that Airflow's page of the run has for it. Runs of other DAGs have none.
import { byId } from "../dom.js";
import { of } from "../page.js";
import { showJob } from "./job-view.js";

const missing = "A run gets its job when its first task begins, and none when there is nothing to analyse. It may also have been deleted.";
if (byId("job")) showJob(of.jobId, { missing });
