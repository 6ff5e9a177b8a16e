"""What a notification says: as a mail with text and HTML, and as the text of a chat message."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from include.model.changes import Change, ChangeKind, count_in_words, describe
from include.model.notifications import Digest

MOST_CHANGES = 100  # of a digest that are written out; the rest is counted
LONGEST_NOTES = 200
NOTHING = "nothing changed"

_ORDER = list(ChangeKind)


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one kind, with their heading."""

    heading: str
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Mail:
    """A digest as a mail."""

    subject: str
    text: str
    html: str


def mail_of(digest: Digest) -> Mail:
    """A digest as a mail; the HTML has everything that users and sources wrote escaped."""
    return Mail(subject=headline(digest), text=_render("digest.txt", digest), html=_render("digest.html", digest))


def chat_text_of(digest: Digest) -> str:
    """A digest in the form of a Slack message; its signs of that form are escaped."""
    return _render("digest.chat", digest)


def headline(digest: Digest) -> str:
    """As `banks: 2 new Buys, 1 stop reached`; one line, whatever the list is called."""
    counts = {kind: len(list(same)) for kind, same in groupby(_sorted(digest.changes), key=lambda one: one.kind)}
    return one_line(f"{digest.list}: {count_in_words(counts.items()) or NOTHING}")


def one_line(text: str) -> str:
    """A text without what would begin another line, or another header of a mail."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _sorted(changes: Iterable[Change]) -> list[Change]:
    return sorted(changes, key=lambda one: (_ORDER.index(one.kind), one.ticker, one.strategy, one.data_source))


def _groups(changes: Sequence[Change]) -> list[Group]:
    written = _sorted(changes)[:MOST_CHANGES]
    grouped = [(kind, list(same)) for kind, same in groupby(written, key=lambda one: one.kind)]
    return [Group(_heading(kind, len(same)), same) for kind, same in grouped]


def _heading(kind: ChangeKind, count: int) -> str:
    words = kind.words[count > 1]
    return words[0].upper() + words[1:]


def _sessions(changes: Sequence[Change]) -> str:
    days = sorted({one.session_date for one in changes})
    return "" if not days else f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _notes(change: Change) -> str:
    notes = one_line(change.notes or "")
    return notes if len(notes) <= LONGEST_NOTES else f"{notes[:LONGEST_NOTES]}..."


def _escape_chat(text: object) -> str:
    """The three signs that have a meaning in a Slack message: https://api.slack.com/reference/surfaces/formatting."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _render(template: str, digest: Digest) -> str:
    return (
        _templates()
        .get_template(template)
        .render(
            digest=digest,
            headline=headline(digest),
            groups=_groups(digest.changes),
            more=max(0, len(digest.changes) - MOST_CHANGES),
            sessions=_sessions(digest.changes),
        )
    )


@lru_cache(maxsize=1)
def _templates() -> Environment:
    """Everything that is not named .txt or .chat is escaped as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(disabled_extensions=("txt", "chat"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"describe": describe, "one_line": one_line, "notes": _notes, "chat": _escape_chat}
    return environment
