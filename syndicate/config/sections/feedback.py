"""`[bounces]` and `[[hooks]]`: how bounces and complaints come back, and when one counts."""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt

from syndicate.config.secret import read_secret
from syndicate.config.values import (
    Duration,
    Interval,
    Mailbox,
    MailHost,
    Name,
    Sender,
    Table,
    Variable,
    matching,
    requiring,
)
from syndicate.errors import SecretUnreadable

MAX_LOCAL_PART = 25
"""Characters before the @ of `bounces.address`: with "+" and a token they are 64 (RFC 5321)."""

HookKind = Literal["ses", "sendgrid", "mailgun", "postmark", "brevo", "standard"]

BounceAddress = Annotated[
    Sender,
    requiring(
        lambda mailbox: (
            not mailbox.name
            and mailbox.address.isascii()
            and "+" not in mailbox.address
            and len(mailbox.address.rpartition("@")[0]) <= MAX_LOCAL_PART
        ),
        f'a bare address such as "bounce@news.example.org", of at most {MAX_LOCAL_PART} '
        'characters before the @ and no "+": a token for each message is added after it',
    ),
]


Share = Annotated[
    StrictFloat,
    requiring(lambda share: 0 < share <= 1, "a share of more than 0 and at most 1; 0.003 is 0.3 %"),
]
SnsTopicArn = Annotated[
    str,
    matching(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}",
        'the ARN of an SNS topic such as "arn:aws:sns:eu-west-1:123456789012:mail-events"',
    ),
]
_BASE64 = {
    "sendgrid": "the verification key of its settings, in base64",
    "standard": '"whsec_" and base64',
}
"""What the secret of a kind is that has a form."""


class ImapSettings(Table):
    """The mailbox that bounces arrive in, which is polled by IMAP."""

    host: MailHost | None = Field(None, examples=["imap.example.org"])
    """The IMAP server. Default: no mailbox is polled."""
    port: StrictInt | None = Field(None, ge=1, le=65535, examples=[993])
    """Its port. Default: 993 for "tls", else 143."""
    security: Literal["none", "starttls", "tls"] = "tls"
    """ "none", "starttls" or "tls"."""
    verify: StrictBool = True
    """Whether a certificate that doesn't match is refused."""
    username: str = Field("", examples=["bounce"])
    """The user to log in as."""
    password_env: Variable | None = Field(None, examples=["SYNDICATE_BOUNCE_PASSWORD"])
    """The environment variable with the password."""
    password_file: Path | None = Field(None, examples=["bounce-password"])
    """The file with the password, instead."""
    folder: str = Field("INBOX", min_length=1)
    """The folder that mail arrives in."""
    done: str = Field("Processed", min_length=1)
    """The folder for what is processed; it is made where it doesn't exist."""
    unread: str = Field("Not understood", min_length=1)
    """The folder for what a person has to read."""
    every: Interval = timedelta(minutes=1)
    """How often it is polled."""
    timeout: Duration = timedelta(seconds=30)
    """How long to wait for the server."""

    @property
    def server_port(self) -> int:
        """The port; the default of `security` where none is set."""
        return self.port or (993 if self.security == "tls" else 143)

    def password(self, root: Path) -> str:
        """Read the password; a relative path starts at `root`. Raise SecretUnreadable."""
        try:
            return read_secret(self.password_env, self.password_file, root) or ""
        except ValueError as error:
            raise SecretUnreadable(f"the password for the mailbox {self.host}: {error}") from error


class BounceSettings(Table):
    """Where bounces and complaints arrive, and how many it takes to stop mailing an address."""

    address: BounceAddress | None = Field(None, examples=["bounce@news.example.org"])
    """The envelope sender of all newsletters; each message adds "+TOKEN". Default: the sender."""
    maildir: Path | None = Field(None, examples=["/var/mail/bounces"])
    """A Maildir that your mail server fills with what arrives at that address."""
    pipe: StrictBool = False
    """Whether your mail server hands such mail to `syndicate bounce`."""
    imap: ImapSettings = ImapSettings()
    soft: StrictInt = Field(3, ge=1)
    """How many soft bounces, of at least two editions, suppress an address."""
    soft_within: Duration = timedelta(days=30)
    """How long a soft bounce counts."""
    forget_after: Duration = timedelta(days=14)
    """A message without a bounce for so long after it was accepted clears earlier soft bounces."""
    complaints_alarm: Share = 0.001
    """At this share of a newsletter's mail of 7 days (0.001 is 0.1 %), by at least 2 readers, an
    alarm rings."""
    complaints_wait: Share = 0.003
    """At this share, by at least 5 readers, its next editions wait for a person."""

    @property
    def has_door(self) -> bool:
        """Whether mail that is sent to `address` reaches us."""
        doors = self.imap.host is not None, self.maildir is not None, self.pipe
        return self.address is not None and any(doors)

    @property
    def polled(self) -> frozenset[str]:
        """The doors that are polled: "imap" and "maildir", where they are configured."""
        doors = {"imap": self.imap.host, "maildir": self.maildir}
        return frozenset(door for door, place in doors.items() if place is not None)

    def tagged(self, token: str) -> Mailbox | None:
        """Return `address` with a token added; None where there is no address."""
        if self.address is None:
            return None
        local, _, domain = self.address.address.rpartition("@")
        return Mailbox(address=f"{local}+{token}@{domain}")


class HookSettings(Table):
    """A mail provider that reports bounces and complaints to `/hooks/NAME` at web.url."""

    name: Name = Field(examples=["ses"])
    """The last part of the address that the provider calls."""
    kind: HookKind = Field(examples=["ses"])
    """ "ses", "sendgrid", "mailgun", "postmark", "brevo" or "standard" (Standard Webhooks)."""
    secret_env: Variable | None = Field(None, examples=["SYNDICATE_HOOK_SECRET"])
    """The environment variable with the secret, or the provider's public key (SendGrid)."""
    secret_file: Path | None = Field(None, examples=["hook-secret"])
    """The file with it, instead."""
    topic: SnsTopicArn | None = Field(
        None, examples=["arn:aws:sns:eu-west-1:123456789012:mail-events"]
    )
    """The SNS topic that may report (only "ses", which needs it, and no secret)."""

    def secret(self, root: Path) -> str:
        """Read the secret; a relative path starts at `root`. Raise SecretUnreadable."""
        try:
            secret = read_secret(self.secret_env, self.secret_file, root) or ""
        except ValueError as error:
            raise SecretUnreadable(f"the secret of the hook {self.name}: {error}") from error
        if self.kind in _BASE64 and not _is_base64(secret):
            expected = _BASE64[self.kind]
            raise SecretUnreadable(f"the secret of the hook {self.name}: expected {expected}")
        return secret


def _is_base64(secret: str) -> bool:
    encoded = "".join(secret.split()).removeprefix("whsec_").rstrip("=")
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return False
    return bool(decoded)
