"""Dialogues with a server whose extensions are known, and what is sent in them."""

from typing import Any

from syndicate.deliver.smtp.dialogue import SessionTerms, SmtpDialogue
from syndicate.deliver.smtp.transport import Envelope

ALL = frozenset({"pipelining", "size", "smtputf8"})
ADA = Envelope(sender="news@example.org", recipient="ada@example.org", message_id="<1.1.x@y>")
BO = Envelope(sender="news@example.org", recipient="bo@example.org", message_id="<1.2.x@y>")
BODY = b"Subject: x\r\n\r\nend\r\n"


def make_dialogue(extensions: frozenset[str] = ALL, **more: Any) -> SmtpDialogue:
    """Begin one, with a server that offers these extensions."""
    return SmtpDialogue(
        SessionTerms(server="mx:25", extensions=extensions, timeout=1, max_messages=9, **more)
    )
