-- name: record_action(actor, action, job_id, details)!
INSERT INTO analysis_actions (actor, action, job_id, details) VALUES (:actor, :action, :job_id, :details);
