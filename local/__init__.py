"""What `make run` uses: PostgreSQL, Airflow's processes and their environment on one machine without Docker."""
