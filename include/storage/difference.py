"""One difference between a database and what the migrations make."""

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What of a database is different."""

    TABLES = "tables and columns"
    CONSTRAINTS = "constraints"
    INDEXES = "indexes"
    TRIGGERS = "triggers"
    PRIVILEGES = "privileges"


@dataclass(frozen=True, slots=True)
class Difference:
    """What is different, in a sentence that names it, and the statements with which the tables' owner `mend`s it.

    Where no statement can, `mend` is None and the sentence says what to do.
    """

    part: Part
    says: str
    mend: str | None = None

    def __str__(self) -> str:
        return f"{self.says}: {self.mend}" if self.mend else self.says
