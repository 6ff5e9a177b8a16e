#!/bin/sh
# First start of an empty PostgreSQL: two databases, and a role for each kind of work.
#   airflow       owns Airflow's own database
#   stocks_owner  owns the tables of `stocks`; used by the migrations alone
#   stocks_app    tasks and API: reads and writes rows, no DDL (the migrations grant it)
set -eu
psql --username postgres --dbname postgres --set ON_ERROR_STOP=1 \
  --set airflow="$AIRFLOW_DB_PASSWORD" --set owner="$STOCKS_OWNER_PASSWORD" --set app="$STOCKS_APP_PASSWORD" <<'SQL'
CREATE ROLE airflow LOGIN PASSWORD :'airflow';
CREATE ROLE stocks_owner LOGIN PASSWORD :'owner';
CREATE ROLE stocks_app LOGIN PASSWORD :'app';
CREATE DATABASE airflow OWNER airflow;
CREATE DATABASE stocks OWNER stocks_owner;
ALTER DATABASE airflow SET idle_in_transaction_session_timeout = '20s';
REVOKE CONNECT ON DATABASE airflow, stocks FROM PUBLIC;
GRANT CONNECT ON DATABASE stocks TO stocks_app;
SQL
