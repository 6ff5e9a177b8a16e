"""Digests for tests of what they say: one with everything, and what somebody might write to do harm."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.changes import Change, ChangeKind, PriceBasis
from include.model.notifications import Digest

THU, FRI = date(2010, 8, 19), date(2010, 8, 20)
ENDED = datetime(2010, 8, 20, 21, 5, 30, tzinfo=UTC)

_NOTHING: dict[str, Any] = dict.fromkeys(Change.__dataclass_fields__)


def change(kind: ChangeKind, ticker: str, **more: Any) -> Change:
    said = {
        "ticker": ticker,
        "list": "banks",
        "kind": kind,
        "session_date": FRI,
        "strategy": "balanced",
        "data_source": DataSource.SAMPLE,
        "job_id": "run-2",
        "noticed_at": ENDED,
        "verdict": Verdict.HOLD,
        "score": 50.0,
    }
    return Change(**{**_NOTHING, **said, **more})


def verdicts(before: Verdict, now: Verdict, old: float, new: float) -> dict[str, Any]:
    return {
        "verdict": now,
        "score": new,
        "previous_session": THU,
        "previous_verdict": before,
        "previous_score": old,
    }


def hit(level: float, price: float, basis: PriceBasis, **more: Any) -> dict[str, Any]:
    return {
        "plan_session": THU,
        "level": level,
        "adjustment": 1.0,
        "reached_on": FRI,
        "price": price,
        "basis": basis,
    } | more


EVERYTHING = Digest(
    list="banks",
    job_id="run-2",
    status="completed_with_errors",
    completed_at=ENDED,
    tickers=12,
    failed=1,
    changes=(
        change(ChangeKind.NEW, "BAC", verdict=Verdict.STRONG_SELL, score=12.5),
        change(
            ChangeKind.NEW_BUY,
            "JPM",
            name="JPMorgan Chase",
            notes="after the results\nof July",
            **verdicts(Verdict.HOLD, Verdict.BUY, 55.0, 67.4),
        ),
        change(ChangeKind.NEW_BUY, "C", **verdicts(Verdict.SELL, Verdict.STRONG_BUY, 30.0, 81.0)),
        change(
            ChangeKind.DROPPED,
            "WFC",
            message="the strategy itself was changed in between",
            **verdicts(Verdict.BUY, Verdict.HOLD, 61.0, 50.0),
        ),
        change(ChangeKind.FLIPPED, "GS", **verdicts(Verdict.HOLD, Verdict.SELL, 41.0, 39.9)),
        change(ChangeKind.STOP, "WFC", **hit(95.0, 94.5, PriceBasis.LOW)),
        change(
            ChangeKind.TARGET,
            "MS",
            **hit(
                0.5525,
                0.56,
                PriceBasis.CLOSE,
                adjustment=0.5,
                reached_on=date(2010, 8, 18),
                plan_session=date(2010, 8, 17),
            ),
        ),
        change(
            ChangeKind.FAILED,
            "USB",
            error_code="no_data",
            message="the source has no prices of USB",
            verdict=None,
            score=None,
        ),
        change(ChangeKind.RECOVERED, "PNC", **verdicts(Verdict.HOLD, Verdict.HOLD, 50.0, 50.0)),
        change(
            ChangeKind.INCOMPARABLE,
            "AXP",
            plan_session=THU,
            message="prices have changed since the plan of 2010-08-19 (correction): its levels are not compared",
        ),
    ),
)

QUIET = replace(EVERYTHING, list="quiet", status="completed", tickers=1, failed=0, changes=())

_HARM = '</li><script>alert("x")</script>&amp;'
HOSTILE = replace(
    EVERYTHING,
    list="banks\r\nBcc: eve@example.com",
    changes=(
        change(
            ChangeKind.FAILED,
            "JPM",
            name=_HARM,
            notes=f"{_HARM} <!channel>",
            message=f"{_HARM}\r\n.\r\nQUIT",
            error_code="no_data",
        ),
    ),
)
