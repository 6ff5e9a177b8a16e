"""What happened in a test that kills, kept as a file for whoever must find out why one failed."""

import json
import os
import re
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class History:
    """One line of JSON an event, written at once: what kills a test must not lose what led there."""

    def __init__(self, name: str) -> None:
        folder = Path(os.environ.get("BELLWETHER_HISTORIES") or ROOT / ".local" / "histories")
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{re.sub('[^a-z0-9_-]+', '-', name.lower())}.jsonl"
        self._start = time.monotonic()
        print(f"history: {self.file}")

    def say(self, event: str, **facts: Any) -> None:
        line = {"seconds": round(time.monotonic() - self._start, 2), "event": event, **facts}
        print(json.dumps(line, default=str))
        with self.file.open("a") as out:
            out.write(json.dumps(line, default=str) + "\n")
