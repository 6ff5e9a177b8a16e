"""Where commands without Airflow find the database."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from include.storage.address import Address, NoAddressError, stocks_address

OWNER_URL = "postgresql://stocks_owner:o@db/stocks"


def parts(connection: str) -> dict[str, str | int | None]:
    found = stocks_address({"AIRFLOW_CONN_STOCKS_DB": connection}, "stocks_db")
    assert found.is_of_tasks
    return dict(conninfo_to_dict(found.conninfo))


def test_the_connection_of_the_tasks_comes_first() -> None:
    both = {"AIRFLOW_CONN_STOCKS_DB": "postgresql://stocks_app:a@db/stocks", "BELLWETHER_MIGRATION_URL": OWNER_URL}
    assert conninfo_to_dict(stocks_address(both, "stocks_db").conninfo)["user"] == "stocks_app"
    assert stocks_address({"BELLWETHER_MIGRATION_URL": OWNER_URL}, "stocks_db") == Address(OWNER_URL, is_of_tasks=False)


def test_another_connection_id_has_another_variable() -> None:
    with pytest.raises(NoAddressError, match="neither AIRFLOW_CONN_MY_DB nor BELLWETHER_MIGRATION_URL"):
        stocks_address({"AIRFLOW_CONN_STOCKS_DB": OWNER_URL}, "my_db")


def test_an_address_may_have_quoted_parts_and_what_only_airflow_knows() -> None:
    address = "postgres://ann%40x:p%2F%20w@db.example:6432/my%2Fdb?sslmode=require&cursor=dictcursor"
    assert parts(address) == {
        "user": "ann@x", "password": "p/ w", "host": "db.example", "port": "6432", "dbname": "my/db",
        "sslmode": "require",
    }  # fmt: skip
    assert parts("postgres://db/stocks?__extra__=%7B%22sslmode%22%3A%20%22prefer%22%7D")["sslmode"] == "prefer"


@pytest.mark.parametrize("extra", ['{"sslmode": "require", "cursor": "x"}', '"{\\"sslmode\\": \\"require\\"}"'])
def test_a_json_object_is_read_as_airflow_reads_it(extra: str) -> None:
    connection = (
        '{"conn_type": "postgres", "login": "ann", "password": "p w", "host": "db", "port": 6432, "schema": "stocks",'
        f' "extra": {extra}}}'
    )
    assert parts(connection) == {
        "user": "ann", "password": "p w", "host": "db", "port": "6432", "dbname": "stocks", "sslmode": "require",
    }  # fmt: skip


def test_what_is_left_out_is_left_to_libpq() -> None:
    assert parts("postgresql:///stocks") == {"dbname": "stocks"}
