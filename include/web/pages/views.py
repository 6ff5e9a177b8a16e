"""Where Airflow's own pages show ours, in a frame."""

from include.web.places import PAGES, base_path

_ROOT = f"{base_path()}{PAGES}"
# As text in the address: Airflow asks for icons without a login's path being sure.
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='{colour}' "
    "stroke-width='2' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='M3 17l5-6 4 3 5-7 4 4'/%3E"
    "%3Cpath d='M3 21h18'/%3E%3C/svg%3E"
)
LIGHT, DARK = ICON.format(colour="%233d5575"), ICON.format(colour="%23c9d4e5")

VIEWS = (
    {
        "name": "Stocks",
        "href": f"{_ROOT}/",
        "destination": "nav",
        "url_route": "stocks",
        "nav_top_level": True,
        "icon": LIGHT,
        "icon_dark_mode": DARK,
    },
    {
        "name": "Stocks",
        "href": f"{_ROOT}/runs/{{DAG_ID}}/{{RUN_ID}}",
        "destination": "dag_run",
        "url_route": "job",  # of its own: Airflow looks for a view by that alone
        "icon": LIGHT,
        "icon_dark_mode": DARK,
    },
)
