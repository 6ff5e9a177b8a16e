"""Writes include/storage/schema.json from a database that the migrations have just made: `make schema`.

To be run when a migration is added; a test fails until then.
"""

from include.storage.catalogue import EXPECTED, as_document, describe
from include.storage.connection import connect
from include.storage.migrate import migrate
from local.postgres import throwaway
from tests.conftest import APP, OWNER, PASSWORD, make_roles, new_database


def main() -> None:
    with throwaway() as cluster:
        make_roles(cluster)
        url = cluster.url(new_database(cluster), role=OWNER, password=PASSWORD)
        migrate(url, APP)
        with connect(url) as connection:
            EXPECTED.write_text(as_document(describe(connection, APP)))
    print(f"Wrote {EXPECTED}")


if __name__ == "__main__":
    main()
