"""What `make bench` shows as the last time."""

import json
from pathlib import Path

from benchmarks.figures import load_last


def save(folder: Path, moment: str, **values: float) -> None:
    figures = [{"name": name, "value": value} for name, value in values.items()]
    (folder / f"{moment}.json").write_text(json.dumps({"figures": figures}))


def test_each_figure_has_its_newest_value_also_when_later_runs_measured_others(tmp_path: Path) -> None:
    save(tmp_path, "20261120T100000Z", start=20.0, memory=900.0)
    save(tmp_path, "20261121T100000Z", start=18.0)
    save(tmp_path, "20261122T100000Z", analysis=0.5)
    assert load_last(tmp_path) == {"start": 18.0, "memory": 900.0, "analysis": 0.5}


def test_before_the_first_run_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    assert load_last(tmp_path / "bench") == {}
