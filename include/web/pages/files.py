"""The files of the pages: our modules and styles, and the JavaScript that the package Bokeh brings with it.

Their address has a digest of them all, so that a browser keeps them for ever and never has an old one.
"""

from functools import lru_cache
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path

from fastapi import APIRouter, HTTPException, status
from fastapi.responses import FileResponse

from include.web.access import MayRead

router = APIRouter(include_in_schema=False)

OURS = Path(__file__).parent / "files"
BOKEH = ("bokeh.min.js", "bokeh-api.min.js")
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOR_EVER = "private, max-age=31536000, immutable"  # private: only who is signed in may have them


@router.get("/files/{version}/{name:path}", dependencies=[MayRead])
def read_file(version: str, name: str) -> FileResponse:
    """One file. Only what was there when the server started: a path is looked up, never opened."""
    found = all_files().get(name)
    if found is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no file {name}")
    kept = FOR_EVER if version == digest() else "no-store"
    return FileResponse(found, media_type=TYPES[found.suffix], headers={"Cache-Control": kept})


@lru_cache(maxsize=1)
def all_files() -> dict[str, Path]:
    """Every file that there is, by its name."""
    ours = {str(file.relative_to(OURS)): file for file in OURS.rglob("*") if file.suffix in TYPES}
    # Found without importing Bokeh, which would bring NumPy and more into the API server.
    package = Path(str(distribution("bokeh").locate_file("bokeh/server/static/js")))
    return ours | {name: package / name for name in BOKEH}


@lru_cache(maxsize=1)
def digest() -> str:
    """What changes with any of the files."""
    seen = sha256()
    for name, file in sorted(all_files().items()):
        seen.update(name.encode() + b"\0" + file.read_bytes())
    return seen.hexdigest()[:16]
