"""The messages in the outbox, newest first, in pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from syndicate.config.values import split_mailbox
from syndicate.deliver.outbox import Outbox, OutboxMessage

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSummary:
    """One message in the list."""

    name: str
    sender: str
    """The sender's name, or the address when there is none."""
    recipient: str
    """The address without the name."""
    subject: str
    at: datetime

    @classmethod
    def of(cls, message: OutboxMessage) -> Self:
        """Return the summary of a message."""
        sender = split_mailbox(sender_of(message))
        return cls(
            name=message.name,
            sender=sender[0] or sender[1],
            recipient=split_mailbox(message.to)[1],
            subject=message.subject,
            at=message.date,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageList:
    """One page of the list."""

    messages: tuple[MessageSummary, ...]
    total: int
    page: int

    @classmethod
    def of(cls, outbox: Outbox, *, page: int = 1) -> Self:
        """Return a page of the list; the last one for a page past the end."""
        messages = outbox.messages()
        last = max(1, -(-len(messages) // PAGE_SIZE))
        page = min(page, last)
        shown = messages[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        summaries = tuple(map(MessageSummary.of, shown))
        return cls(messages=summaries, total=len(messages), page=page)

    @property
    def newer(self) -> int | None:
        """The previous page, if there is one."""
        return self.page - 1 if self.page > 1 else None

    @property
    def older(self) -> int | None:
        """The next page, if there is one."""
        return self.page + 1 if self.page * PAGE_SIZE < self.total else None


def sender_of(message: OutboxMessage) -> str:
    """Return the decoded From of a message."""
    return next((value for name, value in message.headers if name.lower() == "from"), "")
