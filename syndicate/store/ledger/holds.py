"""Holds: relays and domains that get no mail for a while, from any process."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, true

from syndicate.model.mail_flow import MailHold
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema_delivery import holds

DURATIONS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 30))
"""How long a hold lasts, by how often in a row it was extended."""
_KEPT_FOR = timedelta(days=1)
_CURRENT = select(holds).where(holds.c.until > bindparam("now")).order_by(holds.c.what)


class Holds(Repository):
    """Which relays and domains are on hold, until when and why."""

    def extend(self, what: str, *, reason: str, at: datetime) -> MailHold:
        """Put a relay or a domain on hold; each time in a row for longer.

        A current hold isn't changed. A hold that ended more than a day ago doesn't count.
        """
        self._delete(holds, holds.c.until < at - _KEPT_FOR)
        first = MailHold(what=what, until=at + DURATIONS[0], strikes=1, reason=reason, since=at)
        hold = None
        while hold is None:  # another process may lift it in between
            if self._insert_new(holds, asdict(first)):
                return first
            query = select(holds).where(holds.c.what == what).with_for_update()
            hold = self._value(MailHold, query)
        if hold.until > at:
            return hold
        until = at + DURATIONS[min(hold.strikes, len(DURATIONS) - 1)]
        longer = replace(hold, until=until, strikes=hold.strikes + 1, reason=reason)
        self._update(holds, holds.c.what == what, **asdict(longer))
        return longer

    def current(self, at: datetime) -> list[MailHold]:
        """Return the holds at `at`."""
        return self._values(MailHold, _CURRENT, {"now": at})

    def lift(self, what: str, *, over_by: datetime | None = None) -> None:
        """Delete a hold, since mail is accepted again.

        With `over_by`, only if it ends by then: the accepted message may have been sent before
        the server's reply led to a new hold.
        """
        over = true() if over_by is None else holds.c.until <= over_by
        self._delete(holds, holds.c.what == what, over)
