"""Registers with Airflow what is ours and no DAG."""

from airflow.plugins_manager import AirflowPlugin

from include.pipeline import listener


class BellwetherPlugin(AirflowPlugin):
    """Our part of Airflow."""

    name = "bellwether"
    listeners = [listener]  # noqa: RUF012 - Airflow's own form
