-- What the application's role may do: rows, never DDL. Applied after every migration, so it is always complete.
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE INSERT, UPDATE, DELETE ON schema_version FROM {role};
-- The records of requests and of actions only grow.
REVOKE UPDATE, DELETE ON analysis_requests, analysis_actions FROM {role};
