"""What digests say, word by word, and that nobody's words become more than words."""

import html
from dataclasses import replace

import pytest

from include.jobs.digests import MOST_CHANGES, chat_text_of, headline, mail_of
from include.model.changes import ChangeKind
from tests.jobs.digest_examples import EVERYTHING, HOSTILE, QUIET, change
from tests.jobs.make_digests import ANSWERS, texts


@pytest.mark.parametrize("file", sorted(texts()))
def test_a_digest_says_what_its_file_says(file: str) -> None:
    assert texts()[file] == (ANSWERS / file).read_text()


def test_every_kind_of_change_is_in_the_example() -> None:
    assert {one.kind for one in EVERYTHING.changes} == set(ChangeKind)


def test_the_headline_counts_what_matters_most_first() -> None:
    assert headline(EVERYTHING).startswith("banks: 1 stop reached, 1 target reached, 2 new Buys, 1 Buy dropped")
    assert headline(QUIET) == "quiet: nothing changed"


def test_what_users_and_sources_wrote_is_no_html_and_no_sign_of_a_chat() -> None:
    page, chat = mail_of(HOSTILE).html, chat_text_of(HOSTILE)
    assert "<script" not in page
    assert html.unescape(page).count("<script>") == 3
    assert "<script" not in chat
    assert "<!channel>" not in chat


def test_no_text_begins_a_line_of_its_own() -> None:
    mail = mail_of(HOSTILE)
    assert mail.subject == "banks Bcc: eve@example.com: 1 new failure"
    assert not [line for line in mail.text.splitlines() if line.startswith(("Bcc:", ".", "QUIT"))]
    assert not [line for line in chat_text_of(HOSTILE).splitlines() if line.startswith(("Bcc:", ".", "QUIT"))]


def test_a_long_digest_is_cut_and_says_so() -> None:
    many = tuple(change(ChangeKind.NEW, f"T{number:04}") for number in range(MOST_CHANGES + 7))
    mail = mail_of(replace(QUIET, changes=many))
    assert "107 first analyses" in mail.subject
    assert mail.text.count("score 50.0") == MOST_CHANGES
    for text in (mail.text, mail.html, chat_text_of(replace(QUIET, changes=many))):
        assert "and 7 more" in text
