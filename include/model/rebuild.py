"""A stored outcome, and what came of computing it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.model.bars import DataSource
from include.model.request import AnalysisRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutcome:
    """One ticker of a job as the database has it: `columns` are what was written, by name."""

    job_id: str
    request: AnalysisRequest
    data_source: DataSource
    columns: Mapping[str, Any]

    @property
    def name(self) -> str:
        """For people: ticker, session, strategy, source."""
        shown = (self.columns["ticker"], self.columns["session_date"], self.columns["strategy"], self.data_source)
        return " ".join(map(str, shown))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One figure that came out otherwise."""

    figure: str
    stored: object
    rebuilt: object
