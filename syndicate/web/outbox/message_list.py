"""The list of the outbox: newest first, a hundred at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from syndicate.config.values import split_mailbox
from syndicate.deliver.outbox import Outbox, OutboxMessage

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSummary:
    """What the list says of one message."""

    name: str
    sender: str
    """The name of who it is from, or the address where there is none."""
    recipient: str
    """The address alone."""
    subject: str
    at: datetime

    @classmethod
    def of(cls, kept: OutboxMessage) -> Self:
        """Read the head of a message."""
        sender = split_mailbox(sender_of(kept))
        return cls(
            name=kept.name,
            sender=sender[0] or sender[1],
            recipient=split_mailbox(kept.to)[1],
            subject=kept.subject,
            at=kept.date,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageList:
    """One page of the list."""

    lines: tuple[MessageSummary, ...]
    total: int
    page: int

    @classmethod
    def of(cls, outbox: Outbox, *, page: int = 1) -> Self:
        """Read one page of the messages; past the end, the last one."""
        found = outbox.messages()
        last = max(1, -(-len(found) // PAGE_SIZE))
        page = min(page, last)
        shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        return cls(lines=tuple(map(MessageSummary.of, shown)), total=len(found), page=page)

    @property
    def newer(self) -> int | None:
        """The page before, if there is one."""
        return self.page - 1 if self.page > 1 else None

    @property
    def older(self) -> int | None:
        """The next page, if there is one."""
        return self.page + 1 if self.page * PAGE_SIZE < self.total else None


def sender_of(kept: OutboxMessage) -> str:
    """Return the From of a message, decoded."""
    return next((value for name, value in kept.headers if name.lower() == "from"), "")
