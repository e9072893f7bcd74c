"""Sessions with servers of these tests."""

import contextlib

from syndicate.config.sections.mail import MailSettings
from syndicate.deliver.smtp.session import SmtpSession
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.deliver.smtp.transport import Envelope

BODY = b"Subject: x\r\n\r\n.hidden\r\n..\r\nend\r\n"

ADA = Envelope(sender="news@example.org", recipient="ada@example.org", message_id="<1.1.x@y>")


def smtp(port, *, security="none", host="localhost", secret=None, **more):
    more.setdefault("timeout", "30s")
    return SmtpTransport(
        MailSettings(host=host, port=port, security=security, **more).servers[0], lambda: secret
    )


def opened(port, **more) -> contextlib.closing[SmtpSession]:
    """A session, closed at the end of the block."""
    return contextlib.closing(smtp(port, **more).open())
