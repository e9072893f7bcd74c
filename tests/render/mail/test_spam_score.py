"""What SpamAssassin thinks of mail made with each template, by its local rules."""

import contextlib
import mailbox
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest

from syndicate.config import Newsletter
from syndicate.config.sections.newsletters import Style
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import EditionHeaders, MessageTemplate, Recipient
from syndicate.deliver.message.personalisation import PersonalLinks
from syndicate.model.edition_files import EditionBrief
from syndicate.model.editions import Content
from syndicate.model.reviews import ReviewDecision
from syndicate.render.mail.letter import Letter, compose_letter
from syndicate.render.mail.review import CodeDetails, compose_code
from tests.render.mail.samples import (
    ADS,
    AT,
    BREAKING,
    SHIPPED,
    alert,
    article,
    config,
    digest,
    stories,
    story,
)
from tests.requirements import require

pytestmark = pytest.mark.neighbours

MOST = 1.0
"""The score that no mail may reach; mail servers commonly refuse from 5."""
CONFIG = config(ads=ADS, logo=Path("logo.png"))
ARABIC = "وصلت العبّارة إلى الميناء القديم بعد منتصف الليل"
BRIEF = EditionBrief(
    opening="<p>Good morning. The dam was opened at four, and by six the harbour was dry.</p>",
    signed="Ada Marsh",
)


def editions() -> dict[str, Content]:
    """Compose an edition in each style."""
    found = {"alert": alert(story(), config=CONFIG)}
    for style in get_args(Style):
        newsletter = Newsletter(name="breaking", title="Breaking news", style=style)
        more = [article(number, f"Rowers win race {number}") for number in range(4, 9)]
        given: dict[str, Any] = {
            "newsletter": newsletter,
            "config": CONFIG,
            "brief": BRIEF,
            "more": more,
        }
        found[f"style-{style}"] = digest(stories(), **given)
    arabic = [article(number, ARABIC, summary=ARABIC, excerpt=ARABIC) for number in range(1, 20)]
    found["arabic"] = digest(arabic, config=config(language="ar", ads=ADS))
    return found


def letters() -> dict[str, Content]:
    """Compose each letter, and what reviewers get to type."""
    given: dict[str, Any] = {"config": CONFIG, "templates": SHIPPED}
    found = {
        str(letter): compose_letter(letter, language="en", newsletters=(BREAKING,), **given)
        for letter in Letter
    }
    details = CodeDetails(
        code="123456",
        decision=ReviewDecision.APPROVE,
        note="",
        newsletter=BREAKING,
        subject="City opens the dam",
    )
    found["code"] = compose_code(details, **given)
    return found


def message(name: str, content: Content, *, letter: bool) -> bytes:
    """Return a mail as it is handed to a mail server."""
    headers = EditionHeaders(
        sender=CONFIG.sender(BREAKING),
        date=AT,
        newsletter="breaking",
        title="Breaking news",
        feedback_id="1:breaking:x:y",
        letter=letter,
    )
    reader = Recipient(
        headers=headers,
        message_id=f"<{name}.0123456789abcdef@{headers.domain}>",
        email="ada.lind@example.org",
        links=PersonalLinks(SignedLinks(CONFIG, b"secret"), 1, 1, "breaking"),
    )
    return bytes(MessageTemplate.of(content, headers).render(reader))


def judge(messages: list[bytes], folder: Path) -> dict[str, str]:
    """Return SpamAssassin's line about each message, by its name; one process judges all."""
    box = mailbox.mbox(folder / "mail")
    for raw in messages:
        box.add(raw)
    box.close()
    with (folder / "judged").open("wb") as out:
        subprocess.run(
            ["spamassassin", "--local", "--mbox", folder / "mail"],
            stdout=out,
            check=True,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        )
    with contextlib.closing(mailbox.mbox(folder / "judged")) as judged:
        return {
            one["Message-ID"].strip("<>").partition(".")[0]: " ".join(one["X-Spam-Status"].split())
            for one in judged
        }


def score(line: str) -> float:
    found = re.search(r"score=(-?[\d.]+)", line)
    assert found, line
    return float(found[1])


def test_no_mail_looks_like_spam(tmp_path):
    require(shutil.which("spamassassin"), "spamassassin is missing")
    sent = [message(name, content, letter=False) for name, content in editions().items()]
    sent += [message(name, content, letter=True) for name, content in letters().items()]
    assert len(sent) >= 10
    assert any(b"Content-Transfer-Encoding: base64" in raw for raw in sent)
    head = message("spam", alert(story()), letter=True).partition(b"\r\n\r\n")[0]
    judged = judge([*sent, head + b"\r\n\r\nVIAGRA!!! FREE MONEY\r\n"], tmp_path)
    assert score(judged.pop("spam")) >= MOST, "it can tell"
    assert len(judged) == len(sent)
    assert [line for line in judged.items() if score(line[1]) >= MOST] == []
