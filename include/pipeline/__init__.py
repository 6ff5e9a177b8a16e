"""The tasks of the DAGs: joins market, analysis and jobs."""
