"""A process of Syndicate that sends what is due, and prints what that took.

python -m bench.draining CONFIG [--seconds S]

After `S` seconds it is stopped as a signal stops it.
"""

import argparse
import gc
from pathlib import Path
from threading import Event, Timer

from bench import passes
from syndicate import clock
from syndicate.cli import GC_THRESHOLD
from syndicate.config import load
from syndicate.schedule.wiring import Services
from syndicate.store import Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--seconds", type=float)
    wanted = parser.parse_args()
    gc.set_threshold(GC_THRESHOLD)  # as the command line does
    config = load(wanted.config)
    store = Store.of(config)
    newsroom = Services(store, config)
    passes.tell(lambda: deliver(newsroom, wanted.seconds))
    store.close()


def deliver(newsroom: Services, seconds: float | None) -> int:
    """Hand over everything, or as much as some seconds allow; return how many were accepted."""
    stop = Event()
    if seconds is not None:
        timer = Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()
    done = newsroom.deliver(clock.now(), stop)
    trouble = done.failed + done.deferred + done.unknown + done.expired
    assert not trouble, done
    assert not done.unavailable, done
    return done.accepted


if __name__ == "__main__":
    main()
