"""A newsroom whose hubs know it: notify them, and look at what is still to be sent."""

from datetime import timedelta

from syndicate.publish.push.change_notifier import ChangeNotifier
from tests.render.feeds.samples import NOON

LATER = NOON + timedelta(hours=2)
MINUTE = timedelta(minutes=1)
HOME = "http://127.0.0.1:8000"
MAIN = ["rss.xml", "atom.xml", "feed.json"]


def told(room, built=None, *, at=LATER, notifier=None, stop=None):
    """Have a notifier, a new one if none is given, hear of a build and tell of it."""
    notifier = notifier or notifier_of(room)
    if built is not None:
        notifier.record_build(built, NOON + timedelta(hours=1))
    return notifier.run(at, stop)


def notifier_of(room):
    notifier = ChangeNotifier.of(room.store, room.config)
    assert notifier is not None
    return notifier


def owed(room):
    with room.store.read() as tx:
        return tx.calls.pending()
