"""One look from the terminal, without Airflow and without the database: `python -m include.analysis`."""
