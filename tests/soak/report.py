"""What the samples say: the first third beside the last, growth an hour, as a table and a file."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import nan
from pathlib import Path
from statistics import median
from typing import Any

from tests.crash.histories import ROOT
from tests.soak.samples import Sample

FOLDER = ROOT / ".local" / "soak"
FEW_JOBS = 10  # of fewer ends nothing follows for each of them
WARM_UP = 6  # one in so many samples is from before everything that starts with the first jobs had started


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How something went: its median in the first third and in the last, and what it grows by in an hour."""

    name: str
    first: float
    last: float
    an_hour: float

    def grew_more_than(self, share: float, room: float) -> bool:
        """Whether the last third is above the first by more than a share of it and some room."""
        return self.last > self.first * (1 + share) + room


def thirds(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """The first and the last third, without the warm-up."""
    warm = samples[len(samples) // WARM_UP :]
    third = len(warm) // 3
    assert third, f"only {len(samples)} samples: nothing to compare"
    return warm[:third], warm[-third:]


def course(name: str, samples: Sequence[Sample], value: Callable[[Sample], float]) -> Course:
    """The course of one value."""
    parts = thirds(samples)
    first, last = (median(value(sample) for sample in part) for part in parts)
    begun, ended = (median(sample.at for sample in part) for part in parts)
    return Course(name=name, first=first, last=last, an_hour=(last - first) / (ended - begun) * 3600)


def disk_a_job(samples: Sequence[Sample]) -> Course:
    """Kilobytes on the disk for each job that ended, in the first third and in the last; not a number of too few."""
    first, last = (_kilobytes_a_job(part) for part in thirds(samples))
    whole = samples[-1].at - samples[0].at
    return Course(
        name="disk for each job that ended, kB", first=first, last=last, an_hour=(last - first) / whole * 3600
    )


def _kilobytes_a_job(part: Sequence[Sample]) -> float:
    jobs = part[-1].ended_jobs - part[0].ended_jobs
    written = _disk(part[-1]) - _disk(part[0])
    return written * 1024 / jobs if jobs >= FEW_JOBS else nan


def _disk(sample: Sample) -> float:
    return sample.database_mb + sample.logs_mb


def courses(samples: Sequence[Sample]) -> list[Course]:
    """All that must stay flat, and what grows with the work."""
    programs = sorted({name for sample in samples for name in sample.memory_mb})
    whole = [sample for sample in samples if len(sample.memory_mb) == len(programs)]  # nothing was down
    return [
        course("memory, MB", whole, lambda sample: sample.all_memory_mb),
        *(course(f"memory of {name}, MB", samples, _memory_of(name)) for name in programs),
        course("connections of PostgreSQL", samples, lambda sample: sample.connections),
        course("active jobs", samples, lambda sample: sample.active_jobs),
        course("databases, MB", samples, lambda sample: sample.database_mb),
        course("logs, MB", samples, lambda sample: sample.logs_mb),
        disk_a_job(samples),
    ]


def _memory_of(program: str) -> Callable[[Sample], float]:
    return lambda sample: sample.memory_mb.get(program, 0.0)


def table(found: Sequence[Course]) -> str:
    """The courses, for people."""
    lines = [f"{'':36}{'first third':>13}{'last third':>13}{'an hour':>12}"]
    lines += [f"{one.name:36}{one.first:13.1f}{one.last:13.1f}{one.an_hour:+12.1f}" for one in found]
    return "\n".join(lines)


def save(facts: dict[str, Any], found: Sequence[Course], samples: Sequence[Sample]) -> Path:
    """Write the report: JSON with every sample, and the table beside it. Returns the file of the table."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    document = {**facts, "courses": [asdict(one) for one in found], "samples": [asdict(one) for one in samples]}
    file.write_text(json.dumps(document, indent=1, default=str))
    said = "\n".join(f"{name}: {value}" for name, value in facts.items())
    file.with_suffix(".txt").write_text(f"{said}\n\n{table(found)}\n")
    return file.with_suffix(".txt")
