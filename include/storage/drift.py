"""What of a database is not as the migrations made it, each difference in a sentence that names it.

A version number alone cannot tell: a migration that was edited after its release, an interrupted index, or a hand that
helped in a hurry leave it as it is. What an operator adds is no difference unless it can refuse our rows.
"""

from collections.abc import Sequence

from include.model.errors import SchemaError
from include.storage.catalogue import describe, describe_role, expected
from include.storage.compare import differences
from include.storage.connection import Connection
from include.storage.difference import Difference, Part
from include.storage.schema import MEND_COMMAND, SCHEMA_VERSION

DRIFTED = "has drifted"


class DriftError(SchemaError):
    """The database is not as the migrations made it, although its version says so; names every difference."""

    code = "schema_drift"

    def __init__(self, database: str, drift: Sequence[Difference]) -> None:
        self.drift = tuple(drift)
        lines = [f"the database `{database}` {DRIFTED} from schema {SCHEMA_VERSION}; nothing was changed:"]
        lines += [f"  {difference}" for difference in drift]
        if all(difference.mend for difference in drift):
            lines.append(f"`{MEND_COMMAND}` runs these statements, all or none")
        else:
            lines.append("what has no statement beside it must be mended first, by hand")
        super().__init__("\n".join(lines))


def find_drift(connection: Connection, app_role: str) -> list[Difference]:
    """Every difference of a database at the version of this code, in an order in which their `mend` can be run.

    Reads the catalogue alone, which every role may do.
    """
    wanted = expected()
    role = describe_role(connection, app_role, wanted)
    if role is None:
        return [Difference(Part.PRIVILEGES, f"the role {app_role} of tasks and API does not exist: make it")]
    return list(differences(describe(connection, app_role), wanted, role))


def mend_drift(connection: Connection, drift: Sequence[Difference]) -> None:
    """Run what mends these differences; belongs into a transaction of the tables' owner."""
    for difference in drift:
        if difference.mend:
            connection.execute(difference.mend)
