"""Every way Syndicate can fail, in one tree.

SyndicateError
├── ConfigError            config.toml or the command has to be corrected  → exit 2
├── Refused                an input was refused: article, CSV, slug        → exit 1
├── TemplateError          a template failed, with its file and line       → exit 1
├── StoreError             the store can't be used                         → exit 1
│   ├── StoreLocked
│   ├── StoreUnreachable
│   ├── StoreFull
│   └── StoreTooNew
├── CallFailed             another server could not be asked, or didn't answer
│   └── NotReached         no connection could be made, so other calls to it would fail too
├── WebhookRefused         a call by a mail provider is refused; nothing has changed
│   ├── WebhookForged      its signature or secret is missing or wrong
│   ├── WebhookStale       it was signed too long ago, or in the future
│   └── WebhookMalformed   its content isn't what the provider documents
├── EventTooEarly          a provider's event came before the outcome of its message: again, later
├── DoorUnavailable        the mailbox or the Maildir of reports can't be read
└── DeliveryError          what a mail server's answer means for one message
    ├── TemporaryFailure   4xx, or the connection broke before the body was out: try again
    ├── PermanentFailure   5xx: never again
    ├── NoVerdict          the body was out and no answer came: unknown
    └── RelayUnavailable   no session could be opened: nothing was attempted
        └── SecretUnreadable   a password or a signing key that sending needs can't be read

Exceptions of libraries are mapped to these in one module each: SQLAlchemy's in
`syndicate.store`, Jinja's and mrml's in `syndicate.render.templates`,
httpcore's in `syndicate.publish.push.http_client`, smtplib's in
`syndicate.deliver.smtp.smtp_transport`, dnspython's in `syndicate.deliver.doctor.dns_records`,
imaplib's and imap-tools' in `syndicate.feedback.doors.imap_session`.
"""

from dataclasses import dataclass
from typing import Self


class SyndicateError(Exception):
    """Something an operator can understand and correct; its text is shown as it is."""

    exit_code = 1

    @property
    def lines(self) -> tuple[str, ...]:
        """The text in lines, for a terminal or a log."""
        return tuple(str(self).splitlines())


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: where it is, what was read, what was expected."""

    where: str
    """`config.toml:14`, or `config.toml` where no line can be named."""
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class ConfigError(SyndicateError):
    """The configuration, or the way the command was called, has to be corrected."""

    exit_code = 2

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))

    @property
    def lines(self) -> tuple[str, ...]:
        """One for each problem."""
        return tuple(map(str, self.problems))


class Refused(SyndicateError):
    """An input was refused; what was there before is untouched."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The text as one line: a line break in it is part of a file's name."""
        return (str(self),)


class TemplateError(SyndicateError):
    """A template could not be rendered."""

    def __init__(self, template: str, line: int | None, message: str) -> None:
        self.template = template
        self.line = line
        where = template if line is None else f"{template}:{line}"
        super().__init__(f"{where}: {message}")
        self._arguments = template, line, message

    def __reduce__(self) -> tuple[type[Self], tuple[str, int | None, str]]:
        """Pickle it by the constructor's arguments."""
        return type(self), self._arguments


class StoreError(SyndicateError):
    """The store can't be used."""


class StoreLocked(StoreError):
    """Another process holds the store."""


class StoreUnreachable(StoreError):
    """The store can't be opened."""


class StoreFull(StoreError):
    """There is no space left for the store."""


class StoreTooNew(StoreError):
    """The store was written by a newer version of Syndicate."""


class CallFailed(SyndicateError):
    """A call to another server got no reply: it was not allowed, or the network failed."""


class NotReached(CallFailed):
    """No connection to another server could be made, so no request was sent."""


class EventTooEarly(SyndicateError):
    """A mail provider reports what may be about a message whose outcome isn't recorded yet."""


class WebhookRefused(SyndicateError):
    """A call by a mail provider is refused; nothing has changed."""


class WebhookForged(WebhookRefused):
    """The signature or the secret of a call is missing or wrong."""


class WebhookStale(WebhookRefused):
    """A call was signed too long ago, or in the future: it may be a recorded one."""


class WebhookMalformed(WebhookRefused):
    """The content of a call isn't what the provider documents."""


class DoorUnavailable(SyndicateError):
    """A door that reports come in by can't be read; the text has the remedy."""


class DeliveryError(SyndicateError):
    """What became of one message; `code` is the SMTP reply code, 0 where none came."""

    def __init__(self, message: str, code: int = 0) -> None:
        self.code = code
        super().__init__(message)


class TemporaryFailure(DeliveryError):
    """Not taken now; may be tried again."""


class PermanentFailure(DeliveryError):
    """Refused for good."""


class NoVerdict(DeliveryError):
    """The whole body was handed over and no answer came: it may have been taken."""


class RelayUnavailable(DeliveryError):
    """No session could be opened: nothing was attempted, nothing counts."""


class SecretUnreadable(RelayUnavailable):
    """A password or a signing key can't be read: mail waits until it can."""
