"""What the report makes of samples."""

import pytest

from tests.soak.report import course, disk_a_job, thirds
from tests.soak.samples import Sample


def samples(count: int, mb_an_hour: float = 0.0, jobs_a_look: int = 5, kb_a_job: float = 40.0) -> list[Sample]:
    """One a minute."""
    return [
        Sample(
            at=60.0 * n,
            active_jobs=100,
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


def test_too_few_samples_are_no_report() -> None:
    with pytest.raises(AssertionError, match="only 2 samples"):
        thirds(samples(2))
