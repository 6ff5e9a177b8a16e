"""Where things are on this server, whatever its base path."""

from urllib.parse import quote, urlsplit

from airflow.configuration import conf

API, PAGES = "/api/stocks", "/stocks"


def base_path() -> str:
    """The path under which Airflow is served, without a slash at its end: empty where it has a host of its own."""
    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")


def login_page(wanted: str) -> str:
    """Airflow's login, which leads to `wanted` afterwards; whichever auth manager there is."""
    return f"{base_path()}/api/v2/auth/login?next={quote(wanted, safe='')}"
