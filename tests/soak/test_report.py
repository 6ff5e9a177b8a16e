"""What the report makes of samples, what is beyond its limits, and what counts as an answer and as a kill."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import isnan

import httpx
import psutil
import pytest

from tests.soak.doors import NotToldError, follow
from tests.soak.kills import Kills
from tests.soak.limits import LONG_SECONDS, beyond
from tests.soak.load import ANSWERED, unanswered
from tests.soak.report import course, courses, disk_a_job, thirds
from tests.soak.samples import Sample


def samples(
    count: int, mb_an_hour: float = 0.0, jobs_a_look: int = 5, kb_a_job: float = 40.0, active: int = 100
) -> list[Sample]:
    """One a minute."""
    return [
        Sample(
            at=60.0 * n,
            active_jobs=active,
            ended_jobs=jobs_a_look * n,
            connections=30,
            database_mb=100 + jobs_a_look * n * kb_a_job / 1024,
            logs_mb=7.0,
            memory_mb={"scheduler": 500 + mb_an_hour * n / 60, "postgres": 60.0},
        )
        for n in range(count)
    ]


def test_the_warm_up_is_in_no_third() -> None:
    first, last = thirds(samples(60))
    assert (first[0].at, last[-1].at) == (600, 3540)
    assert len(first) == len(last) == 16


def test_growth_is_told_by_the_hour() -> None:
    growing = course("memory, MB", samples(60, mb_an_hour=120), lambda sample: sample.all_memory_mb)
    assert growing.an_hour == pytest.approx(120)
    assert growing.grew_more_than(0.05, 0)
    assert not growing.grew_more_than(0.05, 100)
    assert course("connections", samples(60), lambda sample: sample.connections).an_hour == 0


def test_disk_is_told_by_the_job() -> None:
    a_job = disk_a_job(samples(60, kb_a_job=40))
    assert [a_job.first, a_job.last] == pytest.approx([40, 40])


def test_disk_says_nothing_of_a_third_in_which_hardly_a_job_ended() -> None:
    assert named_beyond(samples(60, jobs_a_look=0, kb_a_job=0), 120) == []
    few = disk_a_job([replace(one, ended_jobs=one.ended_jobs if one.at > 1500 else 0) for one in samples(60)])
    assert (isnan(few.first), few.last) == (True, pytest.approx(40))
    assert not few.grew_more_than(0.5, 100)


def test_memory_is_compared_where_nothing_was_down() -> None:
    looked_at = [
        replace(one, memory_mb={"postgres": 60.0}) if one.at < 1500 and n % 3 else one
        for n, one in enumerate(samples(60))
    ]
    memory = courses(looked_at)[0]
    assert (memory.name, memory.first, memory.last) == ("memory, MB", 560, 560)


def test_too_few_samples_are_no_report() -> None:
    with pytest.raises(AssertionError, match="only 2 samples"):
        thirds(samples(2))


def named_beyond(looked_at: Sequence[Sample], seconds: float) -> list[str]:
    return [one.name for one in beyond(courses(looked_at), seconds=seconds, active_jobs=100)]


@pytest.mark.parametrize("seconds", [120, LONG_SECONDS])
def test_what_stays_flat_is_within_every_limit(seconds: float) -> None:
    assert named_beyond(samples(60), seconds) == []


def test_a_program_that_grows_is_beyond_its_limit_in_a_long_run_though_the_sum_is_not() -> None:
    growing = samples(60, mb_an_hour=500)
    for one in growing:
        one.memory_mb["api-server"] = 1000.0
    assert named_beyond(growing, LONG_SECONDS) == ["memory of scheduler, MB"]
    assert named_beyond(growing, 120) == []


@pytest.mark.parametrize(("seconds", "least"), [(120, 50), (LONG_SECONDS, 80)])
def test_too_few_active_jobs_are_no_load(seconds: float, least: int) -> None:
    assert named_beyond(samples(60, active=least), seconds) == []
    assert named_beyond(samples(60, active=least - 1), seconds) == ["active jobs"]


def test_who_got_no_answer_since_is_named() -> None:
    before = Counter({("a reader", ANSWERED): 3, ("a stream", ANSWERED): 1})
    assert unanswered({"a reader", "a stream"}, Counter(), before) == []
    now = before + Counter({("a reader", ANSWERED): 1, ("a stream", "ConnectError"): 9})
    assert unanswered({"a reader", "a stream", "nobody"}, before, now) == ["a stream", "nobody"]


def following(said: str, job_id: str | None = "job") -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=said))
    with httpx.Client(transport=transport, base_url="http://soak") as client:
        follow(lambda: job_id)(client, 0)


def test_a_stream_is_an_answer_when_it_tells_the_end_of_a_job() -> None:
    following("event: progress\n\nevent: ended\n\n")
    with pytest.raises(NotToldError):
        following("event: progress\n\n")
    with pytest.raises(NotToldError):
        following("event: ended\n\n", job_id=None)


def test_every_kill_happens_at_least_once_however_little_time_there_is() -> None:
    killed, away = list[str](), [psutil.NoSuchProcess(1)]

    def kill_what_is_away_at_first() -> None:
        if away:
            raise away.pop()
        killed.append("b")

    kills = Kills({"a": lambda: killed.append("a"), "b": kill_what_is_away_at_first, "c": lambda: killed.append("c")})
    kills.go_on(every=0, seconds=0)
    assert killed == ["a", "b", "c"]
    assert kills.done == {"a": 1, "b": 1, "c": 1}
