"""
### After the close

An example of a DAG that runs when the watchlists of an exchange have been analysed, and has what came of it.

Nothing loads it from here: copy it to where Airflow finds DAGs. The asset may also be named without our code:
`Asset(name="stocks_session_xnys", uri="bellwether://sessions/XNYS")`.
"""

from airflow.sdk import AssetAny, dag, get_current_context, task

from include.pipeline.assets import session_asset
from include.pipeline.job_dags import daily_exchanges


@task
def tell() -> list[str]:
    """Say what was analysed. Sessions that end close together may come in one run: read all events."""
    said = []
    for events in get_current_context()["triggering_asset_events"].values():
        for event in events:
            counts = event.extra
            said.append(f"{counts['session']}: {counts['completed']} of {counts['total']}, job {counts['job_id']}")
    print("\n".join(said))
    return said


@dag(
    schedule=AssetAny(*(session_asset(exchange) for exchange in daily_exchanges())),
    doc_md=__doc__,
    tags=["stocks", "example"],
)
def after_the_close() -> None:
    """Wire the task."""
    tell()


after_the_close()
