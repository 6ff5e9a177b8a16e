"""The whole screener as a file: streamed, so that its size does not matter."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.client.calls import Calls
from include.client.errors import BadInputError

FORMATS = ("csv", "parquet")


def export(calls: Calls, file: Path, filters: Mapping[str, Any]) -> int:
    """Write what the filters let through to a file, in the format that its name says; returns its bytes.

    It is written under another name beside it and gets its own when it is whole: who finds it has all of it.
    """
    wanted = file.suffix.removeprefix(".").lower()
    if wanted not in FORMATS:
        raise BadInputError(f"{file}: its name must end in {' or '.join('.' + one for one in FORMATS)}")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as out:
            written = calls.download("/results", {**filters, "format": wanted}, out)
        unfinished.replace(file)
    except OSError as error:
        raise BadInputError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return written
