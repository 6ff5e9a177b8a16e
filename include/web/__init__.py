"""The product over HTTP, mounted in Airflow's API server by the plugin. Airflow's login is ours."""
