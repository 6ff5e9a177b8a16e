"""Registers with Airflow what is ours and no DAG."""

from airflow.plugins_manager import AirflowPlugin

from include.pipeline import notes


class BellwetherPlugin(AirflowPlugin):
    """Our part of Airflow."""

    name = "bellwether"
    listeners = [notes]  # noqa: RUF012 - Airflow's own form
