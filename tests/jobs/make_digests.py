"""Writes the digests that the tests compare with: `python -m tests.jobs.make_digests`. Read them before they go in."""

from pathlib import Path

from include.jobs.digests import chat_text_of, mail_of
from tests.jobs.digest_examples import EVERYTHING, HOSTILE, QUIET

ANSWERS = Path(__file__).parent / "answers"
DIGESTS = {"everything": EVERYTHING, "quiet": QUIET, "hostile": HOSTILE}


def texts() -> dict[str, str]:
    """Each digest in each form, by the name of its file."""
    made = {}
    for name, digest in DIGESTS.items():
        mail = mail_of(digest)
        made |= {f"{name}.txt": f"Subject: {mail.subject}\n\n{mail.text}\n", f"{name}.html": f"{mail.html}\n"}
        made[f"{name}.chat"] = f"{chat_text_of(digest)}\n"
    return made


if __name__ == "__main__":
    ANSWERS.mkdir(exist_ok=True)
    for file, text in texts().items():
        (ANSWERS / file).write_text(text)
