"""Secrets that a test can read; one needs quoting in an address."""

from local.home import Secrets

SECRETS = Secrets(
    superuser="super",
    airflow="a/b@c",
    stocks_owner="owner",
    stocks_app="app",
    redis="redis",
    jwt="jwt",
    api="api",
    fernet="fernet",
)
