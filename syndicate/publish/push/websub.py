"""WebSub, as a publisher: hubs are told which feeds changed, and fetch them.

The specification leaves open how (https://www.w3.org/TR/websub/, section 6); the
public hubs take a form with `hub.mode=publish` and the feed's address as `hub.url`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event
from urllib.parse import urlencode, urlsplit

import structlog

from syndicate.config import Config
from syndicate.config.checks import is_loopback
from syndicate.errors import CallFailed, Problem
from syndicate.publish.push.calls import Caller, Reply
from syndicate.publish.push.patience import FIRST, again, wait, wants_peace
from syndicate.publish.push.seen import MAIN, Seen, topic
from syndicate.publish.push.shift import Shift
from syndicate.store import Ping, Store

log = structlog.get_logger()

AT_ONCE = 20
"""Pings that are claimed together."""
_FORM = {"content-type": "application/x-www-form-urlencoded"}


class Announcer:
    """Tells the hubs of the configuration; our own one needs no telling."""

    def __init__(self, store: Store, config: Config, caller: Caller) -> None:
        self._store = store
        self._config = config
        self._caller = caller
        self._hubs = hubs(config)
        self._quiet: dict[str, datetime] = {}
        """Hubs that are left alone until then."""

    def note(self, seen: Seen, at: datetime) -> None:
        """Note what hubs are owed: each version that they were not told of yet."""
        there = {topic(path, self._config): sha for path, sha in seen.there.items()}
        if seen.whole:
            with self._store.write() as tx:
                tx.pings.forget_all_but(self._hubs)
        for hub in self._hubs:
            self._note(hub, seen, there, at)

    def _note(self, hub: str, seen: Seen, there: dict[str, str], at: datetime) -> None:
        behind = {topic(path, self._config): sha for path, sha in seen.behind.items()}
        gone = {topic(path, self._config) for path in seen.gone}
        with self._store.read() as tx:
            known = tx.pings.known(hub, None if seen.whole else [*there, *gone])
        if seen.whole:
            gone = known.keys() - there.keys() - behind.keys()
        lost = [each for each in gone if each in known]
        changed = {each: sha for each, sha in there.items() if known.get(each) != sha}
        first = seen.whole and known.keys() <= gone
        if not lost and not changed:
            return
        main = {topic(path, self._config) for path in MAIN}
        written = {topic(path, self._config) for path in seen.written}
        with self._store.write() as tx:
            tx.pings.forget(lost)
            if first:  # nobody follows anything there yet: it only gets to know us
                due = {each: sha for each, sha in changed.items() if each in main & written}
                rest = {each: sha for each, sha in behind.items() if each not in main}
                tx.pings.note(hub, {**rest, **changed} | due, None)
                for each in due:
                    tx.pings.forget([each])
                changed = due
            tx.pings.note(hub, changed, at)

    def send(self, shift: Shift) -> "Pinged":
        """Send what is due; what fails is kept for later."""
        pinged = Pinged()
        for hub in self._hubs:
            while not shift.is_over() and self._quiet.get(hub, shift.at) <= shift.at:
                with self._store.read() as tx:
                    if not tx.pings.is_due(hub, shift.at):
                        break
                until = shift.lease
                with self._store.write() as tx:
                    claimed = tx.pings.claim(hub, shift.at, until=until, limit=AT_ONCE)
                self._tell(hub, claimed, until, shift, pinged)
        return pinged
