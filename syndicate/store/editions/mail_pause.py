"""The pause of all mail to readers: editions and letters, of every process, until it is resumed.

As long as it lasts, no edition `IS_SENDING`: from the commit on, nothing is claimed and no body
leaves (`Claims.settle_and_intend`). It is a row of the store, so it outlives every process.
"""

from sqlalchemy import select

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import ControlAction, Remaining
from syndicate.model.subscribers import Cause
from syndicate.store.database.repository import EVERY_EDITION, Repository, lock_edition
from syndicate.store.database.schema import deliveries, editions
from syndicate.store.database.schema_delivery import mail_pause
from syndicate.store.editions.control import NOT_STARTED, STOPPED, EditionControl

_KEY = 1
"""The key of the one row that there may be."""


class MailPause(Repository):
    """Pauses and resumes all mail; each change is recorded as that of an edition is."""

    def current(self) -> Cause | None:
        """Return who paused all mail, when and why; None while mail may leave."""
        names = ("who", "how", "at", "why")
        return self._value(Cause, select(*(mail_pause.c[name] for name in names)))

    def begin(self, cause: Cause) -> bool:
        """Let nothing leave any more; return False if all mail is paused already."""
        lock_edition(self._connection, EVERY_EDITION)
        row = {"at": cause.at, "who": cause.who, "how": cause.how, "why": cause.why}
        begun = self._insert_new(mail_pause, {"key": _KEY, **row}) == 1
        if begun:
            self._record(ControlAction.PAUSED, cause)
        return begun

    def end(self, cause: Cause) -> bool:
        """Let mail leave again; return False if it wasn't paused."""
        ended = self._delete(mail_pause) == 1
        if ended:
            self._record(ControlAction.RESUMED, cause)
        return ended

    def in_flight(self) -> int:
        """Count the messages that were being sent: these may still be accepted."""
        return self._count(deliveries, deliveries.c.state == DeliveryState.SENDING)

    def held_back(self) -> int:
        """Count the messages that wait, letters included, but not those of stopped editions.

        That takes a tenth of a second or more for a million rows.
        """
        rows = deliveries.join(editions, editions.c.key == deliveries.c.edition)
        waits = deliveries.c.state.in_(NOT_STARTED)
        return self._count(rows, waits, editions.c.state.not_in(STOPPED))

    def _record(self, act: ControlAction, cause: Cause) -> None:
        """Add it to the decisions about editions, where every process notices it."""
        control = EditionControl(self._connection)
        control.record(EVERY_EDITION, act, cause, Remaining(), "all mail")
