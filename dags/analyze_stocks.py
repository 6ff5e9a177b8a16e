"""
### Analyse stocks

Fetches prices, computes indicators, score, verdict and trade plan for a set of tickers, and stores each result.

**Ask for it** by pressing *Trigger* (the form explains every field), or over REST:

```
POST /api/v2/dags/analyze_stocks/dagRuns
{"logical_date": null, "conf": {"tickers": ["JPM", "IBM"], "strategy": "balanced", "data_source": "sample"}}
```

| conf | |
|---|---|
| `tickers` or `universe` | what to analyse; neither: your watchlist |
| `strategy` | `balanced` if not given |
| `data_source` | `yahoo`, `sample`, `demo` |
| `capital`, `risk_percent`, `position_limit_percent`, `min_risk_reward` | sizing of the positions |
| `as_of` | the last session up to this date instead of the last completed one |
| `force`, `batch_size` | run beside an equal active job; tickers a mapped task |

**What happens.** `open_job` makes the request canonical and claims the work: an equal active job is joined, and this
run then does nothing. `analyze` is mapped over batches of tickers. `finalize_job` ends the job from what the database
says and updates the watchlist; its result is the job's counts.

**On failure.** A ticker that cannot be analysed is recorded with a code and a sentence, and the others go on: the job
is then `completed_with_errors`. The run fails when no ticker has a result, or when the request was refused; the log of
`open_job` names every bad field. A batch is tried again when the price source or the database is away.
Clear the run to do the job again, as its next attempt: what is known by then is reused, unless `force` is set.
"""

from datetime import timedelta

from airflow.sdk import dag

from include.pipeline.params import request_params
from include.pipeline.tasks import analysis
from include.settings import settings


@dag(
    dag_display_name="Analyse stocks",
    schedule=None,
    params=request_params(),
    doc_md=__doc__,
    tags=["stocks"],
    default_args={"owner": "bellwether"},
    max_active_runs=256,  # jobs that wait for a price source, some for hours, must not keep all others from beginning
    max_active_tasks=64,
    dagrun_timeout=timedelta(minutes=settings().job_timeout_minutes),
)
def analyze_stocks() -> None:
    """Wire the tasks."""
    analysis()


analyze_stocks()
