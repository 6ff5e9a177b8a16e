"""What the API says, as documents."""

from typing import Any

SUBMISSION: dict[str, Any] = {
    "job_id": "55bfd467824788ab.0",
    "dag_run_id": "55bfd467824788ab.0",
    "status": "queued",
    "disposition": "created",
    "is_duplicate": False,
    "tickers": ["IBM", "JPM"],
    "symbols": ["IBM", "JPM"],
    "count": 2,
    "completed": 0,
    "total": 2,
    "capital": 50_000.0,
    "thread_started": True,
}
JOB_ID = SUBMISSION["job_id"]
JOINED = SUBMISSION | {
    "status": "processing",
    "disposition": "joined",
    "is_duplicate": True,
    "completed": 42,
    "total": 100,
    "message": "an equal job is processing: 42 of 100 tickers are done",
}


def job(status: str = "processing", *, completed: int = 0, failed: int = 0, total: int = 2) -> dict[str, Any]:
    times = dict.fromkeys(("started_at", "heartbeat_at", "completed_at"), None)
    return {
        "job_id": JOB_ID,
        "status": status,
        "status_reason": None,
        "requested_by": "ann",
        "trigger": "api",
        "analysis_source": "selected",
        "scope": "user:ann",
        "attempt": 1,
        "force": False,
        "as_of": None,
        "strategy": "balanced",
        "data_source": "sample",
        "capital": 50_000.0,
        "total": total,
        "completed": completed,
        "reused": 0,
        "failed": failed,
        "cancelled": 0,
        "pending": total - completed - failed,
        "progress_percent": 100 * (completed + failed) / total,
        "eta_seconds": None,
        "created_at": "2026-11-20T09:00:00Z",
        "waited_seconds": None,
        "worked_seconds": None,
        **times,
    }


def view(**of: Any) -> dict[str, Any]:
    return job(**of) | {"request": None, "requests": [], "links": {}}


def detail(ticker: str, status: str = "completed", **known: Any) -> dict[str, Any]:
    names = (
        *("session_date", "verdict", "score", "entry", "stop_loss", "target", "position_size", "cost", "risk_reward"),
        *("currency", "error_code", "error_message", "started_at", "completed_at", "seconds"),
    )
    return {"ticker": ticker, "status": status, **dict.fromkeys(names), "notes": [], **known}
