"""A session at work in the loop, and what is under way in it."""

from typing import TYPE_CHECKING

from syndicate.deliver.fleet import Member
from syndicate.deliver.relay import Session

if TYPE_CHECKING:
    from syndicate.deliver.copy import Copy


class Seat:
    """A session at work: the copy on its way in it, and the one offered behind."""

    __slots__ = ("current", "invited", "member", "offered", "session", "writing")

    def __init__(self, member: Member, session: Session) -> None:
        self.member = member
        self.session = session
        self.current: Copy | None = None
        self.offered: Copy | None = None
        self.invited = False
        """Whether the body of what is offered is awaited."""
        self.writing = False

    @property
    def busy(self) -> bool:
        """Whether something of it is under way."""
        return self.current is not None or self.offered is not None

    def clear(self) -> "tuple[Copy | None, Copy | None]":
        """Leave it empty; return what was on its way in it, and what was offered."""
        left = self.current, self.offered
        self.current = self.offered = None
        self.invited = False
        return left
